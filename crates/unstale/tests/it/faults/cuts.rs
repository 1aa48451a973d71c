//! Connections that end in the middle of a command, or of its answer.

use testbed::{Direction, eventually};
use unstale::Cache;

use crate::bed::{Bed, PATIENCE, Transport, held, on_every_server, quick, read, until_sent, warm};

/// Within a script's invocation, behind it, and within answers.
const BYTES: [u64; 7] = [1, 20, 80, 160, 240, 400, 900];

on_every_server!(a_removal_cut_at_any_byte, an_answer_cut_at_any_byte);

async fn a_removal_cut_at_any_byte(transport: Transport) {
    survives(transport, Direction::ToServer).await;
}

async fn an_answer_cut_at_any_byte(transport: Transport) {
    survives(transport, Direction::ToClient).await;
}

/// Whether or not the removal was carried out: it is, in the end, and meanwhile nothing older is
/// read where it was called.
async fn survives(transport: Transport, direction: Direction) {
    let bed = Bed::start(transport);
    let (cache, proxy) = bed.proxied("one", quick).await;
    let other = bed.instance("other").await;
    for (round, bytes) in (0_u64..).zip(BYTES) {
        let (old, new) = (2 * round, 2 * round + 1);
        warm(&cache, "product:1", old).await;
        warm(&other, "product:1", old).await;
        proxy.cut_after(direction, bytes);
        let _ = cache.remove("product:1").await;
        for _ in 0..10 {
            assert_eq!(read(&cache, "product:1", new).await, new);
        }
        eventually("the connection ended", PATIENCE, || async {
            assert_eq!(read(&cache, "product:1", new).await, new);
            let _ = cache.remove("elsewhere").await;
            proxy.is_cut()
        })
        .await;
        proxy.heal().unwrap();
        until_sent(&cache).await;
        eventually("the other dropped its copy", PATIENCE, || async {
            held(&other, "product:1").await != Some(old)
        })
        .await;
        let_go(&cache).await;
    }
}

/// For the next round.
async fn let_go(cache: &Cache) {
    eventually("the key is gone", PATIENCE, || async {
        cache.remove("product:1").await.is_applied() && held(cache, "product:1").await.is_none()
    })
    .await;
}
