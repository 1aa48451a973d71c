//! What the database holds, which removals were acknowledged, and so what a read has to see.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::subject::{Origin, Read};

/// Acknowledgements remembered for each row. A value that is older than all of them was removed
/// even longer ago than the oldest tells.
const REMEMBERED: usize = 256;

/// The newest version of each row, and what is known of its removals.
#[derive(Debug)]
pub(crate) struct Registers {
    rows: Box<[Register]>,
    instances: usize,
    /// The newest version whose removal an instance itself called and got back from: one for each
    /// row and instance.
    own: Box<[AtomicU64]>,
    first: u64,
    max_staleness: Duration,
    removal: RemovedBy,
}

/// How removals reach what all instances share.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum RemovedBy {
    /// The keys are gone from L2 before the removal is acknowledged.
    Key,
    /// What matches may still be in L2: an instance has to hear of the pattern first.
    Pattern,
}

#[derive(Debug)]
struct Register {
    committed: AtomicU64,
    /// The newest version whose removal was acknowledged.
    acknowledged: AtomicU64,
    /// When that became so, version by version.
    history: Mutex<VecDeque<(u64, Instant)>>,
}

/// What a read that begins now has to see.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Expected {
    began: Instant,
    own: u64,
    acknowledged: u64,
    committed: u64,
}

impl Expected {
    /// Whether this is what the database held when the read began, or newer. No cache promises
    /// that; it tells hits that are worth something from those that are not.
    pub(crate) fn is_met_by(&self, read: Read) -> bool {
        read.version >= self.committed
    }
}

/// What is to be thought of a value that was read.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing newer was known to be removed.
    Fresh,
    /// Its removal was acknowledged so long before the read began; as much is allowed.
    Behind(Duration),
    /// Its removal was acknowledged longer ago than any copy may be served.
    TooOld(Duration),
    /// Removed before the read began where it was read: from L2 or the database.
    Resurrected(Duration),
    /// The reader's own instance had written a newer one.
    OwnWriteLost,
}

impl Verdict {
    /// Whether no contract allows it.
    pub(crate) fn is_violation(self) -> bool {
        !matches!(self, Self::Fresh | Self::Behind(_))
    }
}

impl Registers {
    /// Versions go on from `first`.
    pub(crate) fn new(
        rows: usize,
        instances: usize,
        first: u64,
        max_staleness: Duration,
        removal: RemovedBy,
    ) -> Self {
        let register = || Register {
            committed: AtomicU64::new(first),
            acknowledged: AtomicU64::new(first),
            history: Mutex::default(),
        };
        Self {
            rows: (0..rows).map(|_| register()).collect(),
            instances,
            own: (0..rows * instances)
                .map(|_| AtomicU64::new(first))
                .collect(),
            first,
            max_staleness,
            removal,
        }
    }

    /// The version that the database holds.
    pub(crate) fn committed(&self, row: u32) -> u64 {
        self.rows[row as usize].committed.load(Ordering::SeqCst)
    }

    /// Whether the row was ever written.
    pub(crate) fn is_written(&self, row: u32) -> bool {
        self.committed(row) > self.first
    }

    /// Writes a row, and returns its new version.
    pub(crate) fn commit(&self, row: u32) -> u64 {
        1 + self.rows[row as usize]
            .committed
            .fetch_add(1, Ordering::SeqCst)
    }

    /// An instance's removal after the write of this version has returned.
    pub(crate) fn removed(&self, row: u32, instance: usize, version: u64, acknowledged: bool) {
        self.own(row, instance).fetch_max(version, Ordering::SeqCst);
        if !acknowledged {
            return;
        }
        let register = &self.rows[row as usize];
        let mut history = register.history.lock();
        if register.acknowledged.fetch_max(version, Ordering::SeqCst) < version {
            if history.len() == REMEMBERED {
                history.pop_front();
            }
            history.push_back((version, Instant::now()));
        }
    }

    /// Called before a read begins.
    pub(crate) fn expect(&self, row: u32, instance: usize) -> Expected {
        Expected {
            own: self.own(row, instance).load(Ordering::SeqCst),
            acknowledged: self.rows[row as usize].acknowledged.load(Ordering::SeqCst),
            committed: self.committed(row),
            began: Instant::now(),
        }
    }

    /// Judges what a read returned.
    pub(crate) fn judge(&self, row: u32, expected: Expected, read: Read) -> Verdict {
        if read.version < expected.own {
            return Verdict::OwnWriteLost;
        }
        if read.version >= expected.acknowledged {
            return Verdict::Fresh;
        }
        let removed = {
            let history = self.rows[row as usize].history.lock();
            let mut newer = history.iter().filter(|(newer, _)| *newer > read.version);
            newer.next().map(|(_, at)| *at)
        };
        let behind = removed.map_or(Duration::ZERO, |at| {
            expected.began.saturating_duration_since(at)
        });
        match read.origin {
            Origin::Source => Verdict::Resurrected(behind),
            Origin::L2 if self.removal == RemovedBy::Key => Verdict::Resurrected(behind),
            _ if behind > self.max_staleness => Verdict::TooOld(behind),
            _ => Verdict::Behind(behind),
        }
    }

    /// How long a reader's copy may be behind.
    pub(crate) fn max_staleness(&self) -> Duration {
        self.max_staleness
    }

    fn own(&self, row: u32, instance: usize) -> &AtomicU64 {
        &self.own[row as usize * self.instances + instance]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: usize = 0;
    const THERE: usize = 1;

    fn registers(max_staleness: Duration) -> Registers {
        Registers::new(1, 2, 1, max_staleness, RemovedBy::Key)
    }

    fn read(version: u64, origin: Origin) -> Read {
        Read { version, origin }
    }

    fn judge(registers: &Registers, instance: usize, read: Read) -> Verdict {
        registers.judge(0, registers.expect(0, instance), read)
    }

    #[test]
    fn an_old_value_is_fresh_until_its_removal_is_acknowledged() {
        let registers = registers(Duration::from_secs(60));
        let version = registers.commit(0);
        assert_eq!((version, registers.committed(0)), (2, 2));
        assert_eq!(
            judge(&registers, THERE, read(1, Origin::L1)),
            Verdict::Fresh
        );
        registers.removed(0, HERE, version, true);
        let late = judge(&registers, THERE, read(1, Origin::L1));
        assert!(matches!(late, Verdict::Behind(_)) && !late.is_violation());
        assert_eq!(
            judge(&registers, THERE, read(2, Origin::L1)),
            Verdict::Fresh
        );
    }

    #[test]
    fn a_read_that_began_before_the_acknowledgement_may_return_the_old_value() {
        let registers = registers(Duration::ZERO);
        let expected = registers.expect(0, THERE);
        let version = registers.commit(0);
        registers.removed(0, HERE, version, true);
        let verdict = registers.judge(0, expected, read(1, Origin::L1));
        assert_eq!(verdict, Verdict::Fresh);
    }

    #[test]
    fn a_copy_is_too_old_beyond_the_bound() {
        let registers = registers(Duration::ZERO);
        let version = registers.commit(0);
        registers.removed(0, HERE, version, true);
        std::thread::sleep(Duration::from_millis(1));
        let verdict = judge(&registers, THERE, read(1, Origin::Cache));
        assert!(matches!(verdict, Verdict::TooOld(behind) if behind >= Duration::from_millis(1)));
        assert!(verdict.is_violation());
    }

    #[test]
    fn l2_has_no_time_to_be_behind() {
        let registers = registers(Duration::from_secs(60));
        let version = registers.commit(0);
        registers.removed(0, HERE, version, true);
        let verdict = judge(&registers, THERE, read(1, Origin::L2));
        assert!(matches!(verdict, Verdict::Resurrected(_)) && verdict.is_violation());
    }

    #[test]
    fn what_a_pattern_removed_may_be_in_l2_until_the_pattern_arrives() {
        let registers = Registers::new(1, 2, 1, Duration::from_secs(60), RemovedBy::Pattern);
        let version = registers.commit(0);
        registers.removed(0, HERE, version, true);
        let verdict = judge(&registers, THERE, read(1, Origin::L2));
        assert!(matches!(verdict, Verdict::Behind(_)));
        let verdict = judge(&registers, THERE, read(1, Origin::Source));
        assert!(matches!(verdict, Verdict::Resurrected(_)));
    }

    #[test]
    fn an_instance_reads_its_own_writes_even_unacknowledged() {
        let registers = registers(Duration::from_secs(60));
        let version = registers.commit(0);
        registers.removed(0, HERE, version, false);
        assert_eq!(
            judge(&registers, HERE, read(1, Origin::L1)),
            Verdict::OwnWriteLost
        );
        assert_eq!(
            judge(&registers, THERE, read(1, Origin::L1)),
            Verdict::Fresh
        );
    }

    #[test]
    fn what_is_older_than_all_that_is_remembered_is_behind_all_the_same() {
        let registers = registers(Duration::from_secs(60));
        for _ in 0..REMEMBERED + 10 {
            let version = registers.commit(0);
            registers.removed(0, HERE, version, true);
        }
        let verdict = judge(&registers, THERE, read(1, Origin::L1));
        assert!(matches!(verdict, Verdict::Behind(_)));
    }
}
