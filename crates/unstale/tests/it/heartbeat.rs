//! What instances tell operators of themselves, and that nothing depends on it.

use std::time::Duration;

use testbed::{Server, Value, eventually};
use unstale::{Config, Heartbeat};

use crate::bed::{Bed, PATIENCE, Transport, held, on_every_server, warm};

const INSTANCES: &str = "{unstale:0}:instances";
const OFTEN: Duration = Duration::from_millis(100);

on_every_server!(
    an_instance_tells_of_itself,
    a_closed_instance_is_no_longer_there,
    a_dropped_instance_is_forgotten,
    an_idle_instance_is_there_again_after_a_restart,
    it_can_be_turned_off,
    losing_it_matters_to_nobody,
    a_server_that_forbids_it_changes_nothing,
);

fn often(bed: &Bed) -> Config {
    let mut config = bed.config();
    config.heartbeat.interval = OFTEN;
    config
}

fn command(bed: &Bed, words: &[&str]) -> Value {
    bed.server().command(words).expect("an answer")
}

/// The ids of the instances that the server knows of.
fn ids(bed: &Bed) -> Vec<String> {
    let answer = command(bed, &["ZRANGE", INSTANCES, "0", "-1"]);
    let Value::Array(ids) = answer else {
        panic!("not a list: {answer:?}");
    };
    ids.into_iter().map(text).collect()
}

fn text(answer: Value) -> String {
    match answer {
        Value::BulkString(bytes) => String::from_utf8(bytes).unwrap(),
        other => panic!("not a text: {other:?}"),
    }
}

/// What an instance said last, with the server's time then.
fn said(bed: &Bed, id: &str) -> Option<(u64, Heartbeat)> {
    let record = format!("{{unstale:0}}:i:{id}");
    let answer = command(bed, &["GET", &record]);
    if answer == Value::Nil {
        return None;
    }
    let text = text(answer);
    let mut parts = text.splitn(3, ' ');
    let at = parts.next().unwrap().parse().unwrap();
    let said = parts.nth(1).unwrap();
    Some((at, serde_json::from_str(said).unwrap()))
}

async fn until_there_are(bed: &Bed, expected: usize) -> Vec<String> {
    let what = format!("{expected} instances are known");
    eventually(&what, PATIENCE, || async {
        let ids = ids(bed);
        (ids.len() == expected).then_some(()).ok_or(ids)
    })
    .await;
    ids(bed)
}

async fn an_instance_tells_of_itself(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance_with("teller", often(&bed)).await;
    let ids = until_there_are(&bed, 1).await;
    warm(&cache, "stock:price:MSFT", 7).await;
    assert!(cache.remove("stock:price:OTHER").await.is_applied());
    eventually("it tells of the read", PATIENCE, || async {
        let said = said(&bed, &ids[0]).map(|(_, said)| said);
        let told = said.as_ref().is_some_and(|said| {
            said.patterns.iter().any(|pattern| {
                pattern.pattern == "stock:price:*" && pattern.l1_hits > 0 && pattern.misses > 0
            })
        });
        told.then_some(()).ok_or(said)
    })
    .await;
    let (_, said) = said(&bed, &ids[0]).unwrap();
    assert_eq!(said.name, "teller");
    assert_eq!(said.pid, std::process::id());
    assert_eq!((said.breaker.as_str(), said.proven), ("closed", true));
    assert_eq!(said.interval, 100);
    let ttl = command(&bed, &["PTTL", INSTANCES]);
    assert!(matches!(ttl, Value::Int(1..=3_000)), "{ttl:?}");
}

/// Nobody reads or removes anything, so nothing else finds that the line of commands is dead.
async fn an_idle_instance_is_there_again_after_a_restart(transport: Transport) {
    let bed = Bed::start(transport);
    let mut patient = often(&bed);
    patient.max_staleness = Duration::from_secs(60);
    let _cache = bed.instance_with("idle", patient).await;
    let before = until_there_are(&bed, 1).await;
    bed.server().kill().unwrap();
    bed.server().restart().unwrap();
    assert_eq!(until_there_are(&bed, 1).await, before);
}

async fn a_closed_instance_is_no_longer_there(transport: Transport) {
    let bed = Bed::start(transport);
    let stays = bed.instance_with("stays", often(&bed)).await;
    let goes = bed.instance_with("goes", often(&bed)).await;
    let both = until_there_are(&bed, 2).await;
    goes.close().await;
    let left = until_there_are(&bed, 1).await;
    assert_eq!(said(&bed, &left[0]).unwrap().1.name, "stays");
    let gone = both.iter().find(|id| **id != left[0]).unwrap();
    assert!(said(&bed, gone).is_none());
    drop(stays);
}

async fn a_dropped_instance_is_forgotten(transport: Transport) {
    let bed = Bed::start(transport);
    let stays = bed.instance_with("stays", often(&bed)).await;
    let goes = bed.instance_with("goes", often(&bed)).await;
    until_there_are(&bed, 2).await;
    drop(goes);
    let left = until_there_are(&bed, 1).await;
    assert_eq!(said(&bed, &left[0]).unwrap().1.name, "stays");
    drop(stays);
    until_there_are(&bed, 0).await;
}

async fn it_can_be_turned_off(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = often(&bed);
    config.heartbeat.enabled = false;
    let silent = bed.instance_with("silent", config).await;
    let _loud = bed.instance_with("loud", often(&bed)).await;
    let ids = until_there_are(&bed, 1).await;
    let (first, _) = said(&bed, &ids[0]).unwrap();
    eventually("ten more heartbeats", PATIENCE, || async {
        said(&bed, &ids[0]).is_some_and(|(at, _)| at > first + 1_000)
    })
    .await;
    assert_eq!(until_there_are(&bed, 1).await, ids);
    assert_eq!(said(&bed, &ids[0]).unwrap().1.name, "loud");
    silent.close().await;
}

async fn losing_it_matters_to_nobody(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance_with("teller", often(&bed)).await;
    let ids = until_there_are(&bed, 1).await;
    warm(&cache, "key", 7).await;
    let before = (cache.health().position, cache.invalidations().resyncs);
    command(
        &bed,
        &["DEL", INSTANCES, &format!("{{unstale:0}}:i:{}", ids[0])],
    );
    assert_eq!(until_there_are(&bed, 1).await, ids);
    assert_eq!(held(&cache, "key").await, Some(7));
    let after = (cache.health().position, cache.invalidations().resyncs);
    assert_eq!(before, after);
}

async fn a_server_that_forbids_it_changes_nothing(transport: Transport) {
    let server = Server::start().expect("a server: run `cargo xtask test`");
    let rules = [
        "ACL", "SETUSER", "plain", "on", "nopass", "~*", "&*", "+@all", "-zadd",
    ];
    server.command(rules).unwrap();
    let url = server.url().replace("redis://", "redis://plain:any@");
    let bed = Bed::on(transport, server);
    let mut config = bed.config_at(&url);
    config.heartbeat.interval = OFTEN;
    config.breaker.failure_threshold = 1;
    let cache = bed.instance_with("teller", config).await;
    eventually("heartbeats were refused", PATIENCE, || async {
        let info = match command(&bed, &["INFO", "commandstats"]) {
            Value::VerbatimString { text, .. } => text,
            other => text(other),
        };
        let refused = info
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_zadd:"))
            .and_then(|line| {
                line.split("rejected_calls=")
                    .nth(1)?
                    .split(',')
                    .next()?
                    .parse()
                    .ok()
            });
        let refused: u64 = refused.unwrap_or(0);
        (refused > 5).then_some(()).ok_or(info)
    })
    .await;
    assert_eq!(cache.health().breaker, "closed");
    warm(&cache, "key", 7).await;
    assert!(cache.remove("key").await.is_applied());
    assert_eq!(ids(&bed), [""; 0]);
}
