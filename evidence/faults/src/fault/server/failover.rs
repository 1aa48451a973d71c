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
}

/// One failover.
pub(super) struct Failover {
    manner: Manner,
    /// Until the replica is promoted.
    headless_for: Duration,
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

    fn new(draw: &mut Draw<'_>, manner: Manner) -> Self {
        Self {
            manner,
            headless_for: draw.millis(0..=400),
            old: None,
        }
    }
}

#[async_trait]
impl Fault for Failover {
    fn expects(&self) -> Expectation {
        Expectation::Loss(Whom::All)
    }

    fn hold(&self) -> Duration {
        Duration::ZERO
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let primary = field.server();
        let link = Proxy::start(primary.addr()).await?;
        let by_link = match self.manner {
            Manner::Losing(_) => link.addr(),
            Manner::Planned => primary.addr(),
        };
        let replica = replica_of(Arc::clone(&primary), by_link).await?;
        // The first replica changes the id of its primary, and so the epoch.
        field
            .recover(Duration::from_secs(5))
            .await
            .map_err(anyhow::Error::msg)?;
        let (effect, replica) = match self.manner {
            Manner::Losing(lag) => {
                link.stall(Direction::ToClient);
                sleep(lag).await;
                let began = clock::now();
                field.on_server(|server| Ok(server.kill()?)).await?;
                let effect = Effect::since(began);
                sleep(self.headless_for).await;
                let promote = move || {
                    replica.command(["REPLICAOF", "NO", "ONE"])?;
                    Ok(replica)
                };
                (effect, blocking(promote).await?)
            }
            Manner::Planned => {
                let began = clock::now();
                for instance in field.instances(Whom::All) {
                    instance.proxy().cut();
                }
                let effect = Effect::since(began);
                (effect, hand_over(primary, replica).await?)
            }
        };
        // It would be a replica again after a restart.
        let stay = move || {
            replica.command(["CONFIG", "REWRITE"])?;
            Ok(replica)
        };
        let replica = blocking(stay).await?;
        self.old = Some(field.hand_over(replica));
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
async fn replica_of(primary: Arc<Server>, way: SocketAddr) -> Result<Server> {
    blocking(move || {
        let follow = format!("{} {}", way.ip(), way.port());
        let replica = Server::builder()
            .replica_of(&primary)
            .arg("replicaof", &follow);
        Ok(replica.start()?)
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

/// Has a primary hand over to its replica, and waits until it has.
async fn hand_over(primary: Arc<Server>, replica: Server) -> Result<Server> {
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
        Ok(replica)
    })
    .await
}
