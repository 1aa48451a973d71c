//! What the tool makes of several partitions, and of instances that have another number of them.

use serde_json::Value;
use testbed::{Cluster, Server, eventually};
use unstale::{Cache, EntryOptions};

use crate::bed::{PATIENCE, Ran, at, config, instance, start};

/// What names on the server begin with, where there are three partitions.
const OF_THREE: [&str; 3] = ["{unstale:0/3~20}", "{unstale:1/3~25}", "{unstale:2/3~0}"];

/// An instance that divides the keys, once it has told of itself.
async fn dividing(server: &Server, name: &str, partitions: u32) -> Cache {
    dividing_at(server, |_| server, name, partitions).await
}

/// The same, where another server may have what it tells, by its name.
async fn dividing_at<'a>(
    named: &Server,
    owner: impl FnOnce(&str) -> &'a Server,
    name: &str,
    partitions: u32,
) -> Cache {
    let mut config = config(named);
    config.redis.partitions = Some(partitions);
    let cache = instance(name, config).await;
    let tag = match partitions {
        1 => "{unstale:0}",
        3 => OF_THREE[0],
        other => panic!("what do names of {other} partitions begin with?"),
    };
    let owner = owner(tag);
    eventually("it told of itself", PATIENCE, || async {
        let list = format!("{tag}:instances");
        owner.command(["ZCARD", &list]).unwrap() == testbed::Value::Int(1)
    })
    .await;
    cache
}

async fn ask(server: &Server, words: &[&str]) -> Ran {
    at(server, &[&["--partitions", "3", "--json"], words].concat()).await
}

/// What is said of the partitions, and how severe it is.
fn said(ran: &Ran) -> Vec<(String, String)> {
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap().iter();
    let of_partitions = findings.filter(|finding| finding["check"] == "partitions");
    let text = |finding: &Value, name| finding[name].as_str().unwrap().to_owned();
    of_partitions
        .map(|finding| (text(finding, "severity"), text(finding, "what")))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_partition_is_looked_into() {
    let server = start();
    let cache = dividing(&server, "first", 3).await;
    let keys: Vec<_> = (0..12).map(|id| format!("product:{id}")).collect();
    let values: Vec<_> = keys.iter().map(|key| (key, 1_u64)).collect();
    let set = cache.set_many(&values, EntryOptions::new()).await.unwrap();
    assert!(set.is_applied());
    let mut tags = std::collections::BTreeSet::new();
    for key in &keys {
        let ran = ask(&server, &["inspect", key]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let stored_as = ran.json()["inspection"]["stored_as"]
            .as_str()
            .unwrap()
            .to_owned();
        tags.insert(stored_as.split_once(":k:").unwrap().0.to_owned());
    }
    assert_eq!(Vec::from_iter(tags), OF_THREE);

    let removed = ask(&server, &["remove", "--yes", "--pattern", "product:*"]).await;
    assert_eq!(removed.code, 0, "{removed:?}");
    // The beginning of each epoch, a part of the set, and the pattern.
    let ran = ask(&server, &["tail", "--all", "-n", "9", "--seconds", "60"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let entries: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |of: &dyn Fn(&Value) -> usize| entries.iter().map(of).sum::<usize>();
    let list = |entry: &Value, name| entry["entry"][name].as_array().unwrap().len();
    assert_eq!(count(&|entry| list(entry, "keys")), 12);
    assert_eq!(count(&|entry| list(entry, "patterns")), 3);
    for partition in ["0/3:", "1/3:", "2/3:"] {
        let is_of_it = |entry: &Value| {
            let position = entry["entry"]["position"].as_str().unwrap();
            usize::from(position.starts_with(partition))
        };
        assert_eq!(count(&is_of_it), 3, "{entries:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_is_as_far_behind_as_all_of_its_partitions() {
    let server = start();
    let cache = dividing(&server, "first", 3).await;
    assert!(cache.clear().await.is_applied());
    eventually("it tells of where it is", PATIENCE, || async {
        let ran = ask(&server, &["instances"]).await;
        let there = &ran.json()["instances"][0]["instance"];
        let position = there["said"]["position"].as_str().unwrap_or_default();
        let at_home = position.matches('/').count() == 3 && there["lag"] == 0;
        at_home.then_some(()).ok_or(ran)
    })
    .await;
    let ran = ask(&server, &["doctor", "--sample", "50"]).await;
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap().iter();
    let logs = findings.filter(|finding| finding["check"] == "log");
    assert_eq!(logs.count(), 3, "{ran:?}");
    assert_eq!(said(&ran), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_with_another_number_of_partitions_are_a_problem() {
    let server = start();
    let _three = dividing(&server, "three", 3).await;
    let _one = dividing(&server, "one", 1).await;
    let ran = ask(&server, &["doctor", "--sample", "50"]).await;
    let what = "one divide the keys into 1 partition, others into 3".to_owned();
    assert_eq!(said(&ran), [("problem".to_owned(), what)], "{ran:?}");
    assert_eq!(ran.code, 1);
}

/// Each kind is on a primary of its own, and neither on the one that is named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_found_on_a_cluster_too() {
    let cluster = Cluster::start().unwrap();
    let owner = |tag: &str| cluster.owner(cluster.slot_of(tag).unwrap()).unwrap();
    let [first, second, named] = [0, 1, 2].map(|node| &cluster.nodes()[node]);
    let _three = dividing_at(named, owner, "three", 3).await;
    let _one = dividing_at(named, owner, "one", 1).await;
    let owners = [owner(OF_THREE[0]), owner("{unstale:0}")].map(Server::port);
    assert_eq!(owners, [first.port(), second.port()]);
    let ran = ask(named, &["doctor", "--sample", "50"]).await;
    let what = "one divide the keys into 1 partition, others into 3".to_owned();
    assert_eq!(said(&ran), [("problem".to_owned(), what)], "{ran:?}");
    let ran = at(named, &["--json", "doctor", "--sample", "50"]).await;
    let what = "three divide the keys into 3 partitions, others into 1".to_owned();
    assert_eq!(said(&ran), [("problem".to_owned(), what)], "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_for_the_wrong_number_of_partitions_is_told_the_right_one() {
    let server = start();
    let _three = dividing(&server, "three", 3).await;
    let ran = at(&server, &["--json", "doctor", "--sample", "50"]).await;
    let what = "three divide the keys into 3 partitions, and nobody into 1".to_owned();
    assert_eq!(said(&ran), [("warning".to_owned(), what)], "{ran:?}");
    assert!(ran.out.contains("--partitions 3"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_partition_is_in_the_rights_of_a_user() {
    let server = start();
    let ran = at(&server, &["--partitions", "2", "acl", "app"]).await;
    assert!(
        ran.out.contains("~{unstale:0/2~30}:* ~{unstale:1/2~51}:* "),
        "{ran:?}"
    );
    let ran = at(&server, &["--partitions", "65", "acl", "app"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("Partitions: is 65"), "{ran:?}");
}
