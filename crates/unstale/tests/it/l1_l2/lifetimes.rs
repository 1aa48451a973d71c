//! A copy lives as long as the record it was made of.

use std::cell::Cell;
use std::time::{Duration, Instant};

use testbed::eventually;
use unstale::{Cache, Entry};

use super::{caught_up, number, plain, steady, two};
use crate::bed::{Bed, PATIENCE, Transport, on_every_transport};

on_every_transport!(
    a_copy_expires_with_its_record,
    a_loaded_value_expires_everywhere_when_it_expires_here,
    an_unread_sliding_record_expires,
    reading_one_copy_keeps_the_record_for_all,
    reading_does_not_prolong_beyond_the_absolute_span,
);

/// Servers count in milliseconds; and a little for the difference between their clock and ours.
const MARGIN: Duration = Duration::from_millis(20);

async fn until(moment: Instant) {
    eventually("time passes", PATIENCE * 2, || async {
        Instant::now() >= moment
    })
    .await;
}

/// Reads again and again until the value is gone: when the last read that found it began.
async fn last_served(cache: &Cache, key: &str) -> Option<Instant> {
    let served = Cell::new(None);
    eventually("it has expired", PATIENCE, || async {
        let began = Instant::now();
        let found = number(cache, key).await.is_some();
        if found {
            served.set(Some(began));
        }
        !found
    })
    .await;
    served.get()
}

async fn a_copy_expires_with_its_record(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let life = Duration::from_millis(1500);
    let options = plain().absolute_expiration(life);
    let outcome = a.set("key", &1_u32, options).await.unwrap();
    let stored = Instant::now();
    until(stored + life / 2).await;
    caught_up(&b, &outcome).await;
    assert_eq!(number(&b, "key").await, Some(1));
    assert_eq!(b.health().l1_entries, 1);
    let served = last_served(&b, "key").await;
    assert!(served < Some(stored + life + MARGIN), "served late");
}

async fn a_loaded_value_expires_everywhere_when_it_expires_here(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let life = Duration::from_millis(1000);
    let load = || async { Ok::<_, ()>(Some(Entry::new(1_u32).absolute_expiration(life))) };
    a.get_or_load_entry("key", load).await.unwrap();
    let stored = Instant::now();
    number(&b, "key").await;
    for cache in [&a, &b] {
        let served = last_served(cache, "key").await;
        assert!(served < Some(stored + life + MARGIN), "served late");
    }
}

async fn an_unread_sliding_record_expires(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let options = plain()
        .absolute_expiration(Duration::from_secs(60))
        .sliding_expiration(Duration::from_millis(200));
    a.set("key", &1_u32, options).await.unwrap();
    until(Instant::now() + Duration::from_millis(200) + MARGIN).await;
    assert_eq!(number(&b, "key").await, None);
    assert_eq!(number(&a, "key").await, None);
}

/// L1 answers, and sees to it that L2 does not forget meanwhile.
async fn reading_one_copy_keeps_the_record_for_all(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let numbers = a.space::<u32>("number");
    let sliding = Duration::from_millis(1000);
    // However often it is read, and in whichever way.
    for (pause, by_id) in [(Duration::from_millis(5), true), (sliding * 3 / 10, false)] {
        let options = plain()
            .absolute_expiration(Duration::from_secs(60))
            .sliding_expiration(sliding);
        a.set("number:1", &1_u32, options).await.unwrap();
        let began = Instant::now();
        while began.elapsed() < sliding * 5 / 2 {
            let next = Instant::now() + pause;
            let found = match by_id {
                true => numbers.get(1).await.as_deref().copied(),
                false => number(&a, "number:1").await,
            };
            assert_eq!(found, Some(1), "after {:?}", began.elapsed());
            until(next).await;
        }
        assert_eq!(
            number(&b, "number:1").await,
            Some(1),
            "read every {pause:?}"
        );
        b.remove("number:1").await;
    }
}

async fn reading_does_not_prolong_beyond_the_absolute_span(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let c = bed.instance_with("c", steady(&bed)).await;
    let (absolute, sliding) = (Duration::from_millis(1500), Duration::from_millis(1000));
    let options = plain()
        .absolute_expiration(absolute)
        .sliding_expiration(sliding);
    a.set("key", &1_u32, options).await.unwrap();
    let stored = Instant::now();
    for cache in [&a, &b] {
        assert_eq!(number(cache, "key").await, Some(1));
    }
    let mut last = stored;
    loop {
        let began = Instant::now();
        let found = number(&a, "key").await.is_some() | number(&b, "key").await.is_some();
        if !found {
            break;
        }
        last = began;
    }
    let served = last.duration_since(stored);
    assert!(served > sliding, "it was not prolonged: {served:?}");
    assert!(served < absolute + MARGIN, "it was served for {served:?}");
    assert_eq!(number(&c, "key").await, None);
}
