//! What is of one partition, or of another number of them, stays apart.

use std::collections::BTreeSet;
use std::convert::Infallible;

use testbed::eventually;
use unstale::{Cache, EntryOptions, Token};

use super::{four, one_each};
use crate::bed::{
    Bed, OF_FOUR, OF_ONE, PATIENCE, SlowLoad, Transport, caught_up, held, l1_answers, patient,
    read, text, until_proven, warm,
};

/// A history that ends takes the copies of its partition with it, and no others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_epoch_drops_the_copies_of_its_partition() {
    let bed = four();
    let cache = bed.instance("one").await;
    let keys = one_each(&cache).await;
    for key in &keys {
        warm(&cache, key, 1).await;
    }
    let before = cache.invalidations().resyncs;
    let meta = format!("{}:meta", OF_FOUR[2]);
    bed.server().command(["DEL", &meta]).unwrap();
    eventually("it was noticed", PATIENCE, || async {
        cache.invalidations().resyncs > before
    })
    .await;
    until_proven(&cache, true).await;
    for (partition, key) in keys.iter().enumerate() {
        assert_eq!(cache.peek::<u64>(key).is_some(), partition != 2, "{key}");
    }
    assert!(l1_answers(&cache, &keys[0]).await);
    assert_eq!(read(&cache, &keys[2], 2).await, 2);
}

/// Tickets are numbered by each partition for itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loads_of_different_partitions_are_not_taken_for_each_other() {
    let bed = four();
    let cache = bed.instance("one").await;
    let keys = one_each(&cache).await;
    let mut loads = Vec::new();
    for (value, key) in (0..).zip(&keys) {
        loads.push(SlowLoad::begin(&cache, key, value).await);
    }
    let joining: Vec<_> = keys
        .iter()
        .map(|key| {
            let (cache, key) = (cache.clone(), key.clone());
            tokio::spawn(async move { read(&cache, &key, 99).await })
        })
        .collect();
    for (value, load) in (0..).zip(loads) {
        assert_eq!(load.finish().await, value);
    }
    for (value, joined) in (0..).zip(joining) {
        assert_eq!(joined.await.unwrap(), value);
    }
}

/// Instances with another number of partitions share nothing, in either direction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_of_partitions_is_another_namespace() {
    let bed = four();
    let caches = [
        of(&bed, None).await,
        of(&bed, Some(2)).await,
        of(&bed, Some(4)).await,
    ];
    for (value, cache) in (1_u64..).zip(&caches) {
        let set = cache.set("product:1", &value, EntryOptions::new()).await;
        assert!(set.unwrap().is_applied());
    }
    assert!(caches[0].clear().await.is_applied());
    assert_eq!(held(&caches[0], "product:1").await, None);
    assert_eq!(held(&caches[1], "product:1").await, Some(2));
    assert_eq!(held(&caches[2], "product:1").await, Some(3));
    let keys = text_lines(&bed, &["KEYS", "*"]);
    let tag = |key: &String| format!("{}}}", key.split_once('}').unwrap().0);
    let tags: BTreeSet<_> = keys.iter().map(tag).collect();
    let mut expected = OF_FOUR.to_vec();
    expected.extend([OF_ONE, "{unstale:0/2~30}", "{unstale:1/2~51}"]);
    assert_eq!(tags, expected.into_iter().map(str::to_owned).collect());
}

/// Whatever that write was about, this instance has not heard of it, and never will.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_number_of_partitions_leads_to_the_source() {
    let bed = four();
    let others = of(&bed, Some(1)).await;
    let mut config = bed.config();
    patient(&mut config);
    config.load_timeout = 3 * PATIENCE;
    let cache = bed.instance_with("four", config).await;
    warm(&cache, "product:1", 1).await;
    let foreign = others.remove("product:1").await.token().unwrap().clone();
    let own = cache.remove("other").await.token().unwrap().clone();
    caught_up(&cache, &own).await;
    for token in [foreign.clone(), foreign.and(&own)] {
        let products = cache.space::<u64>("product").after(&travelled(&token));
        assert_eq!(products.get(1).await, None);
        assert_eq!(products.get_many([1]).await, [None]);
        let load = || async { Ok::<_, Infallible>(Some(2)) };
        let value = products.get_or_load(1, load).await.unwrap();
        assert_eq!(value.as_deref(), Some(&2));
    }
    // A load of before the write is not joined, although it saw such a token as well.
    let foreign_reads = cache.space::<u64>("product").after(&foreign);
    let (seen, has_seen) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let older = {
        let reads = foreign_reads.clone();
        tokio::spawn(async move {
            let load = || async move {
                seen.send(()).unwrap();
                may_go_on.await.unwrap();
                Ok::<_, Infallible>(Some(2))
            };
            reads.get_or_load(1, load).await.unwrap()
        })
    };
    has_seen.await.unwrap();
    let newer = others.remove("product:1").await.token().unwrap().clone();
    let reads = cache.space::<u64>("product").after(&newer);
    let load = || async { Ok::<_, Infallible>(Some(3)) };
    let value = tokio::time::timeout(PATIENCE, reads.get_or_load(1, load)).await;
    assert_eq!(
        value.expect("a load of its own").unwrap().as_deref(),
        Some(&3)
    );
    go_on.send(()).unwrap();
    assert_eq!(older.await.unwrap().as_deref(), Some(&2));
    let asked_nothing = cache.space::<u64>("product").after(&own);
    assert!(asked_nothing.get(1).await.is_some());
}

async fn of(bed: &Bed, partitions: Option<u32>) -> Cache {
    let mut config = bed.config();
    config.redis.partitions = partitions;
    bed.instance_with("another", config).await
}

fn text_lines(bed: &Bed, command: &[&str]) -> Vec<String> {
    match bed.server().command(command).unwrap() {
        testbed::Value::Array(values) => values.into_iter().map(text).collect(),
        other => panic!("no list: {other:?}"),
    }
}

fn travelled(token: &Token) -> Token {
    token.to_string().parse().expect("a token")
}

/// The hub is one server without a cluster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_has_one_partition_whatever_is_set() {
    let bed = Bed::start(Transport::Hub);
    let mut config = bed.config();
    config.redis.partitions = Some(4);
    let cache = bed.instance_with("one", config).await;
    let removed = cache.remove("product:1").await;
    assert!(!removed.token().unwrap().to_string().contains('/'));
}
