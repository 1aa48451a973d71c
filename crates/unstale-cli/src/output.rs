//! Where answers go: to people, or as JSON to programs.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

/// Below so many columns a table becomes a list.
pub(crate) const TABLE_COLUMNS: u16 = 100;

/// The standard output.
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes the answer: this document in JSON, or this text for people.
    pub(crate) fn answer(
        &mut self,
        document: &impl Serialize,
        text: impl Display,
    ) -> io::Result<()> {
        if self.json {
            let document = serde_json::to_string(document)?;
            self.line(document)
        } else {
            self.line(text)
        }
    }

    pub(crate) fn line(&mut self, line: impl Display) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }
}

/// How many columns people see; a pipe has as many as it takes.
pub(crate) fn columns() -> u16 {
    let size = ratatui::crossterm::terminal::size();
    match size {
        Ok((columns, _)) if io::stdout().is_terminal() => columns,
        _ => u16::MAX,
    }
}

/// Says something to people that is no part of the answer.
pub(crate) fn note(what: impl Display) {
    writeln!(io::stderr(), "{what}").ok();
}
