//! Several servers of which sentinels know the primary.

use std::time::Duration;

use testbed::{Server, eventually};
use unstale::{Cache, Config};

use crate::bed::{
    Load, MAX_STALENESS, PATIENCE, Transport, l1_hits, on_every_server, position, several, text,
    until_proven, until_sent,
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

/// One primary, two replicas, and the three sentinels that watch them.
struct Deployment {
    primary: Server,
    replicas: [Server; 2],
    sentinels: [Server; 3],
}

impl Deployment {
    fn start() -> Self {
        let primary = Server::start().unwrap();
        let replica = || Server::builder().replica_of(&primary).start().unwrap();
        let replicas = [replica(), replica()];
        let sentinel = || {
            Server::builder()
                .sentinel_of(&primary, SERVICE, 2)
                .start()
                .unwrap()
        };
        let sentinels = [sentinel(), sentinel(), sentinel()];
        Self {
            primary,
            replicas,
            sentinels,
        }
    }

    fn config(&self, transport: Transport) -> Config {
        let sentinels = self
            .sentinels
            .each_ref()
            .map(|sentinel| sentinel.addr().to_string());
        let mut config = several(
            &format!("{},serviceName={SERVICE}", sentinels.join(",")),
            transport,
        );
        config.max_staleness = MAX_STALENESS;
        config
    }

    /// Waits until the sentinels know each other and the replicas, and could agree.
    async fn until_watched(&self) {
        eventually("the sentinels know all servers", PATIENCE, || async {
            let known = self.sentinels.each_ref().map(|sentinel| {
                let ask = |what| sentinel.command(["SENTINEL", what, SERVICE]);
                let known = |what| ask(what).unwrap().as_sequence().unwrap().len();
                (
                    known("REPLICAS"),
                    known("SENTINELS"),
                    ask("CKQUORUM").is_ok(),
                )
            });
            (known == [(2, 2, true); 3]).then_some(()).ok_or(known)
        })
        .await;
    }

    /// What is acknowledged from now on is lost when the primary is.
    fn part_the_replicas(&self) {
        for replica in &self.replicas {
            self.primary.part_from(replica).unwrap();
        }
    }

    /// The replica that the sentinels have promoted, and whether it has this key. They close its
    /// connections when they promote it.
    fn promoted(&self, key: &str) -> Option<bool> {
        let ask = |replica: &Server, words: &[&str]| replica.command(words).ok().map(text);
        let mut replicas = self.replicas.iter();
        let promoted = replicas.find(|replica| {
            let info = ask(replica, &["INFO", "replication"]);
            info.is_some_and(|info| info.contains("role:master"))
        })?;
        ask(promoted, &["EXISTS", key]).map(|there| there == "1")
    }
}

async fn a_failover_that_loses_writes_is_survived(transport: Transport) {
    let servers = Deployment::start();
    servers.until_watched().await;
    let instance = async |name: &str| {
        let builder = Cache::builder().config(servers.config(transport));
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

    servers.part_the_replicas();
    servers.primary.command(["SET", "lost", "1"]).unwrap();
    load.until_applied(100).await;
    servers.primary.kill().unwrap();
    let knows_it = eventually("a replica is promoted", ELECTION, || async {
        servers.promoted("lost")
    })
    .await;
    assert!(!knows_it, "the replica was not cut off");

    load.until_applied(100).await;
    for cache in &caches {
        until_proven(cache, true).await;
        assert!(position(cache).0 > before, "the history is another one");
    }
    eventually("L1 is of use again", PATIENCE, || async {
        let now = caches.each_ref().map(l1_hits);
        (now[0] > hits[0] && now[1] > hits[1])
            .then_some(())
            .ok_or(now)
    })
    .await;
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
