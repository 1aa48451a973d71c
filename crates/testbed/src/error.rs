//! What can go wrong while a test bed is set up or steered.

use std::{io, path::PathBuf, time::Duration};

/// The result of the test bed's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while a test bed is set up or steered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no server to start.
    #[error(
        "no `redis-server` or `valkey-server` on PATH, and UNSTALE_TEST_SERVER is not set: run \
         `cargo xtask test`, which finds or fetches one, or set UNSTALE_TEST_SERVER to the path \
         of one"
    )]
    NoServer,

    /// `UNSTALE_TEST_SERVER` does not lead to a program.
    #[error(
        "UNSTALE_TEST_SERVER is `{}`, which is not a program: set it to the path of a \
         `redis-server` or `valkey-server`, or run `cargo xtask test`, which sets it",
        path.display()
    )]
    NotAProgram {
        /// What the variable says.
        path: PathBuf,
        /// Why it cannot be used.
        source: which::Error,
    },

    /// There is no Postgres to start.
    #[error(
        "no `initdb` in the directory that UNSTALE_TEST_POSTGRES names, or, if that is not set, on \
         PATH: run `cargo xtask test`, which finds or installs Postgres, or set the variable to the \
         directory with its programs, such as /usr/lib/postgresql/15/bin"
    )]
    NoPostgres,

    /// This process is root, which Postgres refuses to run as, and there is no account for it.
    #[error(
        "there is no user `{name}` to run Postgres as, and it does not run as root: make one with \
         `useradd {name}`, as Debian's package does, or run the tests as another user"
    )]
    NoAccount {
        /// The account that was looked for.
        name: &'static str,
    },

    /// One of the server's programs failed.
    #[error("`{program}` failed ({status}): {said}")]
    Failed {
        /// The program.
        program: &'static str,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said.
        said: String,
    },

    /// The port asked for, or any port at all, could not be had.
    #[error("cannot reserve port {port} on 127.0.0.1 (0 is any free port)")]
    Port {
        /// The port asked for; 0 is any free port.
        port: u16,
        /// Why not.
        source: io::Error,
    },

    /// The server's directory or one of the files in it could not be made.
    #[error("cannot prepare the server's directory")]
    Directory(#[source] io::Error),

    /// The server's program could not be run.
    #[error("cannot run `{}`", program.display())]
    Spawn {
        /// The server's program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// The server ended before it was ready.
    #[error("the server ended ({status}) before it was ready; its last words:\n{log}")]
    Ended {
        /// How the process ended.
        status: std::process::ExitStatus,
        /// The end of the server's log.
        log: String,
    },

    /// The server runs, but did not become ready in time.
    #[error("the server was not ready after {after:?} ({awaited}); its last words:\n{log}")]
    NotReady {
        /// How long it was waited for.
        after: Duration,
        /// What was still missing.
        awaited: String,
        /// The end of the server's log.
        log: String,
    },

    /// The server is not running: it was killed and not restarted.
    #[error(
        "the server on port {port} is not running: it was killed, and `restart` starts it again"
    )]
    NotRunning {
        /// The server's port.
        port: u16,
    },

    /// The server's process could not be signalled or waited for.
    #[error("cannot {action} the server's process")]
    Process {
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: io::Error,
    },

    /// The server answered a command with an error, or not at all.
    #[error("the server on port {port} did not carry out {command}")]
    Command {
        /// The server's port.
        port: u16,
        /// The command's name, without its arguments.
        command: String,
        /// What the server or the connection answered.
        source: redis::RedisError,
    },

    /// The nodes of a cluster, or servers and their sentinels, did not come to agree.
    #[error("the servers did not agree after {after:?}: {awaited}")]
    NoAgreement {
        /// How long it was waited for.
        after: Duration,
        /// What was still missing.
        awaited: String,
    },

    /// A wall clock could not be made or turned.
    #[error("cannot make or turn a wall clock, which takes `cc` to compile")]
    Clock(#[source] io::Error),

    /// A certificate could not be made.
    #[error("cannot make a certificate for `{name}`")]
    Certificate {
        /// Whom it was for.
        name: String,
        /// Why not.
        source: rcgen::Error,
    },

    /// The proxy could not listen on its port.
    #[error("the proxy cannot listen on port {port} of 127.0.0.1")]
    Listen {
        /// The proxy's port.
        port: u16,
        /// Why not.
        source: io::Error,
    },
}
