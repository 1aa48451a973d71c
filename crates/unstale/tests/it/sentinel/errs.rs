//! A sentinel that has not heard of a failover.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Says to everybody who asks that the primary is where it is not.
pub(super) struct Errs {
    addr: SocketAddr,
    was_asked: Arc<AtomicBool>,
}

impl Errs {
    pub(super) async fn start(said: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let was_asked = Arc::new(AtomicBool::new(false));
        let asked = was_asked.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(answer(client, said, asked.clone()));
            }
        });
        Self { addr, was_asked }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(super) fn was_asked(&self) -> bool {
        self.was_asked.load(Ordering::SeqCst)
    }
}

/// Every command begins with its number of words, and each is taken for one of two.
async fn answer(mut client: TcpStream, said: u16, was_asked: Arc<AtomicBool>) {
    let (mut heard, mut answered) = (String::new(), 0);
    let mut bytes = [0; 1024];
    while let Ok(length @ 1..) = client.read(&mut bytes).await {
        heard += &String::from_utf8_lossy(&bytes[..length]);
        // The last word of each ends its line; one that is not whole yet is left for later.
        if !heard.ends_with("\r\n") {
            continue;
        }
        let commands: Vec<_> = heard.split('*').skip(1).collect();
        for command in &commands[answered..] {
            let port = said.to_string();
            let reply = if command.contains("SENTINEL") {
                was_asked.store(true, Ordering::SeqCst);
                format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len())
            } else {
                "+OK\r\n".to_owned()
            };
            client.write_all(reply.as_bytes()).await.ok();
        }
        answered = commands.len();
    }
}
