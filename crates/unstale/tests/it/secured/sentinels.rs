//! Sentinels with a login of their own, over TLS and without.

use std::fs;

use testbed::{Authority, Server};
use unstale::{Cache, Config, Error};

use crate::bed::{Transport, hasten, lived_through, on_every_server};

on_every_server!(a_day_with_tls_and_a_login_for_the_sentinels);

const SERVICE: &str = "service";
const SERVERS: &str = "correct-horse";
const SENTINELS: &str = "battery-staple";

/// A primary, and a sentinel whose password is another one.
fn watched() -> (Server, Server) {
    let primary = Server::builder().password(SERVERS).start().unwrap();
    let sentinel = Server::builder().password(SENTINELS);
    let sentinel = sentinel.sentinel_of(&primary, SERVICE, 1).start().unwrap();
    (primary, sentinel)
}

async fn logs_in(config: Config) {
    let cache = Cache::from_config(config).await.expect("a cache");
    assert!(cache.remove("key").await.is_applied());
}

fn connection(text: &str) -> Config {
    let mut config = Config::default();
    config.redis.connect_to(text.parse().unwrap());
    config
}

async fn a_day_with_tls_and_a_login_for_the_sentinels(transport: Transport) {
    let authority = Authority::new("the house").unwrap();
    let certificate = authority.issue("127.0.0.1").unwrap();
    let speaking = |password: &str| {
        let trusted = authority.certificate();
        let server = Server::builder().password(password).tls(&certificate);
        server.arg("tls-ca-cert-file", &trusted.to_string_lossy())
    };
    let Some(primary) = speaking(SERVERS).start_with_tls().unwrap() else {
        return;
    };
    let sentinel = speaking(SENTINELS).sentinel_of(&primary, SERVICE, 1);
    let sentinel = sentinel.start().unwrap();
    let asked = sentinel.tls_addr().unwrap();
    let mut config = connection(&format!(
        "rediss-sentinel://:{SERVERS}@{asked}/{SERVICE}?sentinelPassword={SENTINELS}"
    ));
    config.redis.certificate_authority = Some(authority.certificate());
    config.use_streams_for_invalidation = transport == Transport::Streams;
    hasten(&mut config);
    lived_through(&primary, &config).await;

    config.redis.certificate_authority = None;
    let told = refused(config).await;
    assert!(told.contains("nobody whom this system trusts"), "{told}");
}

/// The sentinel and the servers' password, without one for the sentinel.
fn named(sentinel: &Server) -> String {
    let asked = sentinel.addr();
    format!("{asked},serviceName={SERVICE},password={SERVERS}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_comes_from_every_place_that_one_may_come_from() {
    let (_primary, sentinel) = watched();
    let named = named(&sentinel);
    logs_in(connection(&format!("{named},sentinelPassword={SENTINELS}"))).await;
    let json = format!(r#"{{ "Unstale": {{ "Redis": {{ "Configuration": "{named}" }} }} }}"#);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, format!("{SENTINELS}\n")).unwrap();
    let file = file.display().to_string();
    for (setting, value) in [
        ("SentinelPassword", SENTINELS),
        ("SentinelPasswordFile", &file),
    ] {
        let variables = [(format!("Unstale__Redis__{setting}"), value.to_owned())];
        logs_in(Config::from_json_with(&json, variables).unwrap()).await;
    }
}

/// A sentinel that knows the one who asks, and lets him ask for the primary and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_right_suffices() {
    let (_primary, sentinel) = watched();
    let password = format!(">{SENTINELS}");
    let right = "+sentinel|get-master-addr-by-name";
    let rules = ["ACL", "SETUSER", "guest", "on", &password, "-@all", right];
    sentinel.command(rules).unwrap();
    let asked = sentinel.addr();
    let servers = format!("redis-sentinel://:{SERVERS}@{asked}/{SERVICE}");
    let own = format!("sentinelUser=guest&sentinelPassword={SENTINELS}");
    logs_in(connection(&format!("{servers}?{own}"))).await;
    sentinel
        .command(["ACL", "SETUSER", "guest", "-@all"])
        .unwrap();
    let told = refused(connection(&format!("{servers}?{own}"))).await;
    assert!(told.contains("no permissions to run"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_the_sentinel_does_not_take_is_refused_without_the_password() {
    let (_primary, sentinel) = watched();
    let named = named(&sentinel);
    // Without a login of its own, the sentinel is asked with the servers'.
    for wrong in [named.clone(), format!("{named},sentinelPassword=wr0ng")] {
        let told = refused(connection(&wrong)).await;
        let place = format!("{SERVICE} by the sentinel {}", sentinel.addr());
        assert!(told.contains(&place), "{told}");
        assert!(
            told.contains("sentinelPassword= in Redis:Configuration"),
            "{told}"
        );
        for hidden in [SERVERS, SENTINELS, "wr0ng"] {
            assert!(!told.contains(hidden), "{told}");
        }
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (connection, settings, said) in [
        (
            "h,serviceName=m,sentinelUser=u",
            "",
            "names a user of the sentinels, but no password",
        ),
        (
            "h,sentinelPassword=hunter2",
            "",
            "names no sentinels, but a password",
        ),
        (
            "h",
            r#", "SentinelPassword": "hunter2""#,
            "names no sentinels, but a password",
        ),
        (
            "h,serviceName=m,sentinelPassword=hunter2",
            r#", "SentinelPassword": "hunter2""#,
            "SentinelPassword: is given in the connection string and in SentinelPassword",
        ),
        (
            "h,serviceName=m",
            r#", "SentinelPasswordFile": "hunter2""#,
            "SentinelPasswordFile: is not an absolute path",
        ),
    ] {
        let json = format!(
            r#"{{ "Unstale": {{ "Redis": {{ "Configuration": "{connection}" {settings} }} }} }}"#
        );
        let told = Config::from_json_only(&json).unwrap_err().to_string();
        assert!(told.contains(said), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

async fn refused(config: Config) -> String {
    match Cache::from_config(config).await {
        Err(error @ Error::Connection { .. }) => error.to_string(),
        other => panic!("{:?}", other.map(|_| "a cache")),
    }
}
