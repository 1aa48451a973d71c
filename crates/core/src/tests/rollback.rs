//! A server that goes back to what it was, and is still called the same: a machine restored from a
//! snapshot, a key restored from a copy. It gives positions a second time.

use super::*;
use crate::{Server, Witness};

const NOW: Tick = Tick::from_nanos(1_000_000_000);
const WALL_MS: u64 = 1000;

fn fence(server: &mut Server<u64>, ours: Witness, nonce: u64) -> Fenced {
    server.fence(ours, nonce, LONGEST_TTL, WALL_MS)
}

fn remove(server: &mut Server<u64>, ours: Witness) -> Option<crate::Appended> {
    let message = Message {
        changes: vec![key("a:1")],
        ..Message::default()
    };
    server.invalidate(ours, &message, NOW, Duration::ZERO, 100)
}

/// Two removals are executed, then the server forgets the second.
fn gone_back() -> (Server<u64>, Witness) {
    let mut server = Server::default();
    let history = fence(&mut server, Witness::default(), 1).history;
    remove(&mut server, history.into()).expect("the history is known");
    let before = server.clone();
    let appended = remove(&mut server, history.into()).expect("the history is known");
    let knows = Witness {
        history,
        seq: appended.seq,
    };
    (before, knows)
}

#[test]
fn whoever_knows_more_does_not_append_to_it() {
    let (mut server, knows) = gone_back();
    assert_eq!(remove(&mut server, knows), None);
}

#[test]
fn its_fence_begins_a_new_epoch_for_whoever_knows_more() {
    let (mut server, knows) = gone_back();
    let fenced = fence(&mut server, knows, 2);
    assert!(fenced.history.epoch > knows.history.epoch);
}

#[test]
fn it_goes_on_for_whoever_knows_no_more_than_it_does() {
    let (mut server, knows) = gone_back();
    let knows_less = Witness {
        seq: knows.seq - 1,
        ..knows
    };
    assert_eq!(fence(&mut server, knows_less, 2).history, knows.history);
    assert!(remove(&mut server, knows_less).is_some());
}
