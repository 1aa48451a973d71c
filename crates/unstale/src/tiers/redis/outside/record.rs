//! What L2 holds under a key, and what may be done with it.

use std::time::Duration;

use ::redis::{FromRedisValue, Value as Reply, cmd, pipe};
use bytes::Bytes;

use super::Outside;
use super::log::pattern;
use crate::core::{Position, Scope};
use crate::operate::{Held, Inspection, MatchingBan, Trouble};
use crate::tiers::record::{self, Record};
use crate::tiers::redis::reply;

impl Outside {
    pub(crate) async fn inspect(&self, key: &str) -> Result<Inspection, Trouble> {
        let stored_as = self.keyspace().record(key).to_text();
        let kind: String = self.ask(cmd("TYPE").arg(&stored_as)).await?;
        let mut all = pipe();
        all.cmd("TIME");
        all.cmd("HGETALL").arg(&self.keyspace().meta);
        all.cmd("PTTL").arg(&stored_as);
        // Something else than a string is not read, and no error.
        let read = if kind == "string" { "GET" } else { "TYPE" };
        all.cmd(read).arg(&stored_as);
        let ((seconds, micros), meta, ttl, bytes): ((u64, u64), Reply, i64, Reply) =
            self.ask_all(&all).await?;
        let snapshot = self.read("HGETALL", reply::snapshot(&meta))?;
        let bytes = match kind.as_str() {
            "string" => self.read("GET", read_bytes(bytes))?,
            _ => None,
        };
        let mut inspection = Inspection {
            key: key.to_owned(),
            stored_as,
            held: Held::Nothing,
            bytes: bytes.as_ref().map_or(0, Bytes::len) as u64,
            expires_in: u64::try_from(ttl).ok().map(Duration::from_millis),
            age: None,
            stamp: None,
            is_of_this_epoch: false,
            bans: Vec::new(),
        };
        let Some(bytes) = bytes else {
            if kind != "none" && kind != "string" {
                inspection.held = Held::Foreign { what: kind };
            }
            return Ok(inspection);
        };
        let (stamp, traits) = match record::parse(&bytes) {
            Record::Foreign => {
                let what = "not a record of this version".to_owned();
                inspection.held = Held::Foreign { what };
                return Ok(inspection);
            }
            Record::Lease { stamp } => {
                inspection.held = Held::Lease {
                    token: token(&bytes),
                };
                (stamp, None)
            }
            Record::Value(value) => {
                let now = seconds * 1000 + micros / 1000;
                inspection.age = age(&bytes, &value, inspection.expires_in, now);
                inspection.held = Held::Value {
                    token: token(&bytes),
                    ttl: value.traits.ttl,
                    sliding: value.traits.sliding,
                    size: value.traits.size,
                    priority: value.traits.priority,
                    tags: value
                        .traits
                        .tags
                        .iter()
                        .map(|tag| tag.to_string())
                        .collect(),
                    flags: u64::from(value.encoded.flags),
                    payload: value.encoded.payload.len() as u64,
                };
                (value.stamp, Some(value.traits))
            }
        };
        inspection.stamp = Some(stamp.to_string());
        if let Some(snapshot) = snapshot {
            let epoch = snapshot.fenced.history.epoch;
            inspection.is_of_this_epoch = stamp.epoch == epoch;
            let tags = traits.map(|traits| traits.tags).unwrap_or_default();
            let covers = |scope: &Scope| match scope {
                Scope::Tag(tag) => tags.contains(tag),
                scope => scope.may_cover(key),
            };
            let covering = snapshot.bans.iter().filter(|(scope, _)| covers(scope));
            inspection.bans = covering
                .map(|(scope, seq)| {
                    let position = Position { epoch, seq: *seq };
                    MatchingBan {
                        scope: match scope {
                            Scope::Tag(tag) => format!("tag {tag}"),
                            scope => pattern(scope),
                        },
                        position: position.to_string(),
                        forbids: stamp < position,
                    }
                })
                .collect();
        }
        Ok(inspection)
    }
}

fn read_bytes(reply: Reply) -> ::redis::RedisResult<Option<Bytes>> {
    let bytes: Option<Vec<u8>> = FromRedisValue::from_redis_value(reply)?;
    Ok(bytes.map(Bytes::from))
}

/// The token of a record that could be read, for people.
fn token(record: &[u8]) -> String {
    String::from_utf8_lossy(record::token(record)).into_owned()
}

/// How long ago a value was stored: what has passed of its life. One that slides has lived since
/// its deadline was set.
fn age(
    bytes: &[u8],
    value: &record::Value,
    expires_in: Option<Duration>,
    now: u64,
) -> Option<Duration> {
    let left = match record::deadline(bytes) {
        Some(deadline) => Duration::from_millis(deadline.saturating_sub(now)),
        None => expires_in?,
    };
    value.traits.ttl.checked_sub(left)
}
