//! One instance alone: L1, and neither L2 nor log.

use unstale::{Cache, Config};

mod flights;
mod keys;
mod lifetimes;
mod peeks;
mod room;
mod sources;
mod verbs;

async fn alone() -> Cache {
    alone_with(|_| ()).await
}

async fn alone_with(change: impl FnOnce(&mut Config)) -> Cache {
    let mut config = Config::default();
    change(&mut config);
    Cache::builder()
        .config(config)
        .build()
        .await
        .expect("a cache")
}
