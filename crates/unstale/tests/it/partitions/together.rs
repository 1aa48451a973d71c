//! What one call touches in more than one partition.

use std::convert::Infallible;

use unstale::EntryOptions;

use super::{four, named, one_each};
use crate::bed::{caught_up, held, l1_answers, numbers, patient, read, text, warm};
use testbed::Direction;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_names_the_partitions_that_were_touched() {
    let bed = four();
    let cache = bed.instance("one").await;
    let keys = one_each(&cache).await;
    let removed = cache.remove_batch([&keys[3], &keys[1]]).await;
    assert_eq!(named(removed.token().unwrap()), ["1/4", "3/4"]);
    for banned in [
        cache.remove_pattern("product:*").await,
        cache.remove_tag("sport").await,
        cache.clear().await,
    ] {
        assert_eq!(named(banned.token().unwrap()), ["0/4", "1/4", "2/4", "3/4"]);
    }
    // It can be about one key only.
    let literal = cache.remove_pattern(&keys[2]).await;
    assert_eq!(named(literal.token().unwrap()), ["2/4"]);
    let values: Vec<_> = keys[..2].iter().map(|key| (key, 1_u64)).collect();
    let set = cache.set_many(&values, EntryOptions::new()).await.unwrap();
    assert_eq!(named(set.token().unwrap()), ["0/4", "1/4"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_over_two_partitions_is_heeded_in_both_and_nowhere_else() {
    let bed = four();
    let (behind, wires) = bed.wired("behind", patient).await;
    let writer = bed.instance("writer").await;
    let keys = one_each(&writer).await;
    let settled = writer.clear().await;
    caught_up(&behind, settled.token().unwrap()).await;
    for key in &keys {
        warm(&behind, key, 1).await;
    }
    wires.log.stall(Direction::ToClient);
    let removed = writer.remove_batch([&keys[0], &keys[2]]).await;
    let token = removed.token().unwrap();
    // It has not heard of it, and is still within its bound.
    assert_eq!(held(&behind, &keys[0]).await, Some(1));
    let products = behind.space::<u64>("*").after(token);
    for (partition, key) in keys.iter().enumerate() {
        let load = || async { Ok::<_, Infallible>(Some(2)) };
        let value = products.get_or_load(key.as_str(), load).await.unwrap();
        let newest = if partition % 2 == 0 { 2 } else { 1 };
        assert_eq!(value.as_deref(), Some(&newest), "{key}");
    }
    wires.log.heal().unwrap();
    caught_up(&behind, token).await;
    for (partition, key) in keys.iter().enumerate() {
        let newest = if partition % 2 == 0 { 2 } else { 1 };
        assert_eq!(read(&behind, key, 3).await, newest, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_keys_are_read_in_their_order_in_one_round_trip_for_each_partition() {
    let bed = four();
    let writer = bed.instance("writer").await;
    let reader = bed.instance("reader").await;
    let entries: Vec<_> = (0..40_u64).map(|id| (format!("stock:{id}"), id)).collect();
    let set = writer.set_many(&entries, EntryOptions::new()).await;
    caught_up(&reader, set.unwrap().token().unwrap()).await;
    let reads = || {
        let stats = text(bed.server().command(["INFO", "commandstats"]).unwrap());
        let line = stats
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_mget:calls="));
        line.map_or(0, |line| {
            line.split(',').next().unwrap().parse::<u64>().unwrap()
        })
    };
    let before = reads();
    let mut keys: Vec<_> = entries.iter().map(|(key, _)| key.as_str()).collect();
    keys.insert(20, "stock:none");
    keys.reverse();
    let values = reader.get_many::<u64>(&keys).await;
    assert_eq!(reads() - before, 4);
    let mut expected: Vec<_> = (0..40).map(Some).collect();
    expected.insert(20, None);
    expected.reverse();
    let values: Vec<_> = values
        .iter()
        .map(|value| value.as_deref().copied())
        .collect();
    assert_eq!(values, expected);
    assert!(l1_answers(&reader, "stock:7").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_reaches_every_partition_of_every_instance() {
    let bed = four();
    let [here, there] = [bed.instance("here").await, bed.instance("there").await];
    let keys: Vec<_> = (0..20).map(|id| format!("feed:user:{id}")).collect();
    for key in &keys {
        warm(&here, key, 1).await;
        warm(&there, key, 1).await;
    }
    let banned = here.remove_pattern("feed:user:*").await;
    caught_up(&there, banned.token().unwrap()).await;
    for key in &keys {
        assert_eq!(held(&here, key).await, None);
        assert_eq!(held(&there, key).await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_of_l1_holds_for_all_partitions_together() {
    let bed = four();
    let mut config = bed.config();
    config.memory.size_limit = 40;
    config.memory.compaction_percentage = 0.1;
    let cache = bed.instance_with("one", config).await;
    for id in 0..40 {
        read(&cache, &format!("product:{id}"), id).await;
    }
    assert_eq!(cache.health().l1_entries, 40);
    for id in 40..400 {
        read(&cache, &format!("product:{id}"), id).await;
    }
    let held = cache.health().l1_entries;
    assert!((30..=40).contains(&held), "{held}");
}

/// Each names its entry, and its own partition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_from_two_partitions_is_an_event_in_each() {
    let bed = four();
    let [here, there] = [bed.instance("here").await, bed.instance("there").await];
    let keys = one_each(&here).await;
    let settled = here.clear().await;
    caught_up(&there, settled.token().unwrap()).await;
    let mut events = there.events();
    let removed = here.remove_batch([&keys[1], &keys[2]]).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let event = tokio::time::timeout(crate::bed::PATIENCE, events.next()).await;
        let Ok(Some(unstale::Event::Received(removal))) = event else {
            panic!("no removal: {event:?}");
        };
        assert_eq!(removal.removed.len(), 1);
        told.push(removal.position);
    }
    told.sort();
    assert_eq!(told.join("."), removed.token().unwrap().to_string());
    assert!(told.iter().all(|told| numbers(&told[4..].to_owned()).1 > 0));
}
