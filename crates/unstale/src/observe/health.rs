//! Whether an instance is well.

use std::time::Duration;

use serde::Serialize;

use crate::clock;
use crate::core::{Position, Tick};
use crate::partitions::PartitionId;
use crate::token::Token;

/// The state of one instance, for a health check.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// False when the instance has not proven itself for `AckTimeout`.
    pub healthy: bool,
    /// Whether L1 is in use for all keys: this instance is known to have applied every
    /// invalidation. Of several partitions, each uses L1 by its own proof.
    pub proven: bool,
    /// How old the newest proof is, of the partition where it is oldest; `None` when one has none
    /// in its epoch.
    pub proof_age: Option<Duration>,
    /// The position up to which the log has been applied, as `epoch-seq`; of several partitions as
    /// a [`Token`](crate::Token) is written.
    pub position: Option<String>,
    /// `closed` when L2 is in use, `open` or `half-open` when it is not, for the keys of one
    /// partition at least; `none` without an L2.
    pub breaker: &'static str,
    /// Removals that are not acknowledged yet. A ban counts in each partition.
    pub pending: u64,
    /// Copies in L1.
    pub l1_entries: u64,
    /// Their total size, in the unit of `SizeLimit`.
    pub l1_size: u64,
    /// Bans that this instance remembers, in all partitions.
    pub bans: u64,
    /// What is wrong, as a sentence.
    pub reason: Option<String>,
}

/// One partition's part of it.
pub(crate) struct View {
    pub(crate) id: PartitionId,
    /// There is no log to follow.
    pub(crate) alone: bool,
    pub(crate) proven: bool,
    pub(crate) proven_at: Option<Tick>,
    pub(crate) position: Position,
    pub(crate) breaker: &'static str,
    pub(crate) bans: u64,
}

/// What the partitions have in common.
pub(crate) struct Vitals {
    /// Copies in L1, and their size.
    pub(crate) l1: (usize, u64),
    pub(crate) pending: u64,
    pub(crate) started: Tick,
    pub(crate) ack_timeout: Duration,
}

/// From well to worse.
const BREAKER: [&str; 4] = ["none", "closed", "half-open", "open"];

impl Health {
    pub(crate) fn of(partitions: &[View], vitals: &Vitals) -> Self {
        let now = clock::now();
        let unproven_for = |each: &View| now.since(each.proven_at.unwrap_or(vitals.started));
        let unproven = partitions
            .iter()
            .filter(|each| !each.alone && unproven_for(each) > vitals.ack_timeout);
        let lost: Vec<_> = unproven.clone().map(|each| each.id).collect();
        let seconds = unproven
            .map(unproven_for)
            .max()
            .unwrap_or_default()
            .as_secs();
        let known = partitions.iter().filter(|each| each.position.epoch > 0);
        let position = known
            .map(|each| Token::at(each.id, each.position))
            .reduce(|one, other| one.and(&other));
        let proof_ages = partitions.iter().map(|each| {
            each.proven_at
                .filter(|_| !each.alone)
                .map(|at| now.since(at))
        });
        let states = partitions.iter().map(|each| each.breaker);
        Self {
            healthy: lost.is_empty(),
            proven: partitions.iter().all(|each| each.proven),
            proof_age: proof_ages
                .collect::<Option<Vec<_>>>()
                .and_then(|ages| ages.into_iter().max()),
            position: position.map(|position| position.to_string()),
            breaker: states
                .max_by_key(|state| BREAKER.iter().position(|known| known == state))
                .unwrap_or("none"),
            pending: vitals.pending,
            l1_entries: vitals.l1.0 as u64,
            l1_size: vitals.l1.1,
            bans: partitions.iter().map(|each| each.bans).sum(),
            reason: reason(&lost, seconds),
        }
    }
}

fn reason(lost: &[PartitionId], seconds: u64) -> Option<String> {
    let (first, others) = lost.split_first()?;
    if first.is_only() {
        return Some(format!(
            "the log has not been followed for {seconds} s: L1 is out of use"
        ));
    }
    let which = match others.len() {
        0 => format!("the log of partition {first}"),
        more => format!("the logs of partition {first} and {more} others"),
    };
    Some(format!(
        "{which} cannot be followed, for {seconds} s: L1 is out of use for their keys"
    ))
}
