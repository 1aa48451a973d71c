//! Whose heartbeats there are, and what they say.

use std::time::Duration;

use ::redis::{RedisError, cmd, pipe};
use futures_util::future::join_all;

use super::Outside;
use super::refusal;
use crate::config::{Config, RedisConfig};
use crate::core::Position;
use crate::observe::Heartbeat;
use crate::operate::{GenerationReport, InstanceReport, Trouble};
use crate::partitions::PartitionId;
use crate::tiers::redis::keyspace::Keyspace;
use crate::token::Token;

impl Outside {
    pub(crate) async fn instances(&self) -> Result<Vec<InstanceReport>, Trouble> {
        self.instances_of(self.keyspace(), self.id()).await
    }

    /// Who tells of himself in this namespace with other numbers of partitions. Each number is asked about
    /// where its keys are: a cluster may have them on any of its nodes.
    pub(crate) async fn generations(
        &self,
        config: &Config,
    ) -> Result<Vec<GenerationReport>, Trouble> {
        let mut left: Vec<_> = (1..=RedisConfig::MOST_PARTITIONS)
            .filter(|partitions| *partitions != self.id().of())
            .map(PartitionId::first)
            .map(|id| (id, Keyspace::new(config, id)))
            .collect();
        let mut generations = Vec::new();
        let mut elsewhere = None;
        loop {
            let place = elsewhere.as_ref().unwrap_or(self);
            let counts = left.iter().map(|(_, theirs)| async {
                place.ask::<u64>(cmd("ZCARD").arg(&theirs.instances)).await
            });
            let counts = join_all(counts).await;
            let mut moved = Vec::new();
            for ((id, theirs), count) in left.drain(..).zip(counts) {
                match count {
                    Ok(0) => {}
                    Ok(_) => generations.push(GenerationReport {
                        partitions: id.of(),
                        instances: place.instances_of(&theirs, id).await?,
                    }),
                    // Whoever was connected to for its sake answers, or is between two owners.
                    Err(trouble) if is_moved(&trouble) && id != place.id() => {
                        moved.push((id, theirs));
                    }
                    Err(trouble) => return Err(trouble),
                }
            }
            let Some((id, _)) = moved.first() else {
                generations.sort_by_key(|generation| generation.partitions);
                return Ok(generations);
            };
            elsewhere = Some(Self::connect(config, *id).await?);
            left = moved;
        }
    }

    async fn instances_of(
        &self,
        keyspace: &Keyspace,
        id: PartitionId,
    ) -> Result<Vec<InstanceReport>, Trouble> {
        let mut both = pipe();
        both.cmd("TIME");
        both.cmd("ZRANGE").arg(&keyspace.instances).arg(0).arg(-1);
        let ((seconds, micros), origins): ((u64, u64), Vec<String>) = self.ask_all(&both).await?;
        if origins.is_empty() {
            return Ok(Vec::new());
        }
        let now = seconds * 1000 + micros / 1000;
        let numbers = origins
            .iter()
            .map(|origin| u64::from_str_radix(origin, 16).unwrap_or(0));
        let keys: Vec<_> = numbers.map(|each| keyspace.instance(each)).collect();
        let said: Vec<Option<String>> = self.ask(cmd("MGET").arg(keys)).await?;
        let mut reports: Vec<_> = origins
            .into_iter()
            .zip(said)
            .filter_map(|(origin, said)| report(origin, &said?, now, id))
            .collect();
        reports.sort_by(|a, b| {
            let order = |report: &InstanceReport| (report.said.name.clone(), report.id.clone());
            order(a).cmp(&order(b))
        });
        Ok(reports)
    }
}

fn is_moved(trouble: &Trouble) -> bool {
    let Trouble::Refused { source, .. } = trouble else {
        return false;
    };
    let error = source.downcast_ref::<RedisError>();
    error.is_some_and(refusal::is_moved)
}

/// Reads `<server's time> <tail> <heartbeat>`; nothing, when it is none. The server knows the tail of
/// the first partition, and the instance says how far behind it is in the others.
fn report(origin: String, said: &str, now: u64, id: PartitionId) -> Option<InstanceReport> {
    let mut parts = said.splitn(3, ' ');
    let at: u64 = parts.next()?.parse().ok()?;
    let tail: Position = parts.next()?.parse().ok()?;
    let said: Heartbeat = serde_json::from_str(parts.next()?).ok()?;
    let position = said.position.as_deref().and_then(|text| text.parse().ok());
    let position = position.map_or(Position::ORIGIN, |at: Token| at.position_in(id));
    let lag = (position.epoch == tail.epoch)
        .then(|| tail.seq.saturating_sub(position.seq) + said.lag_elsewhere);
    Some(InstanceReport {
        id: origin,
        silent_for: Duration::from_millis(now.saturating_sub(at)),
        lag,
        said,
    })
}
