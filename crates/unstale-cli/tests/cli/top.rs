//! `top`: at a terminal, and into a pipe.

use testbed::eventually;

use crate::bed::{PATIENCE, at, config, instance, until_told, with_instance};
use crate::terminal::Terminal;

/// Often enough for a test.
const TOP: [&str; 3] = ["top", "--every", "100"];

const CONTROL_C: &str = "\u{3}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_follows_what_happens_and_gives_the_terminal_back() {
    let (server, cache) = with_instance().await;
    let mut terminal = Terminal::start(&server, &TOP, (140, 20));
    terminal.until_shown("q quits").await;
    let shown = terminal.text();
    for expected in [
        "unstale at 127.0.0.1:",
        "1 instance",
        "first",
        "well",
        "HOST",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    assert!(terminal.is_taken_over());
    let second = instance("second", config(&server)).await;
    terminal.until_shown("second").await;
    let load = || async { Ok::<_, std::io::Error>(Some(7_u32)) };
    cache.get_or_load("stock:price:MSFT", load).await.unwrap();
    terminal.until_shown("stock:price:*").await;
    drop(second);
    terminal.until_shown("silent for").await;
    terminal.press("q");
    assert_eq!(terminal.ended().await, Some(0));
    eventually("the terminal is as it was", PATIENCE, || async {
        !terminal.is_taken_over()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_columns_are_enough() {
    let (server, _cache) = with_instance().await;
    let mut terminal = Terminal::start(&server, &TOP, (20, 6));
    terminal.until_shown("NAME").await;
    terminal.until_shown("first").await;
    assert!(!terminal.text().contains("STATE"), "{}", terminal.text());
    terminal.resize(60, 12);
    terminal.until_shown("STATE").await;
    terminal.resize(1, 1);
    terminal.resize(20, 6);
    terminal.until_shown("first").await;
    terminal.press_until_ended("\u{1b}").await;
    assert_eq!(terminal.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_is_said_to_be_gone_and_found_again() {
    let (server, _cache) = with_instance().await;
    let mut terminal = Terminal::start(&server, &TOP, (140, 20));
    terminal.until_shown("q quits").await;
    server.kill().unwrap();
    terminal.until_shown("cannot reach").await;
    assert!(terminal.text().contains("first"), "the last look stays");
    server.restart().unwrap();
    until_told(&server, 1).await;
    terminal.until_shown("q quits").await;
    terminal.press(CONTROL_C);
    assert_eq!(terminal.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipe_gets_one_snapshot() {
    let (server, cache) = with_instance().await;
    let load = || async { Ok::<_, std::io::Error>(Some(7_u32)) };
    cache.get_or_load("stock:price:MSFT", load).await.unwrap();
    eventually("the pattern is shown", PATIENCE, || async {
        let ran = at(&server, &["top"]).await;
        let told = ran.out.contains("stock:price:*") && ran.out.contains("first");
        (ran.code == 0 && told).then_some(()).ok_or(ran)
    })
    .await;
    let ran = at(&server, &["top", "--json"]).await;
    assert_eq!(
        ran.json()["instances"][0]["instance"]["said"]["name"],
        "first"
    );
}
