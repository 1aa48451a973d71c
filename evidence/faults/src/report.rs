//! How what happened reaches the judge: in batches, from every task of every instance.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use history::{Event, Moment};
use serde::{Deserialize, Serialize};

use crate::clock;

/// A batch is sent when it is so long, or so old.
const LENGTH: usize = 256;
const AGE: u64 = clock::nanos_of(Duration::from_millis(5));

/// Readers slow down while the judge is so many events behind.
const BACKLOG: u64 = 1_000_000;

/// What one task of an instance reports.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// Nothing of this reporter has begun yet.
    Began(u32),
    /// What has ended; whatever it reports later began at the watermark or after.
    Events {
        reporter: u32,
        events: Vec<Event>,
        watermark: Moment,
    },
    /// It ended, or was killed.
    Ended(u32),
    /// Something that no order of events could explain, in words.
    Wrong(String),
}

/// The way to the judge.
#[derive(Clone)]
pub(crate) struct Reports {
    sender: mpsc::Sender<Report>,
    backlog: Arc<AtomicU64>,
}

impl Reports {
    /// A way, and its far end.
    pub(crate) fn channel() -> (Self, Inbox) {
        let (sender, receiver) = mpsc::channel();
        let backlog = Arc::default();
        let reports = Self {
            sender,
            backlog: Arc::clone(&backlog),
        };
        (reports, Inbox { receiver, backlog })
    }

    pub(crate) fn send(&self, report: Report) {
        if let Report::Events { events, .. } = &report {
            self.backlog
                .fetch_add(events.len() as u64, Ordering::Relaxed);
        }
        // After the judge has ended nobody asks any longer.
        let _ = self.sender.send(report);
    }

    /// Whether readers should wait for the judge.
    pub(crate) fn is_behind(&self) -> bool {
        self.backlog.load(Ordering::Relaxed) > BACKLOG
    }
}

/// The judge's end.
pub(crate) struct Inbox {
    receiver: mpsc::Receiver<Report>,
    backlog: Arc<AtomicU64>,
}

impl Inbox {
    /// The next report; `None` when nothing came for so long, `Err` when nothing will.
    pub(crate) fn next(&self, wait: Duration) -> Result<Option<Report>, mpsc::RecvError> {
        let report = match self.receiver.recv_timeout(wait) {
            Ok(report) => report,
            Err(mpsc::RecvTimeoutError::Timeout) => return Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(mpsc::RecvError),
        };
        if let Report::Events { events, .. } = &report {
            self.backlog
                .fetch_sub(events.len() as u64, Ordering::Relaxed);
        }
        Ok(Some(report))
    }
}

/// Collects what one task did, one thing after the other.
pub(crate) struct Reporter {
    number: u32,
    events: Vec<Event>,
    sent_at: u64,
    reports: Reports,
}

impl Reporter {
    pub(crate) fn new(number: u32, reports: Reports) -> Self {
        reports.send(Report::Began(number));
        Self {
            number,
            events: Vec::with_capacity(LENGTH),
            sent_at: clock::now(),
            reports,
        }
    }

    /// Something ended, and nothing else is going on.
    pub(crate) fn note(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(crate) fn wrong(&self, what: String) {
        self.reports.send(Report::Wrong(what));
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.reports.is_behind()
    }

    /// Sends what there is when it is time. Only between two operations.
    pub(crate) fn send_if_due(&mut self) {
        let now = clock::now();
        if self.events.len() >= LENGTH || now - self.sent_at >= AGE {
            self.sent_at = now;
            let events = std::mem::replace(&mut self.events, Vec::with_capacity(LENGTH));
            self.reports.send(Report::Events {
                reporter: self.number,
                events,
                watermark: Moment::from_nanos(now),
            });
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        let events = std::mem::take(&mut self.events);
        self.reports.send(Report::Events {
            reporter: self.number,
            events,
            watermark: Moment::from_nanos(clock::now()),
        });
        self.reports.send(Report::Ended(self.number));
    }
}
