//! A cluster in which nothing happens.

use testbed::{Authority, Cluster, Server};
use unstale::Cache;

use super::Bed;
use crate::bed::{Transport, hasten, lived_through, on_every_server, several, until_proven};

on_every_server!(
    a_day_goes_by,
    every_node_leads_to_the_owner,
    a_node_that_is_down_is_passed_over,
);

async fn a_day_goes_by(transport: Transport) {
    let bed = Bed::start();
    let mut config = bed.config(transport);
    hasten(&mut config);
    lived_through(bed.owner(), &config).await;
}

/// Whoever asks where a slot is needs no right beside those of an instance.
#[cfg(feature = "operate")]
mod with_few_rights {
    use unstale::operate::acl_rules;

    use super::*;
    use crate::secured::rights::{create, denied};

    on_every_server!(a_day_goes_by);

    async fn a_day_goes_by(transport: Transport) {
        let bed = Bed::start();
        let nodes = bed.cluster.nodes();
        let addresses: Vec<_> = nodes.iter().map(|node| node.addr().to_string()).collect();
        let login = format!("{},user=service,password=hunter2", addresses.join(","));
        let mut config = several(&login, transport);
        hasten(&mut config);
        for node in nodes {
            create(node, "service", &acl_rules(&config));
        }
        lived_through(bed.owner(), &config).await;
        for node in nodes {
            assert_eq!(denied(node, "service"), [""; 0]);
        }
    }
}

async fn every_node_leads_to_the_owner(transport: Transport) {
    let bed = Bed::start();
    for node in bed.cluster.nodes() {
        let config = several(&node.addr().to_string(), transport);
        let cache = Cache::from_config(config).await.unwrap();
        until_proven(&cache, true).await;
        assert!(cache.remove("key").await.is_applied(), "by {node:?}");
    }
}

async fn a_node_that_is_down_is_passed_over(transport: Transport) {
    let bed = Bed::start();
    let [gone] = bed.cluster.replicas_of(bed.owner())[..] else {
        panic!("the owner has one replica");
    };
    gone.kill().unwrap();
    let servers = format!("{},{}", gone.addr(), bed.another().addr());
    let cache = Cache::from_config(several(&servers, transport))
        .await
        .unwrap();
    until_proven(&cache, true).await;
    assert!(cache.remove("key").await.is_applied());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_a_cluster_does_not_have_is_a_mistake() {
    let bed = Bed::start();
    let mut config = bed.config(Transport::Streams);
    config.redis.default_database = Some(1);
    let error = Cache::from_config(config).await.unwrap_err().to_string();
    let said = "the server has no database of that number";
    assert!(
        error.contains(said) && error.contains("Redis:DefaultDatabase"),
        "{error}"
    );
}

/// The nodes that point elsewhere name the ports that speak TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_is_spoken_to_by_tls() {
    let authority = Authority::new("the house").unwrap();
    let certificate = authority.issue("127.0.0.1").unwrap();
    // Otherwise Redis 7.0 would have its nodes name the ports that do not.
    let ours = authority.certificate();
    let node = Server::builder()
        .tls(&certificate)
        .arg("tls-ca-cert-file", &ours.to_string_lossy())
        .arg("tls-cluster", "yes")
        .arg("tls-replication", "yes");
    // Whether the program knows TLS is seen on one alone.
    if node.start_with_tls().unwrap().is_none() {
        return;
    }
    let bed = Bed::among(Cluster::of(&node).unwrap());
    for node in bed.cluster.nodes() {
        let url = node.tls_url().unwrap();
        let mut config = several(&url, Transport::Streams);
        config.redis.certificate_authority = Some(ours.clone());
        let cache = Cache::from_config(config).await.unwrap();
        until_proven(&cache, true).await;
        assert!(cache.remove("key").await.is_applied(), "by {node:?}");
    }
}
