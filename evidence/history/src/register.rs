//! What readers of one register have to know, and whether a reader did.

use std::time::Duration;

use crate::steps::Steps;
use crate::{Contract, Invalidation, Moment, Read, Rule, Source, Verdict, Violation, Write};

/// The writes of one register, as far as they can still matter.
#[derive(Debug, Default)]
pub(crate) struct Register {
    /// Acknowledged, however they were invalidated.
    acknowledged: Steps,
    /// Acknowledged, and their records deleted.
    deleted: Steps,
    /// Of each instance its own, acknowledged or not.
    own: Vec<(u32, Steps)>,
}

impl Register {
    /// Takes note of a write.
    pub(crate) fn write(&mut self, write: Write) {
        if write.acknowledged {
            self.acknowledged.add(write);
            if write.invalidation == Invalidation::Removal {
                self.deleted.add(write);
            }
        }
        match self.own.iter_mut().find(|(by, _)| *by == write.instance) {
            Some((_, own)) => own.add(write),
            None => {
                let mut own = Steps::default();
                own.add(write);
                self.own.push((write.instance, own));
            }
        }
    }

    /// Judges a read. Every write that ended before it began has to be known by now.
    pub(crate) fn judge(&self, read: Read, contract: &Contract) -> Verdict {
        let stale_since = self.acknowledged.missed(read.version, read.began);
        let staleness = stale_since.map_or(Duration::ZERO, |write| read.began.since(write.ended));
        let broken = Rule::ALL.into_iter().find_map(|rule| {
            let missed = match rule {
                Rule::BoundedStaleness => {
                    stale_since.filter(|_| staleness > contract.max_staleness())
                }
                Rule::NoStaleFill => self.missed_by_fill(&read),
                Rule::OwnWrites => self.missed_own(&read),
                Rule::Tokens => return self.missed_token(&read),
            };
            missed.map(|missed| (rule, Some(*missed)))
        });
        let violation = broken.map(|(rule, missed)| Violation {
            rule,
            missed,
            read,
            max_staleness: contract.max_staleness(),
        });
        Verdict {
            read,
            staleness,
            violation,
        }
    }

    /// F1. The shared tier holds records that a ban has made void, and an instance may be
    /// `MaxStaleness` late to learn of the ban; what is removed by key is gone.
    fn missed_by_fill(&self, read: &Read) -> Option<&Write> {
        let steps = match read.source {
            Source::L2 => &self.deleted,
            Source::Load => &self.acknowledged,
            Source::L1 | Source::Flight => return None,
        };
        steps.missed(read.version, read.began)
    }

    /// F2.
    fn missed_own(&self, read: &Read) -> Option<&Write> {
        let (_, own) = self.own.iter().find(|(by, _)| *by == read.instance)?;
        own.missed(read.version, read.began)
    }

    /// F6. The token itself says what had to be seen; the write that it stands for is named where
    /// it is known.
    fn missed_token(&self, read: &Read) -> Option<(Rule, Option<Write>)> {
        let write = || self.acknowledged.missed(read.at_least - 1, read.began);
        (read.version < read.at_least).then(|| (Rule::Tokens, write().copied()))
    }

    /// Forgets what no read can need that begins at `from` or later.
    pub(crate) fn forget(&mut self, from: Moment, contract: &Contract) {
        // A reader who missed one of these has broken F3, so nobody asks whether it was his own.
        let overdue = self
            .acknowledged
            .highest(from.less(contract.max_staleness()));
        let horizon = from.less(contract.horizon());
        self.acknowledged.forget(horizon);
        self.deleted.forget(horizon);
        self.own.retain_mut(|(_, own)| {
            own.forget(horizon);
            own.forget_up_to(overdue);
            own.len() > 0
        });
    }

    /// How many steps are remembered.
    pub(crate) fn remembered(&self) -> usize {
        let own: usize = self.own.iter().map(|(_, own)| own.len()).sum();
        self.acknowledged.len() + self.deleted.len() + own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Instances come and go; a register must not keep a place for each that ever wrote it.
    #[test]
    fn an_instance_of_which_nothing_is_remembered_takes_no_room() {
        let contract = Contract::new(Duration::from_nanos(100));
        let mut register = Register::default();
        for instance in 1..=1_000 {
            let ended = Moment::from_nanos(u64::from(instance) * 10);
            register.forget(ended, &contract);
            register.write(Write {
                key: 1,
                version: u64::from(instance),
                instance,
                began: ended,
                ended,
                acknowledged: true,
                invalidation: Invalidation::Removal,
            });
        }
        assert_eq!(register.own.len(), 11);
    }
}
