//! Who says that a removal was executed: the server's answer, or the log.

use std::time::Duration;

use testbed::Direction;
use unstale::Outcome;

use crate::bed::{
    Bed, Transport, held, on_every_server, patient, quick, read, text, until_sent, warm,
};

const META: &str = "{unstale:0}:meta";
const RECORD: &str = "{unstale:0}:k:product:1";

on_every_server!(
    what_stands_in_the_log_needs_no_answer,
    what_could_not_be_done_does_not_stand_in_the_log,
);

/// A server writes to all readers of the log before it answers whoever appended to it.
async fn what_stands_in_the_log_needs_no_answer(transport: Transport) {
    let bed = Bed::start(transport);
    let set = |config: &mut unstale::Config| {
        patient(config);
        config.redis.command_timeout = Some(Duration::from_secs(60));
    };
    let (cache, wires) = bed.wired("one", set).await;
    // The server learns the script.
    assert!(cache.remove("product:1").await.is_applied());
    warm(&cache, "product:1", 1).await;
    wires.commands.stall(Direction::ToClient);
    assert!(cache.remove("product:1").await.is_applied());
    assert_eq!(cache.invalidations().pending, 0);
    let exists = bed.server().command(["EXISTS", RECORD]).unwrap();
    assert_eq!(text(exists), "0");
}

/// A right may be withdrawn at any time, and scripts do not roll back. So an entry is appended when all
/// that it says is done.
async fn what_could_not_be_done_does_not_stand_in_the_log(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    warm(&cache, "product:1", 1).await;
    let allow = |right| {
        let words = ["ACL", "SETUSER", "default", right];
        bed.server().command(words).unwrap();
    };
    let seq = || text(bed.server().command(["HGET", META, "seq"]).unwrap());
    let before = seq();
    allow("-unlink");
    assert_eq!(cache.remove("product:1").await, Outcome::Pending);
    assert_eq!(read(&cache, "product:1", 2).await, 2);
    assert_eq!(seq(), before);

    allow("+unlink");
    until_sent(&cache).await;
    assert_eq!(held(&cache, "product:1").await, None);

    // A ban is counted when it is recorded.
    let before = seq();
    allow("-hlen");
    assert_eq!(cache.remove_pattern("product:*").await, Outcome::Pending);
    assert_eq!(seq(), before);
    allow("+hlen");
    until_sent(&cache).await;
}
