//! What the nodes of a cluster are asked to do.

use std::collections::HashMap;

use testbed::Cluster;

use super::Bed;
use super::watch::Watch;
use crate::bed::{Transport, hasten, lived_through, on_every_server, text};

on_every_server!(nothing_is_scanned_and_no_command_needs_two_slots);

/// What goes through all keys of a node.
const SCANNING: [&str; 3] = ["KEYS", "SCAN", "RANDOMKEY"];

async fn nothing_is_scanned_and_no_command_needs_two_slots(transport: Transport) {
    let bed = Bed::start();
    let watches: Vec<_> = bed
        .cluster
        .primaries()
        .into_iter()
        .map(Watch::begin)
        .collect();
    let mut config = bed.config(transport);
    hasten(&mut config);
    lived_through(bed.owner(), &config).await;

    let judge = Judge::new(&bed.cluster);
    let mut seen = HashMap::new();
    for watch in watches {
        for heard in watch.end().await {
            let command = heard.words;
            *seen.entry(command[0].to_uppercase()).or_insert(0) += 1;
            if let Some(objection) = judge.objection(&command) {
                panic!("{objection}: {command:?}");
            }
        }
    }
    for expected in ["EVALSHA", "XADD", "HSET", "UNLINK", "SET", "MGET"] {
        assert!(
            seen.contains_key(expected),
            "{expected} is not among {seen:?}"
        );
    }
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    for wrong in [
        &["KEYS", "*"][..],
        &["SCAN", "0"],
        &["MGET", "{a}:1", "{b}:1"],
    ] {
        assert!(judge.objection(&words(wrong)).is_some(), "{wrong:?}");
    }
    assert_eq!(judge.objection(&words(&["MGET", "{a}:1", "{a}:2"])), None);
}

struct Judge<'a> {
    cluster: &'a Cluster,
}

impl<'a> Judge<'a> {
    fn new(cluster: &'a Cluster) -> Self {
        Self { cluster }
    }

    /// What speaks against a command, by what the server itself says of its keys.
    fn objection(&self, command: &[String]) -> Option<String> {
        let name = command[0].to_uppercase();
        if SCANNING.contains(&&*name) {
            return Some("it goes through all keys".to_owned());
        }
        let node = &self.cluster.nodes()[0];
        let asking = ["COMMAND", "GETKEYS"].into_iter().map(str::to_owned);
        let asking: Vec<_> = asking.chain(command.iter().cloned()).collect();
        // Those without keys are refused.
        let keys = node.command(asking).ok()?;
        let keys = keys.into_sequence().ok()?.into_iter().map(text);
        let slots: Vec<_> = keys
            .map(|key| self.cluster.slot_of(&key).unwrap())
            .collect();
        let first = slots.first()?;
        let differs = slots.iter().any(|slot| slot != first);
        differs.then(|| format!("its keys are in the slots {slots:?}"))
    }
}
