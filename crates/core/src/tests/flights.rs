//! One load, shared by its callers.

use super::*;

/// An instance that has never been proven, in [`HISTORY`].
fn unproven() -> Instance {
    let mut instance = Instance::new(LIMITS);
    assert!(instance.adopt(HISTORY, 5));
    instance
}

fn arrive(instance: &mut Instance, now: Tick) -> Arrival {
    instance.arrive("a:1", Position::ORIGIN, now)
}

#[test]
fn who_comes_second_joins() {
    let mut instance = Instance::following(5, start());
    let flight = instance.lead("a:1", start());
    assert_eq!(arrive(&mut instance, start()), Arrival::Join(flight));
    instance.lead("a:2", start());
}

/// ! Join only if the ticket is alive.
#[test]
fn nobody_joins_a_flight_that_began_before_an_invalidation() {
    for change in [key("a:1"), pattern("a:*"), tag("any"), everything()] {
        let mut instance = Instance::following(5, start());
        let older = instance.lead("a:1", start());
        instance.receive(6, &[change], start());
        let newer = instance.lead("a:1", start());
        assert_ne!(older, newer);
        assert_eq!(arrive(&mut instance, start()), Arrival::Join(newer));
    }
}

#[test]
fn nobody_joins_a_flight_that_began_before_an_own_removal() {
    let mut instance = Instance::following(5, start());
    let older = instance.lead("a:1", start());
    instance.begin(&key("a:1"), start());
    let while_pending = instance.lead("a:1", start());
    assert_ne!(older, while_pending);
    assert_eq!(arrive(&mut instance, start()), Arrival::Join(while_pending));
}

/// A hot key under constant writes costs the source at most two loads at a time.
#[test]
fn at_most_two_flights_are_up() {
    let mut instance = Instance::following(5, start());
    let first = instance.lead("a:1", start());
    instance.receive(6, &[key("a:1")], start());
    let second = instance.lead("a:1", start());
    instance.receive(7, &[key("a:1")], start());
    assert_eq!(arrive(&mut instance, start()), Arrival::Wait(first));
    instance.partition.land("a:1", first);
    let third = instance.lead("a:1", start());
    instance.partition.land("a:1", second);
    assert_eq!(arrive(&mut instance, start()), Arrival::Join(third));
}

/// Its leader was cancelled: the ticket goes with the flight.
#[test]
fn a_flight_that_was_given_up_takes_its_ticket_along() {
    let mut instance = Instance::following(5, start());
    let flight = instance.lead("a:1", start());
    instance.partition.land("a:1", flight);
    assert!(!instance.keep(flight, "a:1", &[], at(5)));
    instance.lead("a:1", start());
}

#[test]
fn a_flight_past_the_load_timeout_no_longer_counts() {
    let mut instance = Instance::following(5, start());
    let first = instance.lead("a:1", start());
    let late = start() + LOAD_TIMEOUT;
    assert!(instance.probe(late, HISTORY, 5));
    let second = instance.lead("a:1", late);
    assert_ne!(first, second);
    instance.receive(6, &[key("a:1")], late);
    // Only the second counts, so that a third may take off.
    instance.lead("a:1", late);
}

/// ! Without a proof revocations do not arrive, and who joins a slow load would get an old value.
#[test]
fn without_a_proof_only_a_young_flight_is_joined() {
    let mut instance = unproven();
    let flight = instance.lead("a:1", start());
    let young = start() + MAX_STALENESS - Duration::from_millis(1);
    assert_eq!(arrive(&mut instance, young), Arrival::Join(flight));
    let old = start() + MAX_STALENESS;
    assert_ne!(instance.lead("a:1", old), flight);
}

/// ! It began under a proof that is over: what was invalidated since then did not arrive.
#[test]
fn a_flight_that_began_proven_is_not_joined_when_the_proof_is_over() {
    let mut instance = Instance::following(5, start());
    let over = start() + MAX_STALENESS;
    let flight = instance.lead("a:1", over - Duration::from_millis(1));
    assert!(!instance.is_proven(over));
    assert_ne!(instance.lead("a:1", over), flight);
}

/// The proof that comes back has revoked what it had to revoke.
#[test]
fn a_flight_is_joined_again_when_the_proof_is_back() {
    let mut instance = Instance::following(5, start());
    let over = start() + MAX_STALENESS;
    let flight = instance.lead("a:1", over - Duration::from_millis(1));
    assert!(instance.probe(over, HISTORY, 5));
    assert_eq!(arrive(&mut instance, over), Arrival::Join(flight));
}

#[test]
fn a_proof_that_is_resumed_leaves_no_older_flight_to_join() {
    let mut instance = unproven();
    let flight = instance.lead("a:1", start());
    assert!(instance.resume(HISTORY, 9, &[], start()));
    assert!(instance.probe(start(), HISTORY, 9));
    assert_ne!(instance.lead("a:1", start()), flight);
}

/// The flight's result goes to everybody who joined, but into L1 it may not.
#[test]
fn a_revoked_flight_lands_but_is_not_kept() {
    let mut instance = Instance::following(5, start());
    let flight = instance.lead("a:1", start());
    instance.receive(6, &[key("a:1")], start());
    assert!(!instance.keep(flight, "a:1", &[], at(5)));
    instance.partition.land("a:1", flight);
    instance.lead("a:1", start());
}
