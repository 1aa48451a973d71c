//! A connection, and what its server said of itself.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Value};

/// The servers that know `SET … IFEQ`, from which version on.
const COMPARING: [(&str, (u32, u32)); 2] = [("valkey", (8, 1)), ("redis", (8, 4))];

/// A connection, and which commands its server can be expected to know: another connection may lead to
/// another server, and has its own answer.
pub(crate) struct Session {
    connection: MultiplexedConnection,
    compares: AtomicBool,
}

impl Session {
    pub(super) fn new(connection: MultiplexedConnection, said: Option<&Value>) -> Self {
        let compares = AtomicBool::new(said.is_some_and(compares));
        Self {
            connection,
            compares,
        }
    }

    /// What commands are sent on.
    pub(in crate::tiers::redis) fn commands(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    /// Whether the server knows `SET … IFEQ`, as far as can be told.
    pub(in crate::tiers::redis) fn compares(&self) -> bool {
        self.compares.load(Ordering::Relaxed)
    }

    /// It does not, whatever it says of itself: something that speaks for another stands in between.
    pub(in crate::tiers::redis) fn compares_no_longer(&self) {
        self.compares.store(false, Ordering::Relaxed);
    }
}

/// Whether a server that answers this to HELLO knows `SET … IFEQ`. In doubt it does not.
fn compares(said: &Value) -> bool {
    let Ok(fields) = HashMap::<String, Value>::from_redis_value_ref(said) else {
        return false;
    };
    let text = |name| String::from_redis_value_ref(fields.get(name)?).ok();
    let version = text("version").as_deref().and_then(major_and_minor);
    let (Some(server), Some(version)) = (text("server"), version) else {
        return false;
    };
    COMPARING
        .iter()
        .any(|(comparing, since)| server == *comparing && version >= *since)
}

fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(fields: &[(&str, &str)]) -> Value {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let mut pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect();
        pairs.push((text("proto"), Value::Int(3)));
        pairs.push((text("modules"), Value::Array(vec![])));
        Value::Map(pairs)
    }

    #[test]
    fn who_compares_is_known_by_name_and_version() {
        for (server, version, expected) in [
            ("valkey", "8.0.9", false),
            ("valkey", "8.1.0", true),
            ("valkey", "9.1.2", true),
            ("valkey", "10.0.0-rc1", true),
            ("redis", "7.0.15", false),
            ("redis", "8.2.1", false),
            ("redis", "8.4.0", true),
            ("redis", "9.0.0", true),
            // Valkey that passes for an old Redis, and what nobody has heard of.
            ("redis", "7.2.4", false),
            ("another", "9.9.9", false),
            ("valkey", "unstable", false),
        ] {
            let said = said(&[("server", server), ("version", version)]);
            assert_eq!(compares(&said), expected, "{server} {version}");
        }
    }

    #[test]
    fn who_does_not_say_does_not_compare() {
        assert!(!compares(&Value::Okay));
        assert!(!compares(&said(&[("server", "valkey")])));
        assert!(!compares(&said(&[("version", "9.1.2")])));
    }
}
