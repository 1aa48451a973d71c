//! The log was trimmed before anybody could compare what he knows with it; or it cannot be read.

use super::*;

/// What A has read and what was trimmed since is not compared: whoever wrote it, and those who have read
/// less or more, answer for it. So an instance that was away for long does not make all others start over.
#[test]
fn what_was_read_and_trimmed_away_is_not_compared() {
    for log in LOGS {
        let (mut world, history) = gone_back(log, 2);
        world.cut_off();
        world.others_remove(5);
        world.server.trim(2);
        world.reconnect();
        world.turns();
        assert_eq!(world.history(), history);
    }
}

/// ! What A has written itself, and has not read, nobody else answers for.
#[test]
fn an_acknowledgement_that_was_trimmed_counts_as_lost() {
    for log in LOGS {
        let (mut world, broken) = lost_with_a_request_under_way(log, false);
        world.others_remove(3);
        world.server.trim(4);
        world.reconnect();
        is_found_out(&mut world, broken);
    }
}

/// ! The same, and A has started over before it could ask.
#[test]
fn an_acknowledgement_that_was_passed_over_and_trimmed_counts_as_lost() {
    for log in LOGS {
        let (mut world, broken) = lost_with_a_request_under_way(log, false);
        world.resynchronise();
        world.others_remove(3);
        world.server.trim(4);
        world.reconnect();
        is_found_out(&mut world, broken);
    }
}

/// A cannot read, and only hears of the tail now and then, of which others know as well.
#[test]
fn a_tail_that_was_only_told_may_be_trimmed() {
    for log in LOGS {
        let mut world = World::following(log, 10);
        let history = world.history();
        for _ in 0..20 {
            world.cut_off();
            world.others_remove(30);
            world.server.trim(10);
            world.reconnect();
        }
        assert_eq!(world.history(), history, "{log:?}");
    }
}

/// A cannot read the log, and reads L2 with the server's bans: each answer stands for the one before.
#[test]
fn any_number_of_answers_in_a_row_is_remembered() {
    for log in LOGS {
        let mut world = World::following(log, 10);
        let history = world.history();
        world.cut_off();
        for _ in 0..10_000 {
            world.others_remove(1);
            assert!(world.look_guarded());
        }
        world.reconnect();
        world.turns();
        assert_eq!(world.history(), history);
    }
}

/// Whoever has missed entries, and still hears of the newest, starts over in the same history.
#[test]
fn whoever_is_told_of_the_newest_entry_is_not_disturbed_by_trimming() {
    for log in LOGS {
        for others in [0, 5] {
            let mut world = World::following(log, 10);
            let history = world.history();
            world.cut_off();
            assert!(world.remove());
            world.server.trim(0);
            assert!(world.remove());
            world.others_remove(others);
            assert!(world.probe());
            world.server.trim(0);
            world.reconnect();
            world.turns();
            assert_eq!(world.history(), history, "{log:?}, {others}");
            assert!(world.a.is_proven(start()));
        }
    }
}

/// ! A is cut off from the log, and reads L2 with the server's bans: they are those of before.
#[test]
fn the_servers_bans_stand_for_nothing_where_something_known_is_lost() {
    for log in LOGS {
        for is_under_way in [false, true] {
            let mut world = World::following(log, 10);
            let before = world.server.clone();
            let ours = world.a.partition.witness();
            assert!(world.remove());
            world.cut_off();
            world.server = before;
            world.others_remove(3);
            if is_under_way {
                let at = world.append(ours).expect("what it knows is there");
                assert!(world.acknowledge(at));
            }
            world.server.put("a:1", 7, start(), Tick::FAR_FUTURE);
            assert!(!world.is_trusted(), "{log:?}");
        }
    }
}
