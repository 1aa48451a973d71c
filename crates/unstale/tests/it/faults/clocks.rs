//! The server's clock: records expire by it, bans are remembered by the instances' own.

use testbed::eventually;

use crate::bed::{Bed, PATIENCE, Transport, held, on_every_server, position, quick, read, text};

const META: &str = "{unstale:0}:meta";

on_every_server!(
    a_clock_that_steps_back_begins_a_new_epoch,
    a_clock_that_is_only_adjusted_does_not,
);

/// What `meta` remembers of the server's clock, moved by so many milliseconds: to the server it
/// looks as if its clock had stepped the other way.
fn move_remembered_time(bed: &Bed, by: i64) {
    let seen: i64 = text(bed.server().command(["HGET", META, "time"]).unwrap())
        .parse()
        .unwrap();
    let moved = (seen + by).to_string();
    bed.server()
        .command(["HSET", META, "time", &moved])
        .unwrap();
}

async fn a_clock_that_steps_back_begins_a_new_epoch(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    assert_eq!(read(&cache, "product:1", 1).await, 1);
    let (epoch, _) = position(&cache);
    move_remembered_time(&bed, 60_000);
    eventually("a new epoch has begun", PATIENCE, || async {
        position(&cache).0 > epoch
    })
    .await;
    // Whatever is left of the old one may outlive the bans that forbid it.
    assert_eq!(held(&cache, "product:1").await, None);
}

async fn a_clock_that_is_only_adjusted_does_not(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    let (epoch, _) = position(&cache);
    let probes = |bed: &Bed| {
        let stats = text(bed.server().command(["INFO", "commandstats"]).unwrap());
        let calls = stats.split("cmdstat_evalsha:calls=").nth(1).unwrap();
        calls.split(',').next().unwrap().parse::<u64>().unwrap()
    };
    move_remembered_time(&bed, 300);
    let before = probes(&bed);
    eventually("it has been probed", PATIENCE, || async {
        probes(&bed) > before + 3
    })
    .await;
    assert_eq!(position(&cache).0, epoch);
}
