//! An instance as a process of its own, which can be stopped and killed.
//!
//! The process is this program again ([`child`]). It takes its [`orders`] from a unix socket, runs
//! the same workload as a task of the parent would, and reports over the same socket; over a second
//! connection it reads and writes the parent's [`database`]. A process that was killed has a
//! successor with the same name and another number: as far as the contract is concerned, it is
//! another instance.

pub(crate) mod child;
mod database;
mod hearing;
mod life;
mod orders;
mod spawner;
mod wire;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use parking_lot::Mutex;
use testbed::{Proxy, WallClock};

pub(crate) use self::spawner::Spawner;
use self::{
    life::Life,
    orders::{Question, Reply},
};
use crate::{
    clock,
    footprint::Usage,
    instance::{Instance, Observation},
    workload::Mood,
};

/// One place, with one process after the other in it.
pub(crate) struct Process {
    name: String,
    proxy: Proxy,
    address: String,
    spawner: Arc<Spawner>,
    wall_clock: WallClock,
    life: Mutex<Arc<Life>>,
}

impl Process {
    /// Starts a process that reaches the servers at this address, and puts it to work.
    pub(crate) async fn start(
        name: String,
        (proxy, address): (Proxy, String),
        spawner: Arc<Spawner>,
    ) -> Result<Self> {
        let wall_clock = spawner.wall_clock(&name)?;
        let life = spawner.spawn(&name, &address, &wall_clock).await?;
        Ok(Self {
            name,
            proxy,
            address,
            spawner,
            wall_clock,
            life: Mutex::new(Arc::new(life)),
        })
    }

    /// SIGSTOP. When this returns, nothing runs in the process.
    pub(crate) async fn pause(&self) -> Result<()> {
        self.life().pause().await
    }

    /// SIGCONT.
    pub(crate) fn resume(&self) -> Result<()> {
        self.life().resume()
    }

    /// SIGKILL. When this returns, everything that it had reported is on its way to the judge, and
    /// nothing more will be.
    pub(crate) async fn kill(&self) -> Result<()> {
        self.life().kill().await
    }

    /// Puts another process in the place of one that was killed.
    pub(crate) async fn replace(&self) -> Result<()> {
        let successor = self
            .spawner
            .spawn(&self.name, &self.address, &self.wall_clock)
            .await?;
        *self.life.lock() = Arc::new(successor);
        Ok(())
    }

    /// How often it has written the database.
    pub(crate) fn writes(&self) -> u64 {
        self.life().writes()
    }

    /// Sets its wall clock so many seconds ahead of everybody else's, or back, and makes sure that
    /// it has followed.
    pub(crate) async fn set_wall_clock(&self, seconds_ahead: i64) -> Result<()> {
        self.wall_clock.set(seconds_ahead)?;
        let asked = clock::wall();
        let Some(Reply::WallClock(told)) = self.life().ask(Question::WallClock, PATIENCE).await
        else {
            bail!("{} does not tell its wall clock", self.name);
        };
        let off = told - asked - seconds_ahead * 1000;
        if off.unsigned_abs() > PRECISION.as_millis() as u64 {
            bail!(
                "the wall clock of {} is {off} ms from where it was set",
                self.name
            );
        }
        Ok(())
    }

    /// What it takes up.
    pub(crate) async fn usage(&self) -> Result<Usage> {
        match self.life().ask(Question::Usage, PATIENCE).await {
            Some(Reply::Usage(usage)) => Ok(usage),
            _ => bail!("{} does not tell what it takes up", self.name),
        }
    }

    fn life(&self) -> Arc<Life> {
        Arc::clone(&self.life.lock())
    }
}

/// A process on a busy machine may take so long to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// One that is looked at often, and may be stopped, is not waited for as long.
const GLANCE: Duration = Duration::from_millis(50);
/// So far its clock may be from where it was set, by the time that it tells.
const PRECISION: Duration = Duration::from_secs(60);

#[async_trait]
impl Instance for Process {
    fn name(&self) -> &str {
        &self.name
    }

    fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    async fn observe(&self) -> Option<Observation> {
        match self.life().ask(Question::Health, GLANCE).await? {
            Reply::Health(observation) => Some(observation),
            Reply::WallClock(_) | Reply::Usage(_) => None,
        }
    }

    async fn set_mood(&self, mood: Mood) -> Result<()> {
        self.life()
            .set_mood(mood)
            .await
            .with_context(|| format!("{} takes no orders", self.name))
    }

    fn process(&self) -> Option<&Process> {
        Some(self)
    }

    async fn stop(&self) {
        self.life().stop().await;
    }
}
