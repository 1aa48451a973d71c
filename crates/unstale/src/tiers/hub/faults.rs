//! What a hub can be made to suffer, for tests and demonstrations of what caches do then.

use std::collections::HashSet;

use tokio::sync::watch;

use super::Hub;
use crate::cache::Cache;
use crate::tiers::Unavailable;

/// What is broken now.
#[derive(Debug, Default)]
pub(super) struct Faults(watch::Sender<Broken>);

#[derive(Debug, Default)]
struct Broken {
    silent: bool,
    /// The caches that cannot follow the log, by their random ids.
    cut_off: HashSet<u64>,
}

impl Hub {
    /// Stops answering, as a server that has stopped: to every cache on this hub, L2 and log are out
    /// of service until [`resume_answers`](Hub::resume_answers).
    pub fn stop_answers(&self) {
        self.held
            .faults
            .0
            .send_modify(|broken| broken.silent = true);
    }

    /// Answers again. What was removed meanwhile is sent now.
    pub fn resume_answers(&self) {
        let answer = |broken: &mut Broken| broken.silent = false;
        self.held.faults.0.send_modify(answer);
    }

    /// Whether it answers.
    pub fn is_answering(&self) -> bool {
        !self.held.faults.0.borrow().silent
    }

    /// Cuts one cache off from the log, and from nothing else, until
    /// [`reconnect`](Hub::reconnect): it can no longer prove that it has missed nothing.
    pub fn cut_off(&self, cache: &Cache) {
        let origin = cache.instance().origin;
        let cut = |broken: &mut Broken| broken.cut_off.insert(origin);
        self.held.faults.0.send_if_modified(cut);
    }

    /// Lets a cache follow the log again.
    pub fn reconnect(&self, cache: &Cache) {
        let origin = cache.instance().origin;
        let mend = |broken: &mut Broken| broken.cut_off.remove(&origin);
        self.held.faults.0.send_if_modified(mend);
    }

    /// Whether a cache is cut off from the log.
    pub fn is_cut_off(&self, cache: &Cache) -> bool {
        let origin = cache.instance().origin;
        self.held.faults.0.borrow().cut_off.contains(&origin)
    }

    /// Drops the oldest entries of the log, as a server does beyond `MaxStreamLength`: this many
    /// are left. A cache that had still to read one of the others has missed something, and
    /// notices.
    pub fn trim(&self, entries: usize) {
        self.with(|server| server.trim(entries));
    }

    /// Fails unless the hub answers.
    pub(super) fn answering(&self) -> Result<&Self, Unavailable> {
        if self.is_answering() {
            Ok(self)
        } else {
            Err(Unavailable::Down)
        }
    }

    /// Fails unless a cache can follow the log.
    pub(super) fn in_reach_of(&self, origin: u64) -> Result<&Self, Unavailable> {
        if self.held.faults.0.borrow().keeps_from_log(origin) {
            Err(Unavailable::Down)
        } else {
            Ok(self)
        }
    }

    /// Waits until a cache cannot follow the log.
    pub(super) async fn out_of_reach_of(&self, origin: u64) -> Unavailable {
        let mut broken = self.held.faults.0.subscribe();
        // The hub outlives those who wait.
        let _ = broken
            .wait_for(|broken| broken.keeps_from_log(origin))
            .await;
        Unavailable::Down
    }

    /// What tells that something broke or was mended.
    pub(super) fn turns(&self) -> Turns {
        Turns(self.held.faults.0.subscribe())
    }
}

impl Broken {
    fn keeps_from_log(&self, origin: u64) -> bool {
        self.silent || self.cut_off.contains(&origin)
    }
}

/// Tells that something broke or was mended.
pub(super) struct Turns(watch::Receiver<Broken>);

impl Turns {
    /// Waits until the hub answers and something has changed since the last time.
    pub(super) async fn next_answer(&mut self) {
        loop {
            // The hub outlives those who wait.
            let _ = self.0.changed().await;
            if !self.0.borrow_and_update().silent {
                return;
            }
        }
    }
}
