//! Until when this instance is known to have applied everything.

use super::*;
use crate::Reach;

fn later(millis: u64) -> Tick {
    start() + Duration::from_millis(millis)
}

/// ! The local send time of a probe proves, not the time of its answer.
#[test]
fn a_probe_proves_from_when_it_was_sent() {
    let mut instance = Instance::following(5, start());
    // The answer took a second and a half; the proof is that much shorter.
    assert!(instance.probe(later(100), HISTORY, 5));
    assert_eq!(instance.partition.holds_until(), later(100) + MAX_STALENESS);
}

/// ! Once everything up to the tail it answered has been applied, and not before.
#[test]
fn a_probe_proves_only_when_its_tail_is_applied() {
    let mut instance = Instance::following(5, start());
    assert!(instance.probe(later(1000), HISTORY, 7));
    assert_eq!(instance.partition.proven_at(), Some(start()));
    instance.receive(6, &[], later(1100));
    assert_eq!(instance.partition.proven_at(), Some(start()));
    instance.receive(7, &[], later(1200));
    assert_eq!(instance.partition.proven_at(), Some(later(1000)));
}

/// ! Nothing else proves: not a message, not a read that found nothing.
#[test]
fn neither_messages_nor_silence_prove() {
    let mut instance = Instance::following(5, start());
    for seq in 6..=20 {
        instance.receive(seq, &[key("a:1")], later(seq * 100));
        assert!(instance.partition.is_complete());
    }
    assert_eq!(instance.partition.proven_at(), Some(start()));
    assert!(!instance.is_proven(later(2000)));
}

#[test]
fn an_acknowledgement_does_not_prove() {
    let mut instance = Instance::following(5, start());
    instance.begin(&key("a:1"), later(500));
    assert!(instance.acknowledge(&key("a:1"), at(6), later(600)));
    assert_eq!(instance.partition.proven_at(), Some(start()));
}

#[test]
fn an_answer_that_comes_late_does_not_take_back_a_newer_proof() {
    let mut instance = Instance::following(5, start());
    assert!(instance.probe(later(1000), HISTORY, 5));
    assert!(instance.probe(later(500), HISTORY, 5));
    assert_eq!(instance.partition.proven_at(), Some(later(1000)));
}

/// ! A new epoch withdraws the proof, and what waits for a tail of the old one never proves.
#[test]
fn a_new_epoch_withdraws_it() {
    let mut instance = Instance::following(5, start());
    assert!(instance.probe(later(100), HISTORY, 7));
    assert!(instance.adopt(NEXT, 1));
    assert!(!instance.is_proven(start()));
    assert!(instance.resume(NEXT, 900, &[], later(200)));
    assert_eq!(instance.partition.proven_at(), None);
    assert!(instance.probe(later(300), NEXT, 900));
    assert_eq!(instance.partition.proven_at(), Some(later(300)));
}

#[test]
fn an_answer_of_an_older_epoch_proves_nothing() {
    let mut instance = Instance::following(5, start());
    assert!(instance.resume(NEXT, 3, &[], start()));
    assert!(!instance.probe(later(100), HISTORY, 5));
    assert_eq!(instance.partition.proven_at(), None);
}

/// ! An isolated server that came to the same epoch by itself is told apart by its nonce.
#[test]
fn an_answer_with_another_nonce_proves_nothing() {
    let mut instance = Instance::following(5, start());
    let other = History {
        nonce: HISTORY.nonce + 1,
        ..HISTORY
    };
    assert!(!instance.probe(later(100), other, 5));
    assert_eq!(instance.partition.proven_at(), Some(start()));
    assert_eq!(instance.partition.history(), HISTORY);
}

/// While it is out of step, a probe cannot prove: what lies between may be missing.
#[test]
fn a_probe_proves_nothing_before_the_resynchronisation() {
    let mut instance = Instance::following(5, start());
    assert_eq!(instance.receive(9, &[], later(10)), Received::Gap);
    assert!(!instance.probe(later(20), HISTORY, 5));
    assert_eq!(instance.partition.proven_at(), Some(start()));
    assert!(instance.resume(HISTORY, 9, &[], later(30)));
    assert_eq!(instance.partition.proven_at(), Some(start()));
    assert!(instance.probe(later(40), HISTORY, 9));
    assert_eq!(instance.partition.proven_at(), Some(later(40)));
}

/// Everything up to the awaited tail was dropped, which is as good as applied.
#[test]
fn a_resynchronisation_past_the_awaited_tail_proves() {
    let mut instance = Instance::following(5, start());
    assert!(instance.probe(later(100), HISTORY, 7));
    assert!(!instance.partition.is_complete());
    assert!(instance.resume(HISTORY, 8, &[], later(200)));
    assert_eq!(instance.partition.proven_at(), Some(later(100)));
}

/// The probe nearest to its tail must not be crowded out by those that come after it.
#[test]
fn a_reader_that_lags_by_many_probes_is_still_proven() {
    let mut instance = Instance::following(0, start());
    // Each probe finds one more entry; the entries arrive twenty probes late.
    for turn in 1..=100 {
        let sent = later(turn * 50);
        assert!(instance.probe(sent, HISTORY, turn));
        if turn > 20 {
            instance.receive(turn - 20, &[], sent);
            assert!(instance.is_proven(sent), "turn {turn}");
        }
    }
}

/// Without a proof it may have missed bans, so it reads L2 only together with the server's.
#[test]
fn without_a_proof_l2_is_read_with_the_servers_bans() {
    let instance = Instance::following(5, start());
    let reach = |now| instance.partition.reach("a:1", Position::ORIGIN, now);
    let over = start() + MAX_STALENESS;
    assert_eq!(reach(over - Duration::from_millis(1)), Reach::Direct);
    assert_eq!(reach(over), Reach::Guarded);
}

/// An instance without a server is never out of date, and never asks.
#[test]
fn alone_is_always_proven() {
    let partition = Partition::alone(LIMITS, LONGEST_TTL);
    assert_eq!(partition.holds_until(), Tick::FAR_FUTURE);
}
