//! A copy lives as long as the record it was made of.

use std::time::{Duration, Instant};

use testbed::eventually;
use unstale::{Cache, Entry, EntryOptions, Outcome};

use super::{caught_up, number, plain, steady, two};
use crate::bed::{Bed, Life, PATIENCE, Transport, on_every_transport, timed, until_told};

on_every_transport!(
    a_copy_expires_with_its_record,
    a_loaded_value_expires_everywhere_when_it_expires_here,
    an_unread_sliding_record_expires,
    reading_one_copy_keeps_the_record_for_all,
    reading_does_not_prolong_beyond_the_absolute_span,
);

const KEY: &str = "number:1";

/// Servers count in milliseconds; and a little for the difference between their clock and ours.
const MARGIN: Duration = Duration::from_millis(20);

async fn until(moment: Instant) {
    eventually("time passes", PATIENCE * 2, || async {
        Instant::now() >= moment
    })
    .await;
}

/// Stores a value, which begins a life.
async fn store(cache: &Cache, options: EntryOptions, absolute: Duration) -> (Life, Outcome) {
    let options = options.absolute_expiration(absolute);
    let (call, outcome) = timed(cache.set(KEY, &1_u32, options)).await;
    let life = Life::new(call, absolute).give_or_take(MARGIN);
    (life, outcome.unwrap())
}

async fn has(cache: &Cache) -> bool {
    number(cache, KEY).await.is_some()
}

async fn a_copy_expires_with_its_record(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    until_told(async |attempt| {
        let absolute = Duration::from_millis(1500) * attempt;
        let (mut life, outcome) = store(&a, plain(), absolute).await;
        until(Instant::now() + absolute / 2).await;
        caught_up(&b, &outcome).await;
        let (read, found) = timed(has(&b)).await;
        life.judge(&read, found);
        assert_eq!(b.health().l1_entries, u64::from(found));
        life.lived_out(async || has(&b).await).await
    })
    .await;
}

async fn a_loaded_value_expires_everywhere_when_it_expires_here(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    until_told(async |attempt| {
        let absolute = Duration::from_millis(1000) * attempt;
        let load = || async { Ok::<_, ()>(Some(Entry::new(1_u32).absolute_expiration(absolute))) };
        let (call, _) = timed(a.get_or_load_entry(KEY, load)).await;
        let mut found = has(&b).await;
        for cache in [&a, &b] {
            let mut life = Life::new(call, absolute).give_or_take(MARGIN);
            found |= life.lived_out(async || has(cache).await).await;
        }
        found
    })
    .await;
}

async fn an_unread_sliding_record_expires(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let sliding = Duration::from_millis(200);
    let options = plain().sliding_expiration(sliding);
    store(&a, options, Duration::from_secs(60)).await;
    until(Instant::now() + sliding + MARGIN).await;
    assert!(!has(&b).await);
    assert!(!has(&a).await);
}

/// L1 answers, and sees to it that L2 does not forget meanwhile.
async fn reading_one_copy_keeps_the_record_for_all(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    // However often it is read, and in whichever way.
    for (pause, by_id) in [(5, true), (300, false)] {
        until_told(async |attempt| {
            let pause = Duration::from_millis(pause) * attempt;
            let sliding = Duration::from_millis(1000) * attempt;
            keeps_the_record(&a, &b, sliding, (pause, by_id)).await
        })
        .await;
    }
}

/// L2 is told once half of the sliding span is over, by the next read: two pauses of 0.3 spans after
/// it was last told, which leaves 0.4 spans for what else takes its time.
///
/// False when something took so long that the record may have expired.
async fn keeps_the_record(
    a: &Cache,
    b: &Cache,
    sliding: Duration,
    (pause, by_id): (Duration, bool),
) -> bool {
    let numbers = a.space::<u32>("number");
    let options = plain().sliding_expiration(sliding);
    let (life, _) = store(a, options, Duration::from_secs(600)).await;
    let mut life = life.sliding(sliding);
    let mut longest_stall = Duration::ZERO;
    let began = Instant::now();
    while began.elapsed() < sliding * 5 / 2 {
        let turn = Instant::now();
        let (read, found) = match by_id {
            true => timed(async { numbers.get(1).await.is_some() }).await,
            false => timed(has(a)).await,
        };
        life.judge(&read, found);
        if !found {
            return false;
        }
        // By the way on which L2 is told, and so as slow as that.
        a.get::<u32>("missing").await;
        until(turn + pause).await;
        longest_stall = longest_stall.max(turn.elapsed().saturating_sub(pause));
    }
    let (read, found) = timed(has(b)).await;
    longest_stall = longest_stall.max(read.ended - read.began);
    assert!(
        found || longest_stall > sliding / 10,
        "read every {pause:?}, held up for {longest_stall:?}"
    );
    b.remove(KEY).await;
    found
}

async fn reading_does_not_prolong_beyond_the_absolute_span(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let c = bed.instance_with("c", steady(&bed)).await;
    until_told(async |attempt| {
        let absolute = Duration::from_millis(1500) * attempt;
        let sliding = Duration::from_millis(1000) * attempt;
        let (life, _) = store(&a, plain().sliding_expiration(sliding), absolute).await;
        let mut life = life.sliding(sliding);
        life.lived_out(async || has(&a).await | has(&b).await).await;
        assert!(!has(&c).await);
        life.served() > sliding
    })
    .await;
}
