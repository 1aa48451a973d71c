//! Appends: each tells the server what the instance knows, and its answer stands for that.

use super::*;

/// ! A appends before it reads or probes: the server is told of the acknowledgement that was lost.
#[test]
fn an_append_in_between_is_refused() {
    for log in LOGS {
        for others in [1, 2, 4] {
            let mut world = World::following(log, 10);
            let before = world.server.clone();
            assert!(world.remove());
            world.pushed.clear();
            world.server = before;
            let broken = world.history();
            world.others_remove(others);
            assert!(!world.remove(), "{log:?}, {others}");
            is_found_out(&mut world, broken);
        }
    }
}

/// ! The same, and A has read everything that was lost.
#[test]
fn an_append_behind_what_was_read_is_refused() {
    for log in LOGS {
        let (mut world, broken) = gone_back(log, 2);
        world.others_remove(3);
        assert!(!world.remove());
        is_found_out(&mut world, broken);
    }
}

/// ! The same, and A was cut off: nothing that it reads afterwards comes near what was lost.
#[test]
fn an_append_of_whoever_was_cut_off_is_refused() {
    for log in LOGS {
        for reads_first in [false, true] {
            let (mut world, broken, _) = lost_while_cut_off(log, reads_first);
            assert!(!world.remove());
            world.reconnect();
            is_found_out(&mut world, broken);
        }
    }
}

/// ! The append was sent before the acknowledgement of the one that was lost came. Its own is of the
/// history as it is now, and must not make A forget the other.
#[test]
fn an_append_under_way_hides_nothing() {
    for log in LOGS {
        for is_cut_off in [false, true] {
            let mut world = World::following(log, 10);
            let before = world.server.clone();
            let ours = world.a.partition.witness();
            assert!(world.remove());
            world.pushed.clear();
            if is_cut_off {
                world.cut_off();
            }
            world.server = before;
            let broken = world.history();
            world.others_remove(3);
            let under_way = world.append(ours).expect("what it knows is there");
            assert!(world.acknowledge(under_way));
            world.reconnect();
            is_found_out(&mut world, broken);
        }
    }
}

/// ! The same, and A has read the one that was lost: it is not the newest any longer, and nothing that
/// is read comes near it.
#[test]
fn an_append_under_way_does_not_hide_what_was_read_last() {
    for log in LOGS {
        let (mut world, broken) = lost_with_a_request_under_way(log, true);
        assert!(!world.is_trusted(), "{log:?}");
        assert!(!world.remove(), "{log:?}");
        world.reconnect();
        is_found_out(&mut world, broken);
    }
}

/// ! More was under way at once than a question can name: until the server was asked about all of it, its
/// bans stand for nothing.
#[test]
fn whoever_cannot_tell_all_that_he_knows_keeps_to_the_source() {
    for log in LOGS {
        let mut world = World::following(log, 10);
        let ours = world.a.partition.witness();
        world.cut_off();
        let first = world.append(ours).expect("the history is known");
        let before = world.server.clone();
        let lost = world.append(ours).expect("the history is known");
        assert!(world.acknowledge(first) && world.acknowledge(lost));
        world.server = before;
        let broken = world.history();
        world.others_remove(3);
        let under_way = world.append(ours).expect("what it knows is there");
        assert!(world.acknowledge(under_way));
        let unproven = start() + MAX_STALENESS;
        let reach = world.a.partition.reach("b:1", Position::ORIGIN, unproven);
        assert_eq!(reach, Reach::SourceOnly, "{log:?}");
        let mut appends = 0;
        while world.remove() {
            appends += 1;
        }
        assert!(appends < 3, "{log:?}");
        world.reconnect();
        is_found_out(&mut world, broken);
    }
}

/// ! What an acknowledgement stands for is lost together with it.
#[test]
fn an_acknowledgement_stands_for_those_before_it() {
    for log in LOGS {
        for others in [1, 3, 4] {
            let mut world = World::following(log, 10);
            let before = world.server.clone();
            world.cut_off();
            assert!(world.remove());
            assert!(world.remove());
            assert!(world.remove());
            world.server = before;
            let broken = world.history();
            world.others_remove(others);
            assert!(!world.remove(), "{log:?}, {others}");
            world.reconnect();
            is_found_out(&mut world, broken);
        }
    }
}

/// A that cannot read goes on writing: each acknowledgement stands for the one before.
#[test]
fn any_number_of_acknowledgements_in_a_row_is_remembered() {
    for log in LOGS {
        let mut world = World::following(log, 10);
        let history = world.history();
        world.cut_off();
        for _ in 0..5000 {
            assert!(world.remove());
        }
        world.reconnect();
        world.turns();
        assert_eq!(world.history(), history);
        assert!(world.a.is_proven(start()));
    }
}

/// ! Too many were under way at once, and none stands for another: the oldest may be the one that is
/// lost.
#[test]
fn more_than_can_be_remembered_is_not_forgotten() {
    let mut world = World::following(Log::Kept, 10);
    let broken = world.history();
    let ours = world.a.partition.witness();
    world.cut_off();
    let before = world.server.clone();
    let under_way = world.append(ours).expect("the history is known");
    assert!(world.acknowledge(under_way));
    world.server = before;
    world.others_remove(1);
    let mut counted = true;
    for _ in 0..4096 {
        assert!(counted);
        let under_way = world.append(ours).expect("what it knows is there");
        counted = world.acknowledge(under_way);
    }
    assert!(!counted);
    is_found_out(&mut world, broken);
}
