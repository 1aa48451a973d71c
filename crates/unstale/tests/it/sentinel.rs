//! Several servers of which sentinels know the primary.

use std::time::Duration;

use testbed::{Server, Watched, eventually};
use unstale::{Cache, Config};

use crate::bed::{
    Load, MAX_STALENESS, Transport, l1_hits, on_every_server, position, several, text,
    until_l1_is_of_use, until_proven, until_sent,
};

mod errs;

use errs::Errs;

on_every_server!(
    a_failover_that_loses_writes_is_survived,
    a_sentinel_that_is_down_is_passed_over,
    a_sentinel_that_errs_does_no_harm,
);

const SERVICE: &str = "service";

/// Sentinels that were starved do nothing for half a minute, and no vote is sure to elect anybody.
const ELECTION: Duration = Duration::from_secs(120);

fn config(servers: &Watched, transport: Transport) -> Config {
    let sentinels = servers.sentinels().iter().map(Server::addr);
    let sentinels: Vec<_> = sentinels.map(|addr| addr.to_string()).collect();
    let named = format!("{},serviceName={}", sentinels.join(","), servers.service());
    let mut config = several(&named, transport);
    config.max_staleness = MAX_STALENESS;
    config
}

/// The replica that the sentinels have promoted, and whether it has this key. They close its
/// connections when they promote it.
fn promoted(servers: &Watched, key: &str) -> Option<bool> {
    let there = servers.primary()?.command(["EXISTS", key]).ok()?;
    Some(text(there) == "1")
}

async fn a_failover_that_loses_writes_is_survived(transport: Transport) {
    let servers = Watched::start().unwrap();
    let instance = async |name: &str| {
        let builder = Cache::builder().config(config(&servers, transport));
        builder.instance_name(name).build().await.unwrap()
    };
    let caches = [instance("one").await, instance("other").await];
    for cache in &caches {
        until_proven(cache, true).await;
    }
    let load = Load::begin(&caches);
    load.until_applied(100).await;
    let (before, hits) = (position(&caches[0]).0, caches.each_ref().map(l1_hits));
    assert!(hits.iter().all(|hits| *hits > 0), "L1 is of use: {hits:?}");

    let primary = servers.primary().unwrap();
    for server in servers.servers() {
        if server.port() != primary.port() {
            primary.part_from(server).unwrap();
        }
    }
    primary.command(["SET", "lost", "1"]).unwrap();
    load.until_applied(100).await;
    primary.kill().unwrap();
    let knows_it = eventually("a replica is promoted", ELECTION, || async {
        promoted(&servers, "lost")
    })
    .await;
    assert!(!knows_it, "the replica was not cut off");

    load.until_applied(100).await;
    for cache in &caches {
        until_proven(cache, true).await;
        assert!(position(cache).0 > before, "the history is another one");
    }
    until_l1_is_of_use(&caches, hits).await;
    load.end().await;
    for cache in &caches {
        until_sent(cache).await;
    }
}

/// The first sentinel is gone, and the second asks for the password that the servers have.
async fn a_sentinel_that_is_down_is_passed_over(transport: Transport) {
    let protected = || Server::builder().password("hunter2");
    let primary = protected().start().unwrap();
    let sentinel = || {
        protected()
            .sentinel_of(&primary, SERVICE, 1)
            .start()
            .unwrap()
    };
    let (gone, there) = (sentinel(), sentinel());
    gone.kill().unwrap();
    let sentinels = format!("{},{}", gone.addr(), there.addr());
    let config = several(
        &format!("{sentinels},password=hunter2,serviceName={SERVICE}"),
        transport,
    );
    let cache = Cache::from_config(config).await.unwrap();
    until_proven(&cache, true).await;
    assert!(cache.remove("key").await.is_applied());
}

/// What it takes for the primary is a replica, and the fence finds out.
async fn a_sentinel_that_errs_does_no_harm(transport: Transport) {
    let primary = Server::start().unwrap();
    let replica = Server::builder().replica_of(&primary).start().unwrap();
    let right = Server::builder().sentinel_of(&primary, SERVICE, 1);
    let right = right.start().unwrap();
    let wrong = Errs::start(replica.port()).await;
    let sentinels = format!("{},{}", wrong.addr(), right.addr());
    let config = several(&format!("{sentinels},serviceName={SERVICE}"), transport);
    let cache = Cache::from_config(config).await.unwrap();
    until_proven(&cache, true).await;
    assert!(cache.remove("key").await.is_applied());
    assert!(wrong.was_asked(), "another one was asked first");
}
