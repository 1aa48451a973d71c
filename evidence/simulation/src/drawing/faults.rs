//! Drawing what goes wrong.

use super::{Drawing, MILLI, vary};
use crate::plan::{End, Fault, FaultKind, Memory, Which};
use crate::random::Random;

/// Kinds of things that go wrong.
#[derive(Copy, Clone)]
pub(super) enum Wrong {
    Flush,
    Trim,
    Evict,
    LoseMeta,
    LoseLog,
    Restart,
    FailOver,
    Hang,
    Full,
    ClockJump,
    Partition,
    Cut,
    Deaf,
    Pause,
    Replace,
}

/// There is more or less of each kind.
pub(super) fn kinds(random: &mut Random) -> Vec<(u64, Wrong)> {
    let kinds = [
        (2, Wrong::Flush),
        (2, Wrong::Trim),
        (2, Wrong::Evict),
        (1, Wrong::LoseMeta),
        (1, Wrong::LoseLog),
        (3, Wrong::Restart),
        (4, Wrong::FailOver),
        (2, Wrong::Hang),
        (1, Wrong::Full),
        (2, Wrong::ClockJump),
        (3, Wrong::Partition),
        (4, Wrong::Cut),
        (2, Wrong::Deaf),
        (3, Wrong::Pause),
        (3, Wrong::Replace),
    ];
    vary(&kinds, random)
}

/// Those that only delay what is on its way, or lose a part of the log.
pub(super) const DELAYS: [(u64, Wrong); 5] = [
    (3, Wrong::Trim),
    (3, Wrong::Partition),
    (2, Wrong::Cut),
    (2, Wrong::Deaf),
    (1, Wrong::Pause),
];

/// Those after which the history is another, or looks as if it were not.
pub(super) const RESETS: [(u64, Wrong); 5] = [
    (2, Wrong::Flush),
    (2, Wrong::LoseMeta),
    (3, Wrong::Restart),
    (4, Wrong::FailOver),
    (3, Wrong::ClockJump),
];

/// Those after which an instance hears nothing.
pub(super) const SILENCES: [(u64, Wrong); 4] = [
    (5, Wrong::Partition),
    (5, Wrong::Pause),
    (1, Wrong::Cut),
    (1, Wrong::Hang),
];

impl Drawing<'_> {
    /// So many of them, in their order.
    pub(super) fn faults(&mut self, count: usize) -> Vec<Fault> {
        let mut faults: Vec<_> = (0..count)
            .map(|_| Fault {
                at: self.random.within(0..=self.span),
                kind: self.fault(),
            })
            .collect();
        faults.sort_by_key(|fault| fault.at);
        faults
    }

    fn fault(&mut self) -> FaultKind {
        let span = self.trouble();
        let lag = self.random.within(0..=40 * MILLI);
        let instance = self.random.index(self.setting.instances);
        let which = self
            .random
            .one_of(&[Which::Commands, Which::Log, Which::Both]);
        match self.random.weighted(&self.wrong) {
            Wrong::Flush => FaultKind::Flush,
            Wrong::Trim => FaultKind::Trim(self.random.index(3)),
            Wrong::Evict => FaultKind::Evict(self.key()),
            Wrong::LoseMeta => FaultKind::LoseMeta,
            Wrong::LoseLog => FaultKind::LoseLog,
            Wrong::Restart => FaultKind::Restart {
                memory: self
                    .random
                    .one_of(&[Memory::Nothing, Memory::Everything, Memory::Of(lag)]),
                down: self.random.within(0..=span),
            },
            Wrong::FailOver => FaultKind::FailOver {
                lag,
                survivors: self.random.chance(400),
            },
            Wrong::Hang => FaultKind::Hang(span),
            Wrong::Full => FaultKind::Full(span),
            Wrong::ClockJump => FaultKind::ClockJump(
                self.random
                    .one_of(&[-3_600_000, -3_600_000, -3_000, -700, -400, 400, 3_000]),
            ),
            Wrong::Partition => FaultKind::Partition {
                instance,
                which,
                span,
            },
            Wrong::Cut => FaultKind::Cut {
                instance,
                which,
                noticed: self.random.chance(600),
            },
            Wrong::Deaf => FaultKind::Deaf { instance, span },
            Wrong::Pause => FaultKind::Pause { instance, span },
            Wrong::Replace => FaultKind::Replace {
                instance,
                how: self
                    .random
                    .one_of(&[End::Killed, End::Dropped, End::Closed]),
                gap: self.random.within(0..=20 * MILLI),
            },
        }
    }

    /// How long trouble lasts: shorter than `MaxStaleness`, or longer.
    fn trouble(&mut self) -> u64 {
        let staleness = self.setting.max_staleness;
        match self.random.below(4) {
            0 => self.random.within(0..=10 * MILLI),
            1 => self.random.within(0..=staleness),
            _ => self.random.within(staleness..=2 * staleness),
        }
    }
}
