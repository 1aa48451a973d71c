//! Where a read says that it was answered from.

use std::convert::Infallible;
use std::sync::Arc;

use testbed::eventually;
use unstale::{Cache, Entry, Source};

use super::alone;
use crate::bed::{self, PATIENCE};

type Answer = Option<(u32, Source)>;

/// Reads while the source of truth holds `row`.
async fn read(cache: &Cache, key: &str, row: u32) -> Answer {
    let load = || async { Ok::<_, Infallible>(Some(row)) };
    let read = cache.get_or_load_sourced(key, load).await.unwrap();
    read.map(|read| (*read.value, read.source))
}

#[tokio::test]
async fn a_value_is_loaded_then_held_then_loaded_anew() {
    let cache = alone().await;
    assert_eq!(read(&cache, "key", 1).await, Some((1, Source::Load)));
    assert_eq!(read(&cache, "key", 2).await, Some((1, Source::L1)));
    assert!(cache.remove("key").await.is_applied());
    assert_eq!(read(&cache, "key", 2).await, Some((2, Source::Load)));
    assert_eq!(read(&cache, "key", 3).await, Some((2, Source::L1)));
}

#[tokio::test]
async fn a_space_tells_the_same() {
    let cache = alone().await;
    let numbers = cache.space::<u32>("number");
    for expected in [Source::Load, Source::L1] {
        let load = || async { Ok::<_, Infallible>(Some(1)) };
        let read = numbers.get_or_load_sourced(7, load).await.unwrap().unwrap();
        assert_eq!((*read.value, read.source), (1, expected));
    }
    assert_eq!(read(&cache, "number:7", 2).await, Some((1, Source::L1)));
}

#[tokio::test]
async fn a_loader_that_gives_options_is_told_the_same() {
    let cache = alone().await;
    let numbers = cache.space::<u32>("number");
    let load = || async { Ok::<_, Infallible>(Some(Entry::new(1_u32).tag("odd"))) };
    for expected in [Source::Load, Source::L1] {
        let read = cache.get_or_load_entry_sourced("number:7", load).await;
        assert_eq!(read.unwrap().unwrap().source, expected);
    }
    let read = numbers.get_or_load_entry_sourced(7, load).await;
    assert_eq!(read.unwrap().unwrap().source, Source::L1);
    assert!(cache.remove_tag("odd").await.is_applied());
    let read = numbers.get_or_load_entry_sourced(7, load).await;
    assert_eq!(read.unwrap().unwrap().source, Source::Load);
}

#[tokio::test]
async fn nothing_and_an_error_have_no_source() {
    let cache = alone().await;
    let nothing = || async { Ok::<Option<u32>, Infallible>(None) };
    let read = cache.get_or_load_sourced("key", nothing).await;
    assert_eq!(read.unwrap(), None);
    let broken = || async { Err::<Option<u32>, _>("broken") };
    let read = cache.get_or_load_sourced("key", broken).await;
    assert_eq!(*read.unwrap_err(), "broken");
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_always_loaded() {
    let cache = alone().await;
    assert_eq!(read(&cache, "", 1).await, Some((1, Source::Load)));
    assert_eq!(read(&cache, "", 2).await, Some((2, Source::Load)));
}

/// One caller loads; the others say that they shared it.
#[tokio::test]
async fn who_joins_a_read_in_progress_says_so() {
    let cache = alone().await;
    let source = bed::Source::held();
    let reader = || {
        let (cache, source) = (cache.clone(), source.clone());
        tokio::spawn(async move {
            let read = cache.get_or_load_sourced("key", || source.load(7_u32));
            let read = read.await.unwrap().unwrap();
            (*read.value, read.source)
        })
    };
    let leader = reader();
    eventually("the load began", PATIENCE, || async { source.loads() == 1 }).await;
    let passengers: Vec<_> = (0..5).map(|_| reader()).collect();
    // The runtime has one thread: whoever was given his turn waits for the load.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    source.release();
    assert_eq!(leader.await.unwrap(), (7, Source::Load));
    for passenger in passengers {
        assert_eq!(passenger.await.unwrap(), (7, Source::Flight));
    }
    assert_eq!(source.loads(), 1);
    assert_eq!(read(&cache, "key", 8).await, Some((7, Source::L1)));
}

/// A value of another type cannot be shared: the caller's own loader runs.
#[tokio::test]
async fn who_joins_in_vain_has_loaded() {
    let cache = alone().await;
    let source = bed::Source::held();
    let leader = {
        let (cache, source) = (cache.clone(), source.clone());
        tokio::spawn(async move {
            cache
                .get_or_load("key", || source.load("text".to_owned()))
                .await
        })
    };
    eventually("the load began", PATIENCE, || async { source.loads() == 1 }).await;
    let other = {
        let cache = cache.clone();
        tokio::spawn(async move { read(&cache, "key", 7).await })
    };
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    source.release();
    assert_eq!(other.await.unwrap(), Some((7, Source::Load)));
    let loaded: Option<Arc<String>> = leader.await.unwrap().unwrap();
    assert_eq!(loaded.as_deref().map(String::as_str), Some("text"));
}

#[test]
fn sources_have_names() {
    let names = [Source::L1, Source::L2, Source::Load, Source::Flight];
    assert_eq!(
        names.map(|source| source.to_string()),
        ["L1", "L2", "load", "flight"]
    );
}
