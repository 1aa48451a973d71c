//! The slot of a partition moves to another primary.

use std::{thread, time::Duration};

use anyhow::Result;
use async_trait::async_trait;

use super::node::{emptiest, named, owner};
use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::Field,
    servers::{Partition, Servers},
};

/// What goes ahead of the rest.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Ahead {
    Nothing,
    Meta,
    Log,
    Records,
}

/// One move.
pub(super) struct Slot {
    ahead: Ahead,
    /// Which partition's slot it is.
    partition: [usize; 1],
    /// How long it stays between the nodes, before and after something has gone ahead.
    pauses: [Duration; 2],
}

impl Slot {
    pub(super) fn at_once(draw: &mut Draw<'_>) -> Self {
        Self {
            ahead: Ahead::Nothing,
            partition: [draw.partition()],
            pauses: [Duration::ZERO; 2],
        }
    }

    pub(super) fn in_steps(draw: &mut Draw<'_>) -> Self {
        Self::slowly(draw, Ahead::Nothing)
    }

    pub(super) fn meta_first(draw: &mut Draw<'_>) -> Self {
        Self::slowly(draw, Ahead::Meta)
    }

    pub(super) fn log_first(draw: &mut Draw<'_>) -> Self {
        Self::slowly(draw, Ahead::Log)
    }

    pub(super) fn records_first(draw: &mut Draw<'_>) -> Self {
        Self::slowly(draw, Ahead::Records)
    }

    fn slowly(draw: &mut Draw<'_>, ahead: Ahead) -> Self {
        Self {
            ahead,
            partition: [draw.partition()],
            pauses: [draw.millis(0..=400), draw.millis(20..=1200)],
        }
    }
}

#[async_trait]
impl Fault for Slot {
    fn expects(&self) -> Expectation {
        Expectation::Loss(Whom::All)
    }

    fn partitions(&self) -> &[usize] {
        &self.partition
    }

    fn detail(&self) -> String {
        named(&self.partition)
    }

    fn hold(&self) -> Duration {
        Duration::ZERO
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let began = clock::now();
        let (ahead, [number], [before, after]) = (self.ahead, self.partition, self.pauses);
        let move_it = move |servers: &Servers| {
            let (cluster, Partition { slot, meta, log }) = servers.partition(number)?;
            let to = emptiest(servers, owner(cluster, *slot)?)?;
            let on_its_way = cluster.begin_move(*slot, to)?;
            thread::sleep(before);
            match ahead {
                Ahead::Nothing => {}
                Ahead::Meta => on_its_way.keys([meta])?,
                Ahead::Log => on_its_way.keys([log])?,
                Ahead::Records => {
                    let is_record = |key: &String| key != meta && key != log;
                    on_its_way.keys(on_its_way.left()?.into_iter().filter(is_record))?;
                }
            }
            thread::sleep(after);
            on_its_way.all_keys()?;
            Ok(on_its_way.finish()?)
        };
        field.on_servers(move_it).await?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        let agreed = |servers: &Servers| Ok(servers.cluster()?.0.until_agreed()?);
        field.on_servers(agreed).await
    }
}
