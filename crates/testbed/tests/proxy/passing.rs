//! What passes when there is no fault, and what happens around it.

use std::{error::Error as StdError, net::SocketAddr};

use testbed::{Direction, Proxy, Server, eventually};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    SOON, TestResult,
    wire::{connect, echo, read_to_the_end},
};

#[tokio::test]
async fn bytes_pass_unchanged_and_are_counted() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    let mut client = TcpStream::connect(proxy.addr()).await?;
    let words: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let (mut from, mut to) = client.split();
    let mut answer = vec![0; words.len()];
    let both = async { tokio::try_join!(to.write_all(&words), from.read_exact(&mut answer)) };
    timeout(SOON, both).await??;
    assert!(answer == words);
    assert_eq!(proxy.connections(), 1);
    for counted in [
        proxy.received(Direction::Both),
        proxy.passed(Direction::Both),
    ] {
        assert_eq!(counted, 2 * words.len() as u64);
    }
    assert_eq!(proxy.passed(Direction::ToClient), words.len() as u64);

    to.shutdown().await?;
    assert!(read_to_the_end(&mut client).await?.is_empty());
    eventually("the connection is gone", SOON, || async {
        proxy.connections() == 0
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn a_gone_server_closes_the_connection_and_a_new_one_is_reached() -> TestResult {
    let first = Server::start()?;
    let second = Server::start()?;
    let proxy = Proxy::start(first.addr()).await?;
    let port = |addr: SocketAddr| async move {
        let mut client = TcpStream::connect(addr).await?;
        client.write_all(b"CONFIG GET port\r\n").await?;
        let mut answer = vec![0; 64];
        let length = timeout(SOON, client.read(&mut answer)).await??;
        Ok::<_, Box<dyn StdError>>((
            client,
            String::from_utf8_lossy(&answer[..length]).into_owned(),
        ))
    };
    let (mut client, answer) = port(proxy.addr()).await?;
    assert!(answer.contains(&first.port().to_string()), "{answer}");
    proxy.redirect(second.addr());
    first.kill()?;
    assert!(read_to_the_end(&mut client).await?.is_empty());
    let (_client, answer) = port(proxy.addr()).await?;
    assert!(answer.contains(&second.port().to_string()), "{answer}");

    second.kill()?;
    let mut turned_away = TcpStream::connect(proxy.addr()).await?;
    assert!(read_to_the_end(&mut turned_away).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_dropped_proxy_leaves_nothing_behind() -> TestResult {
    let upstream = echo().await?;
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let proxy = Proxy::start(upstream).await?;
    let addr = proxy.addr();
    let mut client = connect(&proxy).await?;
    proxy.stall(Direction::Both);
    client.write_all(b"held").await?;
    drop(proxy);
    assert!(read_to_the_end(&mut client).await?.is_empty());
    assert!(TcpStream::connect(addr).await.is_err());
    eventually("all tasks have ended", SOON, || async { tasks() <= before }).await;
    Ok(())
}

#[test]
fn faults_are_set_from_outside_the_runtime_too() -> TestResult {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let proxy = runtime.block_on(async {
        Proxy::start(echo().await?)
            .await
            .map_err(Box::<dyn StdError>::from)
    })?;
    proxy.cut();
    proxy.heal()?;
    runtime.block_on(connect(&proxy))?;
    Ok(())
}
