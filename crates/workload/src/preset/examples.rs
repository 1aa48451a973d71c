//! The examples of the specification, whose ratios of reads to writes go from 10:1 to 1:1, and one
//! that is plain.

use std::time::Duration;

use super::Preset;
use crate::keyspace::Names;

pub(super) fn all() -> Vec<Preset> {
    vec![
        Preset {
            name: "one-to-one".into(),
            about: "as many writes as reads, single keys, no story".into(),
            groups: 10_000,
            names: rows("item:", &[""]),
            fan_out: 1,
            value_bytes: 200,
            ttl: minutes(2),
            reads: 0.5,
            skew: 0.99,
        },
        Preset {
            name: "stock-prices".into(),
            about: "a ticker: one price written for each one read".into(),
            groups: 500,
            names: rows("stock:price:", &[""]),
            fan_out: 1,
            value_bytes: 80,
            ttl: minutes(2),
            reads: 0.5,
            skew: 0.99,
        },
        Preset {
            name: "documents".into(),
            about: "collaborative editing: a change removes the document and its versions".into(),
            groups: 2_000,
            names: rows("document:", &["", ":versions"]),
            fan_out: 1,
            value_bytes: 2_000,
            ttl: minutes(5),
            reads: 5.0 / 6.0,
            skew: 0.99,
        },
        Preset {
            name: "feed".into(),
            about: "an activity feed: a post removes all pages of 20 feeds by pattern".into(),
            groups: 2_000,
            names: Names {
                pattern: Some(":page:*".into()),
                ..rows("feed:user:", &[":page:1", ":page:2", ":page:3"])
            },
            fan_out: 20,
            value_bytes: 2_000,
            ttl: minutes(1),
            reads: 10.0 / 11.0,
            skew: 0.8,
        },
        Preset {
            name: "inventory".into(),
            about: "stock levels: two looks for each reservation".into(),
            groups: 10_000,
            names: rows("inventory:stock:", &[""]),
            fan_out: 1,
            value_bytes: 40,
            ttl: minutes(3),
            reads: 2.0 / 3.0,
            skew: 0.9,
        },
    ]
}

fn rows(prefix: &str, members: &[&str]) -> Names {
    Names {
        prefix: prefix.into(),
        digits: 0,
        members: members.iter().map(|&member| member.to_owned()).collect(),
        pattern: None,
    }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}
