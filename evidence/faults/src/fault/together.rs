//! Two faults at once: the network fails while the server does, or while everybody recovers from
//! that.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use tokio::time::sleep;

use super::{Draw, Effect, Expectation, Fault, Kind, always, network, server};
use crate::field::Field;

/// Pairs.
pub(crate) const KINDS: &[Kind] = &[Kind {
    name: "two at once, of server and network",
    applies: always,
    make: |draw| Box::new(Together::new(draw)),
}];

/// A fault of the server, and soon afterwards one of the network.
struct Together {
    server: Box<dyn Fault>,
    apart: Duration,
    network: Box<dyn Fault>,
    names: String,
}

impl Together {
    fn new(draw: &mut Draw<'_>) -> Self {
        let (of_server, server) = draw.one_of(server::KINDS);
        let apart = draw.millis(0..=300);
        let (of_network, network) = draw.one_of(network::UNAIDED);
        Self {
            server,
            apart,
            network,
            names: format!("{of_server}; {of_network}"),
        }
    }
}

#[async_trait]
impl Fault for Together {
    /// What the network does takes nothing of it away.
    fn expects(&self) -> Expectation {
        self.server.expects()
    }

    fn detail(&self) -> String {
        format!(" ({})", self.names)
    }

    fn hold(&self) -> Duration {
        self.server.hold().max(self.network.hold())
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let effect = self.server.inject(field).await?;
        sleep(self.apart).await;
        self.network.inject(field).await?;
        Ok(effect)
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        self.server.heal(field).await?;
        self.network.heal(field).await
    }
}
