//! Reads that have to see a certain write.

use super::*;
use crate::Reach;

fn arrive(instance: &mut Instance, at_least: Position) -> Arrival {
    instance.arrive("a:1", at_least, start())
}

#[test]
fn a_reader_who_has_caught_up_reads_as_usual() {
    let instance = Instance::following(5, start());
    let reach = instance.partition.reach("a:1", at(5), start());
    assert_eq!(reach, Reach::Direct);
}

#[test]
fn a_reader_who_is_behind_needs_the_servers_bans() {
    let instance = Instance::following(5, start());
    let reach = instance.partition.reach("a:1", at(6), start());
    assert_eq!(reach, Reach::Guarded);
}

#[test]
fn a_token_of_a_newer_epoch_leaves_the_source_only() {
    let instance = Instance::following(5, start());
    let newer = Position { epoch: 8, seq: 1 };
    let reach = instance.partition.reach("a:1", newer, start());
    assert_eq!(reach, Reach::SourceOnly);
}

#[test]
fn a_token_of_an_older_epoch_is_fulfilled() {
    let instance = Instance::following(5, start());
    let older = Position { epoch: 6, seq: 900 };
    let reach = instance.partition.reach("a:1", older, start());
    assert_eq!(reach, Reach::Direct);
}

#[test]
fn a_reader_with_a_token_joins_a_flight_that_covers_it() {
    let mut instance = Instance::following(5, start());
    let flight = instance.lead("a:1", start());
    assert_eq!(arrive(&mut instance, at(5)), Arrival::Join(flight));
    instance.partition.land("a:1", flight);
    // One who leads with a token honours it himself.
    let Arrival::Lead(flight) = arrive(&mut instance, at(6)) else {
        panic!("nobody else is up");
    };
    assert_eq!(arrive(&mut instance, at(6)), Arrival::Join(flight));
    assert_eq!(
        arrive(&mut instance, Position::ORIGIN),
        Arrival::Join(flight)
    );
}

#[test]
fn a_reader_with_a_token_does_not_join_an_older_flight() {
    let mut instance = Instance::following(5, start());
    instance.lead("a:1", start());
    assert!(matches!(arrive(&mut instance, at(6)), Arrival::Lead(_)));
}

/// More may be known to be executed than has been applied, and a flight that ends with a record
/// of L2 is only as new as the bans that were applied.
#[test]
fn no_reader_with_a_token_joins_a_flight_that_may_miss_its_ban() {
    let mut instance = Instance::following(5, start());
    // Somebody bans `a:*` at 6; our own removal gets 7 and is acknowledged before 6 arrives.
    instance.begin(&key("b:1"), start());
    assert!(instance.acknowledge(&key("b:1"), at(7), start()));
    let direct = instance.partition.reach("a:1", Position::ORIGIN, start());
    assert_eq!(direct, Reach::Direct);
    assert!(instance.partition.accepts("a:1", &[], at(4)));
    let flight = instance.lead("a:1", start());
    assert_ne!(arrive(&mut instance, at(6)), Arrival::Join(flight));
}

/// A token is text that came from outside.
#[test]
fn a_made_up_token_does_not_make_stamps_newer() {
    let mut instance = Instance::following(5, start());
    arrive(&mut instance, at(u64::MAX));
    assert_eq!(instance.partition.known(), at(5));
}

#[test]
fn a_made_up_token_keeps_nobody_else_from_joining() {
    let mut instance = Instance::following(5, start());
    let made_up = Position {
        epoch: u64::MAX,
        seq: u64::MAX,
    };
    arrive(&mut instance, made_up);
    let second = arrive(&mut instance, Position::ORIGIN);
    assert!(matches!(second, Arrival::Join(_)), "{second:?}");
}
