//! What a server is asked to do, by MONITOR.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use testbed::{Server, eventually};

use crate::bed::PATIENCE;

/// One command.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// A script asked for it, the last one that was heard before.
    pub(super) is_within_script: bool,
    pub(super) words: Vec<String>,
}

/// Everything that a server is asked to do, scripts included.
pub(super) struct Watch<'a> {
    server: &'a Server,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(server: &'a Server) -> Self {
        let mut stream = TcpStream::connect(server.addr()).unwrap();
        stream.write_all(b"MONITOR\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "+OK");
        let heard = Arc::new(Mutex::new(vec![]));
        let all = heard.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                all.lock().unwrap().extend(Heard::read(&line));
            }
        });
        Self { server, heard }
    }

    /// What was heard until now. What this test itself has asked is left out.
    pub(super) async fn end(self) -> Vec<Heard> {
        self.server.command(["ECHO", "enough"]).unwrap();
        eventually("the last command was heard", PATIENCE, || async {
            let heard = self.heard.lock().unwrap();
            heard.iter().any(|heard| heard.words[1..] == ["enough"])
        })
        .await;
        let mut heard = std::mem::take(&mut *self.heard.lock().unwrap());
        heard.retain(|heard| !["CLUSTER", "ECHO", "ZCARD"].contains(&&*heard.name()));
        heard
    }
}

impl Heard {
    /// The command's name.
    pub(super) fn name(&self) -> String {
        self.words[0].to_uppercase()
    }

    /// Reads `+time [0 address] "word" "word"`, in which a quotation mark within a word is escaped. In
    /// the place of the address stands `lua` where a script asks.
    fn read(line: &str) -> Option<Self> {
        let (by, said) = line.split_once("] \"")?;
        let said = said.strip_suffix('"')?;
        Some(Self {
            is_within_script: by.ends_with(" lua"),
            words: said.split("\" \"").map(str::to_owned).collect(),
        })
    }
}
