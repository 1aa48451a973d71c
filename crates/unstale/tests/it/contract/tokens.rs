//! F6: a read that carries a token sees that write or a newer one, on any instance.

use std::time::Duration;

use testbed::{Direction, Value};
use tokio::time::timeout;
use unstale::Token;

use crate::bed::{
    Bed, PATIENCE, SlowLoad, Transport, also_in_four_partitions, caught_up, held, numbers,
    on_every_server, patient, read, warm,
};

on_every_server!(
    an_instance_that_is_behind_goes_past_its_l1,
    an_instance_that_is_behind_asks_l2_together_with_its_bans,
    a_load_from_before_the_token_is_not_joined,
    a_token_of_a_newer_epoch_leads_to_the_source,
    a_token_of_an_older_epoch_asks_for_nothing,
    a_server_that_has_not_come_as_far_is_not_believed,
);

also_in_four_partitions!(
    an_instance_that_is_behind_goes_past_its_l1,
    an_instance_that_is_behind_asks_l2_together_with_its_bans,
    a_load_from_before_the_token_is_not_joined,
    a_token_of_an_older_epoch_asks_for_nothing,
);

async fn an_instance_that_is_behind_goes_past_its_l1(transport: Transport) {
    let bed = Bed::start(transport);
    let (behind, wires) = bed.wired("behind", patient).await;
    let writer = bed.instance("writer").await;
    warm(&behind, "product:1", 1).await;
    wires.log.stall(Direction::ToClient);
    let removed = writer.remove("product:1").await;
    let token = travelled(removed.token().unwrap());
    // It has not heard of the removal, and is still within its bound.
    assert_eq!(held(&behind, "product:1").await, Some(1));

    let products = behind.space::<u64>("product").after(&token);
    assert_eq!(products.get(1).await, None);
    assert_eq!(products.get_many([1]).await, [None]);
    assert_eq!(read(&writer, "product:1", 2).await, 2);
    assert_eq!(products.get(1).await.as_deref(), Some(&2));
    let load = || async { Ok::<_, std::convert::Infallible>(Some(3)) };
    let value = products.get_or_load(1, load).await.unwrap();
    assert_eq!(value.as_deref(), Some(&2));

    wires.log.heal().unwrap();
    caught_up(&behind, &token).await;
    assert_eq!(held(&behind, "product:1").await, Some(2));
}

/// It has gone back in place, and has the record from before the write again.
async fn a_server_that_has_not_come_as_far_is_not_believed(transport: Transport) {
    const KEYS: [&str; 3] = [
        "{unstale:0}:meta",
        "{unstale:0}:cache:invalidations",
        "{unstale:0}:k:product:1",
    ];
    let bed = Bed::start(transport);
    let (behind, wires) = bed.wired("behind", patient).await;
    let mut config = bed.config();
    patient(&mut config);
    let writer = bed.instance_with("writer", config).await;
    warm(&writer, "product:1", 1).await;
    let settled = writer.remove("elsewhere").await;
    caught_up(&behind, settled.token().unwrap()).await;
    wires.log.stall(Direction::ToClient);
    for key in KEYS {
        let kept = bed.server().command(["COPY", key, &kept(key)]).unwrap();
        assert_eq!(kept, Value::Int(1), "{key}");
    }
    let removed = writer.remove("product:1").await;
    let token = travelled(removed.token().unwrap());
    for key in KEYS {
        bed.server().command(["RENAME", &kept(key), key]).unwrap();
    }
    assert_eq!(read(&behind, "product:1", 2).await, 1);
    let products = behind.space::<u64>("product").after(&token);
    assert_eq!(products.get(1).await, None);
    let load = || async { Ok::<_, std::convert::Infallible>(Some(2)) };
    let value = products.get_or_load(1, load).await.unwrap();
    assert_eq!(value.as_deref(), Some(&2));
}

fn kept(key: &str) -> String {
    format!("{key}:kept")
}

/// The record is still there: the ban alone says that it is too old.
async fn an_instance_that_is_behind_asks_l2_together_with_its_bans(transport: Transport) {
    let bed = Bed::start(transport);
    let (behind, wires) = bed.wired("behind", patient).await;
    let writer = bed.instance("writer").await;
    read(&writer, "feed:user:1", 1).await;
    wires.log.stall(Direction::ToClient);
    let removed = writer.remove_pattern("feed:user:*").await;
    let feeds = behind
        .space::<u64>("feed:user")
        .after(removed.token().unwrap());
    assert_eq!(feeds.get(1).await, None);
    assert_eq!(read(&writer, "feed:user:1", 2).await, 2);
    assert_eq!(feeds.get(1).await.as_deref(), Some(&2));
    wires.log.heal().unwrap();
}

async fn a_load_from_before_the_token_is_not_joined(transport: Transport) {
    let bed = Bed::start(transport);
    let (behind, wires) = bed
        .wired("behind", |config| {
            patient(config);
            config.load_timeout = Duration::from_secs(60);
        })
        .await;
    let writer = bed.instance("writer").await;
    wires.log.stall(Direction::ToClient);
    let older = SlowLoad::begin(&behind, "product:1", 1).await;
    let removed = writer.remove("product:1").await;
    let products = behind
        .space::<u64>("product")
        .after(removed.token().unwrap());
    let load = || async { Ok::<_, std::convert::Infallible>(Some(2)) };
    let value = timeout(PATIENCE, products.get_or_load(1, load)).await;
    let value = value.expect("a load of its own").unwrap();
    assert_eq!(value.as_deref(), Some(&2));
    older.finish().await;
    assert_ne!(products.get(1).await.as_deref(), Some(&1));
    wires.log.heal().unwrap();
}

async fn a_token_of_a_newer_epoch_leads_to_the_source(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    patient(&mut config);
    let cache = bed.instance_with("one", config).await;
    warm(&cache, "product:1", 1).await;
    let (epoch, seq) = numbers(cache.remove("other").await.token().unwrap());
    let newer: Token = format!("{}-1", epoch + 1).parse().unwrap();
    let current: Token = format!("{epoch}-{seq}").parse().unwrap();
    let products = cache.space::<u64>("product");
    assert_eq!(products.after(&newer).get(1).await, None);
    let load = || async { Ok::<_, std::convert::Infallible>(Some(2)) };
    let value = products.after(&newer).get_or_load(1, load).await.unwrap();
    assert_eq!(value.as_deref(), Some(&2));
    assert_ne!(products.after(&current).get(1).await, None);
}

/// Whatever that write was about is gone together with its epoch.
async fn a_token_of_an_older_epoch_asks_for_nothing(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    patient(&mut config);
    let cache = bed.instance_with("one", config).await;
    let removed = cache.remove("product:1").await;
    bed.flush();
    let later = cache.remove("product:1").await;
    caught_up(&cache, later.token().unwrap()).await;
    warm(&cache, "product:1", 2).await;
    let products = cache.space::<u64>("product");
    let seen = products.after(removed.token().unwrap()).get(1).await;
    assert_eq!(seen.as_deref(), Some(&2));
}

/// As a client carries it, in a header.
fn travelled(token: &Token) -> Token {
    token.to_string().parse().expect("a token")
}
