//! What a server keeps beside log and records: its history, and the bans.

use std::collections::HashMap;
use std::time::Duration;

use crate::ban::Scope;
use crate::guard::Guard;
use crate::message::Message;
use crate::position::{Fenced, History, Position};
use crate::tick::Tick;

/// What positions depend on, all in one place: whoever loses any of it loses all of it.
#[derive(Clone, Debug)]
pub(super) struct Meta {
    pub(super) history: History,
    pub(super) owner: u64,
    pub(super) seq: u64,
    /// The id of the newest entry.
    pub(super) last: u64,
    pub(super) longest_ttl: Duration,
    pub(super) newest_wall_ms: u64,
    pub(super) bans: HashMap<Scope, (u64, Tick)>,
}

impl Meta {
    pub(super) fn fenced(&self) -> Fenced {
        Fenced {
            history: self.history,
            tail: self.seq,
            last: self.last,
            longest_ttl: self.longest_ttl,
            ..Fenced::default()
        }
    }

    /// The next entry of the log, and its position.
    pub(super) fn advance(&mut self, message: Message) -> (Position, Message) {
        self.seq += 1;
        let before = std::mem::replace(&mut self.last, message.id);
        let message = Message { before, ..message };
        (self.fenced().position(), message)
    }

    /// Bans that have expired become one on everything: what they forbid is gone, unless this
    /// server's clock stepped back unseen, and nothing younger is touched.
    pub(super) fn limit_bans(&mut self, now: Tick, limit: usize) {
        if !Guard::ForgottenBansForbid.holds() {
            self.bans.retain(|_, (_, expires)| now < *expires);
        }
        for broader in [Scope::clone, Scope::folded, |_: &Scope| Scope::All] {
            if self.bans.len() <= limit {
                return;
            }
            let mut folded: HashMap<Scope, (u64, Tick)> = HashMap::new();
            for (scope, (seq, expires)) in self.bans.drain() {
                let scope = if now < expires {
                    broader(&scope)
                } else {
                    Scope::All
                };
                let ban = folded.entry(scope).or_insert((seq, expires));
                *ban = (ban.0.max(seq), ban.1.max(expires));
            }
            self.bans = folded;
        }
    }
}
