//! What the scripts answer, read.

use std::collections::HashMap;
use std::time::Duration;

use redis::{FromRedisValue, RedisResult, Value};

use crate::core::{Appended, Fenced, History, Scope, Snapshot};

/// As far as the scripts count on: see `numbers.lua`.
const HIGHEST: u64 = (1 << 53) - 1;

/// A nonce as it is stored.
pub(super) fn nonce_text(nonce: u64) -> String {
    format!("{nonce:016x}")
}

/// The fence's answer: epoch, nonce, tail and the longest TTL.
pub(super) fn fenced(reply: &Value) -> RedisResult<Fenced> {
    let (epoch, nonce, tail, ttl): (u64, String, u64, u64) =
        FromRedisValue::from_redis_value_ref(reply)?;
    let history = History {
        epoch,
        nonce: read_nonce(&nonce),
    };
    let longest_ttl = Duration::from_millis(ttl);
    Ok(Fenced {
        history,
        tail,
        longest_ttl,
    })
}

/// Where `log.lua` appended: epoch, nonce and sequence number.
pub(super) fn appended(reply: &Value) -> RedisResult<Appended> {
    let (epoch, nonce, seq): (u64, String, u64) = FromRedisValue::from_redis_value_ref(reply)?;
    Ok(Appended {
        history: History {
            epoch,
            nonce: read_nonce(&nonce),
        },
        seq,
    })
}

/// All fields of `meta`; `None` when it is gone, or cannot be counted on from.
pub(super) fn snapshot(reply: &Value) -> RedisResult<Option<Snapshot>> {
    let fields: HashMap<String, String> = FromRedisValue::from_redis_value_ref(reply)?;
    let number = |name: &str| {
        let number = fields.get(name)?.parse().ok()?;
        (number < HIGHEST).then_some(number)
    };
    let (Some(epoch), Some(nonce), Some(tail)) =
        (number("epoch"), fields.get("nonce"), number("seq"))
    else {
        return Ok(None);
    };
    let bans = fields.iter().filter_map(|(name, text)| {
        let scope = name.strip_prefix("b:")?;
        let seq = text
            .split(' ')
            .next()
            .and_then(|seq| seq.parse().ok())
            .unwrap_or(tail);
        // A ban of a kind unknown here may forbid anything.
        Some((Scope::from_wire(scope).unwrap_or(Scope::All), seq))
    });
    Ok(Some(Snapshot {
        fenced: Fenced {
            history: History {
                epoch,
                nonce: read_nonce(nonce),
            },
            tail,
            longest_ttl: Duration::from_millis(number("ttl").unwrap_or(0)),
        },
        bans: bans.collect(),
    }))
}

/// A nonce that is none of ours still differs from ours.
fn read_nonce(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or(0)
}
