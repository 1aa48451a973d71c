//! Read your writes anywhere: reads that carry what a write returned.

use testbed::eventually;
use unstale::{Outcome, Token};

use super::{plain, two};
use crate::bed::{Bed, PATIENCE, Source, Transport, on_every_transport};

on_every_transport!(
    a_read_after_a_set_elsewhere_sees_it,
    a_read_after_a_removal_elsewhere_does_not_see_the_old_value,
    a_load_after_a_removal_elsewhere_is_new_enough,
    tokens_are_ordered_and_travel_as_text,
);

fn token(outcome: Outcome) -> Token {
    // As it would arrive in a header.
    let text = outcome.token().expect("it was applied").to_string();
    text.parse().expect("a token")
}

async fn a_read_after_a_set_elsewhere_sees_it(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let (ours, theirs) = (a.space::<u32>("number"), b.space::<u32>("number"));
    for value in 0..300 {
        let token = token(ours.set("x", &value, plain()).await.unwrap());
        // Not by and by: the first read already.
        let seen = match value % 3 {
            0 => theirs.after(&token).get("x").await,
            1 => theirs.after(&token).get_many(["x"]).await.remove(0),
            _ => {
                let source = Source::ready();
                let read = theirs.after(&token);
                read.get_or_load("x", || source.load(value)).await.unwrap()
            }
        };
        assert_eq!(seen.as_deref(), Some(&value));
        theirs.get("x").await;
    }
}

async fn a_read_after_a_removal_elsewhere_does_not_see_the_old_value(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let (ours, theirs) = (a.space::<u32>("number"), b.space::<u32>("number"));
    for way in 0..200 {
        ours.set("x", &1, plain().tag("red")).await.unwrap();
        assert!(theirs.get("x").await.is_some());
        let outcome = match way % 4 {
            0 => ours.remove("x").await,
            1 => ours.remove_pattern(unstale::ANY).await,
            2 => a.remove_tag("red").await,
            _ => a.clear().await,
        };
        let seen = theirs.after(&token(outcome)).get("x").await;
        assert_eq!(seen, None, "way {}", way % 4);
    }
}

async fn a_load_after_a_removal_elsewhere_is_new_enough(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let (ours, theirs) = (a.space::<u32>("number"), b.space::<u32>("number"));
    for version in 0..100 {
        let source = Source::held();
        let old = {
            let (theirs, source) = (theirs.clone(), source.clone());
            tokio::spawn(async move { theirs.get_or_load("x", || source.load(version)).await })
        };
        eventually("the old load began", PATIENCE, || async {
            source.loads() == 1
        })
        .await;
        let token = token(ours.remove("x").await);
        // The old load is up and may not be joined.
        let fresh = Source::ready();
        let read = theirs.after(&token);
        let loaded = read.get_or_load("x", || fresh.load(version + 1)).await;
        assert_eq!(loaded.unwrap().as_deref(), Some(&(version + 1)));
        source.release();
        old.await.unwrap().unwrap();
        let seen = theirs.after(&token).get("x").await;
        assert_ne!(seen.as_deref(), Some(&version), "it was loaded too early");
        assert!(theirs.remove("x").await.is_applied());
    }
}

async fn tokens_are_ordered_and_travel_as_text(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let first = token(a.remove("x").await);
    let second = token(b.set("y", &1_u32, plain()).await.unwrap());
    assert_ne!(first, second);
    assert_eq!(first.and(&second), second);
    assert_eq!(second.and(&first), second);
    let seen = a.space::<u32>("y").after(&second);
    assert_eq!(seen.key(""), "y:");
    for text in ["", "1", "-", "1-", "x-1", "1-x", "1-2-3", "-1-2"] {
        let error = text.parse::<Token>().unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
