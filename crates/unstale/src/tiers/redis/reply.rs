//! What the scripts answer, read.

use std::collections::HashMap;
use std::time::Duration;

use redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Value};

use super::super::wire;
use crate::core::{Appended, Fenced, History, Scope, Snapshot, Witness};

/// As far as the scripts count on: see `numbers.lua`.
const HIGHEST: u64 = (1 << 53) - 1;

/// The fence's answer to `ours`: epoch, nonce, tail, the id of the entry there, and the longest TTL.
pub(super) fn fenced(reply: &Value, ours: &Witness) -> RedisResult<Fenced> {
    let (epoch, nonce, tail, last, ttl): (u64, String, u64, String, u64) =
        FromRedisValue::from_redis_value_ref(reply)?;
    let fenced = Fenced {
        history: History {
            epoch,
            nonce: read_number(&nonce),
        },
        tail,
        last: read_number(&last),
        longest_ttl: Duration::from_millis(ttl),
        ..Fenced::default()
    };
    Ok(fenced.answering(ours))
}

/// Where `log.lua` appended an entry of this id for one who knows `ours`: epoch, nonce and sequence
/// number, in one text, because that is what a server and a client have the least work with.
pub(super) fn appended(reply: &str, id: u64, ours: &Witness) -> RedisResult<Appended> {
    let (epoch, nonce, seq) = place(reply).ok_or_else(|| {
        let problem = "a script answered with something else than a place in the log";
        RedisError::from((ErrorKind::UnexpectedReturnType, problem))
    })?;
    let history = History {
        epoch,
        nonce: read_number(nonce),
    };
    Ok(Appended {
        history,
        seq,
        id,
        kept: ours.kept_in(history),
    })
}

/// In between is whatever the server holds for a nonce.
fn place(text: &str) -> Option<(u64, &str, u64)> {
    let (epoch, rest) = text.split_once(' ')?;
    let (nonce, seq) = rest.rsplit_once(' ')?;
    Some((epoch.parse().ok()?, nonce, seq.parse().ok()?))
}

/// All fields of `meta`; `None` when it is gone, or cannot be counted on from.
pub(super) fn snapshot(reply: &Value) -> RedisResult<Option<Snapshot>> {
    let fields: HashMap<String, String> = FromRedisValue::from_redis_value_ref(reply)?;
    let number = |name: &str| {
        let number = fields.get(name)?.parse().ok()?;
        (number < HIGHEST).then_some(number)
    };
    let (Some(epoch), Some(nonce), Some(tail), Some(last)) = (
        number("epoch"),
        fields.get("nonce"),
        number("seq"),
        fields.get("last"),
    ) else {
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
                nonce: read_number(nonce),
            },
            tail,
            last: read_number(last),
            longest_ttl: Duration::from_millis(number("ttl").unwrap_or(0)),
            ..Fenced::default()
        },
        bans: bans.collect(),
    }))
}

/// A nonce or an id that is none of ours still differs from ours.
fn read_number(text: &str) -> u64 {
    wire::read_number(text.as_bytes()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_whatever_its_nonce_is() {
        assert_eq!(place("17 00c0ffee 4"), Some((17, "00c0ffee", 4)));
        assert_eq!(place("17 not ours 4"), Some((17, "not ours", 4)));
        for text in ["", "17 4", "17 nonce", "x nonce 4", "17 nonce -4"] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
