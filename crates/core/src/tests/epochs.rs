//! Histories of the server: one unbroken history has one epoch and one nonce.

use super::*;

#[test]
fn a_new_epoch_empties_l1() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(5));
    assert!(instance.adopt(NEXT, 1));
    assert!(instance.shelf.0.is_empty());
    assert!(!instance.partition.is_synced());
    assert_eq!(instance.partition.history(), NEXT);
}

/// ! An instance's epoch never goes back.
#[test]
fn an_older_epoch_is_never_adopted() {
    let mut instance = Instance::following(5, start());
    assert!(instance.adopt(NEXT, 1));
    assert!(!instance.adopt(HISTORY, 900));
    assert_eq!(instance.partition.history(), NEXT);
    assert!(!instance.resume(HISTORY, 900, &[], start()));
    assert_eq!(instance.partition.history(), NEXT);
    assert_eq!(instance.partition.known(), Position { epoch: 8, seq: 1 });
}

/// ! Two servers may come to the same epoch: the nonce tells them apart, and neither answer
/// changes an instance that follows the other.
#[test]
fn the_same_epoch_with_another_nonce_is_not_adopted() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(5));
    let twin = History {
        nonce: HISTORY.nonce + 1,
        ..HISTORY
    };
    assert!(!instance.adopt(twin, 9));
    assert!(!instance.resume(twin, 9, &[], start()));
    assert_eq!(instance.partition.history(), HISTORY);
    assert_eq!(instance.partition.known(), at(5));
    assert!(instance.holds("a:1"));
}

#[test]
fn the_same_history_only_raises_what_is_known() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(5));
    assert!(instance.adopt(HISTORY, 9));
    assert!(instance.adopt(HISTORY, 7));
    assert_eq!(instance.partition.known(), at(9));
    assert_eq!(instance.partition.position(), at(5));
    assert!(instance.holds("a:1"));
}

/// Positions of the old epoch may be higher than those of the new one, yet they are older.
#[test]
fn what_is_known_follows_the_epoch() {
    let mut instance = Instance::following(900, start());
    assert!(instance.adopt(NEXT, 1));
    assert_eq!(instance.partition.known(), Position { epoch: 8, seq: 1 });
    assert!(!instance.partition.accepts("a:1", &[], at(900)));
}

/// ! The longest TTL that a server confirmed is no confirmation by the next one, which may have
/// forgotten it.
#[test]
fn a_ttl_is_confirmed_per_epoch() {
    let longer = LONGEST_TTL * 3;
    let mut instance = Instance::following(5, start());
    let confirmed = Fenced {
        longest_ttl: longer,
        ..fenced(HISTORY, 5)
    };
    assert!(instance.partition.adopt(confirmed, &mut instance.shelf));
    assert!(instance.partition.is_ttl_allowed(longer));
    assert!(instance.adopt(NEXT, 1));
    assert!(!instance.partition.is_ttl_allowed(longer));
    // What this instance asks for with its next fence has not shrunk.
    assert_eq!(instance.partition.longest_ttl(), longer);
}

#[test]
fn an_instance_that_has_met_nobody_keeps_to_the_source() {
    let instance = Instance::new(LIMITS);
    let reach = instance.partition.reach("a:1", Position::ORIGIN, start());
    assert_eq!(reach, crate::Reach::SourceOnly);
    assert!(!instance.is_proven(start()));
}

/// Whatever it inserted before it met its server is gone when it does.
#[test]
fn what_was_loaded_before_the_first_fence_does_not_outlive_it() {
    let mut instance = Instance::new(LIMITS);
    let stamp = instance.partition.known();
    instance.hold("a:1", &[], stamp);
    let ticket = instance.partition.open_ticket(&"a:2".into());
    assert!(instance.adopt(HISTORY, 5));
    assert!(!instance.holds("a:1"));
    assert!(!instance.keep(ticket, "a:2", &[], stamp));
}

/// Alone, an instance writes the history itself.
#[test]
fn alone_executes_what_it_removes() {
    let mut shelf = Shelf::default();
    let mut partition = Partition::alone(LIMITS, LONGEST_TTL);
    let name: Arc<str> = "a:1".into();
    let before = partition.known();
    let ticket = partition.open_ticket(&name);
    let position = partition.execute(&key("a:1"), start(), &mut shelf);
    assert!(position > before);
    assert_eq!(partition.position(), position);
    let admit = |partition: &mut Partition, ticket, stamp| {
        partition.admit(ticket, "a:1", &[], stamp, LONGEST_TTL)
    };
    assert_eq!(admit(&mut partition, ticket, before), None);
    let ticket = partition.open_ticket(&name);
    let checked = admit(&mut partition, ticket, position).expect("nothing forbids it");
    partition.execute(&pattern("a:*"), start(), &mut shelf);
    let validity = partition.validity("a:1", &[], position, checked);
    assert_eq!(validity, Validity::Banned);
}
