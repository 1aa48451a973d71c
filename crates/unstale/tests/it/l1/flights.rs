//! Loads that several callers share. The runtime has one thread, so that a task which was given
//! its turn is known to wait where it has to.

use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use testbed::eventually;
use tokio::task::{JoinHandle, yield_now};
use unstale::Cache;

use super::{alone, alone_with};
use crate::bed::{PATIENCE, Source};

/// Lets every task go on until it waits for something else than its turn.
async fn everyone_waits() {
    for _ in 0..100 {
        yield_now().await;
    }
}

type Loaded<E = Infallible> = Result<Option<Arc<u32>>, Arc<E>>;

fn reader(cache: &Cache, source: &Arc<Source>) -> JoinHandle<Loaded> {
    let (cache, source) = (cache.clone(), source.clone());
    tokio::spawn(async move { cache.get_or_load("key", || source.load(7_u32)).await })
}

fn readers(cache: &Cache, source: &Arc<Source>) -> Vec<JoinHandle<Loaded>> {
    (0..20).map(|_| reader(cache, source)).collect()
}

async fn all_got_seven(readers: Vec<JoinHandle<Loaded>>) {
    for reader in readers {
        let loaded = tokio::time::timeout(PATIENCE, reader).await;
        let loaded = loaded.expect("no reader hangs").unwrap().unwrap();
        assert_eq!(loaded.as_deref(), Some(&7));
    }
}

#[tokio::test]
async fn many_callers_share_one_load() {
    let cache = alone().await;
    let source = Source::held();
    let readers = readers(&cache, &source);
    everyone_waits().await;
    assert_eq!(source.loads(), 1);
    source.release();
    all_got_seven(readers).await;
    assert_eq!(source.loads(), 1);
    assert_eq!(cache.get::<u32>("key").await.as_deref(), Some(&7));
}

#[tokio::test]
async fn those_who_joined_are_answered_in_the_order_in_which_they_came() {
    let cache = alone().await;
    let source = Source::held();
    let answered = Arc::new(Mutex::new(Vec::new()));
    let readers = (0..20).map(|number| {
        let (reader, answered) = (reader(&cache, &source), answered.clone());
        tokio::spawn(async move {
            let loaded = reader.await.unwrap();
            answered.lock().unwrap().push(number);
            loaded
        })
    });
    let readers: Vec<_> = readers.collect();
    everyone_waits().await;
    source.release();
    all_got_seven(readers).await;
    assert_eq!(*answered.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_on_several_threads_share_one_load() {
    for _ in 0..50 {
        let cache = alone().await;
        let source = Source::ready();
        all_got_seven(readers(&cache, &source)).await;
        assert_eq!(source.loads(), 1);
    }
}

#[tokio::test]
async fn nothing_is_shared_and_not_cached() {
    let cache = alone().await;
    let (loads, source) = (Arc::new(AtomicUsize::new(0)), Source::held());
    let reader = || {
        let (cache, loads, source) = (cache.clone(), loads.clone(), source.clone());
        let load = async move || {
            loads.fetch_add(1, Ordering::SeqCst);
            source.load(()).await.map(|_| None::<u32>)
        };
        tokio::spawn(async move { cache.get_or_load("key", load).await })
    };
    let readers: Vec<_> = (0..5).map(|_| reader()).collect();
    everyone_waits().await;
    source.release();
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap(), None);
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    assert_eq!(reader().await.unwrap().unwrap(), None);
    assert_eq!(loads.load(Ordering::SeqCst), 2);
    assert_eq!(cache.health().l1_entries, 0);
}

#[tokio::test]
async fn an_error_reaches_all_who_joined_and_is_not_cached() {
    #[derive(Debug)]
    struct Broken;

    let cache = alone().await;
    let source = Source::held();
    let reader = || {
        let (cache, source) = (cache.clone(), source.clone());
        tokio::spawn(async move {
            let load = async || {
                let _ = source.load(()).await;
                Err::<Option<u32>, _>(Broken)
            };
            cache.get_or_load("key", load).await.unwrap_err()
        })
    };
    let readers: Vec<_> = (0..10).map(|_| reader()).collect();
    everyone_waits().await;
    source.release();
    let mut errors: Vec<Arc<Broken>> = Vec::new();
    for reader in readers {
        errors.push(reader.await.unwrap());
    }
    assert!(errors.iter().all(|error| Arc::ptr_eq(error, &errors[0])));
    assert_eq!(source.loads(), 1);
    let later = reader().await.unwrap();
    assert!(!Arc::ptr_eq(&later, &errors[0]));
    assert_eq!(source.loads(), 2);
}

#[tokio::test]
async fn after_a_cancelled_leader_exactly_one_waiter_loads() {
    let cache = alone().await;
    let (first, second) = (Source::held(), Source::held());
    let leader = reader(&cache, &first);
    everyone_waits().await;
    let readers = readers(&cache, &second);
    everyone_waits().await;
    assert_eq!((first.loads(), second.loads()), (1, 0));

    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    everyone_waits().await;
    assert_eq!(second.loads(), 1);
    second.release();
    all_got_seven(readers).await;
    assert_eq!(second.loads(), 1);
}

#[tokio::test]
async fn after_a_cancelled_leader_the_next_may_be_cancelled_too() {
    let cache = alone().await;
    let source = Source::held();
    let mut readers = readers(&cache, &source);
    everyone_waits().await;
    for turn in 1..20 {
        assert_eq!(source.loads(), turn);
        // Whoever loads now: cancel all but the last one in turn, in any order of leadership.
        let victim = readers.remove(0);
        victim.abort();
        assert!(victim.await.unwrap_err().is_cancelled());
        everyone_waits().await;
        if source.loads() == turn {
            break;
        }
    }
    source.release();
    all_got_seven(readers).await;
    assert_eq!(cache.get::<u32>("key").await.as_deref(), Some(&7));
}

#[tokio::test]
async fn after_a_loader_that_panics_exactly_one_waiter_loads() {
    let cache = alone().await;
    let (first, second) = (Source::held(), Source::held());
    let leader = {
        let (cache, first) = (cache.clone(), first.clone());
        let load = async move || {
            let _ = first.load(()).await;
            panic!("the loader panics on purpose");
            #[allow(unreachable_code)]
            Ok::<Option<u32>, Infallible>(None)
        };
        tokio::spawn(async move { cache.get_or_load("key", load).await })
    };
    everyone_waits().await;
    let readers = readers(&cache, &second);
    everyone_waits().await;
    assert_eq!((first.loads(), second.loads()), (1, 0));

    first.release();
    assert!(leader.await.unwrap_err().is_panic());
    everyone_waits().await;
    assert_eq!(second.loads(), 1);
    second.release();
    all_got_seven(readers).await;
    assert_eq!(second.loads(), 1);
}

#[tokio::test]
async fn a_load_that_hangs_is_not_waited_for_beyond_its_time() {
    let cache = alone_with(|config| config.load_timeout = Duration::from_millis(100)).await;
    let hanging = {
        let cache = cache.clone();
        let load = || pending::<Result<Option<u32>, Infallible>>();
        tokio::spawn(async move { cache.get_or_load("key", load).await })
    };
    everyone_waits().await;
    let source = Source::ready();
    all_got_seven(readers(&cache, &source)).await;
    assert_eq!(source.loads(), 1, "one of them leads, the others join");
    assert!(!hanging.is_finished());
    assert_eq!(cache.get::<u32>("key").await.as_deref(), Some(&7));
}

/// The time counts from the beginning of the load, not from when somebody joined it.
#[tokio::test]
async fn who_joins_late_waits_only_for_the_rest_of_the_time() {
    let timeout = Duration::from_secs(2);
    let cache = alone_with(|config| config.load_timeout = timeout).await;
    let hung = Source::held();
    let began = Instant::now();
    let leader = reader(&cache, &hung);
    eventually("the load is old", PATIENCE, || async {
        began.elapsed() >= timeout * 4 / 5
    })
    .await;
    let source = Source::ready();
    all_got_seven(vec![reader(&cache, &source)]).await;
    let took = began.elapsed();
    assert!(took < timeout * 7 / 5, "the load was waited for {took:?}");
    leader.abort();
}

#[tokio::test]
async fn nobody_joins_a_load_that_began_before_a_removal() {
    let cache = alone().await;
    let (first, second) = (Source::held(), Source::held());
    let old = reader(&cache, &first);
    everyone_waits().await;
    cache.remove("key").await;
    let new = readers(&cache, &second);
    everyone_waits().await;
    assert_eq!(second.loads(), 1);
    first.release();
    all_got_seven(vec![old]).await;
    assert_eq!(
        cache.get::<u32>("key").await,
        None,
        "it was loaded too early"
    );
    second.release();
    all_got_seven(new).await;
    assert_eq!(second.loads(), 1);
    assert_eq!(cache.get::<u32>("key").await.as_deref(), Some(&7));
}

/// However often it is invalidated meanwhile.
#[tokio::test]
async fn at_most_two_loads_of_a_key_run_at_once() {
    let cache = alone().await;
    let source = Source::held();
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.extend(readers(&cache, &source));
        everyone_waits().await;
        cache.remove("key").await;
    }
    assert_eq!(source.loads(), 2);
    source.release();
    all_got_seven(waiting).await;
}

#[tokio::test]
async fn callers_of_other_types_load_for_themselves() {
    let cache = alone().await;
    let (numbers, texts) = (Source::held(), Source::ready());
    let number = reader(&cache, &numbers);
    everyone_waits().await;
    let text = {
        let (cache, texts) = (cache.clone(), texts.clone());
        tokio::spawn(async move {
            cache
                .get_or_load("key", || texts.load("seven".to_owned()))
                .await
        })
    };
    everyone_waits().await;
    numbers.release();
    all_got_seven(vec![number]).await;
    let text = text.await.unwrap().unwrap();
    assert_eq!(text.as_deref().map(String::as_str), Some("seven"));
    assert_eq!(texts.loads(), 1);
}
