//! What a started Postgres server can be put through.

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

use testbed::{Error, Postgres, eventually};

type TestResult = Result<(), Box<dyn StdError>>;

const SOON: Duration = Duration::from_secs(60);

#[test]
fn every_database_is_another_one() -> TestResult {
    let server = Postgres::start()?;
    let (one, other) = (server.create_database()?, server.create_database()?);
    assert_ne!(one, other);
    for url in [one, other] {
        let place = format!("@{}/", server.addr());
        assert!(
            url.starts_with("postgres://unstale:") && url.contains(&place),
            "{url}"
        );
    }
    assert!(!format!("{server:?}").contains(server.password()));
    Ok(())
}

#[test]
fn a_stopped_server_refuses_and_comes_back_on_its_port() -> TestResult {
    let server = Postgres::start()?;
    let addr = server.addr();
    server.stop()?;
    server.stop()?;
    let refused = TcpStream::connect(addr).err().map(|error| error.kind());
    assert_eq!(refused, Some(io::ErrorKind::ConnectionRefused));
    let failed = server.create_database();
    assert!(
        matches!(
            failed,
            Err(Error::Failed {
                program: "createdb",
                ..
            })
        ),
        "{failed:?}"
    );
    for _ in 0..2 {
        server.restart()?;
        assert_eq!(server.addr(), addr);
        server.create_database()?;
    }
    Ok(())
}

#[test]
fn a_dropped_server_leaves_nothing_behind() -> TestResult {
    let server = Postgres::start()?;
    let (addr, directory) = (server.addr(), server.directory().to_owned());
    drop(server);
    assert!(TcpStream::connect(addr).is_err());
    assert!(!directory.exists());
    Ok(())
}

/// Set for the process that the test below kills.
const DOOMED: &str = "TESTBED_DOOMED";

/// This test runs twice: as the test, and, in a process that the test starts, as the owner of a
/// server who is killed.
#[tokio::test]
async fn a_server_does_not_outlive_a_killed_owner() -> TestResult {
    if env::var_os(DOOMED).is_some() {
        let server = Postgres::start()?;
        println!(
            "server {} in {}",
            server.addr().port(),
            server.directory().display()
        );
        loop {
            thread::park();
        }
    }
    let mut owner = Command::new(env::current_exe()?)
        .args([
            "--exact",
            "a_server_does_not_outlive_a_killed_owner",
            "--nocapture",
        ])
        .env(DOOMED, "1")
        .stdout(Stdio::piped())
        .spawn()?;
    let (port, directory): (u16, PathBuf) = BufReader::new(owner.stdout.take().ok_or("no output")?)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            let (port, directory) = line.split_once("server ")?.1.split_once(" in ")?;
            Some((port.parse().ok()?, directory.into()))
        })
        .ok_or("no server")?;
    TcpStream::connect(("127.0.0.1", port))?;

    owner.kill()?;
    owner.wait()?;
    eventually("the server is gone", SOON, || async {
        TcpStream::connect(("127.0.0.1", port)).is_err() && !directory.exists()
    })
    .await;
    Ok(())
}
