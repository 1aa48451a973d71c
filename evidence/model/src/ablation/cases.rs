//! Which rules are broken, and where that shows soonest.

use unstale_core::Guard::{self, *};

/// Rules that are broken together.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Case {
    pub(crate) rules: &'static [Guard],
    /// The scope that is tried first.
    pub(crate) scope: Option<&'static str>,
    /// What the rule is for, where no promise breaks without it.
    pub(crate) stands_for: Option<&'static str>,
}

/// Rules of which each suffices without the others.
pub(crate) const TOGETHER: &[Case] = &[
    Case::missed(
        &[FirstDrop, SecondDrop, PendingReads, PendingBans],
        "acknowledged-removals",
    ),
    Case::missed(&[NewEpochStartsEmpty, NewEpochResynchronises], "flush"),
    Case::missed(&[NewEpochStartsEmpty, ResyncStartsEmpty], "flush"),
    Case::missed(&[AcknowledgedInThisEpoch, EpochNeverGoesBack], "slow-lines"),
];

/// The scope in which it shows soonest that a rule is broken.
fn fitting(guard: Guard) -> Option<&'static str> {
    Some(match guard {
        Ticket | NoOlderFlight | FirstDrop | PendingReads | RemovalIsOneStep
        | LeaseCompareAndSet => "fill-and-removal",
        ProofForL1 => "staleness",
        ProofBeforeCopy => "slow-hits",
        CopyKeepsStamp | BansJudgeRecords | BansAreRecorded => "bans",
        NoUnprovenJoin => "lost-proof",
        PendingBans | StampBeforeLoad | TagRevokesEveryTicket => "bans-out-of-order",
        SentUntilAcknowledged => "lost-acknowledgement",
        OverflowBecomesBan => "overflow",
        AbsorbedOnlyByLater => "grouped",
        FlushBeforeService => "outage",
        CatchUpBeforeService => "outage-and-bans",
        BansJudgeLeases => "bans-and-leases",
        ServersBansWithoutProof | ArrivalsNotPositions => "trim",
        TokenSkipsL1 | TokenNeedsServersBans => "tokens",
        ForgottenBansForbid => "long-lives",
        LongestTtlFirst | LongerTtlKeepsBans => "long-lives-on-servers",
        BansOutliveLeases => "long-leases",
        RefenceWhenBehind => "demotion-refilled",
        ProofFromSending => "slow-feeds",
        UnacknowledgedSetRemoves => "lost-set",
        SetLeavesL1Alone => "set",
        FlightCoversToken => "tokens",
        FenceRefusesReplicas => "misrouted",
        ServersBansNeedHistory => "failover-behind-a-proxy",
        AppendNeedsHistory => "positions-given-again",
        ResyncMergesBans => "resynchronisation",
        EpochNeverGoesBack => "slow-lines",
        RecordsOfThisEpoch => "failover",
        GapDetection => "resynchronisation",
        LostTail | ResyncStartsEmpty => "trim",
        OnlyProbesProve => "long-lives",
        ProofNeedsTail => "slow-feeds",
        FenceOnConnect | OwnerIsCompared | ProbeIsTheFence => "failover-behind-a-proxy",
        MetaInOneHash => "evictions",
        _ => return None,
    })
}

impl Case {
    const fn missed(rules: &'static [Guard], scope: &'static str) -> Self {
        Self {
            rules,
            scope: Some(scope),
            stands_for: None,
        }
    }

    /// One rule alone.
    pub(crate) fn of(guard: &'static Guard) -> Self {
        Self {
            rules: std::slice::from_ref(guard),
            scope: fitting(*guard),
            stands_for: stands_for(*guard),
        }
    }

    /// The rules in words.
    pub(crate) fn told(self) -> String {
        let told = self.rules.iter().map(|rule| match self.rules {
            [_] => format!("**{rule:?}**: {}", rule.rule()),
            _ => format!("**{rule:?}**"),
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// What a rule is for of which nothing is missed when it alone is broken.
fn stands_for(guard: Guard) -> Option<&'static str> {
    Some(match guard {
        SecondDrop => {
            "what begins a removal suffices alone, and so does this; all broken together are missed"
        }
        RefusedFillStaysOut => {
            "L1 drops the copy when the removal arrives that killed the lease; the rule spares it \
             a value that is known to be old"
        }
        _ => return None,
    })
}
