//! A client, a server that echoes, and what is heard between them.

use std::{io, net::SocketAddr, time::Duration};

use testbed::Proxy;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{SOON, TestResult};

/// How long silence is listened to. A fault that leaks would be heard well before.
pub(crate) const SILENCE: Duration = Duration::from_millis(60);

/// A server that sends everything back.
pub(crate) async fn echo() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = connection.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    Ok(addr)
}

pub(crate) async fn connect(proxy: &Proxy) -> TestResult<TcpStream> {
    let mut client = TcpStream::connect(proxy.addr()).await?;
    round_trip(&mut client, b"hello").await?;
    Ok(client)
}

pub(crate) async fn round_trip(client: &mut TcpStream, words: &[u8]) -> TestResult {
    client.write_all(words).await?;
    assert_eq!(read(client, words.len()).await?, words);
    Ok(())
}

pub(crate) async fn read(client: &mut TcpStream, length: usize) -> TestResult<Vec<u8>> {
    let mut answer = vec![0; length];
    timeout(SOON, client.read_exact(&mut answer)).await??;
    Ok(answer)
}

pub(crate) async fn assert_silent(client: &mut TcpStream) {
    let heard = timeout(SILENCE, client.read_u8()).await;
    assert!(heard.is_err(), "expected silence, not {heard:?}");
}

/// Everything that still comes until the connection is closed or reset.
pub(crate) async fn read_to_the_end(client: &mut TcpStream) -> TestResult<Vec<u8>> {
    let mut rest = Vec::new();
    // A reset ends the connection as well as a close, and what came before it has been read.
    let _ = timeout(SOON, client.read_to_end(&mut rest)).await?;
    Ok(rest)
}

pub(crate) async fn assert_refused(proxy: &Proxy) {
    let refused = TcpStream::connect(proxy.addr()).await.err();
    assert_eq!(
        refused.map(|error| error.kind()),
        Some(io::ErrorKind::ConnectionRefused)
    );
}
