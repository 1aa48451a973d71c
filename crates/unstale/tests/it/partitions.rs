//! Several partitions: what one call touches in more than one of them, and what one of them does
//! while the others do not.

mod apart;
mod counted;
mod refused;
mod together;

use std::collections::BTreeMap;

use unstale::{Cache, Token};

use crate::bed::{Bed, OF_FOUR, Transport};

/// A bed of four partitions, on Streams.
fn four() -> Bed {
    Bed::start(Transport::FourPartitions)
}

/// One key in each of the four partitions, by partition.
async fn one_each(cache: &Cache) -> [String; 4] {
    one_each_of("product", cache).await
}

/// One key of a space in each of so many partitions: the token of its removal names it.
pub(crate) async fn one_each_of<const PARTITIONS: usize>(
    space: &str,
    cache: &Cache,
) -> [String; PARTITIONS] {
    let mut found = BTreeMap::new();
    for id in 0.. {
        let key = format!("{space}:{id}");
        let removed = cache.remove(&key).await;
        let [partition] = &named(removed.token().expect("a server that works"))[..] else {
            panic!("one key is in one partition");
        };
        found.entry(partition.clone()).or_insert(key);
        if found.len() == PARTITIONS {
            break;
        }
    }
    let keys: Vec<_> = found.into_values().collect();
    keys.try_into().expect("as many as that")
}

/// The partitions that a token names.
pub(crate) fn named(token: &Token) -> Vec<String> {
    let text = token.to_string();
    let parts = text.split('.');
    let name = |part: &str| part.split_once(':').expect("a partition").0.to_owned();
    parts.map(name).collect()
}

/// All but one of the partitions, as rights of a user.
fn rights_without(partition: usize) -> Vec<String> {
    let others = OF_FOUR.iter().enumerate();
    let others = others.filter(|(index, _)| *index != partition);
    others.map(|(_, tag)| format!("~{tag}:*")).collect()
}

/// The server refuses everything about one partition.
fn refuse(bed: &Bed, partition: usize) {
    let mut command = ["ACL", "SETUSER", "default", "resetkeys"]
        .map(str::to_owned)
        .to_vec();
    command.extend(rights_without(partition));
    bed.server().command(command).expect("an answer");
}

fn allow_all(bed: &Bed) {
    let command = ["ACL", "SETUSER", "default", "~*"];
    bed.server().command(command).expect("an answer");
}
