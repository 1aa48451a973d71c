//! Everything that is on its way somewhere, in the order in which it arrives.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::clock::Clock;

type Act = Box<dyn FnOnce() + Send>;

/// Does things at their times: two things at the same time one after the other, and what each of
/// them sets off in between.
pub(crate) struct Network {
    clock: Arc<Clock>,
    queue: Mutex<Queue>,
    earlier: Notify,
}

#[derive(Default)]
struct Queue {
    due: BinaryHeap<Reverse<Due>>,
    scheduled: u64,
    /// When the driver wakes up next.
    awaited: u64,
}

struct Due {
    at: u64,
    number: u64,
    act: Act,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Network {
    pub(crate) fn new(clock: &Arc<Clock>) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            queue: Mutex::default(),
            earlier: Notify::new(),
        })
    }

    /// Has something done so many nanoseconds after the beginning.
    pub(crate) fn at(&self, at: u64, act: impl FnOnce() + Send + 'static) {
        let mut queue = self.queue.lock();
        let number = queue.scheduled;
        queue.scheduled += 1;
        let is_earlier = at < queue.awaited;
        queue.due.push(Reverse(Due {
            at,
            number,
            act: Box::new(act),
        }));
        drop(queue);
        if is_earlier {
            self.earlier.notify_one();
        }
    }

    /// Has something done so many nanoseconds from now.
    pub(crate) fn after(&self, nanos: u64, act: impl FnOnce() + Send + 'static) {
        self.at(self.clock.now() + nanos, act);
    }

    /// Waits for so many nanoseconds.
    pub(crate) async fn sleep(&self, nanos: u64) {
        if nanos == 0 {
            return;
        }
        let (over, wait) = oneshot::channel();
        self.after(nanos, move || {
            // Whoever waited has been dropped, if anything.
            let _ = over.send(());
        });
        // The run is over when nobody does what is due any longer.
        let _ = wait.await;
    }

    /// Does what is due, until it is aborted. Whatever one thing sets off comes before the next.
    pub(crate) async fn drive(self: Arc<Self>) {
        loop {
            let now = self.clock.now();
            let next = {
                let mut queue = self.queue.lock();
                let is_due = queue.due.peek().is_some_and(|Reverse(due)| due.at <= now);
                let act = is_due.then(|| queue.due.pop()).flatten();
                queue.awaited = queue.due.peek().map_or(u64::MAX, |Reverse(due)| due.at);
                act.map(|Reverse(due)| due.act).ok_or(queue.awaited)
            };
            match next {
                Ok(act) => {
                    act();
                    tokio::task::yield_now().await;
                }
                Err(u64::MAX) => self.earlier.notified().await,
                Err(at) => {
                    let earlier = self.earlier.notified();
                    // Either there is something to do now, or earlier than was thought.
                    let _ = tokio::time::timeout_at(self.clock.instant(at), earlier).await;
                }
            }
        }
    }
}
