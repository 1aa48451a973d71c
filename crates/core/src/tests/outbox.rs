//! Removals on their way to the server.

use std::time::Duration;

use super::{everything, key, pattern};
use crate::{Batch, Change, Outbox, Tick};

const NO_LIMIT: usize = usize::MAX;

fn outbox(limit: usize) -> Outbox<u32> {
    Outbox::new(limit)
}

fn collapse(outbox: &mut Outbox<u32>) -> Option<Vec<(Change, u32)>> {
    outbox.collapse_if_over(Duration::ZERO, Tick::default())
}

fn sent(batch: &Batch<u32>) -> Vec<Change> {
    batch.iter().map(|(change, _)| change.clone()).collect()
}

#[test]
fn the_same_change_is_sent_once_for_all_who_asked() {
    let mut outbox = outbox(NO_LIMIT);
    for waiter in 1..=3 {
        outbox.push(key("a:1"), Some(waiter));
    }
    outbox.push(key("a:2"), None);
    let batch = outbox.take_batch(NO_LIMIT);
    assert_eq!(sent(&batch), [key("a:1"), key("a:2")]);
    assert_eq!(batch[0].1.count, 3);
    assert_eq!(batch[0].1.waiters[..], [1, 2, 3]);
    assert!(outbox.is_empty());
}

/// ! A removal is absorbed only by something sent after it started, never by a batch in flight.
#[test]
fn a_batch_in_flight_absorbs_nothing() {
    let mut outbox = outbox(NO_LIMIT);
    outbox.push(key("a:1"), Some(1));
    let in_flight = outbox.take_batch(NO_LIMIT);
    outbox.push(key("a:1"), Some(2));
    assert_eq!(in_flight[0].1.count, 1);
    assert_eq!(outbox.unacknowledged(), 2);
    outbox.settled(in_flight.len());
    let next = outbox.take_batch(NO_LIMIT);
    assert_eq!(sent(&next), [key("a:1")]);
    assert_eq!(next[0].1.waiters[..], [2]);
}

#[test]
fn what_failed_is_absorbed_by_what_is_sent_after_it() {
    let mut outbox = outbox(NO_LIMIT);
    outbox.push(key("a:1"), Some(1));
    outbox.push(key("a:2"), Some(1));
    outbox.push(key("a:2"), Some(1));
    let failed = outbox.take_batch(NO_LIMIT);
    outbox.push(key("a:1"), Some(2));
    outbox.put_back(failed);
    assert_eq!(outbox.unacknowledged(), 2);
    let next = outbox.take_batch(NO_LIMIT);
    assert_eq!(sent(&next), [key("a:1"), key("a:2")]);
    // As many removals end with it as asked; who waited for what failed has his answer.
    assert_eq!(next[0].1.count, 2);
    assert_eq!(next[0].1.waiters[..], [2]);
    assert_eq!((next[1].1.count, next[1].1.waiters.len()), (2, 0));
}

#[test]
fn a_batch_takes_the_oldest_and_no_more_than_its_limit() {
    let mut outbox = outbox(NO_LIMIT);
    for name in ["a:1", "a:2", "a:3"] {
        outbox.push(key(name), None);
    }
    assert_eq!(sent(&outbox.take_batch(2)), [key("a:1"), key("a:2")]);
    assert_eq!(sent(&outbox.take_batch(2)), [key("a:3")]);
    assert!(outbox.take_batch(2).is_empty());
    assert_eq!(outbox.unacknowledged(), 3);
}

/// The queue is bounded: one ban on everything takes the place of what is in it.
#[test]
fn an_overflow_collapses_into_one_ban_on_everything() {
    let mut outbox = outbox(2);
    outbox.push(key("a:1"), Some(1));
    outbox.push(key("a:1"), Some(2));
    outbox.push(pattern("b:*"), Some(3));
    assert!(collapse(&mut outbox).is_none());
    outbox.push(key("a:2"), None);
    let replaced = collapse(&mut outbox).expect("it is over its limit");
    // So many pendings end, each exactly once.
    assert_eq!(
        replaced,
        [(key("a:1"), 2), (pattern("b:*"), 1), (key("a:2"), 1)]
    );
    let batch = outbox.take_batch(NO_LIMIT);
    assert_eq!(sent(&batch), [everything()]);
    assert_eq!(batch[0].1.count, 1);
    // The ban deletes nothing: its acknowledgement is not that of the removals.
    assert_eq!(batch[0].1.waiters[..], [0; 0]);
}

/// A server that answers works a large call off.
#[test]
fn too_many_are_no_overflow_unless_they_stay_too_many() {
    const PATIENCE: Duration = Duration::from_secs(1);
    let start = Tick::default();
    let mut outbox = outbox(2);
    let mut pushed = 0..;
    let mut push = |outbox: &mut Outbox<u32>, changes, now| {
        for number in pushed.by_ref().take(changes) {
            outbox.push(key(&format!("a:{number}")), None);
        }
        outbox.collapse_if_over(PATIENCE, now)
    };
    assert!(push(&mut outbox, 5, start).is_none());
    assert_eq!(outbox.take_batch(2).len(), 2);
    let just_before = start + PATIENCE - Duration::from_nanos(1);
    assert!(push(&mut outbox, 1, just_before).is_none());
    // So few wait after this that it counts from anew.
    assert_eq!(outbox.take_batch(2).len(), 2);
    let later = start + PATIENCE;
    assert!(push(&mut outbox, 1, later).is_none());
    assert!(push(&mut outbox, 1, later + PATIENCE - Duration::from_nanos(1)).is_none());
    let replaced = push(&mut outbox, 1, later + PATIENCE).expect("they stayed too many");
    assert_eq!(replaced.len(), 5);
    assert_eq!(outbox.waiting(), 1);
}

#[test]
fn an_earlier_collapse_is_collapsed_again() {
    let mut outbox = outbox(1);
    outbox.push(everything(), None);
    outbox.push(everything(), None);
    outbox.push(key("a:1"), None);
    let replaced = collapse(&mut outbox).expect("it is over its limit");
    assert_eq!(replaced, [(everything(), 2), (key("a:1"), 1)]);
    assert_eq!(outbox.take_batch(NO_LIMIT)[0].1.count, 1);
}

/// What is in flight ends by its own answer, not by the collapse.
#[test]
fn a_collapse_spares_what_is_in_flight() {
    let mut outbox = outbox(1);
    outbox.push(key("a:1"), Some(1));
    let in_flight = outbox.take_batch(NO_LIMIT);
    outbox.push(key("a:2"), None);
    outbox.push(key("a:3"), None);
    let replaced = collapse(&mut outbox).expect("it is over its limit");
    assert_eq!(replaced, [(key("a:2"), 1), (key("a:3"), 1)]);
    assert_eq!(outbox.unacknowledged(), 2);
    // It fails, and is over the limit together with the ban: collapsed as well.
    outbox.put_back(in_flight);
    let replaced = collapse(&mut outbox).expect("it is over its limit");
    assert_eq!(replaced, [(everything(), 1), (key("a:1"), 1)]);
    assert_eq!(outbox.unacknowledged(), 1);
}

/// Nobody is kept waiting for a server that is gone; the removals stay.
#[test]
fn waiters_are_released_and_their_removals_stay() {
    let mut outbox = outbox(NO_LIMIT);
    outbox.push(key("a:1"), Some(1));
    outbox.push(key("a:2"), None);
    outbox.release_waiters();
    let batch = outbox.take_batch(NO_LIMIT);
    assert_eq!(batch[0].1.count, 1);
    assert!(batch.iter().all(|(_, queued)| queued.waiters.is_empty()));
    assert_eq!(batch.len(), 2);
}
