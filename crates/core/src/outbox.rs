//! The outbox: removals on their way to the server.

use std::time::Duration;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use smallvec::SmallVec;

use super::ban::Scope;
use super::guard::Guard;
use super::message::Change;
use super::tick::Tick;

/// One change that waits to be sent, on behalf of everybody who asked for it.
#[derive(Clone, Debug)]
pub struct Queued<W> {
    /// How many removals asked for this change: so many pendings end with it.
    pub count: u32,
    /// Those who still wait for the answer.
    pub waiters: SmallVec<[W; 2]>,
}

/// What is sent in one script.
pub type Batch<W> = Vec<(Change, Queued<W>)>;

/// Removals that are not sent, in the order they were asked for.
///
/// While one batch is in flight the next gathers here. A change is absorbed only by one that is
/// still here, so by something sent after it was asked for, never by a batch already in flight.
#[derive(Clone, Debug)]
pub struct Outbox<W> {
    queue: IndexMap<Change, Queued<W>, RandomState>,
    /// Changes taken out and not settled yet.
    in_flight: usize,
    limit: usize,
    /// Since when more has waited than the limit allows.
    over_since: Option<Tick>,
}

impl<W> Outbox<W> {
    /// An empty outbox that collapses beyond so many changes.
    pub fn new(limit: usize) -> Self {
        Self {
            queue: IndexMap::default(),
            in_flight: 0,
            limit,
            over_since: None,
        }
    }

    /// Queues one removal; `waiter` gets its answer.
    pub fn push(&mut self, change: Change, waiter: Option<W>) {
        let queued = self.entry(change);
        queued.count += 1;
        queued.waiters.extend(waiter);
    }

    /// Whether nothing waits to be sent.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many changes wait to be sent.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// How many changes are not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.queue.len() + self.in_flight
    }

    /// Takes out the oldest changes, at most `limit` of them.
    pub fn take_batch(&mut self, limit: usize) -> Batch<W> {
        let end = limit.min(self.queue.len());
        self.in_flight += end;
        let batch = self.queue.drain(..end).collect();
        if self.queue.len() <= self.limit {
            self.over_since = None;
        }
        batch
    }

    /// Where the rule is broken: the answer to a batch is also that of whoever has asked for the
    /// same since it was sent.
    #[cfg(feature = "evidence")]
    pub fn with_late(&mut self, mut batch: Batch<W>) -> Batch<W> {
        if !Guard::AbsorbedOnlyByLater.holds() {
            for (change, sent) in &mut batch {
                if let Some(late) = self.queue.shift_remove(change) {
                    sent.count += late.count;
                    sent.waiters.extend(late.waiters);
                }
            }
        }
        batch
    }

    /// A batch that was taken out is acknowledged.
    pub fn settled(&mut self, changes: usize) {
        self.in_flight -= changes;
    }

    /// Puts back a batch that was not acknowledged; nobody waits for it any longer.
    pub fn put_back(&mut self, batch: Batch<W>) {
        self.in_flight -= batch.len();
        for (change, failed) in batch {
            self.entry(change).count += failed.count;
        }
    }

    /// Nobody waits for an answer any longer: there is nobody to send to.
    pub fn release_waiters(&mut self) {
        self.queue
            .values_mut()
            .for_each(|queued| queued.waiters.clear());
    }

    /// When more has been queued than the limit allows for as long as `patience`: replaces all of it by
    /// one ban on everything, and returns what it replaced. The ban counts once, for all of them.
    /// Nobody waits for it: it deletes nothing, so its acknowledgement would not be that of the
    /// removals it replaced.
    pub fn collapse_if_over(
        &mut self,
        patience: Duration,
        now: Tick,
    ) -> Option<Vec<(Change, u32)>> {
        if self.queue.len() <= self.limit {
            return None;
        }
        if now.since(*self.over_since.get_or_insert(now)) < patience {
            return None;
        }
        self.over_since = None;
        let replaced = self
            .queue
            .drain(..)
            .map(|(change, queued)| (change, queued.count))
            .collect();
        if Guard::OverflowBecomesBan.holds() {
            let everything = Change::Ban(Scope::All);
            let once = Queued {
                count: 1,
                waiters: SmallVec::new(),
            };
            self.queue.insert(everything, once);
        }
        Some(replaced)
    }

    fn entry(&mut self, change: Change) -> &mut Queued<W> {
        self.queue.entry(change).or_insert_with(|| Queued {
            count: 0,
            waiters: SmallVec::new(),
        })
    }
}

#[cfg(feature = "evidence")]
impl<W> Outbox<W> {
    /// Writes it down for the model.
    pub fn write(&self, to: &mut crate::Canonical) {
        to.list(&self.queue, |to, (change, queued)| {
            to.change(change);
            to.number(u64::from(queued.count));
        });
        to.number(self.in_flight as u64);
    }
}
