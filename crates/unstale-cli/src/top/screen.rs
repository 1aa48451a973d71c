//! The terminal, taken over and given back.

use std::io;

use ratatui::DefaultTerminal;

use super::view::View;

/// The terminal, given back when this is dropped.
pub(super) struct Screen(DefaultTerminal);

impl Screen {
    pub(super) fn open() -> io::Result<Self> {
        ratatui::try_init().map(Self)
    }

    pub(super) fn draw(&mut self, view: &View) -> io::Result<()> {
        self.0.draw(|frame| view.render(frame)).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to give back.
        let _ = ratatui::try_restore();
    }
}
