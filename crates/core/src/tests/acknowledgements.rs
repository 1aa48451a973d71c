//! When a removal of our own is over.

use super::*;
use crate::Reach;

fn reach(instance: &Instance, key: &str) -> Reach {
    instance.partition.reach(key, Position::ORIGIN, start())
}

/// While it is pending, reads of the key go to the source.
#[test]
fn a_pending_removal_leaves_the_source_only() {
    for change in [key("a:1"), pattern("a:*"), pattern("?:1"), everything()] {
        let mut instance = Instance::following(5, start());
        instance.begin(&change, start());
        assert_eq!(reach(&instance, "a:1"), Reach::SourceOnly, "{change:?}");
        assert!(instance.acknowledge(&change, at(6), start()));
        assert_eq!(reach(&instance, "a:1"), Reach::Direct, "{change:?}");
    }
}

/// A tag is unknown before the record was read; then it counts.
#[test]
fn a_pending_tag_is_looked_at_after_the_read() {
    let mut instance = Instance::following(5, start());
    instance.begin(&tag("red"), start());
    assert_eq!(reach(&instance, "a:1"), Reach::Direct);
    assert!(!instance.partition.accepts("a:1", &["red".into()], at(5)));
    assert!(instance.partition.accepts("a:1", &["blue".into()], at(5)));
}

#[test]
fn the_copy_is_dropped_before_anything_is_sent() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(5));
    instance.begin(&key("a:1"), start());
    assert!(instance.shelf.0.is_empty());
}

/// ! An acknowledgement counts only in the current epoch: the server that gave it may have lost
/// what it executed.
#[test]
fn an_acknowledgement_of_an_older_epoch_ends_nothing() {
    for change in [key("a:1"), pattern("a:*"), everything()] {
        let mut instance = Instance::following(5, start());
        instance.begin(&change, start());
        assert!(instance.resume(NEXT, 2, &[], start()));
        assert!(!instance.acknowledge(&change, at(6), start()));
        assert_eq!(reach(&instance, "a:1"), Reach::SourceOnly, "{change:?}");
        let stamp = Position { epoch: 8, seq: 2 };
        assert!(!instance.partition.accepts("a:1", &[], stamp));
        let executed = Position { epoch: 8, seq: 3 };
        assert!(instance.acknowledge(&change, executed, start()));
        assert!(instance.partition.accepts("a:1", &[], executed));
    }
}

/// One of an epoch that this instance has not adopted is none either.
#[test]
fn an_acknowledgement_of_an_unknown_epoch_ends_nothing() {
    let mut instance = Instance::following(5, start());
    instance.begin(&key("a:1"), start());
    let newer = Position { epoch: 8, seq: 3 };
    assert!(!instance.acknowledge(&key("a:1"), newer, start()));
    assert!(!instance.partition.accepts("a:1", &[], at(5)));
    assert_eq!(instance.partition.known(), at(5));
}

/// It tells how far the server is, but not that everything up to there has been applied.
#[test]
fn an_acknowledgement_raises_what_is_known_and_leaves_the_cursor() {
    let mut instance = Instance::following(5, start());
    instance.begin(&key("a:1"), start());
    assert!(instance.acknowledge(&key("a:1"), at(9), start()));
    assert_eq!(instance.partition.known(), at(9));
    assert_eq!(instance.partition.position(), at(5));
    // The entries in between are still to come, and are applied.
    instance.hold("b:1", &[], at(9));
    assert_eq!(
        instance.receive(6, &[key("b:1")], start()),
        Received::Applied
    );
    assert!(!instance.holds("b:1"));
}

/// One answer may be for several who asked for the same.
#[test]
fn an_acknowledgement_ends_as_many_as_it_is_for() {
    for change in [key("a:1"), pattern("a:*")] {
        let mut instance = Instance::following(5, start());
        for _ in 0..3 {
            instance.begin(&change, start());
        }
        let (partition, copies) = (&mut instance.partition, &mut instance.shelf);
        assert!(partition.acknowledge(&change, 2, appended(at(6)), start(), copies));
        assert!(!partition.accepts("a:1", &[], at(6)), "{change:?}");
        assert!(partition.acknowledge(&change, 1, appended(at(7)), start(), copies));
        assert!(partition.accepts("a:1", &[], at(7)), "{change:?}");
    }
}

/// Something broader took its place: its pending ends, the broader one's does not.
#[test]
fn a_collapse_leaves_no_moment_without_cover() {
    let mut instance = Instance::following(5, start());
    instance.begin(&key("a:1"), start());
    instance.begin(&pattern("b:*"), start());
    instance.begin(&everything(), start());
    instance.partition.end(&key("a:1"), 1, start());
    instance.partition.end(&pattern("b:*"), 1, start());
    for name in ["a:1", "b:1", "c:1"] {
        assert!(!instance.partition.accepts(name, &[], at(5)), "{name}");
    }
    assert!(instance.acknowledge(&everything(), at(6), start()));
    for name in ["a:1", "b:1", "c:1"] {
        assert!(!instance.partition.accepts(name, &[], at(5)), "{name}");
        assert!(instance.partition.accepts(name, &[], at(6)), "{name}");
    }
}

/// ! An earlier attempt, whose answer was lost, was executed before what is in flight by now began.
#[test]
fn an_entry_of_the_log_answers_what_was_sent_with_it() {
    let mut instance = Instance::following(5, start());
    instance.begin(&key("a:1"), start());
    instance.receive_at(at(6), &[key("a:1")], false, start());
    let answer = |sent| instance.partition.answer_in_log(sent, at(6), 6);
    assert_eq!(answer(17), None);
    let appended = answer(6).unwrap();
    assert_eq!(appended.position(), at(6));
    let partition = &mut instance.partition;
    assert!(partition.acknowledge(&key("a:1"), 1, appended, start(), &mut instance.shelf));
    assert_eq!(reach(&instance, "a:1"), Reach::Direct);
}

/// ! Between receiving it and taking it for the answer, another connection may have told of a new epoch.
#[test]
fn an_entry_of_an_older_epoch_answers_nothing() {
    let mut instance = Instance::following(5, start());
    instance.receive_at(at(6), &[key("a:1")], false, start());
    assert!(instance.resume(NEXT, 2, &[], start()));
    assert_eq!(instance.partition.answer_in_log(6, at(6), 6), None);
}
