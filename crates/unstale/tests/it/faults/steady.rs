//! A service that never stops writing, whose server comes back: what is removed meanwhile does not
//! keep L2 out of service.

use testbed::eventually;

use crate::bed::{Bed, PATIENCE, Transport, on_every_server, quick};

const WRITERS: usize = 4;

on_every_server!(l2_comes_back_while_removals_go_on);

async fn l2_comes_back_while_removals_go_on(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    let breaker = || cache.health().breaker;
    bed.server().kill().unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let cache = cache.clone();
            tokio::spawn(async move {
                let key = format!("product:{writer}");
                // One after the other: whatever is sent, there is always another behind it.
                loop {
                    cache.remove(&key).await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    eventually("the server was missed", PATIENCE, || async {
        breaker() != "closed"
    })
    .await;
    bed.server().restart().unwrap();
    eventually("L2 is in service again", PATIENCE, || async {
        (breaker() == "closed").then_some(()).ok_or(breaker())
    })
    .await;
    writers.iter().for_each(tokio::task::JoinHandle::abort);
}
