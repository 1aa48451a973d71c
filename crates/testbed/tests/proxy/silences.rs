//! Connections that stay open while nothing arrives, or late.

use std::time::Duration;

use testbed::{Direction, Proxy, Server, Value, eventually};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use crate::{
    SOON, TestResult,
    wire::{SILENCE, assert_silent, connect, echo, read, read_to_the_end, round_trip},
};

#[tokio::test]
async fn a_stall_holds_bytes_back_and_delivers_them_in_order() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    for direction in [Direction::ToServer, Direction::ToClient, Direction::Both] {
        let mut client = connect(&proxy).await?;
        let received = proxy.received(direction);
        proxy.stall(direction);
        client.write_all(b"one ").await?;
        client.write_all(b"two").await?;
        eventually("the proxy holds the bytes", SOON, || async {
            proxy.received(direction) >= received + 7
        })
        .await;
        assert_silent(&mut client).await;
        proxy.heal()?;
        assert_eq!(read(&mut client, 7).await?, b"one two");
        round_trip(&mut client, b"and on").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_stall_is_felt_by_new_connections() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    proxy.stall(Direction::ToClient);
    let mut client = TcpStream::connect(proxy.addr()).await?;
    client.write_all(b"hello").await?;
    assert_silent(&mut client).await;
    proxy.heal()?;
    assert_eq!(read(&mut client, 5).await?, b"hello");
    Ok(())
}

#[tokio::test]
async fn a_stalled_sender_gets_stuck_instead_of_filling_the_memory() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    let mut client = connect(&proxy).await?;
    proxy.stall(Direction::ToServer);
    let flood = vec![7; 64 * 1024 * 1024];
    assert!(timeout(SILENCE, client.write_all(&flood)).await.is_err());
    assert!(proxy.received(Direction::ToServer) < 2 * 1024 * 1024);
    Ok(())
}

#[tokio::test]
async fn a_black_hole_is_silent_and_ends_what_lost_bytes() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    let mut quiet = connect(&proxy).await?;
    let mut talking = connect(&proxy).await?;
    proxy.black_hole(Direction::Both);
    let mut fresh = TcpStream::connect(proxy.addr()).await?;
    for client in [&mut talking, &mut fresh] {
        client.write_all(b"lost").await?;
        assert_silent(client).await;
    }
    assert_eq!(proxy.connections(), 3);
    proxy.heal()?;
    for client in [&mut talking, &mut fresh] {
        assert!(read_to_the_end(client).await?.is_empty());
    }
    round_trip(&mut quiet, b"still here").await?;
    Ok(())
}

#[tokio::test]
async fn a_black_hole_hides_the_end_of_a_connection() -> TestResult {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = Proxy::start(listener.local_addr()?).await?;
    let client = TcpStream::connect(proxy.addr()).await?;
    let (mut server, _) = timeout(SOON, listener.accept()).await??;
    proxy.black_hole(Direction::Both);
    drop(client);
    assert_silent(&mut server).await;
    proxy.heal()?;
    assert!(read_to_the_end(&mut server).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn answers_alone_can_be_lost() -> TestResult {
    let server = Server::start()?;
    let proxy = Proxy::start(server.addr()).await?;
    let mut client = TcpStream::connect(proxy.addr()).await?;
    proxy.black_hole(Direction::ToClient);
    client.write_all(b"SET key value\r\n").await?;
    eventually("the command was carried out", SOON, || async {
        server
            .command(["EXISTS", "key"])
            .is_ok_and(|answer| answer == Value::Int(1))
    })
    .await;
    assert_silent(&mut client).await;
    assert_eq!(proxy.passed(Direction::ToClient), 0);
    Ok(())
}

#[tokio::test]
async fn a_delay_makes_every_answer_late_without_queueing() -> TestResult {
    const DELAY: Duration = Duration::from_millis(40);
    let proxy = Proxy::start(echo().await?).await?;
    let mut client = connect(&proxy).await?;
    proxy.delay(Direction::ToServer, DELAY);
    proxy.delay(Direction::ToClient, DELAY);
    let began = Instant::now();
    // Sent apart, so that they arrive one by one.
    for _ in 0..200 {
        client.write_all(b"x").await?;
        tokio::task::yield_now().await;
    }
    read(&mut client, 200).await?;
    let took = began.elapsed();
    assert!(took >= 2 * DELAY, "{took:?}");
    assert!(took < 100 * DELAY, "200 delays in a row: {took:?}");

    proxy.delay(Direction::Both, Duration::ZERO);
    let began = Instant::now();
    round_trip(&mut client, b"prompt").await?;
    assert!(began.elapsed() < SOON);
    Ok(())
}

#[tokio::test]
async fn healing_delivers_what_a_long_delay_holds() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    let mut client = connect(&proxy).await?;
    proxy.delay(Direction::Both, Duration::MAX);
    client.write_all(b"late").await?;
    assert_silent(&mut client).await;
    proxy.heal()?;
    assert_eq!(read(&mut client, 4).await?, b"late");
    Ok(())
}

#[tokio::test]
async fn one_connection_is_silent_while_another_is_not() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    let mut first = connect(&proxy).await?;
    let [peer] = proxy.peers()[..] else {
        return Err("one connection has one peer".into());
    };
    let mut second = connect(&proxy).await?;

    assert!(proxy.stall_one(peer, Direction::ToClient));
    first.write_all(b"late").await?;
    assert_silent(&mut first).await;
    round_trip(&mut second, b"prompt").await?;
    proxy.heal()?;
    assert_eq!(read(&mut first, 4).await?, b"late");

    assert!(proxy.black_hole_one(peer, Direction::ToServer));
    first.write_all(b"lost").await?;
    assert_silent(&mut first).await;
    round_trip(&mut second, b"still prompt").await?;
    proxy.heal()?;
    assert!(read_to_the_end(&mut first).await?.is_empty());
    round_trip(&mut second, b"and on").await?;
    Ok(())
}

#[tokio::test]
async fn a_connection_that_is_not_there_cannot_be_singled_out() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    let client = connect(&proxy).await?;
    let [peer] = proxy.peers()[..] else {
        return Err("one connection has one peer".into());
    };
    drop(client);
    eventually("the connection is gone", SOON, || async {
        proxy.peers().is_empty()
    })
    .await;
    assert!(!proxy.black_hole_one(peer, Direction::Both));
    assert!(!proxy.stall_one(peer, Direction::Both));
    Ok(())
}
