//! The tool at a terminal, and somebody in front of it.

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use testbed::{Server, eventually};
use vt100::Parser;

use crate::bed::PATIENCE;

/// A terminal on which the tool runs.
pub(crate) struct Terminal {
    tool: Child,
    pty: Arc<Pty>,
    screen: Arc<Mutex<Parser>>,
}

impl Terminal {
    /// Starts the tool on this server, at a terminal of this size.
    pub(crate) fn start(server: &Server, words: &[&str], (columns, rows): (u16, u16)) -> Self {
        let (pty, pts) = open().expect("a terminal");
        pty.resize(Size::new(rows, columns)).expect("a size");
        let tool = Command::new(env!("CARGO_BIN_EXE_unstale"))
            .args(["--redis", &server.url()])
            .args(words)
            .env("TERM", "xterm-256color")
            .env_remove("UNSTALE_REDIS")
            .spawn(pts);
        let terminal = Self {
            tool: tool.expect("the tool starts"),
            pty: Arc::new(pty),
            screen: Arc::new(Mutex::new(Parser::new(side(rows), side(columns), 0))),
        };
        let (pty, screen) = (terminal.pty.clone(), terminal.screen.clone());
        // Ends when nobody writes to the terminal any more.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = (&*pty).read(&mut bytes) {
                let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
                screen.process(&bytes[..count]);
            }
        });
        terminal
    }

    fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        at(screen.screen())
    }

    /// What can be read on it.
    pub(crate) fn text(&self) -> String {
        self.look(|screen| screen.contents())
    }

    /// Whether a view of its own has taken the place of what was there.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.look(|screen| screen.alternate_screen())
    }

    pub(crate) async fn until_shown(&self, text: &str) {
        let what = format!("`{text}` is shown");
        eventually(&what, PATIENCE, || async {
            let shown = self.text();
            shown.contains(text).then_some(()).ok_or(shown)
        })
        .await;
    }

    pub(crate) fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("it reads");
    }

    /// Presses again and again: crossterm keeps a key that comes together with a change of size for itself
    /// until the next one.
    pub(crate) async fn press_until_ended(&mut self, keys: &str) {
        let pty = self.pty.clone();
        eventually("the tool ends", PATIENCE, || {
            let ended = self.tool.try_wait().expect("it was started");
            if ended.is_none() {
                (&*pty).write_all(keys.as_bytes()).expect("it reads");
            }
            async move { ended.is_some() }
        })
        .await;
    }

    /// Drags the window to another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let mut screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.screen_mut().set_size(side(rows), side(columns));
        self.pty.resize(Size::new(rows, columns)).expect("a size");
    }

    /// Waits for its end, and says with which code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let status = eventually("the tool ends", PATIENCE, || {
            let ended = self.tool.try_wait().expect("it was started");
            async move { ended }
        });
        let code = status.await.code();
        let shown = self.text();
        for crash in ["panicked", "RUST_BACKTRACE"] {
            assert!(!shown.contains(crash), "{shown}");
        }
        code
    }
}

fn side(length: u16) -> NonZero<u16> {
    NonZero::new(length).expect("a side that can be seen")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tool.kill().ok();
        self.tool.wait().ok();
    }
}
