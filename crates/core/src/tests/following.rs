//! What becomes of the entries of the log.

use super::*;

#[test]
fn the_next_entry_is_applied() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(5));
    assert_eq!(
        instance.receive(6, &[key("a:1")], start()),
        Received::Applied
    );
    assert!(!instance.holds("a:1"));
    assert_eq!(instance.partition.position(), at(6));
    assert_eq!(instance.partition.known(), at(6));
}

#[test]
fn a_duplicate_changes_nothing() {
    let mut instance = Instance::following(5, start());
    instance.receive(6, &[key("a:1")], start());
    instance.hold("a:1", &[], at(6));
    for seq in [6, 5, 1] {
        let received = instance.receive(seq, &[key("a:1")], start());
        assert_eq!(received, Received::Old);
    }
    assert!(instance.holds("a:1"));
    assert_eq!(instance.partition.position(), at(6));
}

/// Contiguous positions: what was trimmed or lost is seen.
#[test]
fn a_gap_is_detected_and_nothing_behind_it_is_applied() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(5));
    assert_eq!(instance.receive(7, &[key("a:1")], start()), Received::Gap);
    assert!(!instance.partition.is_synced());
    assert_eq!(instance.partition.position(), at(5));
    // What comes next does not close it.
    assert_eq!(instance.receive(8, &[], start()), Received::Gap);
    assert_eq!(instance.receive(6, &[], start()), Received::Gap);
}

/// No server of ours comes to the last position there is; somebody may have written it there.
#[test]
fn behind_the_last_position_there_is_nothing() {
    let mut instance = Instance::following(u64::MAX - 1, start());
    assert_eq!(instance.receive(u64::MAX, &[], start()), Received::Applied);
    for seq in [0, 1, u64::MAX] {
        assert_eq!(instance.receive(seq, &[], start()), Received::Old);
    }
    assert!(instance.probe(start(), HISTORY, u64::MAX));
    assert!(instance.partition.is_complete());
    let newer = Position { epoch: 8, seq: 0 };
    let received = instance.receive_at(newer, &[], false, start());
    assert_eq!(received, Received::Gap);
}

#[test]
fn a_resynchronisation_empties_l1_and_goes_on_from_the_tail() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(5));
    instance.receive(7, &[], start());
    assert!(instance.resume(HISTORY, 9, &[], start()));
    assert!(instance.shelf.0.is_empty());
    assert_eq!(instance.receive(9, &[], start()), Received::Old);
    assert_eq!(instance.receive(10, &[], start()), Received::Applied);
}

/// A reader of L1 may hold a copy in hand while the resynchronisation empties it.
#[test]
fn a_copy_from_before_a_resynchronisation_is_not_valid_after_it() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(5));
    let in_hand = instance.shelf.0["a:1"].clone();
    assert!(instance.resume(HISTORY, 5, &[], start()));
    instance.shelf.0.insert("a:1".into(), in_hand);
    assert!(!instance.holds("a:1"));
}

#[test]
fn an_entry_of_another_epoch_is_a_gap_or_old() {
    let mut instance = Instance::following(5, start());
    let newer = Position { epoch: 8, seq: 1 };
    let older = Position { epoch: 6, seq: 6 };
    let mut receive = |position| instance.receive_at(position, &[], false, start());
    assert_eq!(receive(older), Received::Old);
    assert_eq!(receive(newer), Received::Gap);
}

#[test]
fn nothing_is_applied_before_the_first_synchronisation() {
    let mut instance = Instance::new(LIMITS);
    assert!(instance.adopt(HISTORY, 5));
    assert_eq!(instance.receive(6, &[], start()), Received::Gap);
    assert_eq!(instance.receive(1, &[], start()), Received::Gap);
}

/// Own messages only move the cursor: their effects came with the acknowledgement, and what was
/// stored since then is newer.
#[test]
fn an_own_entry_only_moves_the_cursor() {
    let mut instance = Instance::following(5, start());
    instance.begin(&key("a:1"), start());
    assert!(instance.acknowledge(&key("a:1"), at(6), start()));
    instance.hold("a:1", &[], at(6));
    let ticket = instance.partition.open_ticket(&"a:1".into());
    let received = instance.receive_at(at(6), &[key("a:1")], true, start());
    assert_eq!(received, Received::Applied);
    assert!(instance.holds("a:1"));
    assert!(instance.keep(ticket, "a:1", &[], at(6)));
    assert_eq!(instance.partition.position(), at(6));
}

/// The log may be quicker than the answer: until that comes, the removal is still pending.
#[test]
fn an_own_entry_does_not_end_its_removal() {
    for change in [key("a:1"), pattern("a:*"), tag("red")] {
        let mut instance = Instance::following(5, start());
        instance.begin(&change, start());
        instance.receive_at(at(6), std::slice::from_ref(&change), true, start());
        let red = [Arc::from("red")];
        assert!(
            !instance.partition.accepts("a:1", &red, at(6)),
            "{change:?}"
        );
    }
}

/// What a newer version of this library wrote may have said anything.
#[test]
fn an_unknown_entry_counts_as_missed() {
    let mut instance = Instance::following(5, start());
    instance.partition.lose_track();
    assert!(!instance.partition.is_synced());
    assert_eq!(instance.receive(6, &[], start()), Received::Gap);
}

/// The log was deleted behind the cursor: nothing comes any more, and only the probe tells.
#[test]
fn a_lost_tail_is_found_by_the_probe() {
    let mut instance = Instance::following(5, start());
    assert!(instance.probe(start(), HISTORY, 7));
    instance.receive(6, &[], start());
    assert!(!instance.partition.is_complete());
    assert!(!instance.partition.is_synced());
}

#[test]
fn an_idle_log_is_complete() {
    let mut instance = Instance::following(5, start());
    assert!(instance.probe(start(), HISTORY, 5));
    assert!(instance.partition.is_complete());
}

/// Below the cursor the history has gone back since the probe: whatever gets those positions next
/// would pass for known. The fence, told what is known, begins a new history.
#[test]
fn a_snapshot_below_the_cursor_is_refused() {
    let mut instance = Instance::following(9, start());
    instance.partition.lose_track();
    assert!(!instance.resume(HISTORY, 4, &[], start()));
    assert!(!instance.partition.is_synced());
    assert_eq!(instance.partition.witness().position(), at(9));
}

/// A tail that was answered and then forgotten is not waited for.
#[test]
fn after_a_forgotten_tail_the_log_is_complete_again() {
    let mut instance = Instance::following(5, start());
    assert!(instance.probe(start(), HISTORY, 9));
    assert!(!instance.partition.is_complete());
    assert!(instance.resume(HISTORY, 5, &[], start()));
    assert!(instance.partition.is_complete());
}

#[test]
fn a_raised_ttl_is_told_to_everybody() {
    let mut instance = Instance::following(5, start());
    let longer = LONGEST_TTL * 3;
    assert!(!instance.partition.is_ttl_allowed(longer));
    let message = Message {
        id: 6,
        before: 5,
        longest_ttl: Some(longer),
        ..Message::default()
    };
    let copies = &mut instance.shelf;
    let partition = &mut instance.partition;
    partition.receive(at(6), &message, false, start(), copies);
    assert!(partition.is_ttl_allowed(longer));
    assert!(partition.ban_retention() > longer);
}
