//! Whose heartbeats there are, and what they say.

use std::time::Duration;

use ::redis::{cmd, pipe};

use super::Outside;
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

    /// Who tells of himself in this namespace with other numbers of partitions. Where a server has
    /// not their keys, it refuses the question.
    pub(crate) async fn generations(
        &self,
        config: &Config,
    ) -> Result<Vec<GenerationReport>, Trouble> {
        let others: Vec<_> = (1..=RedisConfig::MOST_PARTITIONS)
            .filter(|partitions| *partitions != self.id().of())
            .map(PartitionId::first)
            .map(|id| (id, Keyspace::new(config, id)))
            .collect();
        let mut all = pipe();
        for (_, theirs) in &others {
            all.cmd("ZCARD").arg(&theirs.instances);
        }
        let counts: Vec<u64> = self.ask_all(&all).await?;
        let mut generations = Vec::new();
        for ((id, theirs), count) in others.iter().zip(counts) {
            if count > 0 {
                generations.push(GenerationReport {
                    partitions: id.of(),
                    instances: self.instances_of(theirs, *id).await?,
                });
            }
        }
        Ok(generations)
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
