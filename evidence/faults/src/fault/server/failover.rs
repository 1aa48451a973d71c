//! A replica takes the primary's place.

use std::{net::SocketAddr, sync::Arc, thread, time::Duration};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use testbed::{Direction, Proxy, Server};
use tokio::time::sleep;

use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::{Field, blocking, text},
};

/// How long each step of a failover may take, in looks.
const LOOKS: u32 = 2000;
const LOOK: Duration = Duration::from_millis(5);

/// How it comes about.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Manner {
    /// The replica lags so far behind when the primary is killed: acknowledged removals are lost.
    Losing(Duration),
    /// The primary hands over; nothing is lost, but connections are.
    Planned,
    /// The primary hands over and lives on as a replica, and connections to it live on too.
    Surviving,
    /// The primary is cut off from its replica, refuses writes because of that, and lives on when
    /// the replica has been promoted.
    Isolated,
}

/// One failover.
pub(super) struct Failover {
    manner: Manner,
    /// Until the replica is promoted.
    headless_for: Duration,
    /// For how long the old primary lives on, if it does.
    outlives_for: Duration,
    old: Option<Arc<Server>>,
}

impl Failover {
    pub(super) fn losing(draw: &mut Draw<'_>) -> Self {
        let lag = draw.millis(20..=400);
        Self::new(draw, Manner::Losing(lag))
    }

    pub(super) fn planned(draw: &mut Draw<'_>) -> Self {
        Self::new(draw, Manner::Planned)
    }

    pub(super) fn surviving(draw: &mut Draw<'_>) -> Self {
        Self::new(draw, Manner::Surviving)
    }

    pub(super) fn isolated(draw: &mut Draw<'_>) -> Self {
        Self::new(draw, Manner::Isolated)
    }

    fn new(draw: &mut Draw<'_>, manner: Manner) -> Self {
        Self {
            manner,
            headless_for: draw.millis(0..=400),
            outlives_for: draw.millis(300..=1500),
            old: None,
        }
    }

    /// Promotes the replica in this manner.
    async fn promote(
        &self,
        field: &Field,
        replica: Server,
        link: &Proxy,
    ) -> Result<(Effect, Server)> {
        match self.manner {
            Manner::Losing(lag) => {
                link.stall(Direction::ToClient);
                sleep(lag).await;
                let began = clock::now();
                field.on_server(|server| Ok(server.kill()?)).await?;
                let effect = Effect::since(began);
                sleep(self.headless_for).await;
                Ok((effect, alone(replica).await?))
            }
            Manner::Planned => {
                let began = clock::now();
                for instance in field.instances(Whom::All) {
                    instance.proxy().cut();
                }
                let effect = Effect::since(began);
                Ok((effect, handed_over(field.server()?, replica).await?))
            }
            Manner::Surviving => {
                let began = clock::now();
                let promoted = handed_over(field.server()?, replica).await?;
                Ok((Effect::since(began), promoted))
            }
            Manner::Isolated => {
                for words in [
                    ["CONFIG", "SET", "min-replicas-max-lag", "1"],
                    ["CONFIG", "SET", "min-replicas-to-write", "1"],
                ] {
                    field.command(&words).await?;
                }
                link.stall(Direction::Both);
                until_refusing(field.server()?).await?;
                let began = clock::now();
                let promoted = alone(replica).await?;
                Ok((Effect::since(began), promoted))
            }
        }
    }
}

#[async_trait]
impl Fault for Failover {
    fn expects(&self) -> Expectation {
        Expectation::Loss(Whom::All)
    }

    fn hold(&self) -> Duration {
        match self.manner {
            Manner::Losing(_) | Manner::Planned => Duration::ZERO,
            Manner::Surviving | Manner::Isolated => self.outlives_for,
        }
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let primary = field.server()?;
        let link = Proxy::start(primary.addr()).await?;
        let way = match self.manner {
            Manner::Losing(_) | Manner::Isolated => link.addr(),
            // The primary looks for the replica where it says it is.
            Manner::Planned | Manner::Surviving => primary.addr(),
        };
        let replica = replica_of(field, primary, way).await?;
        // The first replica changes the id of its primary, and so the epoch.
        field
            .recover(Duration::from_secs(5))
            .await
            .map_err(anyhow::Error::msg)?;
        let (effect, promoted) = self.promote(field, replica, &link).await?;
        self.old = Some(field.hand_over(promoted)?);
        Ok(effect)
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        field.heal_network()?;
        let old = self.old.take();
        blocking(move || {
            drop(old);
            Ok(())
        })
        .await
    }
}

/// A replica that has copied everything, and follows by this way.
async fn replica_of(field: &Field, primary: Arc<Server>, way: SocketAddr) -> Result<Server> {
    let builder = field.server_builder();
    blocking(move || {
        let follow = format!("{} {}", way.ip(), way.port());
        let replica = builder.replica_of(&primary).arg("replicaof", &follow);
        Ok(replica.start()?)
    })
    .await
}

/// A replica that follows nobody any more, and stays so after a restart.
async fn alone(replica: Server) -> Result<Server> {
    blocking(move || {
        replica.command(["REPLICAOF", "NO", "ONE"])?;
        replica.command(["CONFIG", "REWRITE"])?;
        Ok(replica)
    })
    .await
}

/// A replica to which its primary has handed over.
async fn handed_over(primary: Arc<Server>, replica: Server) -> Result<Server> {
    let port = replica.port().to_string();
    blocking(move || {
        // Until the replica has reported to it, the primary does not know that it is ready.
        let begin = || primary.command(["FAILOVER", "TO", "127.0.0.1", &port, "TIMEOUT", "5000"]);
        patiently(|| begin().ok().map(drop)).context("the primary did not begin a failover")?;
        patiently(|| {
            let role = replica.command(["INFO", "replication"]).ok()?;
            text(&role)?.contains("role:master").then_some(())
        })
        .context("the replica was not promoted")?;
        replica.command(["CONFIG", "REWRITE"])?;
        Ok(replica)
    })
    .await
}

/// Waits until a primary that misses its replica refuses writes.
async fn until_refusing(primary: Arc<Server>) -> Result<()> {
    blocking(move || {
        patiently(|| {
            let refused = primary.command(["SET", "refused", "when isolated"]).err()?;
            format!("{:?}", refused)
                .contains("NOREPLICAS")
                .then_some(())
        })
        .context("the isolated primary goes on accepting writes")
    })
    .await
}

/// Looks until there is something.
fn patiently(look: impl Fn() -> Option<()>) -> Option<()> {
    (0..LOOKS).find_map(|_| {
        let found = look();
        if found.is_none() {
            thread::sleep(LOOK);
        }
        found
    })
}
