//! What is asked at a terminal before more than one key is touched, and what an answer does.

use testbed::{Server, Value};
use unstale::{Cache, EntryOptions};

use crate::bed::{until_followed, with_instance};
use crate::terminal::Terminal;

const SIZE: (u16, u16) = (100, 12);

async fn stored() -> (Server, Cache) {
    let (server, cache) = with_instance().await;
    for key in ["a:1", "a:2"] {
        let set = cache.set(key, &1_u32, EntryOptions::new()).await;
        until_followed(&cache, &set.unwrap()).await;
    }
    (server, cache)
}

async fn is_held(cache: &Cache, key: &str) -> bool {
    cache.get::<u32>(key).await.is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_done_without_a_yes() {
    let (server, cache) = stored().await;
    let before = cache.health().position;
    let control_d = "\u{4}";
    for (words, answer) in [
        (&["remove", "a:1", "a:2"][..], "n\r"),
        (&["remove", "--pattern", "a:*"], "\r"),
        (&["remove", "--tag", "a"], "what?\r"),
        (&["clear"], control_d),
        (&["bench"], "no\r"),
    ] {
        let mut terminal = Terminal::start(&server, words, SIZE);
        terminal.until_shown("Go on? [y/N]").await;
        terminal.press(answer);
        assert_eq!(terminal.ended().await, Some(1), "{words:?}");
        terminal.until_shown("nothing was done").await;
    }
    assert!(is_held(&cache, "a:1").await && is_held(&cache, "a:2").await);
    assert_eq!(cache.health().position, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_does_it() {
    let (server, cache) = stored().await;
    let mut terminal = Terminal::start(&server, &["remove", "--pattern", "a:*"], SIZE);
    terminal.until_shown("Go on? [y/N]").await;
    assert!(is_held(&cache, "a:1").await, "it waits for the answer");
    terminal.press("Y\r");
    terminal.until_shown(": done").await;
    assert_eq!(terminal.ended().await, Some(0));
    let held = || async { !is_held(&cache, "a:1").await && !is_held(&cache, "a:2").await };
    testbed::eventually("both are gone", crate::bed::PATIENCE, held).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_not_asked_about() {
    let (server, _cache) = stored().await;
    let mut terminal = Terminal::start(&server, &["remove", "a:1"], SIZE);
    terminal.until_shown(": done").await;
    assert!(!terminal.text().contains("Go on?"), "{}", terminal.text());
    assert_eq!(terminal.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_benchmark_shows_how_far_it_is() {
    let server = crate::bed::start();
    let words = ["bench", "--seconds", "2", "--workers", "2"];
    let mut terminal = Terminal::start(&server, &words, (120, 60));
    terminal.until_shown("Go on? [y/N]").await;
    terminal.press("yes\r");
    terminal.until_shown("\u{2588}").await;
    terminal.until_shown("Without a cache").await;
    assert_eq!(terminal.ended().await, Some(0));
    assert!(!terminal.text().contains('\u{2588}'), "the bar is gone");
    assert_eq!(server.command(["DBSIZE"]).unwrap(), Value::Int(0));
}
