//! A copy differs from the source: whether anything explains it.

use super::*;
use crate::Verdict;

fn later(millis: u64) -> Tick {
    start() + Duration::from_millis(millis)
}

/// A copy is inspected: its ticket is opened, the source answers something else a second later,
/// and then this happens.
fn verdict_after(meanwhile: impl FnOnce(&mut Instance)) -> Verdict {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &["red"], at(5));
    let ticket = instance.partition.open_ticket(&"a:1".into());
    meanwhile(&mut instance);
    let tags = ["red".into()];
    instance
        .partition
        .verdict(ticket, "a:1", &tags, at(5), later(1000))
}

fn prove(instance: &mut Instance, tail: u64) {
    assert!(instance.probe(later(2000), HISTORY, tail));
}

#[test]
fn a_write_that_invalidated_nothing_is_unexplained() {
    let verdict = verdict_after(|instance| prove(instance, 5));
    assert_eq!(verdict, Verdict::Unexplained);
    let others = verdict_after(|instance| {
        instance.receive(6, &[key("a:2"), pattern("b:*")], later(500));
        prove(instance, 6);
    });
    assert_eq!(others, Verdict::Unexplained);
}

/// The removal may have been acknowledged long ago, and be the next thing to arrive.
#[test]
fn nothing_is_said_before_a_proof_that_is_newer_than_the_answer() {
    assert_eq!(verdict_after(|_| ()), Verdict::Unproven);
    let earlier = verdict_after(|instance| {
        assert!(instance.probe(later(999), HISTORY, 5));
    });
    assert_eq!(earlier, Verdict::Unproven);
    let on_its_way = verdict_after(|instance| prove(instance, 6));
    assert_eq!(on_its_way, Verdict::Unproven);
    let lost = verdict_after(|instance| {
        prove(instance, 5);
        instance.partition.lose_track();
    });
    assert_eq!(lost, Verdict::Unproven);
}

#[test]
fn whatever_is_invalidated_meanwhile_explains_it() {
    for change in [
        key("a:1"),
        pattern("a:*"),
        pattern("?:1"),
        tag("red"),
        everything(),
    ] {
        let received = verdict_after(|instance| {
            instance.receive(6, std::slice::from_ref(&change), later(1500));
            prove(instance, 6);
        });
        assert_eq!(received, Verdict::Explained, "{change:?}");
        let own = verdict_after(|instance| {
            instance.begin(&change, later(1500));
            prove(instance, 5);
        });
        assert_eq!(own, Verdict::Explained, "{change:?}");
    }
}

/// The history that the copy belongs to is over, or may lack a removal.
#[test]
fn a_loss_explains_it() {
    let epoch = verdict_after(|instance| {
        instance.adopt(NEXT, 1);
    });
    assert_eq!(epoch, Verdict::Explained);
    let resynchronised = verdict_after(|instance| {
        instance.partition.lose_track();
        instance.resume(HISTORY, 9, &[], later(1500));
        prove(instance, 9);
    });
    assert_eq!(resynchronised, Verdict::Explained);
}

#[test]
fn an_instance_alone_knows_everything() {
    let mut partition = Partition::alone(LIMITS, LONGEST_TTL);
    let stamp = partition.known();
    let ticket = partition.open_ticket(&"a:1".into());
    let verdict = |partition: &Partition| partition.verdict(ticket, "a:1", &[], stamp, start());
    assert_eq!(verdict(&partition), Verdict::Unexplained);
    partition.execute(&key("a:1"), start(), &mut Shelf::default());
    assert_eq!(verdict(&partition), Verdict::Explained);
}
