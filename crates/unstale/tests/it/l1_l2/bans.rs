//! Invalidations by pattern and tag.

use testbed::eventually;
use unstale::{ANY, Cache, Outcome};

use super::{number, plain, set, steady, two};
use crate::bed::{Bed, PATIENCE, Source, Transport, on_every_transport};

on_every_transport!(
    a_pattern_takes_what_matches_on_every_instance,
    a_tag_takes_the_values_that_carry_it_on_every_instance,
    clear_takes_everything_on_every_instance,
    an_instance_that_starts_later_knows_the_bans,
    what_is_stored_after_a_ban_stays,
    a_ban_beats_a_load_in_flight,
    a_space_bans_by_its_ids,
    many_bans_fold_and_still_hold,
);

const KEYS: [&str; 12] = [
    "feed",
    "feed:",
    "feed:user:7",
    "feed:user:7:page:1",
    "feed:user:7:page:2",
    "feed:user:77:page:1",
    "feed:user:8:page:1",
    "feed:user:*:page:1",
    "feeder:1",
    "stock:price:MSFT",
    "stock:price:MSF",
    "日本:東京",
];

async fn set_all(cache: &Cache) {
    let entries = KEYS.map(|key| (key, 1_u32));
    let outcome = cache.set_many(&entries, plain()).await.unwrap();
    assert!(outcome.is_applied());
}

async fn gone(cache: &Cache) -> Vec<&'static str> {
    let values = cache.get_many::<u32>(&KEYS).await;
    let gone = KEYS.iter().zip(values).filter(|(_, value)| value.is_none());
    gone.map(|(key, _)| *key).collect()
}

async fn eventually_gone(cache: &Cache, expected: &[&str], why: &str) {
    eventually(why, PATIENCE, || async {
        let gone = gone(cache).await;
        (gone == expected).then_some(()).ok_or(gone)
    })
    .await;
}

async fn a_pattern_takes_what_matches_on_every_instance(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for (pattern, first, last) in [
        // Up to a boundary between segments.
        ("feed:*", 1, 7),
        ("feed:user:7:*", 3, 4),
        ("stock:price:*", 9, 10),
        // In the middle of one.
        ("feed*", 0, 8),
        ("feed:user:7*", 2, 5),
        ("stock:price:MSF*", 9, 10),
        ("feed:user:?:page:2", 4, 4),
        ("feed:user:[78]:page:[^1]", 4, 4),
        ("stock:price:MSF?", 9, 9),
        ("*:price:*", 9, 10),
        ("日本:*", 11, 11),
        ("日本:東?京", 12, 0),
        // Exactly one, and one with a star that is meant.
        ("feed:user:7", 2, 2),
        ("feed:user:\\*:page:1", 7, 7),
        ("nothing:*", 12, 0),
        ("*", 0, 11),
    ] {
        set_all(&b).await;
        eventually_gone(&a, &[], "a holds them all").await;
        eventually_gone(&b, &[], "b holds them all").await;
        let expected = if first <= last {
            &KEYS[first..=last]
        } else {
            &[]
        };
        assert!(a.remove_pattern(pattern).await.is_applied());
        assert_eq!(gone(&a).await, expected, "{pattern}, where it was called");
        eventually_gone(&b, expected, pattern).await;
        let late = bed.instance_with("late", steady(&bed)).await;
        assert_eq!(gone(&late).await, expected, "{pattern}, for a newcomer");
    }
}

async fn a_tag_takes_the_values_that_carry_it_on_every_instance(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let tagged = |tag| plain().tag("all").tag(tag);
    a.set("feed", &1_u32, tagged("red")).await.unwrap();
    a.set("feed:", &1_u32, tagged("green")).await.unwrap();
    set(&a, "feed:user:7", 1).await;
    let expected = &KEYS[3..];
    for cache in [&a, &b] {
        assert_eq!(gone(cache).await, expected);
    }
    assert!(b.remove_tag("re").await.is_applied());
    assert_eq!(gone(&b).await, expected, "a tag is no prefix");
    assert!(b.remove_tag("red").await.is_applied());
    let expected: Vec<_> = [&KEYS[..1], expected].concat();
    assert_eq!(gone(&b).await, expected);
    eventually_gone(&a, &expected, "a applied the ban").await;
    assert!(a.remove_tag("all").await.is_applied());
    let expected: Vec<_> = [&KEYS[..2], &KEYS[3..]].concat();
    assert_eq!(gone(&a).await, expected);
    eventually_gone(&b, &expected, "b applied the ban").await;
}

async fn clear_takes_everything_on_every_instance(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    set_all(&a).await;
    assert!(gone(&b).await.is_empty());
    assert!(a.clear().await.is_applied());
    assert_eq!(gone(&a).await, KEYS);
    eventually_gone(&b, &KEYS, "b applied the ban").await;
}

async fn an_instance_that_starts_later_knows_the_bans(transport: Transport) {
    let bed = Bed::start(transport);
    let a = bed.instance_with("a", steady(&bed)).await;
    let red = plain().tag("red");
    for key in ["tagged", "a:b", "glob:x:1", "stays"] {
        let options = if key == "tagged" {
            red.clone()
        } else {
            plain()
        };
        a.set(key, &1_u32, options).await.unwrap();
    }
    a.remove_tag("red").await;
    a.remove_pattern("a:*").await;
    a.remove_pattern("glob:?:1").await;
    // Whoever banned it is gone; the records are still there.
    a.close().await;
    drop(a);
    for name in ["b", "c"] {
        let late = bed.instance_with(name, steady(&bed)).await;
        for key in ["tagged", "a:b", "glob:x:1"] {
            assert_eq!(number(&late, key).await, None, "{key}");
        }
        assert_eq!(number(&late, "stays").await, Some(1));
        assert_eq!(late.health().bans, 3);
    }
}

async fn what_is_stored_after_a_ban_stays(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for round in 0..20 {
        assert!(a.remove_pattern("feed:*").await.is_applied());
        assert!(a.remove_tag("red").await.is_applied());
        let options = plain().tag("red");
        a.set("feed:1", &round, options).await.unwrap();
        assert_eq!(number(&a, "feed:1").await, Some(round));
        let source = Source::ready();
        let loaded = a.get_or_load("feed:2", || source.load(round)).await;
        assert_eq!(loaded.unwrap().as_deref(), Some(&round));
        eventually("b finds both", PATIENCE, || async {
            number(&b, "feed:1").await == Some(round) && number(&b, "feed:2").await == Some(round)
        })
        .await;
        assert_eq!(source.loads(), 1);
    }
}

async fn a_ban_beats_a_load_in_flight(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for ban in 0..4 {
        let source = Source::held();
        let load = {
            let (a, source) = (a.clone(), source.clone());
            tokio::spawn(async move { a.get_or_load("feed:1", || source.load(1_u32)).await })
        };
        eventually("the load began", PATIENCE, || async { source.loads() == 1 }).await;
        let outcome: Outcome = match ban {
            0 => a.remove_pattern("feed:*").await,
            1 => a.remove_pattern("*d:1").await,
            2 => a.remove_tag("of nobody").await,
            _ => a.clear().await,
        };
        assert!(outcome.is_applied());
        source.release();
        assert_eq!(load.await.unwrap().unwrap().as_deref(), Some(&1));
        if ban != 2 {
            assert_eq!(number(&a, "feed:1").await, None, "ban {ban}");
            eventually("b does not find it", PATIENCE, || async {
                number(&b, "feed:1").await.is_none()
            })
            .await;
        }
        a.remove("feed:1").await;
    }
}

async fn a_space_bans_by_its_ids(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let feeds = a.space::<u32>("feed:user:*:page:*");
    let theirs = b.space::<u32>("feed:user:*:page:*");
    for user in ["7", "77", "*"] {
        for page in 1..=2 {
            feeds.set((user, page), &1, plain()).await.unwrap();
            assert!(theirs.get((user, page)).await.is_some());
        }
    }
    assert!(feeds.remove_pattern(("7", ANY)).await.is_applied());
    assert!(feeds.remove_pattern(("*", 2)).await.is_applied());
    eventually("b applied them", PATIENCE, || async {
        theirs.get(("*", 2)).await.is_none()
    })
    .await;
    for space in [&feeds, &theirs] {
        let ids = [("7", 1), ("7", 2), ("77", 1), ("77", 2), ("*", 1), ("*", 2)];
        let found = space.get_many(ids).await;
        let found: Vec<_> = found.iter().map(Option::is_some).collect();
        assert_eq!(found, [false, false, true, true, true, false]);
    }
}

/// Too many are folded into broader ones, which forbid more, never less.
async fn many_bans_fold_and_still_hold(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = steady(&bed);
    config.max_bans = 20;
    let a = bed.instance_with("a", config.clone()).await;
    let b = bed.instance_with("b", config.clone()).await;
    set(&a, "other:1", 1).await;
    for number_of_user in 0..100 {
        let user = format!("user:{number_of_user}:name");
        set(&a, &user, 1).await;
        assert_eq!(number(&b, &user).await, Some(1));
        a.remove_pattern(&format!("user:{number_of_user}:*")).await;
        assert_eq!(number(&a, &user).await, None);
    }
    let late = bed.instance_with("late", config).await;
    for cache in [&a, &b, &late] {
        for number_of_user in 0..100 {
            let user = format!("user:{number_of_user}:name");
            eventually("every user is gone", PATIENCE, || async {
                number(cache, &user).await.is_none()
            })
            .await;
        }
        assert!(cache.health().bans <= 20, "{:?}", cache.health());
        assert_eq!(
            number(cache, "other:1").await,
            Some(1),
            "only users were banned"
        );
    }
}
