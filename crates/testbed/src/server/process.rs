//! The server's process, which never outlives the one that started it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::{Error, Result};

/// The server's configuration file in its directory.
pub(super) const CONFIGURATION: &str = "server.conf";
/// What the server prints, in its directory.
const LOG: &str = "server.log";
/// How many lines of the log an error quotes.
const LAST_WORDS: usize = 12;

/// Becomes the server, after leaving a watcher behind that holds the reading end of our pipe. A
/// line on it means that the server was stopped in good order. Its end means that we are gone,
/// however that came about; then the watcher kills the server and removes its directory. `$$` is
/// the server in the watcher too: its subshell keeps the number.
///
/// Hangups are ignored because the system sends one to the whole process group when we die while
/// the server is paused.
const START: &str = r#"
trap '' HUP
exec 3<&0
directory=$1
shift
( read -r stopped <&3 || { kill -9 $$; rm -rf -- "$directory"; } ) &
exec 3<&-
exec "$@" </dev/null
"#;

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
}

impl Process {
    pub(super) fn spawn(
        program: &Path,
        directory: &Path,
        environment: &[(OsString, OsString)],
    ) -> Result<Self> {
        let log = File::create(directory.join(LOG)).map_err(Error::Directory)?;
        let child = Command::new("sh")
            .args(["-c", START, "sh"])
            .arg(directory)
            .arg(program)
            .arg(CONFIGURATION)
            .current_dir(directory)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(Error::Directory)?)
            .stderr(log)
            // A Ctrl-C at the terminal is for the tests; the server and its watcher notice their
            // end.
            .process_group(0)
            .spawn()
            .map_err(|source| Error::Spawn {
                program: program.to_owned(),
                source,
            })?;
        Ok(Self { child })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the process ended, if it did.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(|source| Error::Process {
            action: "look after",
            source,
        })
    }

    pub(super) fn kill(mut self) -> Result<()> {
        self.stop().map_err(|source| Error::Process {
            action: "kill",
            source,
        })
    }

    pub(super) fn pause(&self) -> Result<()> {
        self.signal("pause", Signal::STOP)?;
        // The signal was only sent; wait until it has taken effect, without reaping the process.
        let events = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), events)
            .map(drop)
            .map_err(|source| Error::Process {
                action: "wait for",
                source: source.into(),
            })
    }

    pub(super) fn resume(&self) -> Result<()> {
        self.signal("resume", Signal::CONT)
    }

    fn signal(&self, action: &'static str, signal: Signal) -> Result<()> {
        // The number is still our child's: one that has ended on its own is not reaped before it is
        // dropped.
        kill_process(Pid::from_child(&self.child), signal).map_err(|source| Error::Process {
            action,
            source: source.into(),
        })
    }

    fn stop(&mut self) -> io::Result<()> {
        self.child.kill()?;
        if let Some(mut watched) = self.child.stdin.take() {
            // The watcher is gone if the server never got as far as having one.
            let _ = watched.write_all(b"stopped\n");
        }
        self.child.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody is left to be told; the watcher kills the server if this could not.
        let _ = self.stop();
    }
}

/// The end of the log in a server's directory, for an error message.
pub(super) fn last_words(directory: &Path) -> String {
    let log = fs::read(directory.join(LOG)).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<_> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
}
