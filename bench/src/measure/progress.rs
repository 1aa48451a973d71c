//! Tells whoever waits how far things have come.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Tells on the error output how far things have come: on a terminal round by round, else row by
/// row.
#[derive(Debug)]
pub struct Progress {
    began: Instant,
    rows: usize,
    row: usize,
    on_terminal: bool,
}

impl Progress {
    /// So many rows are to come.
    pub fn new(rows: usize) -> Self {
        Self {
            began: Instant::now(),
            rows,
            row: 0,
            on_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// The next row begins.
    pub fn row(&mut self, title: &str) {
        self.row += 1;
        self.clear();
        let minutes = in_minutes(self.began.elapsed());
        eprintln!("[{}/{} {minutes}] {title}", self.row, self.rows);
    }

    /// Something within a row.
    pub fn step(&self, what: &str) {
        if self.on_terminal {
            self.clear();
            eprint!("    {what}");
            // A terminal that is gone needs no progress.
            let _ = std::io::stderr().flush();
        }
    }

    /// Everything is done.
    pub fn done(&self) {
        self.clear();
        eprintln!("[done {}]", in_minutes(self.began.elapsed()));
    }

    fn clear(&self) {
        if self.on_terminal {
            eprint!("\r\x1b[2K");
        }
    }
}

fn in_minutes(span: Duration) -> String {
    let seconds = span.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
