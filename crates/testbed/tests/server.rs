//! What a started server can be put through.

use std::{
    env,
    error::Error as StdError,
    io::{self, BufRead as _, BufReader},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use testbed::{Error, Kind, Server, Value, Version, eventually};

type TestResult = Result<(), Box<dyn StdError>>;

const SOON: Duration = Duration::from_secs(20);

fn get(server: &Server, key: &str) -> Result<Value, Error> {
    server.command(["GET", key])
}

fn text(text: &str) -> Value {
    Value::BulkString(text.into())
}

#[test]
fn a_started_server_answers_and_says_what_it_is() -> TestResult {
    let server = Server::start()?;
    assert_eq!(
        server.command(["PING"])?,
        Value::SimpleString("PONG".into())
    );
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}", server.port()));
    assert!(*server.version() >= Version::new(7, 0, 0));
    assert!(matches!(server.kind(), Kind::Redis | Kind::Valkey));
    let saved = server.command(["CONFIG", "GET", "save"])?;
    assert!(
        format!("{saved:?}").contains("bulk-string('\"\"')"),
        "{saved:?}"
    );
    Ok(())
}

#[test]
fn servers_started_at_once_do_not_meet() -> TestResult {
    let servers = thread::scope(|scope| {
        let starting: Vec<_> = (0..8).map(|_| scope.spawn(Server::start)).collect();
        starting
            .into_iter()
            .map(|started| {
                started
                    .join()
                    .map_err(|_| "a start panicked")?
                    .map_err(Box::from)
            })
            .collect::<Result<Vec<_>, Box<dyn StdError>>>()
    })?;
    for server in &servers {
        server.command(["SET", "port", &server.port().to_string()])?;
    }
    for server in &servers {
        assert_eq!(get(server, "port")?, text(&server.port().to_string()));
    }
    Ok(())
}

#[test]
fn a_configuration_line_overrides_the_defaults() -> TestResult {
    let server = Server::builder()
        .arg("maxmemory", "32mb")
        .arg("save", "3600 1 300 10")
        .arg("unixsocket", "server.sock")
        .start()?;
    let maxmemory = server.command(["CONFIG", "GET", "maxmemory"])?;
    assert!(
        format!("{maxmemory:?}").contains("33554432"),
        "{maxmemory:?}"
    );
    assert!(server.directory().join("server.sock").exists());
    Ok(())
}

#[test]
fn a_wrong_configuration_is_told_with_the_servers_own_words() -> TestResult {
    let error = Server::builder()
        .arg("maxmemory-policy", "nonsense")
        .start()
        .err()
        .ok_or("the server started")?;
    assert!(matches!(error, Error::Ended { .. }), "{error:?}");
    assert!(error.to_string().contains("maxmemory-policy"), "{error}");
    Ok(())
}

#[test]
fn a_port_that_is_taken_is_an_error() -> TestResult {
    let first = Server::start()?;
    let second = Server::builder().port(first.port()).start();
    assert!(matches!(second, Err(Error::Port { .. })), "{second:?}");
    Ok(())
}

#[test]
fn a_chosen_port_is_used() -> TestResult {
    let port = Server::start()?.port();
    assert_eq!(Server::builder().port(port).start()?.port(), port);
    Ok(())
}

#[test]
fn a_password_is_asked_for_and_not_shown() -> TestResult {
    let server = Server::builder().password("p@ss \"word\"/").start()?;
    server.flush_all()?;
    let open = redis::Client::open(format!("redis://{}", server.addr()))?;
    assert!(
        redis::cmd("PING")
            .query::<()>(&mut open.get_connection()?)
            .is_err()
    );
    assert!(!format!("{server:?}").contains("word"));
    Server::builder()
        .password("another")
        .replica_of(&server)
        .start()?;
    Ok(())
}

#[test]
fn a_killed_server_refuses_and_comes_back_empty_on_its_port() -> TestResult {
    let server = Server::start()?;
    let (port, pid) = (server.port(), server.pid());
    server.command(["SET", "key", "value"])?;
    server.kill()?;
    server.kill()?;
    assert_eq!(server.pid(), None);
    let refused = TcpStream::connect(server.addr()).err().map(|e| e.kind());
    assert_eq!(refused, Some(io::ErrorKind::ConnectionRefused));
    assert!(matches!(get(&server, "key"), Err(Error::Command { .. })));
    assert!(matches!(server.pause(), Err(Error::NotRunning { .. })));

    server.restart()?;
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), pid);
    assert_eq!(get(&server, "key")?, Value::Nil);
    Ok(())
}

#[test]
fn a_persistent_server_keeps_what_it_acknowledged() -> TestResult {
    let server = Server::builder().persistent().start()?;
    for round in ["one", "two"] {
        server.command(["SET", "key", round])?;
        server.restart()?;
        assert_eq!(get(&server, "key")?, text(round));
    }
    Ok(())
}

#[test]
fn a_server_that_was_shut_down_can_be_restarted() -> TestResult {
    let server = Server::start()?;
    // It ends without an answer.
    let _ = server.command(["SHUTDOWN", "NOSAVE"]);
    server.restart()?;
    server.flush_all()?;
    Ok(())
}

#[test]
fn flush_all_empties_every_database() -> TestResult {
    let server = Server::start()?;
    server.command(["SET", "key", "value"])?;
    server.flush_all()?;
    assert_eq!(server.command(["DBSIZE"])?, Value::Int(0));
    Ok(())
}

#[tokio::test]
async fn a_paused_server_is_silent_until_it_resumes() -> TestResult {
    let server = Server::start()?;
    let client = redis::Client::open(server.url())?;
    let mut connection = client.get_connection()?;
    for _ in 0..3 {
        server.pause()?;
        server.pause()?;
        connection.set_read_timeout(Some(Duration::from_millis(50)))?;
        assert!(redis::cmd("PING").query::<()>(&mut connection).is_err());
        server.resume()?;
        connection = client.get_connection()?;
        redis::cmd("PING").query::<()>(&mut connection)?;
    }
    server.pause()?;
    server.kill()?;
    Ok(())
}

#[tokio::test]
async fn a_replica_follows_and_can_be_promoted() -> TestResult {
    let primary = Server::start()?;
    primary.command(["SET", "before", "1"])?;
    let replica = Server::builder().replica_of(&primary).start()?;
    assert_eq!(get(&replica, "before")?, text("1"));
    assert!(replica.command(["SET", "key", "value"]).is_err());

    primary.command(["SET", "after", "2"])?;
    eventually("the replica has the write", SOON, || async {
        get(&replica, "after").is_ok_and(|value| value == text("2"))
    })
    .await;

    primary.kill()?;
    replica.command(["REPLICAOF", "NO", "ONE"])?;
    replica.command(["SET", "key", "value"])?;
    Ok(())
}

#[test]
fn a_dropped_server_leaves_nothing_behind() -> TestResult {
    let server = Server::start()?;
    let (addr, directory) = (server.addr(), server.directory().to_owned());
    drop(server);
    assert!(TcpStream::connect(addr).is_err());
    assert!(!directory.exists());
    Ok(())
}

/// Set for the process that the test below kills.
const DOOMED: &str = "TESTBED_DOOMED";

/// This test runs twice: as the test, and, in a process that the test starts, as the owner of
/// servers who is killed.
#[tokio::test]
async fn servers_do_not_outlive_a_killed_owner() -> TestResult {
    if env::var_os(DOOMED).is_some() {
        return own_servers_until_killed();
    }
    let mut owner = Command::new(env::current_exe()?)
        .args([
            "--exact",
            "servers_do_not_outlive_a_killed_owner",
            "--nocapture",
        ])
        .env(DOOMED, "1")
        .stdout(Stdio::piped())
        .spawn()?;
    let servers: Vec<(u16, PathBuf)> = BufReader::new(owner.stdout.take().ok_or("no output")?)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| {
            let (port, directory) = line.split_once("server ")?.1.split_once(" in ")?;
            Some((port.parse().ok()?, directory.into()))
        })
        .take(2)
        .collect();
    assert_eq!(servers.len(), 2);
    for (port, _) in &servers {
        TcpStream::connect(("127.0.0.1", *port))?;
    }

    owner.kill()?;
    owner.wait()?;
    for (port, directory) in servers {
        eventually("the server is gone", SOON, || async {
            TcpStream::connect(("127.0.0.1", port)).is_err() && !directory.exists()
        })
        .await;
    }
    Ok(())
}

fn own_servers_until_killed() -> TestResult {
    let running = Server::start()?;
    let paused = Server::start()?;
    paused.pause()?;
    for server in [&running, &paused] {
        println!(
            "server {} in {}",
            server.port(),
            server.directory().display()
        );
    }
    loop {
        thread::park();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_has_the_environment_that_it_was_given_also_after_a_restart() -> TestResult {
    // Its title would be written over the environment that the system shows.
    let server = Server::builder()
        .arg("set-proc-title", "no")
        .env("UNSTALE_TESTBED", "here")
        .start()?;
    for _ in 0..2 {
        let pid = server.pid().ok_or("it runs")?;
        let environment = std::fs::read(format!("/proc/{pid}/environ"))?;
        let mut variables = environment.split(|byte| *byte == 0);
        assert!(variables.any(|variable| variable == b"UNSTALE_TESTBED=here"));
        server.restart()?;
    }
    Ok(())
}

#[tokio::test]
async fn a_sentinel_promotes_a_replica_of_a_dead_primary() -> TestResult {
    let protected = || Server::builder().password("hunter2");
    let primary = protected().start()?;
    let replica = protected().replica_of(&primary).start()?;
    let sentinel = Server::builder()
        .sentinel_of(&primary, "service", 1)
        .start()?;
    let ask = |what| sentinel.command(["SENTINEL", what, "service"]);
    let is_primary = |server: &Server| {
        let at = ["127.0.0.1", &server.port().to_string()].map(text).to_vec();
        ask("GET-MASTER-ADDR-BY-NAME").is_ok_and(|found| found == Value::Array(at))
    };
    assert!(is_primary(&primary));
    eventually("the sentinel knows the replica", SOON, || async {
        ask("REPLICAS").is_ok_and(|known| known != Value::Array(Vec::new()))
    })
    .await;
    primary.kill()?;
    eventually("the replica is the primary", SOON, || async {
        is_primary(&replica) && replica.command(["SET", "key", "value"]).is_ok()
    })
    .await;
    Ok(())
}
