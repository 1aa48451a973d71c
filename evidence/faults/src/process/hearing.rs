//! What a process says: reports for the judge, and answers to questions.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::oneshot, time::sleep};

use super::{
    orders::{Notice, Reply},
    wire::Incoming,
};
use crate::report::{Report, Reports};

/// How long to wait for a judge who is behind, before looking again.
const PAUSE: Duration = Duration::from_millis(5);

/// Hears one process.
pub(super) struct Hearing {
    pub(super) name: String,
    pub(super) replies: Arc<Replies>,
    pub(super) reports: Reports,
    /// Whether its end is no surprise.
    pub(super) ending: Arc<AtomicBool>,
    /// Its reporters that have not ended yet.
    pub(super) unfinished: HashSet<u32>,
}

impl Hearing {
    /// Until the process has ended, one way or the other. Then nothing more is to be expected of
    /// its reporters.
    pub(super) async fn until_the_end(mut self, mut incoming: Incoming<Notice>) {
        loop {
            match incoming.next().await {
                Ok(Some(Notice::Report(report))) => self.pass_on(report).await,
                Ok(Some(Notice::Reply(number, reply))) => self.replies.give(number, reply),
                // One that is killed may stop in the middle of a word.
                Ok(None) | Err(_) => break,
            }
        }
        if !self.ending.load(Ordering::SeqCst) {
            let name = &self.name;
            let what = format!("{name} ended, or stopped to report, though nobody told it to");
            self.reports.send(Report::Wrong(what));
        }
        for reporter in self.unfinished {
            self.reports.send(Report::Ended(reporter));
        }
    }

    async fn pass_on(&mut self, report: Report) {
        if let Report::Ended(reporter) = &report {
            self.unfinished.remove(reporter);
        }
        self.reports.send(report);
        // Then the process has to wait too, because nobody hears it.
        while self.reports.is_behind() {
            sleep(PAUSE).await;
        }
    }
}

/// Questions that were not answered yet.
#[derive(Default)]
pub(super) struct Replies {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Reply>>>,
}

/// An answer to come. Dropped, it is not expected any longer.
pub(super) struct Expected<'a> {
    replies: &'a Replies,
    number: u64,
    reply: oneshot::Receiver<Reply>,
}

impl Replies {
    pub(super) fn expect(&self) -> Expected<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, reply) = oneshot::channel();
        self.waiting.lock().insert(number, sender);
        Expected {
            replies: self,
            number,
            reply,
        }
    }

    fn give(&self, number: u64, reply: Reply) {
        if let Some(waiting) = self.waiting.lock().remove(&number) {
            // Whoever asked may just have given up.
            let _ = waiting.send(reply);
        }
    }
}

impl Expected<'_> {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) async fn reply(mut self) -> Option<Reply> {
        (&mut self.reply).await.ok()
    }
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.replies.waiting.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_finds_who_asked() {
        let replies = Replies::default();
        let (first, second) = (replies.expect(), replies.expect());
        replies.give(second.number(), Reply::WallClock(2));
        replies.give(first.number(), Reply::WallClock(1));
        assert_eq!(second.reply().await, Some(Reply::WallClock(2)));
        assert_eq!(first.reply().await, Some(Reply::WallClock(1)));
        assert!(replies.waiting.lock().is_empty());
    }

    #[test]
    fn a_late_answer_is_dropped() {
        let replies = Replies::default();
        let number = replies.expect().number();
        assert!(replies.waiting.lock().is_empty());
        replies.give(number, Reply::WallClock(1));
    }
}
