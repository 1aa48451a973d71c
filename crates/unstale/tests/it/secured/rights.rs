//! An ACL user who has exactly the rights that are listed: they suffice, and each of them is needed.

use std::sync::Arc;
use std::time::Duration;

use testbed::{Server, eventually};
use unstale::Config;
use unstale::operate::{Operator, Verdict, acl_rules};

use crate::bed::{PATIENCE, Transport, hasten, lived_through, on_every_server, text};
use crate::logs::Log;

on_every_server!(
    the_rights_suffice,
    each_right_is_needed,
    another_database_needs_one_right_more,
);

/// Settings of a service with a namespace of its own, whose user has the name of the namespace.
fn config(server: &Server, transport: Transport, user: &str) -> Config {
    let mut config = Config::default();
    let address = server.addr();
    let login = format!("{address},user={user},password=hunter2");
    config.redis.connect_to(login.parse().unwrap());
    config.redis.instance_name = user.to_owned();
    config.redis.command_timeout = Some(Duration::from_secs(2));
    config.use_streams_for_invalidation = transport == Transport::Streams;
    hasten(&mut config);
    config
}

pub(crate) fn create(server: &Server, user: &str, rules: &[String]) {
    let mut words = ["ACL", "SETUSER", user, "reset", "on", ">hunter2"]
        .map(str::to_owned)
        .to_vec();
    words.extend_from_slice(rules);
    // An older server does not know what newer ones are told.
    let with_version = [&words[..], &["+client|setinfo".to_owned()]].concat();
    if server.command(&with_version).is_err() {
        server.command(&words).unwrap();
    }
    server.command(["ACL", "LOG", "RESET"]).unwrap();
    server.command(["SCRIPT", "FLUSH"]).unwrap();
}

/// What this user was denied, as `command:xadd`, `key:…` or `channel:…`.
pub(crate) fn denied(server: &Server, user: &str) -> Vec<String> {
    let log = server.command(["ACL", "LOG", "128"]).unwrap();
    let entries = log.as_sequence().unwrap().iter();
    let fields = entries.map(|entry| {
        let pairs: Vec<_> = entry.as_map_iter().unwrap().collect();
        move |name: &str| {
            let found = pairs.iter().find(|(key, _)| text((*key).clone()) == name);
            text(found.unwrap().1.clone())
        }
    });
    fields
        .filter(|field| field("username") == user)
        .map(|field| format!("{}:{}", field("reason"), field("object")))
        .collect()
}

async fn the_rights_suffice(transport: Transport) {
    let server = Server::start().unwrap();
    for heartbeats in [true, false] {
        let user = format!("told-{heartbeats}");
        let mut config = config(&server, transport, &user);
        config.heartbeat.enabled = heartbeats;
        create(&server, &user, &acl_rules(&config));
        lived_through(&server, &config).await;
        assert_eq!(denied(&server, &user), [""; 0]);
    }
}

async fn each_right_is_needed(transport: Transport) {
    let server = Arc::new(Server::start().unwrap());
    let rules = acl_rules(&config(&server, transport, "anybody"));
    assert!(rules.len() > 30, "{rules:?}");
    for (number, rule) in rules.iter().enumerate() {
        let kind = match rule.chars().next() {
            Some('+') => "command",
            Some('~') => "key",
            Some('&') => "channel",
            _ => continue,
        };
        let user = format!("without-{number}");
        let config = config(&server, transport, &user);
        let mut others = acl_rules(&config);
        others.remove(number);
        create(&server, &user, &others);
        let is_noticed = || {
            let denied = denied(&server, &user);
            denied.iter().any(|denied| match rule.strip_prefix('+') {
                Some(command) => *denied == format!("command:{command}"),
                None => denied.starts_with(kind),
            })
        };
        let day = tokio::spawn({
            let (server, config) = (server.clone(), config.clone());
            async move { lived_through(&server, &config).await }
        });
        while !day.is_finished() && !is_noticed() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        day.abort();
        assert!(is_noticed(), "nobody misses {rule}");
        if kind == "command" {
            assert_eq!(
                found_by_the_doctor(&config).await,
                [rule[1..].to_uppercase()]
            );
        }
    }
}

/// The commands of which the operator is told that they may not be used.
async fn found_by_the_doctor(config: &Config) -> Vec<String> {
    let operator = Operator::connect(config).await.unwrap();
    let rights = operator.rights().await.unwrap().into_iter();
    let missing = rights.filter(|right| right.verdict != Verdict::Allowed);
    missing.map(|right| right.command.to_owned()).collect()
}

async fn another_database_needs_one_right_more(transport: Transport) {
    let server = Server::start().unwrap();
    let mut config = config(&server, transport, "service");
    let without = acl_rules(&config);
    config.redis.default_database = Some(3);
    let rules = acl_rules(&config);
    let more = rules.iter().filter(|rule| !without.contains(rule));
    // The channel has the database in its name.
    let more: Vec<_> = more.filter(|rule| !rule.starts_with('&')).collect();
    assert_eq!(more, ["+select"]);
    create(&server, "service", &without);
    let alone = unstale::Cache::from_config(config.clone()).await.unwrap();
    assert!(!alone.remove("key").await.is_applied());
    drop(alone);
    assert_eq!(denied(&server, "service"), ["command:select"]);
    create(&server, "service", &rules);
    lived_through(&server, &config).await;
    assert_eq!(denied(&server, "service"), [""; 0]);
}

/// On a runtime of one thread, so that everything is logged on the thread that listens.
#[tokio::test]
async fn who_may_not_read_the_log_is_told_once() {
    let server = Server::start().unwrap();
    let config = config(&server, Transport::Streams, "service");
    let mut rules = acl_rules(&config);
    rules.retain(|rule| rule != "+xread");
    create(&server, "service", &rules);
    let log = Log::default();
    let _listening = log.begin();
    let mut config = config;
    config.stream.consumer_name = "one".to_owned();
    let _cache = unstale::Cache::from_config(config).await.unwrap();
    eventually("it was tried again and again", PATIENCE, || async {
        let stats = text(server.command(["INFO", "commandstats"]).unwrap());
        let of_reads = stats
            .lines()
            .find(|line| line.starts_with("cmdstat_xread:"));
        let rejected = of_reads.and_then(|line| line.split("rejected_calls=").nth(1));
        let times = rejected.and_then(|rest| rest.split(',').next()?.parse::<u32>().ok());
        times
            .is_some_and(|times| times > 3)
            .then_some(())
            .ok_or(times)
    })
    .await;
    assert_eq!(log.lines("the log cannot be read", "one").len(), 1);
    assert!(!log.text().contains("the log can be read again"));
}
