//! What happened in one step: for those who count, and for those who read.

use std::fmt::Arguments;

/// Something that has to happen somewhere, lest a promise hold for want of a case.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mark {
    L1Hit,
    /// Of a reader who led a flight, and looked once more.
    LandedMeanwhile,
    L2Hit,
    Join,
    Wait,
    Load,
    LeaseGranted,
    LeaseOfAnother,
    HandedOver,
    TakenOver,
    FillStored,
    FillRefused,
    /// L1 keeps a value that L2 has refused.
    RefusedAndKept,
    TicketRevoked,
    GuardedHit,
    GuardedMiss,
    SourceOnly,
    TokenHonoured,
    BannedRecord,
    Grouped,
    AnsweredInLog,
    Retried,
    Collapsed,
    NotFenced,
    Refenced,
    NewEpoch,
    Gap,
    TailLost,
    Resynchronised,
    Proven,
    Unproven,
    LateExecution,
    LostForGood,
    Disowned,
    ReplicaRefused,
    BansForgotten,
    TtlRaised,
    Rested,
}

/// A set of marks.
#[derive(Copy, Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Marks(u64);

impl Marks {
    pub(crate) fn add(&mut self, mark: Mark) {
        self.0 |= 1 << mark as u8;
    }

    pub(crate) fn merge(&mut self, other: Marks) {
        self.0 |= other.0;
    }

    pub(crate) fn has(self, mark: Mark) -> bool {
        self.0 & (1 << mark as u8) != 0
    }
}

/// What is told of one step. Words are only made where somebody reads them.
#[derive(Default, Debug)]
pub(crate) struct Tale {
    pub(crate) marks: Marks,
    words: Option<String>,
}

impl Tale {
    /// A tale that somebody will read.
    pub(crate) fn in_words() -> Self {
        Self {
            words: Some(String::new()),
            ..Self::default()
        }
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        self.marks.add(mark);
    }

    /// Adds a clause.
    pub(crate) fn say(&mut self, clause: Arguments<'_>) {
        if let Some(words) = &mut self.words {
            if !words.is_empty() {
                words.push_str("; ");
            }
            // Writing into a string cannot fail.
            let _ = std::fmt::Write::write_fmt(words, clause);
        }
    }

    pub(crate) fn into_words(self) -> String {
        self.words.unwrap_or_default()
    }
}

/// Adds a clause to a tale.
macro_rules! say {
    ($tale:expr, $($clause:tt)+) => {
        $tale.say(format_args!($($clause)+))
    };
}
pub(crate) use say;
