//! A subscriber of `tracing` that panics: it runs in the middle of what sends, reads and brings the
//! server back, all of which have to go on.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use testbed::eventually;
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use unstale::{Cache, EntryOptions, Outcome};

use crate::bed::{Bed, PATIENCE, Transport, caught_up, listen, quick, until_proven, until_sent};

/// Panics once when the next span begins, or event happens, that says this.
#[derive(Clone, Default)]
struct Clumsy(Arc<Mutex<Option<&'static str>>>);

impl Clumsy {
    fn panic_at(&self, saying: &'static str) {
        *self.0.lock().unwrap() = Some(saying);
    }

    fn has_panicked(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }

    fn hear(&self, said: &str) {
        let is_due = |due: &mut &str| said.contains(*due);
        if self.0.lock().unwrap().take_if(is_due).is_some() {
            // Not by way of the hook: it would only write to the output of the tests.
            std::panic::resume_unwind(Box::new("a subscriber panics"));
        }
    }
}

impl<S: Subscriber> Layer<S> for Clumsy {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.hear(&format!("{:?}", attributes.values()));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.hear(&format!("{event:?}"));
    }
}

/// A key whose removal is pending has no copy, and gets none.
async fn holds_a_copy(cache: &Cache, key: &str) -> bool {
    let load = || async { Ok::<_, Infallible>(Some(1_u32)) };
    cache.get_or_load(key, load).await.unwrap();
    cache.peek::<u32>(key).is_some()
}

async fn removals_are_sent_however_their_subscriber_fares(transport: Transport) {
    let bed = Bed::start(transport);
    let (one, two) = (bed.instance("one").await, bed.instance("two").await);
    let clumsy = Clumsy::default();
    let subscriber = tracing_subscriber::registry().with(clumsy.clone());
    let _listening = listen(subscriber);

    // Nobody removes anything else that would have it sent.
    clumsy.panic_at("invalidate");
    let removal = one.remove("key:1").await;
    let panicked = clumsy.has_panicked();
    assert!(panicked && !removal.is_applied(), "{panicked}, {removal:?}");
    until_sent(&one).await;
    assert!(holds_a_copy(&one, "key:1").await);

    clumsy.panic_at("removal sent");
    let removal = one.remove("key:2").await;
    let panicked = clumsy.has_panicked();
    assert!(panicked && !removal.is_applied(), "{panicked}, {removal:?}");
    assert_eq!(one.invalidations().pending, 0);
    assert!(holds_a_copy(&one, "key:2").await);

    let removal = one.remove("key:3").await;
    caught_up(&two, removal.token().unwrap()).await;
}

/// All of it, though it takes two scripts and the first is where it ends.
async fn a_set_becomes_a_removal(transport: Transport) {
    let bed = Bed::start(transport);
    let (one, two) = (bed.instance("one").await, bed.instance("two").await);
    let clumsy = Clumsy::default();
    let _listening = listen(tracing_subscriber::registry().with(clumsy.clone()));
    let keys: Vec<_> = (0..1_025).map(|id| format!("key:{id}")).collect();
    let (first, last) = (&keys[0], &keys[1_024]);
    for cache in [&one, &two] {
        assert!(holds_a_copy(cache, first).await);
        assert!(holds_a_copy(cache, last).await);
    }
    clumsy.panic_at("store");
    let values: Vec<_> = keys.iter().map(|key| (key, 2_u32)).collect();
    let set = one.set_many(&values, EntryOptions::new()).await.unwrap();
    assert!(clumsy.has_panicked() && !set.is_applied(), "{set:?}");
    until_sent(&one).await;
    eventually("the other heard of it", PATIENCE, || async {
        [first, last]
            .iter()
            .all(|key| two.peek::<u32>(key).is_none())
    })
    .await;
    assert!(holds_a_copy(&one, first).await);
    assert!(holds_a_copy(&one, last).await);
}

async fn the_log_is_read_on(transport: Transport) {
    let bed = Bed::start(transport);
    let (one, two) = (bed.instance("one").await, bed.instance("two").await);
    let clumsy = Clumsy::default();
    let _listening = listen(tracing_subscriber::registry().with(clumsy.clone()));
    clumsy.panic_at("removal received");
    let removal = one.remove("key:1").await;
    caught_up(&two, removal.token().unwrap()).await;
    eventually("it was heard of", PATIENCE, || async {
        clumsy.has_panicked()
    })
    .await;
    let removal = one.remove("key:1").await;
    caught_up(&two, removal.token().unwrap()).await;
    until_proven(&two, true).await;
    assert!(holds_a_copy(&two, "key:1").await);
}

/// Each of both happens in the middle of bringing it back.
async fn a_server_comes_back_into_service(transport: Transport) {
    let bed = Bed::start(transport);
    let (cache, proxy) = bed.proxied("one", quick).await;
    let clumsy = Clumsy::default();
    let _listening = listen(tracing_subscriber::registry().with(clumsy.clone()));
    for saying in ["L2 is in service", "L2 is not in service"] {
        clumsy.panic_at(saying);
        proxy.cut();
        assert_eq!(cache.remove("key:1").await, Outcome::Pending);
        if saying == "L2 is not in service" {
            eventually("it panicked", PATIENCE, || async { clumsy.has_panicked() }).await;
        }
        proxy.heal().unwrap();
        until_sent(&cache).await;
        eventually("it panicked", PATIENCE, || async { clumsy.has_panicked() }).await;
        until_proven(&cache, true).await;
        assert!(holds_a_copy(&cache, "key:1").await);
    }
}

/// On a runtime of one thread, so that everything runs on the thread that listens.
macro_rules! on_one_thread {
    ($transport:ident: $($name:ident),+) => {
        $(#[tokio::test] async fn $name() {
            super::$name(Transport::$transport).await;
        })+
    };
}

mod hub {
    use super::Transport;

    on_one_thread!(
        Hub: removals_are_sent_however_their_subscriber_fares,
        a_set_becomes_a_removal,
        the_log_is_read_on
    );
}

mod streams {
    use super::Transport;

    on_one_thread!(
        Streams: removals_are_sent_however_their_subscriber_fares,
        a_set_becomes_a_removal,
        the_log_is_read_on,
        a_server_comes_back_into_service
    );
}

mod pub_sub {
    use super::Transport;

    on_one_thread!(PubSub: the_log_is_read_on, a_server_comes_back_into_service);
}
