//! An instance as a few tasks of this process.

use anyhow::Result;
use async_trait::async_trait;
use testbed::Proxy;

use crate::{
    field::Setup,
    instance::{Instance, Observation},
    running::Running,
    workload::{Mood, Work},
};

/// One instance, with its workload.
pub(crate) struct Task {
    name: String,
    proxy: Proxy,
    running: Running,
}

impl Task {
    /// Makes a cache that reaches the servers at this address, and puts it to work.
    pub(crate) async fn start(
        name: String,
        (proxy, address): (Proxy, String),
        setup: &Setup,
        work: Work<()>,
    ) -> Result<Self> {
        let running = Running::start(&name, &address, setup.of_each(), work).await?;
        Ok(Self {
            name,
            proxy,
            running,
        })
    }
}

#[async_trait]
impl Instance for Task {
    fn name(&self) -> &str {
        &self.name
    }

    fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    async fn observe(&self) -> Option<Observation> {
        Some(self.running.observe())
    }

    async fn set_mood(&self, mood: Mood) -> Result<()> {
        self.running.set_mood(mood);
        Ok(())
    }

    async fn stop(&self) {
        self.running.stop().await;
    }
}
