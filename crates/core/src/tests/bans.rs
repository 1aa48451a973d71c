//! Invalidations by pattern or tag: recorded, not carried out.

use super::*;
use crate::Reach;

fn long_ago() -> Position {
    at(1)
}

#[test]
fn a_ban_forbids_what_it_covers_and_is_older() {
    for (ban, covered, spared) in [
        (pattern("a:*"), "a:1", "b:1"),
        (pattern("a:b:*"), "a:b:1", "a:c:1"),
        (pattern("a:*:1"), "a:b:1", "a:b:2"),
        (pattern("a*"), "ab", "ba"),
        (pattern("a:1"), "a:1", "a:11"),
    ] {
        let mut instance = Instance::following(5, start());
        instance.hold(covered, &[], at(4));
        instance.hold(spared, &[], at(4));
        instance.receive(6, std::slice::from_ref(&ban), start());
        assert!(!instance.holds(covered), "{ban:?}");
        assert!(instance.holds(spared), "{ban:?}");
        assert!(!instance.partition.accepts(covered, &[], at(5)));
        assert!(instance.partition.accepts(covered, &[], at(6)));
    }
}

#[test]
fn a_tag_ban_forbids_what_carries_the_tag() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &["red", "round"], at(4));
    instance.hold("a:2", &["blue"], at(4));
    instance.receive(6, &[tag("round")], start());
    assert!(!instance.holds("a:1"));
    assert!(instance.holds("a:2"));
}

#[test]
fn a_root_ban_forbids_everything() {
    for root in [everything(), pattern("*"), pattern("**")] {
        let mut instance = Instance::following(5, start());
        instance.hold("a:1", &[], at(4));
        instance.hold("plain", &["red"], at(4));
        instance.receive(6, &[root], start());
        assert!(!instance.holds("a:1") && !instance.holds("plain"));
    }
}

/// ! L1 entries remember how many bans had arrived, not a position: another instance's earlier
/// ban may arrive after one's own later one.
#[test]
fn an_earlier_ban_that_arrives_later_still_forbids() {
    let mut instance = Instance::following(5, start());
    instance.hold("a:1", &[], at(4));
    // Our own later ban is acknowledged at 7, and the copy is compared with it.
    instance.begin(&pattern("b:*"), start());
    assert!(instance.acknowledge(&pattern("b:*"), at(7), start()));
    let checked = instance.partition.bans_arrived();
    let copy = instance.shelf.0.get_mut("a:1").expect("it is held");
    copy.checked = checked;
    assert!(instance.holds("a:1"));
    // Somebody else's ban at 6 arrives only now.
    instance.receive(6, &[pattern("a:*")], start());
    assert!(!instance.holds("a:1"));
}

/// A later position of one ban must not be lost to an earlier one that arrives after it.
#[test]
fn a_ban_repeated_out_of_order_keeps_its_newest_position() {
    let mut instance = Instance::following(5, start());
    instance.begin(&pattern("a:*"), start());
    assert!(instance.acknowledge(&pattern("a:*"), at(7), start()));
    instance.receive(6, &[pattern("a:*")], start());
    assert!(!instance.partition.accepts("a:1", &[], at(6)));
    assert!(instance.partition.accepts("a:1", &[], at(7)));
}

/// Until it is acknowledged it has no position, and forbids whatever there is.
#[test]
fn a_pending_ban_forbids_every_stamp() {
    for change in [pattern("a:*"), pattern("a?1"), tag("red"), everything()] {
        let mut instance = Instance::following(5, start());
        instance.hold("a:1", &["red"], at(5));
        let red = [Arc::from("red")];
        instance.begin(&change, start());
        assert!(!instance.holds("a:1"), "{change:?}");
        assert!(
            !instance.partition.accepts("a:1", &red, at(9000)),
            "{change:?}"
        );
        assert!(instance.acknowledge(&change, at(6), start()));
        assert!(!instance.holds("a:1"), "{change:?}");
        assert!(
            !instance.partition.accepts("a:1", &red, at(5)),
            "{change:?}"
        );
        assert!(instance.partition.accepts("a:1", &red, at(6)), "{change:?}");
    }
}

/// ! A resynchronisation merges the bans within an epoch: replacing them would lose an own ban
/// that was acknowledged after the snapshot was taken.
#[test]
fn a_resynchronisation_keeps_bans_that_it_does_not_know() {
    let mut instance = Instance::following(5, start());
    instance.partition.lose_track();
    let old = snapshot(HISTORY, 6, &[(&Scope::of_pattern("c:*"), 6)]);
    instance.begin(&pattern("a:*"), start());
    assert!(instance.acknowledge(&pattern("a:*"), at(7), start()));
    assert!(
        instance
            .partition
            .resume(&old, start(), &mut instance.shelf)
    );
    assert!(!instance.partition.accepts("a:1", &[], at(6)));
    assert!(!instance.partition.accepts("c:1", &[], at(5)));
    assert_eq!(instance.partition.position(), at(6));
}

/// The same for one that is not acknowledged yet.
#[test]
fn a_resynchronisation_keeps_what_is_pending() {
    let mut instance = Instance::following(5, start());
    instance.begin(&pattern("a:*"), start());
    instance.begin(&key("b:1"), start());
    assert!(instance.resume(HISTORY, 9, &[], start()));
    assert!(!instance.partition.accepts("a:1", &[], at(9)));
    assert!(!instance.partition.accepts("b:1", &[], at(9)));
}

#[test]
fn a_new_epoch_forgets_the_bans_of_the_old_one_but_not_what_is_pending() {
    let mut instance = Instance::following(5, start());
    instance.receive(6, &[pattern("a:*")], start());
    instance.begin(&pattern("b:*"), start());
    assert!(instance.resume(NEXT, 2, &[], start()));
    let stamp = Position { epoch: 8, seq: 1 };
    assert!(instance.partition.accepts("a:1", &[], stamp));
    assert!(!instance.partition.accepts("b:1", &[], stamp));
    assert_eq!(instance.partition.bans(), 1);
    // Acknowledged in the new epoch, it takes its place there.
    let executed = Position { epoch: 8, seq: 3 };
    assert!(instance.acknowledge(&pattern("b:*"), executed, start()));
    assert!(!instance.partition.accepts("b:1", &[], stamp));
    assert!(instance.partition.accepts("b:1", &[], executed));
}

#[test]
fn a_ban_is_kept_while_anything_it_forbids_may_be_left() {
    let mut instance = Instance::following(5, start());
    instance.receive(6, &[pattern("a:*")], start());
    // A lease from before the ban, filled at its end, with the longest TTL.
    let last_life = LIMITS.lease_ttl + LONGEST_TTL;
    instance.partition.tidy(start() + last_life);
    assert!(!instance.partition.accepts("a:1", &[], at(5)));
    // Forgotten, it would forbid everything.
    assert!(instance.partition.accepts("b:1", &[], at(5)));
    let over = instance.partition.ban_retention();
    instance.partition.tidy(start() + over);
    assert_eq!(instance.partition.bans(), 0);
}

/// The clock by which records expire may stand still, while this instance's goes on.
#[test]
fn what_is_stamped_before_a_forgotten_ban_stays_forbidden() {
    let mut instance = Instance::following(5, start());
    instance.receive(6, &[pattern("a:*")], start());
    instance.receive(7, &[], start());
    let later = start() + instance.partition.ban_retention();
    instance.partition.tidy(later);
    assert_eq!(instance.partition.bans(), 0);
    for name in ["a:1", "b:1"] {
        assert!(!instance.partition.accepts(name, &[], at(5)), "{name}");
        assert!(instance.partition.accepts(name, &[], at(6)), "{name}");
    }
    // Another epoch has no use for it.
    assert!(instance.resume(NEXT, 1, &[], later));
    let first = Position { epoch: 8, seq: 0 };
    assert!(instance.partition.accepts("a:1", &[], first));
}

/// Somebody else lets values live longer, and an instance that has not read that yet forgets its
/// own ban too early.
#[test]
fn a_ban_forgotten_too_early_still_forbids_what_lives_longer() {
    let mut instance = Instance::following(5, start());
    // At 6 the longest TTL is raised, for a value that was loaded at 5.
    instance.begin(&pattern("a:*"), start());
    assert!(instance.acknowledge(&pattern("a:*"), at(7), start()));
    let later = start() + instance.partition.ban_retention();
    instance.partition.tidy(later);
    instance.receive_at(at(6), &[], false, later);
    instance.receive_at(at(7), &[pattern("a:*")], true, later);
    assert!(instance.probe(later, HISTORY, 7));
    assert_eq!(
        instance.partition.reach("a:1", Position::ORIGIN, later),
        Reach::Direct
    );
    assert!(!instance.partition.accepts("a:1", &[], at(5)));
}

/// A copy that was compared with a ban need not be compared again once that is forgotten.
#[test]
fn a_forgotten_ban_leaves_alone_what_was_compared_with_it() {
    let mut instance = Instance::following(5, start());
    instance.receive(6, &[tag("red")], start());
    instance.hold("a:1", &[], at(5));
    let later = start() + instance.partition.ban_retention();
    instance.partition.tidy(later);
    assert!(instance.holds("a:1"));
}

/// Whoever admits a copy that lives longer than anything before makes bans live longer.
#[test]
fn a_ban_outlives_every_copy_that_was_admitted_before_it() {
    let a_day = Duration::from_secs(86_400);
    let mut instance = Instance::following(5, start());
    let ticket = instance.partition.open_ticket(&"a:1".into());
    let admitted = instance.partition.admit(ticket, "a:1", &[], at(5), a_day);
    let checked = admitted.expect("nothing forbids it");
    instance.receive(6, &[pattern("a:*")], start());
    instance
        .partition
        .tidy(start() + a_day - Duration::from_millis(1));
    let validity = instance.partition.validity("a:1", &[], at(5), checked);
    assert_eq!(validity, Validity::Banned);
}

#[test]
fn what_is_pending_is_never_forgotten() {
    let mut instance = Instance::following(5, start());
    instance.begin(&pattern("a:*"), start());
    let much_later = start() + instance.partition.ban_retention() * 10;
    instance.partition.tidy(much_later);
    assert!(!instance.partition.accepts("a:1", &[], at(9)));
}

#[test]
fn too_many_bans_are_folded_into_broader_ones_at_the_newest_position() {
    let limits = Limits {
        max_bans: 3,
        ..LIMITS
    };
    let mut instance = Instance::following_with(limits, 0, start());
    for seq in 1..=4 {
        instance.receive(seq, &[pattern(&format!("a:{seq}:*"))], start());
    }
    assert_eq!(instance.partition.bans(), 1);
    assert!(!instance.partition.accepts("a:1:x", &[], at(3)));
    assert!(instance.partition.accepts("a:1:x", &[], at(4)));
    assert!(instance.partition.accepts("b:1:x", &[], long_ago()));
    for (seq, leading) in (5..).zip(["b", "c", "d"]) {
        instance.receive(seq, &[pattern(&format!("{leading}:*"))], start());
    }
    assert!(instance.partition.bans() <= 3);
    for (name, seq) in [("a:1:x", 4), ("b:1", 5), ("c:1", 6), ("d:1", 7)] {
        let older = at(seq - 1);
        assert!(!instance.partition.accepts(name, &[], older), "{name}");
    }
}

/// What was valid before a fold may be forbidden after it, never the other way round; and copies
/// are compared once more.
#[test]
fn a_fold_reaches_copies_that_were_compared_before() {
    let limits = Limits {
        max_bans: 1,
        ..LIMITS
    };
    let mut instance = Instance::following_with(limits, 0, start());
    instance.receive(1, &[tag("red")], start());
    instance.hold("a:1", &["blue"], at(1));
    instance.receive(2, &[tag("green")], start());
    // The fold is a ban on everything at 2, and `blue` is of 1.
    assert!(!instance.holds("a:1"));
}

#[test]
fn a_fold_leaves_what_is_pending_alone() {
    let limits = Limits {
        max_bans: 1,
        ..LIMITS
    };
    let mut instance = Instance::following_with(limits, 0, start());
    instance.begin(&pattern("a:*"), start());
    instance.begin(&tag("red"), start());
    instance.receive(1, &[pattern("b:*"), pattern("c:*")], start());
    instance.partition.tidy(start());
    let red = [Arc::from("red")];
    assert!(!instance.partition.accepts("a:1", &[], at(9)));
    assert!(!instance.partition.accepts("z:1", &red, at(9)));
    assert!(instance.acknowledge(&pattern("a:*"), at(2), start()));
    assert!(!instance.partition.accepts("a:1", &[], at(1)));
    assert!(instance.partition.accepts("a:1", &[], at(2)));
}

/// A lease whose load began before a ban is of no use to anybody.
#[test]
fn a_lease_is_recent_enough_unless_a_ban_came_after_it() {
    let mut instance = Instance::following(5, start());
    assert!(instance.partition.is_recent_enough("a:1", at(5)));
    instance.receive(6, &[pattern("a:*")], start());
    assert!(!instance.partition.is_recent_enough("a:1", at(5)));
    assert!(instance.partition.is_recent_enough("b:1", at(5)));
    let other = Position { epoch: 8, seq: 9 };
    assert!(!instance.partition.is_recent_enough("b:1", other));
}

/// An instance without a proof takes the server's word, at the moment of the read.
#[test]
fn a_snapshot_judges_a_record_by_the_servers_bans() {
    let scope = Scope::of_pattern("a:*");
    let snapshot = snapshot(HISTORY, 9, &[(&scope, 6)]);
    assert!(!snapshot.accepts("a:1", &[], at(5)));
    assert!(snapshot.accepts("a:1", &[], at(6)));
    assert!(snapshot.accepts("b:1", &[], at(1)));
    let other = Position { epoch: 6, seq: 9 };
    assert!(!snapshot.accepts("b:1", &[], other));
}

/// A server's clock may step back unseen, and what expires by it lives on.
#[test]
fn what_a_server_forgets_goes_on_forbidding_what_is_older() {
    let mut server: crate::Server<()> = crate::Server::default();
    let history = server
        .fence(History::default(), 1, LONGEST_TTL, 1000)
        .history;
    let mut ban = |scope: &Change, now: Tick| {
        let message = Message {
            changes: vec![scope.clone()],
            ..Message::default()
        };
        let appended = server.invalidate(history, &message, now, MAX_STALENESS, 2);
        (appended.unwrap().seq, server.snapshot().unwrap().bans)
    };
    ban(&pattern("a:*"), start());
    let (forgotten, _) = ban(&pattern("b:*"), start());
    let later = start() + LONGEST_TTL + MAX_STALENESS;
    let (_, bans) = ban(&pattern("c:*"), later);
    assert_eq!(bans.len(), 2);
    assert!(bans.contains(&(Scope::All, forgotten)), "{bans:?}");
}

/// Forgotten, it would forbid everything that is older, whatever it covers.
#[test]
fn a_ban_is_kept_for_longer_on_servers_where_values_come_to_live_longer() {
    let mut server: crate::Server<()> = crate::Server::default();
    let history = server
        .fence(History::default(), 1, LONGEST_TTL, 1000)
        .history;
    let ban = |server: &mut crate::Server<()>, scope: &Change, now: Tick| {
        let message = Message {
            changes: vec![scope.clone()],
            ..Message::default()
        };
        server.invalidate(history, &message, now, MAX_STALENESS, 2);
        server.snapshot().unwrap().bans
    };
    ban(&mut server, &pattern("a:1:*"), start());
    server.fence(history, 2, 2 * LONGEST_TTL, 1000);
    let later = start() + LONGEST_TTL + MAX_STALENESS;
    ban(&mut server, &pattern("a:2:*"), later);
    let bans = ban(&mut server, &pattern("b:*"), later);
    assert!(
        bans.iter().all(|(scope, _)| *scope != Scope::All),
        "{bans:?}"
    );
}
