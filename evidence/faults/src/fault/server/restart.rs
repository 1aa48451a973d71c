//! The server ends, and starts again with nothing, with everything, or with what it had once saved.

use std::{fs, io::ErrorKind, time::Duration};

use anyhow::Result;
use async_trait::async_trait;
use testbed::Server;
use tokio::time::sleep;

use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::Field,
};

/// Where a server saves its data.
const SAVED: &str = "dump.rdb";

/// What the server comes back with.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Data {
    None,
    /// What it had so long before: what was acknowledged since is lost, and what was removed since
    /// is there again.
    SavedBefore(Duration),
    All,
}

/// One restart.
pub(super) struct Restart {
    data: Data,
    down_for: Duration,
}

impl Restart {
    pub(super) fn empty(draw: &mut Draw<'_>) -> Self {
        Self::with(draw, Data::None)
    }

    pub(super) fn older(draw: &mut Draw<'_>) -> Self {
        let age = draw.millis(5..=600);
        Self::with(draw, Data::SavedBefore(age))
    }

    pub(super) fn complete(draw: &mut Draw<'_>) -> Self {
        Self::with(draw, Data::All)
    }

    fn with(draw: &mut Draw<'_>, data: Data) -> Self {
        Self {
            data,
            down_for: draw.millis(0..=1000),
        }
    }
}

#[async_trait]
impl Fault for Restart {
    fn expects(&self) -> Expectation {
        Expectation::Loss(Whom::All)
    }

    fn hold(&self) -> Duration {
        self.down_for
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        if let Data::SavedBefore(age) = self.data {
            field.command(&["SAVE"]).await?;
            sleep(age).await;
        }
        let began = clock::now();
        match self.data {
            Data::None | Data::SavedBefore(_) => {}
            // The connection ends with the server, so there is no answer.
            Data::All => drop(field.command(&["SHUTDOWN", "SAVE"]).await),
        }
        field.on_server(|server| Ok(server.kill()?)).await?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        let empty = self.data == Data::None;
        let start = move |server: &Server| {
            let saved = server.directory().join(SAVED);
            if empty
                && let Err(error) = fs::remove_file(saved)
                && error.kind() != ErrorKind::NotFound
            {
                return Err(error.into());
            }
            Ok(server.restart()?)
        };
        field.on_server(start).await
    }
}
