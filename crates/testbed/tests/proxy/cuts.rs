//! Connections that are closed and refused.

use testbed::{Direction, Proxy, Server, Value, eventually};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    SOON, TestResult,
    wire::{assert_refused, connect, echo, read_to_the_end},
};

#[tokio::test]
async fn a_cut_closes_and_refuses_until_healed() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    for _ in 0..3 {
        let mut clients = [connect(&proxy).await?, connect(&proxy).await?];
        proxy.cut();
        assert!(proxy.is_cut());
        assert_eq!(proxy.connections(), 0);
        assert_refused(&proxy).await;
        for client in &mut clients {
            assert!(read_to_the_end(client).await?.is_empty());
        }
        proxy.heal()?;
        proxy.heal()?;
        assert!(!proxy.is_cut());
    }
    connect(&proxy).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_sent_after_a_cut_arrives() -> TestResult {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = Proxy::start(listener.local_addr()?).await?;
    for _ in 0..50 {
        let mut client = TcpStream::connect(proxy.addr()).await?;
        let (mut server, _) = timeout(SOON, listener.accept()).await??;
        client.write_all(b"before").await?;
        proxy.cut();
        let _ = client.write_all(b"AFTER").await;
        let arrived = read_to_the_end(&mut server).await?;
        assert!(b"before".starts_with(&arrived), "{arrived:?}");
        proxy.heal()?;
    }
    Ok(())
}

#[tokio::test]
async fn dropped_connections_can_be_made_again_at_once() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    let mut client = connect(&proxy).await?;
    proxy.drop_connections();
    assert!(read_to_the_end(&mut client).await?.is_empty());
    connect(&proxy).await?;
    Ok(())
}

#[tokio::test]
async fn a_cut_comes_right_behind_the_chosen_byte() -> TestResult {
    let proxy = Proxy::start(echo().await?).await?;
    for bytes in 0..8_u8 {
        let mut client = connect(&proxy).await?;
        let mut bystander = connect(&proxy).await?;
        proxy.cut_after(Direction::ToClient, bytes.into());
        // Refused with 0, when everything is cut already.
        let _ = client.write_all(b"12345678").await;
        let arrived = read_to_the_end(&mut client).await?;
        assert_eq!(arrived, &b"12345678"[..bytes.into()]);
        assert!(read_to_the_end(&mut bystander).await?.is_empty());
        assert!(proxy.is_cut());
        assert_refused(&proxy).await;
        proxy.heal()?;
    }
    Ok(())
}

#[tokio::test]
async fn a_command_can_be_carried_out_and_its_answer_cut() -> TestResult {
    let server = Server::start()?;
    let proxy = Proxy::start(server.addr()).await?;
    let command = b"INCR counter\r\n";
    for round in 1..=20 {
        let mut client = TcpStream::connect(proxy.addr()).await?;
        proxy.cut_after(Direction::ToServer, command.len() as u64);
        client.write_all(command).await?;
        eventually("the command was carried out", SOON, || async {
            server
                .command(["GET", "counter"])
                .is_ok_and(|answer| answer == Value::BulkString(round.to_string().into()))
        })
        .await;
        assert!(read_to_the_end(&mut client).await?.is_empty());
        proxy.heal()?;
    }
    Ok(())
}
