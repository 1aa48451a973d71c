//! A server that goes back to what it was, and is still called the same: a machine restored from a
//! snapshot, a key restored from a copy. It gives positions a second time, to whoever comes first,
//! and whoever comes later has to find that out.

use super::*;
use crate::{Place, Reach, Witness};

mod appending;
mod trimmed;
mod world;

use world::{LOGS, Log, World};

/// Everybody has to come to a new epoch, and A to be in service in it.
fn is_found_out(world: &mut World, broken: History) {
    world.turns();
    assert!(world.history().epoch > broken.epoch, "{:?}", world.log);
    assert_eq!(world.a.partition.history(), world.history());
    assert!(world.a.partition.is_synced());
    assert!(!world.a.partition.is_disowned());
    assert!(world.a.is_proven(start()));
}

/// The server forgets the newest `lost` of the entries that A has applied.
fn gone_back(log: Log, lost: u64) -> (World, History) {
    let mut world = World::following(log, 10);
    let before = world.server.clone();
    world.others_remove(lost);
    assert_eq!(world.read(), Some(Received::Applied));
    world.server = before;
    let history = world.history();
    (world, history)
}

/// The server forgets A's newest removal, which A was told of and had read if it `reads_first`; then A is
/// cut off, and others come further. With what A knew before.
fn lost_while_cut_off(log: Log, reads_first: bool) -> (World, History, Witness) {
    let mut world = World::following(log, 10);
    let before = world.server.clone();
    let ours = world.a.partition.witness();
    assert!(world.remove());
    if reads_first {
        assert_eq!(world.read(), Some(Received::Applied));
    }
    world.cut_off();
    world.server = before;
    let broken = world.history();
    world.others_remove(3);
    (world, broken, ours)
}

/// The same, and a request of A's that was under way is answered.
fn lost_with_a_request_under_way(log: Log, reads_first: bool) -> (World, History) {
    let (mut world, broken, ours) = lost_while_cut_off(log, reads_first);
    let under_way = world.append(ours).expect("what it knows is there");
    assert!(world.acknowledge(under_way));
    (world, broken)
}

#[test]
fn whoever_knows_more_does_not_append_to_it() {
    for log in LOGS {
        let (mut world, _) = gone_back(log, 2);
        assert!(!world.remove());
    }
}

#[test]
fn its_fence_begins_a_new_epoch_for_whoever_knows_more() {
    for log in LOGS {
        let (mut world, broken) = gone_back(log, 2);
        is_found_out(&mut world, broken);
    }
}

#[test]
fn it_goes_on_for_whoever_knows_no_more_than_it_does() {
    let (mut world, broken) = gone_back(Log::Kept, 2);
    world.others_remove(1);
    let knows_as_much = world.server.snapshot().expect("there is one").fenced;
    let ours = Witness {
        known: knows_as_much.place(),
        ..knows_as_much.history.into()
    };
    assert_eq!(world.fence(ours).history, broken);
    assert_eq!(world.fence(Witness::default()).history, broken);
}

/// ! Others come first, and append as many as were lost: A finds the tail that it knows.
#[test]
fn as_many_others_are_found_by_the_probe() {
    for log in LOGS {
        let (mut world, broken) = gone_back(log, 2);
        world.others_remove(2);
        let ours = world.a.partition.witness();
        let fenced = world.fence(ours);
        assert!(fenced.history.epoch > broken.epoch, "{log:?}");
    }
}

/// ! The same, by the probe's answer alone, as somebody gets it whose witness was older.
#[test]
fn as_many_others_are_found_in_an_answer() {
    let (mut world, _) = gone_back(Log::Kept, 2);
    world.others_remove(2);
    let answer = world.server.snapshot().expect("there is one").fenced;
    assert!(!world.a.partition.adopt(answer, &mut world.a.shelf));
    assert!(world.a.partition.is_disowned());
}

/// ! They append more, and the blocking read gets the next entry without a fence in between.
#[test]
fn the_next_entry_does_not_follow_on_what_was_lost() {
    let (mut world, broken) = gone_back(Log::Kept, 2);
    world.others_remove(3);
    assert_eq!(world.read(), Some(Received::Disowned));
    is_found_out(&mut world, broken);
}

/// ! Pub/Sub delivers what gets the lost positions, and that looks like a duplicate.
#[test]
fn what_is_published_at_a_known_place_is_compared() {
    let (mut world, broken) = gone_back(Log::Published, 2);
    world.others_remove(1);
    assert_eq!(world.read(), Some(Received::Disowned));
    is_found_out(&mut world, broken);
}

/// ! The answer was under way while the server went back, and A has read what got its position, and
/// more, when it arrives. (Found by the model.)
#[test]
fn an_acknowledgement_that_comes_late_is_compared() {
    for log in LOGS {
        for others in [1, 2, 4] {
            let mut world = World::following(log, 10);
            let before = world.server.clone();
            let ours = world.a.partition.witness();
            let lost = world.append(ours).expect("the history is known");
            world.pushed.clear();
            world.server = before;
            let broken = world.history();
            world.others_remove(others);
            assert_eq!(world.read(), Some(Received::Applied));
            assert!(!world.acknowledge(lost), "{log:?}, {others}");
            is_found_out(&mut world, broken);
        }
    }
}

/// ! The same, and A has passed over what got its position.
#[test]
fn a_late_acknowledgement_of_what_was_passed_over_is_asked_for() {
    for log in LOGS {
        let mut world = World::following(log, 10);
        let before = world.server.clone();
        let ours = world.a.partition.witness();
        let lost = world.append(ours).expect("the history is known");
        world.pushed.clear();
        world.server = before;
        let broken = world.history();
        world.others_remove(4);
        world.a.partition.lose_track();
        world.resynchronise();
        assert!(world.acknowledge(lost), "{log:?}");
        is_found_out(&mut world, broken);
    }
}

/// ! A was cut off meanwhile: the fence looks up what it knows.
#[test]
fn whoever_was_cut_off_finds_out_when_it_comes_back() {
    for log in LOGS {
        for more in [0, 1, 5] {
            let (mut world, broken) = gone_back(log, 2);
            world.cut_off();
            world.others_remove(2 + more);
            world.reconnect();
            assert!(world.history().epoch > broken.epoch, "{log:?}, {more}");
            is_found_out(&mut world, broken);
        }
    }
}

/// ! A only wrote: what it knows is its own acknowledgement, ahead of its cursor.
#[test]
fn an_acknowledgement_that_was_not_read_is_compared() {
    for log in LOGS {
        for others in [1, 2, 4] {
            let mut world = World::following(log, 10);
            let before = world.server.clone();
            assert!(world.remove());
            world.pushed.clear();
            world.server = before;
            let broken = world.history();
            world.others_remove(others);
            assert_eq!(world.read(), Some(Received::Disowned), "{log:?}, {others}");
            is_found_out(&mut world, broken);
        }
    }
}

/// ! A starts over for another reason before it has read or probed: what it passes over then is asked
/// for at the fence.
#[test]
fn a_resynchronisation_hides_nothing() {
    for log in LOGS {
        let (mut world, broken) = gone_back(log, 2);
        world.others_remove(3);
        world.a.partition.lose_track();
        world.resynchronise();
        is_found_out(&mut world, broken);
    }
}

/// Nothing of a broken history is used, appended to, or started over from.
#[test]
fn a_disowned_history_is_left_alone() {
    let (mut world, broken) = gone_back(Log::Kept, 1);
    world.others_remove(2);
    assert_eq!(world.read(), Some(Received::Disowned));
    let reach = world.a.partition.reach("a:1", Position::ORIGIN, start());
    assert_eq!(reach, Reach::SourceOnly);
    assert!(
        !world
            .a
            .partition
            .accepts("a:1", &[], world.a.partition.known())
    );
    assert!(!world.a.is_proven(start()));
    assert!(!world.remove());
    let snapshot = world.server.snapshot().expect("there is one");
    let (partition, shelf) = (&mut world.a.partition, &mut world.a.shelf);
    assert!(!partition.resume(&snapshot, start(), shelf));
    // An answer that was under way is of it too.
    assert!(!partition.adopt(snapshot.fenced, shelf));
    is_found_out(&mut world, broken);
}

/// In the ordinary life nothing is disowned: acknowledgements out of order, resynchronisations,
/// late requests, gaps, and reconnections.
#[test]
fn an_unbroken_history_is_never_disowned() {
    for log in LOGS {
        for seed in 0..200 {
            let mut random = super::random::Random(seed);
            let mut world = World::following(log, 10);
            let history = world.history();
            let mut answers = Vec::new();
            let mut requests = Vec::new();
            for _ in 0..200 {
                match random.below(9) {
                    0 => world.others_remove(1),
                    1 => requests.push(world.a.partition.witness()),
                    2 if !requests.is_empty() => {
                        let ours = requests.swap_remove(random.of(&requests));
                        answers.extend(world.append(ours));
                    }
                    3 if !answers.is_empty() => {
                        let at = answers.swap_remove(random.of(&answers));
                        assert!(world.acknowledge(at));
                    }
                    4 | 5 => drop(world.read()),
                    6 => drop(world.probe()),
                    7 => world.a.partition.lose_track(),
                    8 if !world.a.partition.is_synced() => world.resynchronise(),
                    8 if random.one_in(4) => {
                        world.cut_off();
                        world.others_remove(random.below(3));
                        world.reconnect();
                    }
                    _ => drop(world.a.partition.is_complete()),
                }
                assert!(!world.a.partition.is_disowned(), "walk {seed}, {log:?}");
            }
            assert_eq!(world.history(), history, "walk {seed}, {log:?}");
        }
    }
}

/// Two who share nothing but the server: what is told of one place is compared for that place only.
#[test]
fn places_are_compared_within_their_history() {
    let (mut world, broken) = gone_back(Log::Kept, 1);
    is_found_out(&mut world, broken);
    let known = Place { seq: 11, id: 1 };
    let older = Witness {
        known,
        ..broken.into()
    };
    let fenced = world.fence(older);
    assert_eq!(fenced.history, world.a.partition.history());
}
