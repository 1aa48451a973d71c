//! `inspect`.

use std::time::Duration;

use unstale::EntryOptions;

use crate::bed::{at, with_instance};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_shown_with_its_header() {
    let (server, cache) = with_instance().await;
    let options = EntryOptions::new()
        .absolute_expiration(Duration::from_secs(600))
        .tag("sport");
    let set = cache
        .set("feed:1", &"hello".to_owned(), options)
        .await
        .unwrap();
    let ran = at(&server, &["inspect", "feed:1", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let json = ran.json();
    let (inspection, held) = (&json["inspection"], &json["inspection"]["held"]);
    assert_eq!(json["served"], true);
    assert_eq!(inspection["stamp"], set.token().unwrap().to_string());
    assert_eq!(inspection["stored_as"], "{unstale:0}:k:feed:1");
    assert_eq!(
        (&held["kind"], &held["ttl"]["secs"]),
        (&"value".into(), &600.into())
    );
    assert_eq!(held["tags"][0], "sport");
    assert!(inspection["age"]["secs"].as_u64().unwrap() < 300, "{json}");
    let left = inspection["expires_in"]["secs"].as_u64().unwrap();
    assert!((300..=600).contains(&left), "{json}");
    let ran = at(&server, &["inspect", "feed:1"]).await;
    for shown in ["MessagePack", "tags        sport", "served      yes"] {
        assert!(ran.out.contains(shown), "{shown}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bans_that_forbid_it_are_shown() {
    let (server, cache) = with_instance().await;
    cache.remove_pattern("feed:?").await;
    let options = EntryOptions::new().tag("sport");
    cache.set("feed:1", &1_u32, options).await.unwrap();
    cache.remove_pattern("other:*").await;
    cache.remove_tag("chess").await;
    let json = at(&server, &["inspect", "feed:1", "--json"]).await.json();
    assert_eq!(json["served"], true, "{json}");
    assert_eq!(
        json["inspection"]["bans"].as_array().unwrap().len(),
        1,
        "{json}"
    );
    assert_eq!(json["inspection"]["bans"][0]["forbids"], false);
    cache.remove_tag("sport").await;
    let ran = at(&server, &["inspect", "feed:1"]).await;
    assert_eq!(ran.code, 0);
    assert!(
        ran.out
            .contains("no: `tag sport` was removed after it was loaded"),
        "{ran:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_value_is_named() {
    let (server, cache) = with_instance().await;
    let ran = at(&server, &["inspect", "none"]).await;
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.out.contains("holds       nothing"), "{ran:?}");
    let lease = cache.lookup::<u32>("leased").await;
    let ran = at(&server, &["inspect", "leased"]).await;
    assert!(ran.code == 0 && ran.out.contains("a lease"), "{ran:?}");
    drop(lease);
    server
        .command(["LPUSH", "{unstale:0}:k:list", "x"])
        .unwrap();
    let ran = at(&server, &["inspect", "list"]).await;
    assert!(
        ran.code == 0 && ran.out.contains("something else: list"),
        "{ran:?}"
    );
    server.command(["SET", "{unstale:0}:k:text", "x"]).unwrap();
    let ran = at(&server, &["inspect", "text"]).await;
    assert!(ran.out.contains("not a record of this version"), "{ran:?}");
    // A value of a history that is over.
    cache.set("old", &1_u32, EntryOptions::new()).await.unwrap();
    server
        .command(["HSET", "{unstale:0}:meta", "epoch", "99999999999999"])
        .unwrap();
    let ran = at(&server, &["inspect", "old"]).await;
    assert!(ran.out.contains("an epoch that is over"), "{ran:?}");
}
