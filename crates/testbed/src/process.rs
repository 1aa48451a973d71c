//! The server's process, which never outlives the one that started it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::{Error, Result, account::Account};

/// What the server prints, in its directory.
const LOG: &str = "server.log";
/// Between two looks whether a server is ready.
const READY_POLL: Duration = Duration::from_millis(5);
/// How many lines of the log an error quotes.
const LAST_WORDS: usize = 12;

/// Becomes the server, after leaving a watcher behind that holds the reading end of our pipe. A
/// line on it means that the server was stopped in good order. Its end means that we are gone,
/// however that came about; then the watcher kills the server and removes its directory. `$$` is
/// the server in the watcher too: its subshell keeps the number.
///
/// The signal is the server's own for ending at once.
///
/// Hangups are ignored because the system sends one to the whole process group when we die while
/// the server is paused.
const START: &str = r#"
trap '' HUP
exec 3<&0
directory=$1
signal=$2
shift 2
( read -r stopped <&3 || { kill -s "$signal" $$; rm -rf -- "$directory"; } ) &
exec 3<&-
exec "$@" </dev/null
"#;

/// A server's program, and how it is run.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: &'a [&'a str],
    /// Where it runs and leaves its log.
    pub(crate) directory: &'a Path,
    pub(crate) environment: &'a [(OsString, OsString)],
    /// As whom, if not as ourselves.
    pub(crate) account: Option<Account>,
    pub(crate) end: End,
}

/// How a server is made to end at once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// It cannot refuse.
    Kill,
    /// It takes its own processes and shared memory with it.
    Quit,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Quit => "QUIT",
        }
    }

    fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Quit => Signal::QUIT,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    end: End,
}

impl Process {
    pub(crate) fn spawn(launch: &Launch<'_>) -> Result<Self> {
        let log = File::create(launch.directory.join(LOG)).map_err(Error::Directory)?;
        let mut command = Command::new("sh");
        command
            .args(["-c", START, "sh"])
            .arg(launch.directory)
            .arg(launch.end.name())
            .arg(launch.program)
            .args(launch.arguments)
            .current_dir(launch.directory)
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(Error::Directory)?)
            .stderr(log)
            // A Ctrl-C at the terminal is for the tests; the server and its watcher notice their
            // end.
            .process_group(0);
        if let Some(account) = launch.account {
            account.apply(&mut command);
        }
        let child = command.spawn().map_err(|source| Error::Spawn {
            program: launch.program.to_owned(),
            source,
        })?;
        Ok(Self {
            child,
            end: launch.end,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the process ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(|source| Error::Process {
            action: "look after",
            source,
        })
    }

    /// Waits until a check has an answer; until then it says what is awaited.
    pub(crate) fn await_answer<T>(
        &mut self,
        directory: &Path,
        within: Duration,
        mut check: impl FnMut() -> Result<T, String>,
    ) -> Result<T> {
        let began = Instant::now();
        loop {
            let awaited = match check() {
                Ok(value) => return Ok(value),
                Err(awaited) => awaited,
            };
            if let Some(status) = self.ended()? {
                return Err(Error::Ended {
                    status,
                    log: last_words(directory),
                });
            }
            if began.elapsed() > within {
                return Err(Error::NotReady {
                    after: within,
                    awaited,
                    log: last_words(directory),
                });
            }
            thread::sleep(READY_POLL);
        }
    }

    pub(crate) fn kill(mut self) -> Result<()> {
        self.stop().map_err(|source| Error::Process {
            action: "kill",
            source,
        })
    }

    pub(crate) fn pause(&self) -> Result<()> {
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

    pub(crate) fn resume(&self) -> Result<()> {
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
        // The number is still our child's, as above; one that was waited for is not signalled.
        if self.child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&self.child), self.end.signal())?;
        }
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
fn last_words(directory: &Path) -> String {
    let log = fs::read(directory.join(LOG)).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<_> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
}
