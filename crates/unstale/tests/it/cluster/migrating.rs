//! A slot that is between two nodes, with what instances keep there split among them.

use testbed::eventually;

use super::{Bed, key, log, record};
use crate::bed::{
    PATIENCE, SlowLoad, Transport, caught_up, held, on_every_server, read, until_proven,
    until_sent, warm,
};

on_every_server!(
    whatever_has_gone_ahead_no_read_fails_and_removals_stay_pending,
    a_load_that_began_before_a_slot_moved_fills_nothing,
);

async fn whatever_has_gone_ahead_no_read_fails_and_removals_stay_pending(transport: Transport) {
    let bed = Bed::start();
    let [one, other] = bed.two(transport).await;
    let splits: [&[String]; 6] = [
        &[],
        &[record("key")],
        &[key("meta")],
        &[log()],
        &[key("meta"), log()],
        &[key("meta"), log(), record("key"), record("ban")],
    ];
    for (turn, ahead) in (0_u64..).zip(splits) {
        let (old, new) = (2 * turn + 1, 2 * turn + 2);
        for cache in [&one, &other] {
            until_proven(cache, true).await;
            warm(cache, "key", old).await;
            warm(cache, "ban", old).await;
        }
        let on_its_way = bed.cluster.begin_move(bed.slot, bed.another()).unwrap();
        if !ahead.is_empty() {
            on_its_way.keys(ahead).unwrap();
        }

        // What is whole is still served where it was. What waits has all that follows wait with it.
        let is_whole = !ahead.contains(&key("meta")) && !ahead.contains(&log());
        let banned = one.remove_pattern("b*").await;
        assert_eq!(banned.is_applied(), is_whole, "{ahead:?}");
        let removed = one.remove("key").await;
        assert_eq!(removed.is_applied(), ahead.is_empty(), "{ahead:?}");
        assert!(!one.remove("absent").await.is_applied(), "{ahead:?}");
        for name in ["key", "ban", "absent"] {
            assert_eq!(read(&one, name, new).await, new, "{ahead:?}");
        }
        let elsewhere = read(&other, "key", new).await;
        assert!([old, new].contains(&elsewhere), "{elsewhere}: {ahead:?}");
        read(&other, &format!("fresh:{turn}"), 1).await;

        on_its_way.all_keys().unwrap();
        on_its_way.finish().unwrap();
        until_sent(&one).await;
        for name in ["key", "ban"] {
            let seen = eventually("the removal arrived", PATIENCE, || async {
                let row = read(&other, name, new).await;
                (row != old).then_some(row).ok_or(row)
            });
            assert_eq!(seen.await, new, "{ahead:?}");
            assert_eq!(read(&one, name, new).await, new, "{ahead:?}");
        }
        for cache in [&one, &other] {
            let _ = cache.remove_batch(["key", "ban", "absent"]).await;
            until_sent(cache).await;
        }
    }
}

/// Its lease goes along with the slot, and is of a history that is over.
async fn a_load_that_began_before_a_slot_moved_fills_nothing(transport: Transport) {
    let bed = Bed::start();
    let [one, other] = bed.two(transport).await;
    let slow = SlowLoad::begin(&one, "key", 1).await;
    bed.cluster.move_slot(bed.slot, bed.another()).unwrap();
    let token = eventually("the removal is applied", PATIENCE, || async {
        other.remove("key").await.token().cloned()
    })
    .await;
    caught_up(&one, &token).await;
    assert_eq!(slow.finish().await, 1, "its reader came before the removal");
    for cache in [&one, &other] {
        until_proven(cache, true).await;
        assert_eq!(held(cache, "key").await, None);
    }
    for cache in [&one, &other] {
        assert_eq!(read(cache, "key", 2).await, 2);
    }
}
