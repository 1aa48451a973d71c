//! Whose heartbeats there are, and what they say.

use std::time::Duration;

use ::redis::{cmd, pipe};

use super::Outside;
use crate::core::Position;
use crate::observe::Heartbeat;
use crate::operate::{InstanceReport, Trouble};

impl Outside {
    pub(crate) async fn instances(&self) -> Result<Vec<InstanceReport>, Trouble> {
        let mut both = pipe();
        both.cmd("TIME");
        both.cmd("ZRANGE")
            .arg(&self.keyspace().instances)
            .arg(0)
            .arg(-1);
        let ((seconds, micros), origins): ((u64, u64), Vec<String>) = self.ask_all(&both).await?;
        if origins.is_empty() {
            return Ok(Vec::new());
        }
        let now = seconds * 1000 + micros / 1000;
        let ids = origins
            .iter()
            .map(|origin| u64::from_str_radix(origin, 16).unwrap_or(0));
        let keys: Vec<_> = ids.map(|id| self.keyspace().instance(id)).collect();
        let said: Vec<Option<String>> = self.ask(cmd("MGET").arg(keys)).await?;
        let mut reports: Vec<_> = origins
            .into_iter()
            .zip(said)
            .filter_map(|(origin, said)| report(origin, &said?, now))
            .collect();
        reports.sort_by(|a, b| {
            let order = |report: &InstanceReport| (report.said.name.clone(), report.id.clone());
            order(a).cmp(&order(b))
        });
        Ok(reports)
    }
}

/// Reads `<server's time> <tail> <heartbeat>`; nothing, when it is none.
fn report(id: String, said: &str, now: u64) -> Option<InstanceReport> {
    let mut parts = said.splitn(3, ' ');
    let at: u64 = parts.next()?.parse().ok()?;
    let tail: Position = parts.next()?.parse().ok()?;
    let said: Heartbeat = serde_json::from_str(parts.next()?).ok()?;
    let position = said.position.as_deref().and_then(|text| text.parse().ok());
    let lag = position.and_then(|position: Position| {
        (position.epoch == tail.epoch).then(|| tail.seq.saturating_sub(position.seq))
    });
    Some(InstanceReport {
        id,
        silent_for: Duration::from_millis(now.saturating_sub(at)),
        lag,
        said,
    })
}
