//! Own entries that come back in the log.

use super::*;
use crate::Confirmed;

const ID: u64 = 17;

/// ! A `set` was given up, another instance's value was copied, and then the `set` was executed after
/// all: the copy would stay although everybody else has dropped it.
#[test]
fn an_own_entry_that_was_given_up_is_applied() {
    let mut instance = Instance::following(5, start());
    let mut confirmed = Confirmed::default();
    instance.begin(&key("a:1"), start());
    instance.partition.end(&key("a:1"), 1, start());
    instance.hold("a:1", &[], at(5));
    let own = confirmed.take(at(6), ID);
    instance.receive_at(at(6), &[key("a:1")], own, start());
    assert!(instance.shelf.0.is_empty());
}

/// What was loaded after an acknowledgement is not dropped when the entry arrives.
#[test]
fn an_own_entry_that_was_acknowledged_only_moves_the_cursor() {
    let mut instance = Instance::following(5, start());
    let mut confirmed = Confirmed::default();
    instance.begin(&key("a:1"), start());
    assert!(instance.acknowledge(&key("a:1"), at(6), start()));
    confirmed.add(at(6), ID);
    instance.hold("a:1", &[], at(6));
    let own = confirmed.take(at(6), ID);
    instance.receive_at(at(6), &[key("a:1")], own, start());
    assert!(instance.shelf.0.contains_key("a:1"));
    assert_eq!(instance.partition.position(), at(6));
}

#[test]
fn an_entry_is_confirmed_once_and_those_before_it_no_longer() {
    let mut confirmed = Confirmed::default();
    for seq in [6, 8, 9] {
        confirmed.add(at(seq), ID);
    }
    assert!(!confirmed.take(at(7), ID));
    assert!(!confirmed.take(at(6), ID), "it comes after the next");
    assert!(confirmed.take(at(8), ID));
    assert!(!confirmed.take(at(8), ID));
    assert!(confirmed.take(at(9), ID));
}

/// ! A server that has gone back gives the position to somebody else's entry: what that says was never
/// applied here.
#[test]
fn another_entry_in_its_place_is_not_the_own_one() {
    let mut confirmed = Confirmed::default();
    confirmed.add(at(6), ID);
    assert!(!confirmed.take(at(6), ID + 1));
}

/// An instance that does not hear of its own entries does not remember all of them.
#[test]
fn not_more_than_a_bound_is_remembered() {
    let mut confirmed = Confirmed::default();
    (1..=100_000).for_each(|seq| confirmed.add(at(seq), ID));
    assert!(confirmed.take(at(100_000), ID));
    let remembered = (1..100_000)
        .filter(|seq| confirmed.take(at(*seq), ID))
        .count();
    assert_eq!(remembered, 0, "they came before");
}
