//! What a server refuses, it does not do by halves.

use super::*;
use crate::Server;

/// A removal that is refused leaves alone what nobody has removed yet. It is sent again in any case.
#[test]
fn a_refused_removal_leaves_the_records_alone() {
    let now = start();
    let mut server = Server::default();
    server.fence(History::default(), 1, LONGEST_TTL, 1000);
    server.put("a:1", 7, now, now + LONGEST_TTL);
    let message = Message {
        changes: vec![key("a:1")],
        ..Message::default()
    };
    let newer = History {
        epoch: u64::MAX,
        nonce: 2,
    };
    let appended = server.invalidate(newer, &message, now, LONGEST_TTL, 10);
    assert_eq!(appended, None);
    let found = server.look("a:1", now);
    assert_eq!(found.map(|found| found.record), Some(7));
}
