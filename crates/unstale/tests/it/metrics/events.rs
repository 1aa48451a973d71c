//! What happens, told as it happens.

use unstale::{Event, Events, Removed};

use crate::bed::{Bed, PATIENCE, Transport, on_every_transport, warm};

on_every_transport!(both_sides_tell_of_a_removal, a_slow_listener_misses_events);

async fn next(events: &mut Events) -> Event {
    let event = tokio::time::timeout(PATIENCE, events.next()).await;
    event.expect("an event").expect("a cache")
}

async fn both_sides_tell_of_a_removal(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    warm(&there, "product:1", 1).await;
    let (mut sent, mut received) = (here.events(), there.events());
    let removed = here.remove_batch(["product:1", "product:2"]).await;
    let position = removed.token().expect("a server").to_string();
    let Event::Sent(here) = next(&mut sent).await else {
        panic!("the sender tells first of what it sent");
    };
    let Event::Received(copy) = next(&mut received).await else {
        panic!("the other tells of what it received");
    };
    assert!(
        there.peek::<u64>("product:1").is_none(),
        "its copy is gone by then"
    );
    assert_eq!((&here.position, &copy.position), (&position, &position));
    let keys = ["product:1", "product:2"].map(|key| Removed::Key(key.into()));
    assert_eq!(*copy.removed, keys);
    assert!(copy.took < PATIENCE && here.took < PATIENCE);

    there.remove_pattern("product:*").await;
    let Event::Received(ban) = next(&mut sent).await else {
        panic!("a ban is received too");
    };
    assert_eq!(*ban.removed, [Removed::Pattern("product:*".into())]);
}

async fn a_slow_listener_misses_events(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance("one").await;
    let mut events = cache.events();
    for _ in 0..1_100 {
        assert!(cache.remove("product:1").await.is_applied());
    }
    let Event::Missed(missed) = next(&mut events).await else {
        panic!("it is told that it missed some");
    };
    assert!((1..=1_100).contains(&missed), "{missed}");
    assert!(matches!(next(&mut events).await, Event::Sent(_)));
}
