//! A subscriber of `tracing` that panics while removals are sent: it runs in the middle of the
//! sender, which has to go on.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use unstale::Cache;

use crate::bed::{Bed, Transport, caught_up, listen, until_sent};

/// Panics once when a removal is about to be sent, and once when it was acknowledged: whenever one
/// of these is due.
#[derive(Clone, Default)]
struct Clumsy {
    before: Arc<AtomicBool>,
    after: Arc<AtomicBool>,
}

fn panic_if(due: &AtomicBool) {
    if due.swap(false, Ordering::SeqCst) {
        // Not by way of the hook: it would only write to the output of the tests.
        std::panic::resume_unwind(Box::new("a subscriber panics"));
    }
}

impl<S: Subscriber> Layer<S> for Clumsy {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let fields = format!("{:?}", attributes.values());
        if attributes.metadata().name() == "l2" && fields.contains("invalidate") {
            panic_if(&self.before);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if format!("{event:?}").contains("removal sent") {
            panic_if(&self.after);
        }
    }
}

/// A key whose removal is pending has no copy, and gets none.
async fn holds_a_copy(cache: &Cache, key: &str) -> bool {
    let load = || async { Ok::<_, Infallible>(Some(1_u32)) };
    cache.get_or_load(key, load).await.unwrap();
    cache.peek::<u32>(key).is_some()
}

/// On a runtime of one thread, so that the sender runs on the thread that listens.
async fn removals_are_sent_however_their_subscriber_fares(transport: Transport) {
    let bed = Bed::start(transport);
    let (one, two) = (bed.instance("one").await, bed.instance("two").await);
    let clumsy = Clumsy::default();
    let subscriber = tracing_subscriber::registry().with(clumsy.clone());
    let _listening = listen(subscriber);

    // Nobody removes anything else that would have it sent.
    clumsy.before.store(true, Ordering::SeqCst);
    let removal = one.remove("key:1").await;
    let due = clumsy.before.load(Ordering::SeqCst);
    assert!(!due && !removal.is_applied(), "due: {due}, {removal:?}");
    until_sent(&one).await;
    assert!(holds_a_copy(&one, "key:1").await);

    clumsy.after.store(true, Ordering::SeqCst);
    let removal = one.remove("key:2").await;
    let due = clumsy.after.load(Ordering::SeqCst);
    assert!(!due && !removal.is_applied(), "due: {due}, {removal:?}");
    assert_eq!(one.invalidations().pending, 0);
    assert!(holds_a_copy(&one, "key:2").await);

    let removal = one.remove("key:3").await;
    caught_up(&two, removal.token().unwrap()).await;
}

#[tokio::test]
async fn hub() {
    removals_are_sent_however_their_subscriber_fares(Transport::Hub).await;
}

#[tokio::test]
async fn streams() {
    removals_are_sent_however_their_subscriber_fares(Transport::Streams).await;
}
