//! Something between instances and their server that says of it that it is newer than it is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use testbed::Server;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Says that the server is of a version 9, and passes no comparing `SET` on as one.
pub(super) struct Boasts {
    addr: SocketAddr,
    comparing: Arc<AtomicUsize>,
}

impl Boasts {
    pub(super) async fn of(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let comparing = Arc::new(AtomicUsize::new(0));
        let (behind, counted) = (server.addr(), comparing.clone());
        let version = server.version().to_string();
        let newer = bulk(&format!("9{}", &version[1..]));
        let version = bulk(&version);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (counted, version, newer) = (counted.clone(), version.clone(), newer.clone());
                let (ifeq, unknown) = (bulk("IFEQ"), bulk("IFNO"));
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(behind).await else {
                        return;
                    };
                    let (asks, answered) = client.into_split();
                    let (answers, asked) = server.into_split();
                    let uncounted = AtomicUsize::new(0);
                    tokio::join!(
                        pass(asks, asked, &ifeq, &unknown, &counted),
                        pass(answers, answered, &version, &newer, &uncounted),
                    );
                });
            }
        });
        Self { addr, comparing }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://{}", self.addr)
    }

    /// How often a `SET` was to compare.
    pub(super) fn comparing(&self) -> usize {
        self.comparing.load(Ordering::SeqCst)
    }
}

/// A text as it is sent. No message ends within one.
fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into()
}

/// Passes on what comes, with one text in the place of another as long; counts how often.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    said: &[u8],
    instead: &[u8],
    counted: &AtomicUsize,
) {
    let (mut waiting, mut bytes) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        waiting.extend_from_slice(&bytes[..length]);
        let heard = waiting.windows(said.len()).enumerate();
        let heard = heard.filter(|(_, part)| *part == said);
        for at in heard.map(|(at, _)| at).collect::<Vec<_>>() {
            waiting[at..at + said.len()].copy_from_slice(instead);
            counted.fetch_add(1, Ordering::SeqCst);
        }
        // The rest of one that has begun here is still to come.
        let mut beginnings = (1..said.len()).rev();
        let begun = beginnings.find(|begun| waiting.ends_with(&said[..*begun]));
        let rest = waiting.split_off(waiting.len() - begun.unwrap_or(0));
        if to.write_all(&waiting).await.is_err() {
            return;
        }
        waiting = rest;
    }
}
