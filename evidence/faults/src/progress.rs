//! What is said while it runs: one live line on a terminal, plain lines elsewhere.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    time::{Duration, Instant},
};

/// How often a plain line says how far it is.
const PLAIN: Duration = Duration::from_secs(10);

/// To standard error; the report goes to standard output.
pub(crate) struct Progress {
    live: bool,
    said: Option<Instant>,
    /// How long the live line is.
    shown: usize,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            live: stderr().is_terminal(),
            said: None,
            shown: 0,
        }
    }

    /// How far it is. What cannot be written is not missed.
    pub(crate) fn status(&mut self, line: &str) {
        if self.live {
            let width = self.shown.max(line.chars().count());
            let _ = write!(stderr(), "\r{line:<width$}");
            let _ = stderr().flush();
            self.shown = line.chars().count();
        } else if self.said.is_none_or(|said| said.elapsed() >= PLAIN) {
            self.said = Some(Instant::now());
            let _ = writeln!(stderr(), "{line}");
        }
    }

    /// Something that stays.
    pub(crate) fn say(&mut self, text: &str) {
        if self.live && self.shown > 0 {
            let width = self.shown;
            let _ = write!(stderr(), "\r{:<width$}\r", "");
            self.shown = 0;
        }
        let _ = writeln!(stderr(), "{text}");
    }
}
