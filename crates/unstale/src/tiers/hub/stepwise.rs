//! A hub, asked step by step.

use std::sync::Arc;

use super::Hub;
use super::steps::Terms;
use super::tier::fence;
use crate::config::Config;
use crate::core::{Position, Server};
use crate::evidence::steps::{Answer, Caller, Meta, State, Step, in_order};
use crate::tiers::shared::life_of_hand_over;

/// A hub, asked step by step.
pub struct HubSteps {
    /// What is asked.
    pub hub: Hub,
    config: Config,
}

impl HubSteps {
    /// An empty hub, which somebody has fenced.
    pub fn start(config: &Config, first: &Caller) -> Self {
        let steps = Self {
            hub: Hub::new(),
            config: config.clone(),
        };
        steps.take(first, &Step::Fence);
        steps
    }

    /// Takes one step for a caller.
    pub fn take(&self, caller: &Caller, step: &Step) -> Answer {
        let (hub, lease_ttl) = (&self.hub, self.config.lease_ttl);
        let life = life_of_hand_over(&self.config);
        match step {
            Step::Fence => {
                let answer = fence(hub, &caller.local);
                self.trim();
                answer.map_or_else(Answer::from, Answer::Fenced)
            }
            Step::Invalidate(message) => hub
                .invalidate(&self.terms(caller), message)
                .map_or(Answer::NotFenced, Answer::Appended),
            Step::Store(message, values) => {
                let entries: Vec<_> = values.iter().map(|value| value.entry()).collect();
                hub.store(&self.terms(caller), message, &entries)
                    .map_or(Answer::NotFenced, Answer::Appended)
            }
            Step::LookGuarded(key) => {
                let guarded = hub.look_guarded(key, caller.witness());
                Answer::guarded(guarded.looked, guarded.snapshot)
            }
            Step::Claim { key, lease } => hub.claim(key, lease, lease_ttl).into(),
            Step::TakeOver { key, seen, lease } => {
                Answer::yes_or_no(hub.take_over(key, seen, lease, lease_ttl))
            }
            Step::Fill {
                lease,
                stamp,
                value,
            } => hub
                .fill(&value.key, lease, &value.value(*stamp), &value.rest())
                .into(),
            Step::AwaitFill { key, lease } => hub.await_fill(key, lease, life).into(),
            Step::HandOver {
                lease,
                stamp,
                value,
            } => {
                hub.hand_over(lease, &value.value(*stamp), &value.rest(), life);
                Answer::Done
            }
            Step::Release { key, lease } => {
                hub.release(key, lease);
                Answer::Done
            }
            Step::Touch { key, seen } => {
                let left = hub.touch(key, seen);
                Answer::Left {
                    sliding: left.sliding,
                    absolute: left.absolute,
                }
            }
        }
    }

    /// A hub trims its log with the next append, where that is not the fence's.
    fn trim(&self) {
        let kept = usize::try_from(self.config.stream.max_stream_length).unwrap_or(usize::MAX);
        self.hub.with(|server| server.trim(kept));
    }

    /// What it holds. With Pub/Sub the log is what was published since the last look, and the
    /// server keeps nothing of it but the ids.
    pub fn state(&self, keys: &[Arc<str>]) -> State {
        self.hub.with(|server| server.sweep(self.hub.now()));
        let found = |key| self.hub.look(key).map(Into::into);
        let records = keys.iter().map(|key| (key.clone(), found(key))).collect();
        let log = if self.config.use_streams_for_invalidation {
            self.hub.entries_after(Position::ORIGIN)
        } else {
            self.hub.with(Server::publish)
        };
        self.trim();
        let meta = self.hub.snapshot().map(|snapshot| {
            let (latest_ms, forgotten) = self
                .hub
                .with(|server| (server.latest_ms(), server.forgotten_at()));
            let forgotten = forgotten.into_iter();
            Meta {
                snapshot: in_order(snapshot),
                forgotten_at: forgotten
                    .map(|(scope, at)| (scope.to_string(), at.as_nanos() / 1_000_000))
                    .collect(),
                latest_ms,
                others: vec![],
            }
        });
        State {
            meta,
            log: log
                .into_iter()
                .map(|(at, message)| (at, Some(message)))
                .collect(),
            records,
        }
    }

    fn terms(&self, caller: &Caller) -> Terms {
        let (ours, ban_margin) = caller
            .local
            .with(|partition, _| (partition.witness(), partition.ban_retention_beyond_ttl()));
        Terms {
            ours,
            ban_margin,
            max_log_length: usize::try_from(self.config.stream.max_stream_length)
                .unwrap_or(usize::MAX),
            max_bans: self.config.max_bans,
        }
    }
}
