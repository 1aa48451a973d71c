//! What a removal costs, on one server and on a cluster.

use testbed::Server;
use unstale::Cache;

use super::Bed;
use super::watch::{Heard, Watch};
use crate::bed::{Transport, caught_up, on_every_server, patient, several, until_proven};
use crate::partitions::one_each_of;

on_every_server!(
    a_removal_costs_on_a_cluster_what_it_costs_on_one_server,
    a_batch_costs_a_script_in_each_partition_that_it_is_about,
);

async fn a_removal_costs_on_a_cluster_what_it_costs_on_one_server(transport: Transport) {
    let server = Server::start().unwrap();
    let mut config = several(&server.addr().to_string(), transport);
    patient(&mut config);
    let alone = Cache::from_config(config).await.unwrap();
    until_proven(&alone, true).await;
    // A server is given the script with the first removal.
    assert!(alone.remove("first").await.is_applied());
    let bed = Bed::in_six();
    let divided = bed.instance_with("divided", transport, patient).await;
    let keys: [String; 6] = one_each_of("product", &divided).await;
    for key in &keys {
        let on_one = cost_of(&[&server], &alone, &[key]).await;
        let on_cluster = cost_of(&bed.cluster.primaries(), &divided, &[key]).await;
        let [script] = &on_one[..] else {
            panic!("a removal is one script: {on_one:?}");
        };
        assert!(script.len() > 3, "its commands are not heard: {script:?}");
        assert_eq!(on_cluster, on_one, "{key}");
    }
}

async fn a_batch_costs_a_script_in_each_partition_that_it_is_about(transport: Transport) {
    let bed = Bed::in_six();
    let cache = bed.instance_with("divided", transport, patient).await;
    let keys: [String; 6] = one_each_of("product", &cache).await;
    let more: [String; 6] = one_each_of("price", &cache).await;
    for (partitions, batch) in [
        (6, keys.iter().chain(&more).collect::<Vec<_>>()),
        (6, keys.iter().collect()),
        (2, vec![&keys[1], &more[1], &keys[4]]),
        (1, vec![&keys[2], &more[2]]),
    ] {
        let scripts = cost_of(&bed.cluster.primaries(), &cache, &batch).await;
        assert_eq!(scripts.len(), partitions, "{batch:?}: {scripts:?}");
    }
}

/// The scripts about records of these keys that their removal takes: the names of what each executes,
/// its own first.
///
/// Reading the log goes on beside, and is not among them. Nothing else is about these keys.
async fn cost_of(servers: &[&Server], cache: &Cache, keys: &[&String]) -> Vec<Vec<String>> {
    let watches: Vec<_> = servers.iter().map(|server| Watch::begin(server)).collect();
    let removed = cache.remove_batch(keys).await;
    caught_up(cache, removed.token().unwrap()).await;
    let mut scripts = vec![];
    for watch in watches {
        let heard = watch.end().await;
        for script in heard.chunk_by(|_, next| next.is_within_script) {
            let is_about = |key: &&String| {
                let record = format!(":k:{key}");
                let names = |heard: &Heard| heard.words.iter().any(|word| word.ends_with(&record));
                script.iter().any(names)
            };
            if keys.iter().any(is_about) {
                scripts.push(script.iter().map(Heard::name).collect());
            }
        }
    }
    scripts
}
