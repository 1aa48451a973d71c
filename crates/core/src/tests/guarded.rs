//! Reading L2 together with the server's bans, by an instance that may have missed some.

use super::*;
use crate::{Place, Server, Witness};

const NOW: Tick = Tick::from_nanos(1_000_000_000);
const WALL_MS: u64 = 1000;

/// A server with a record, and what an instance knows that has removed it there.
fn removed_elsewhere() -> (Server<u64>, Witness) {
    let mut server = Server::default();
    let fenced = server.fence(Witness::default(), 1, LONGEST_TTL, WALL_MS);
    server.put("a:1", 7, NOW, NOW + LONGEST_TTL);
    let knows = Witness {
        known: fenced.place(),
        ..fenced.history.into()
    };
    (server, knows)
}

fn is_trusted(server: &Server<u64>, ours: Witness, wall_ms: u64) -> bool {
    let (found, snapshot) = server.look_guarded("a:1", ours, NOW, wall_ms);
    assert_eq!(found.map(|found| found.record), Some(7));
    snapshot.is_some()
}

#[test]
fn a_history_that_goes_on_is_told() {
    let (server, ours) = removed_elsewhere();
    assert!(is_trusted(&server, ours, WALL_MS));
    assert!(is_trusted(&server, Witness::default(), WALL_MS));
}

/// ! A replica took over that had not got a removal, the connection survived behind a proxy, and
/// nobody has fenced the new primary yet. Its meta is of our epoch, and knows of no ban; the record
/// is the old one. (Found by the model.)
#[test]
fn a_primary_that_nobody_has_fenced_is_not_trusted() {
    let (mut replica, ours) = removed_elsewhere();
    replica.change_owner();
    assert!(!is_trusted(&replica, ours, WALL_MS));
}

#[test]
fn a_history_that_has_gone_back_is_not_trusted() {
    let (server, ours) = removed_elsewhere();
    let known = Place { seq: 2, id: 20 };
    assert!(!is_trusted(&server, Witness { known, ..ours }, WALL_MS));
}

/// It has gone back, and come as far again with something else.
#[test]
fn a_history_with_another_entry_is_not_trusted() {
    let (server, ours) = removed_elsewhere();
    let known = Place { seq: 1, id: 10 };
    assert!(!is_trusted(&server, Witness { known, ..ours }, WALL_MS));
}

/// Another history may have come to the same epoch.
#[test]
fn a_history_of_another_nonce_is_not_trusted() {
    let (server, ours) = removed_elsewhere();
    let nonce = ours.history.nonce + 1;
    let history = History {
        nonce,
        ..ours.history
    };
    assert!(!is_trusted(&server, Witness { history, ..ours }, WALL_MS));
}

/// Records outlive bans where the server's clock has stepped back.
#[test]
fn a_clock_that_has_stepped_back_is_not_trusted() {
    let mut server = Server::default();
    let later = WALL_MS + 10_000;
    let fenced = server.fence(Witness::default(), 1, LONGEST_TTL, later);
    server.put("a:1", 7, NOW, NOW + LONGEST_TTL);
    assert!(!is_trusted(&server, fenced.history.into(), WALL_MS));
}
