//! L1 and the log: what an instance may keep to itself, and for how long.

mod bans;
mod proof;

use std::time::Duration;

use testbed::{Direction, eventually};
use unstale::EntryOptions;

use crate::bed::{
    Bed, PATIENCE, Transport, caught_up, held, l1_answers, l1_hits, on_every_transport, warm,
};

on_every_transport!(set_never_fills_its_own_l1, set_drops_the_copies_of_others);

/// Of two that are acknowledged out of order, the older would stay there.
async fn set_never_fills_its_own_l1(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance("one").await;
    for value in 1..5_u64 {
        let set = cache.set("product:1", &value, EntryOptions::new()).await;
        assert!(set.unwrap().is_applied());
        let before = l1_hits(&cache);
        assert_eq!(held(&cache, "product:1").await, Some(value));
        assert_eq!(l1_hits(&cache), before);
    }
    eventually("L1 keeps what L2 answered", PATIENCE, || async {
        l1_answers(&cache, "product:1").await
    })
    .await;
}

async fn set_drops_the_copies_of_others(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    warm(&there, "product:1", 1).await;
    let set = here.set("product:1", &2_u64, EntryOptions::new()).await;
    caught_up(&there, set.unwrap().token().unwrap()).await;
    assert_eq!(held(&there, "product:1").await, Some(2));
}

mod on_a_server {
    use super::*;
    use crate::bed::{on_every_server, patient, quick};

    on_every_server!(
        own_messages_only_move_the_cursor,
        an_instance_without_proof_reports_itself,
    );

    /// What was loaded after one's own removal is not dropped when the removal comes back.
    async fn own_messages_only_move_the_cursor(transport: Transport) {
        let bed = Bed::start(transport);
        // A removal that was given up drops copies when it comes back, and a connection that was
        // given up comes back by the other wire.
        let set = |config: &mut unstale::Config| {
            patient(config);
            config.redis.command_timeout = Some(Duration::from_secs(5));
        };
        let (cache, wires) = bed.wired("one", set).await;
        warm(&cache, "product:1", 1).await;
        wires.log.stall(Direction::ToClient);
        let removed = cache.remove("product:1").await;
        warm(&cache, "product:1", 2).await;
        wires.log.heal().unwrap();
        caught_up(&cache, removed.token().unwrap()).await;
        assert!(l1_answers(&cache, "product:1").await);
        assert_eq!(cache.invalidations().received, 0);
    }

    async fn an_instance_without_proof_reports_itself(transport: Transport) {
        let bed = Bed::start(transport);
        let set = |config: &mut unstale::Config| {
            quick(config);
            config.stream.ack_timeout = Duration::from_millis(700);
        };
        let (cache, wires) = bed.wired("one", set).await;
        wires.log.stall(Direction::Both);
        let health = eventually("it reports itself unhealthy", PATIENCE, || async {
            let health = cache.health();
            (!health.healthy).then_some(health)
        })
        .await;
        assert!(!health.proven);
        assert!(health.reason.is_some_and(|reason| reason.contains("L1")));
        wires.log.heal().unwrap();
        eventually("it is well again", PATIENCE, || async {
            let health = cache.health();
            health.healthy && health.proven && health.reason.is_none()
        })
        .await;
    }
}
