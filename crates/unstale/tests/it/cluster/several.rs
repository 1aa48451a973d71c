//! Several partitions: they are on all primaries, and what becomes of one primary or one slot concerns
//! the partitions there and no others.

use std::collections::BTreeMap;
use std::time::Duration;

use testbed::{Server, Value, eventually};
use unstale::{Cache, Config, EntryOptions, Outcome};

use super::Bed;
use super::failover::ELECTION;
use crate::bed::{
    Load, OF_SIX, PATIENCE, Transport, caught_up, hasten, held, lived_through, on_every_server,
    places, until_proven, until_sent, warm,
};
use crate::partitions::{named, one_each_of};

on_every_server!(
    a_day_goes_by_on_all_primaries,
    one_call_is_about_all_primaries,
    a_primary_that_is_lost_takes_its_own_partitions_along_and_no_others,
    a_slot_that_moves_takes_its_own_partition_along_and_no_other,
);

const EACH: [&str; 6] = ["0/6", "1/6", "2/6", "3/6", "4/6", "5/6"];

async fn a_day_goes_by_on_all_primaries(transport: Transport) {
    let bed = Bed::in_six();
    let mut config = bed.config(transport);
    hasten(&mut config);
    lived_through(bed.owner(), &config).await;
    let primaries: Vec<_> = bed.cluster.nodes()[..3].iter().map(Server::port).collect();
    for (partition, tag) in OF_SIX.iter().enumerate() {
        let meta = format!("{tag}:meta");
        let owner = bed.owner_of(&meta);
        assert_eq!(owner.port(), primaries[partition / 2], "{tag}");
        assert_eq!(owner.command(["EXISTS", &meta]).unwrap(), Value::Int(1));
    }
}

async fn one_call_is_about_all_primaries(transport: Transport) {
    let bed = Bed::in_six();
    let [here, there] = bed.two(transport).await;
    let keys: [String; 6] = one_each_of("product", &here).await;
    let all = async |outcome: Outcome| {
        let token = outcome.token().expect("it is applied").clone();
        assert_eq!(named(&token), EACH);
        caught_up(&there, &token).await;
    };
    let values: Vec<_> = keys.iter().zip(1_u64..).collect();
    let in_order: Vec<_> = (1..=6).map(Some).collect();
    let set = || here.set_many(&values, EntryOptions::new().tag("sport"));
    let seen = async |cache: &Cache| {
        let read = cache.get_many::<u64>(&keys).await;
        read.iter()
            .map(|value| value.as_deref().copied())
            .collect::<Vec<_>>()
    };

    for turn in 0..4 {
        all(set().await.unwrap()).await;
        assert_eq!(seen(&there).await, in_order);
        all(match turn {
            0 => here.remove_batch(&keys).await,
            1 => here.remove_pattern("product:*").await,
            2 => here.remove_tag("sport").await,
            _ => here.clear().await,
        })
        .await;
        for cache in [&here, &there] {
            assert_eq!(seen(cache).await, [None; 6], "turn {turn}");
        }
    }
    for (partition, key) in keys.iter().enumerate() {
        warm(&there, key, 1).await;
        let removed = here.remove(key).await;
        assert_eq!(named(removed.token().unwrap()), [EACH[partition]]);
        caught_up(&there, removed.token().unwrap()).await;
        assert_eq!(held(&there, key).await, None);
    }
}

/// Its replica was cut off before, so that what was acknowledged last is lost there.
async fn a_primary_that_is_lost_takes_its_own_partitions_along_and_no_others(transport: Transport) {
    let bed = Bed::in_six();
    let caches = two_unhurried(&bed, transport).await;
    let keys: [String; 6] = one_each_of("product", &caches[0]).await;
    let load = Load::of(keys.clone(), &caches);
    load.until_applied(50).await;
    let before = caches.each_ref().map(epochs);

    let killed = bed.owner();
    let [replica] = bed.cluster.replicas_of(killed)[..] else {
        panic!("the owner has one replica");
    };
    killed.part_from(replica).unwrap();
    load.until_applied(50).await;
    killed.kill().unwrap();
    let (lost, others) = keys.split_at(2);
    eventually("the replica is promoted", ELECTION, || async {
        for key in others {
            let removed = caches[1].remove(key).await;
            assert!(removed.is_applied(), "{key} is of another primary");
        }
        bed.cluster.owner(bed.slot).map(Server::port) == Some(replica.port())
    })
    .await;
    for cache in &caches {
        for key in lost {
            eventually("removals are applied there", PATIENCE, || async {
                cache.remove(key).await.is_applied()
            })
            .await;
        }
        assert!(cache.remove_batch(&keys).await.is_applied());
    }
    load.until_applied(50).await;
    until_only(&[0, 1], &caches, before).await;
    load.end().await;
    for cache in &caches {
        until_proven(cache, true).await;
        until_sent(cache).await;
    }
}

/// The first primary has another partition, which stays.
async fn a_slot_that_moves_takes_its_own_partition_along_and_no_other(transport: Transport) {
    let bed = Bed::in_six();
    let caches = two_unhurried(&bed, transport).await;
    let keys: [String; 6] = one_each_of("product", &caches[0]).await;
    let kept: [String; 6] = one_each_of("kept", &caches[0]).await;
    let load = Load::of(keys, &caches);
    load.until_applied(50).await;
    for cache in &caches {
        until_proven(cache, true).await;
        for key in &kept {
            warm(cache, key, 1).await;
        }
    }
    let before = caches.each_ref().map(epochs);
    let [first, second] = [0, 1].map(|partition| bed.owner_of(OF_SIX[partition]).port());
    assert_eq!(first, second, "they are on one primary");

    bed.cluster.move_slot(bed.slot, bed.another()).unwrap();
    until_only(&[0], &caches, before).await;
    for cache in &caches {
        until_proven(cache, true).await;
        for (partition, key) in kept.iter().enumerate() {
            assert_eq!(cache.peek::<u64>(key).is_some(), partition != 0, "{key}");
        }
    }
    assert_eq!(bed.owner_of(OF_SIX[1]).port(), second);
    load.until_applied(50).await;
    load.end().await;
    for cache in &caches {
        until_sent(cache).await;
    }
}

impl Bed {
    fn owner_of(&self, key: &str) -> &Server {
        let slot = self.cluster.slot_of(key).unwrap();
        self.cluster.owner(slot).expect("somebody owns it")
    }
}

/// Two whose connections do not end because the machine is slow: that is no fault of a primary.
async fn two_unhurried(bed: &Bed, transport: Transport) -> [Cache; 2] {
    let unhurried = |config: &mut Config| {
        config.redis.command_timeout = Some(Duration::from_secs(10));
    };
    [
        bed.instance_with("one", transport, unhurried).await,
        bed.instance_with("other", transport, unhurried).await,
    ]
}

/// The epoch of each partition.
fn epochs(cache: &Cache) -> BTreeMap<String, u64> {
    let at = cache.health().position.unwrap_or_default();
    let places = places(&at).into_iter();
    places
        .map(|(partition, (epoch, _))| (partition, epoch))
        .collect()
}

/// Waits until the histories of these partitions are others, and sees that those of the rest are not.
async fn until_only(concerned: &[usize], caches: &[Cache; 2], before: [BTreeMap<String, u64>; 2]) {
    for (cache, before) in caches.iter().zip(before) {
        assert_eq!(before.len(), 6, "{before:?}");
        eventually("the history is another one", PATIENCE, || async {
            let now = epochs(cache);
            let is_other =
                |partition: &usize| now.get(EACH[*partition]) > before.get(EACH[*partition]);
            concerned.iter().all(is_other).then_some(()).ok_or(now)
        })
        .await;
        let now = epochs(cache);
        for (partition, name) in EACH.iter().enumerate() {
            if !concerned.contains(&partition) {
                assert_eq!(now.get(*name), before.get(*name), "partition {name}");
            }
        }
    }
}
