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
    Case::missed(&[BansOutliveLeases, ForgottenBansForbid], "long-leases"),
    Case::missed(
        &[LongestTtlFirst, ForgottenBansForbid],
        "long-lives-on-servers",
    ),
    Case::missed(
        &[LongerTtlKeepsBans, ForgottenBansForbid],
        "long-lives-on-servers",
    ),
    Case::missed(&[ClockIsCompared, ForgottenBansForbid], "clock"),
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
        EntryAnswersItsBatch => "answered-in-log",
        FlushBeforeService => "outage",
        CatchUpBeforeService => "outage-and-bans",
        BansJudgeLeases => "bans-and-leases",
        ServersBansWithoutProof | ArrivalsNotPositions => "trim",
        TokenSkipsL1 | TokenNeedsServersBans => "tokens",
        ForgottenBansForbid => "long-lives",
        RefenceWhenBehind => "demotion-refilled",
        ProofFromSending => "slow-feeds",
        UnacknowledgedSetRemoves => "lost-set",
        SecondDrop | SetLeavesL1Alone => "set",
        FlightCoversToken => "tokens",
        FenceRefusesReplicas => "misrouted",
        ServersBansNeedHistory | ResyncForgetsProbes => "failover-behind-a-proxy",
        NewEpochStartsEmpty => "flush",
        AppendNeedsHistory | KnownIsCompared => "positions-given-again",
        ResyncMergesBans => "resynchronisation",
        RecordsOfThisEpoch => "failover",
        GapDetection => "resynchronisation",
        LostTail | ResyncStartsEmpty => "trim",
        OnlyProbesProve => "long-lives",
        ProofNeedsTail => "slow-feeds",
        FenceOnConnect | OwnerIsCompared | ProbeIsTheFence => "failover-behind-a-proxy",
        MetaInOneHash => "evictions",
        TrimmedCountsAsLost => "rollback-trimmed",
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
        AcknowledgedInThisEpoch | EpochNeverGoesBack => {
            "what an older epoch held is a miss in the newer one, and whatever is asked next tells \
             of that; it stands against an old primary that goes on accepting writes"
        }
        RefusalDeletesNothing => {
            "what is refused is sent again; the rule leaves records alone that nobody has removed yet"
        }
        BansJudgeLeases => {
            "what such a lease is filled with is banned as well; the rule spares others the wait"
        }
        UnknownEpochNeedsSource => {
            "the server's bans come with its epoch; the rule spares the question"
        }
        TtlPerEpoch => "every fence asks for the longest TTL, and a new epoch demands a fence",
        NewEpochResynchronises => {
            "whoever starts empty, and reads on from the first entry or finds a gap, misses nothing"
        }
        NewEpochWithdrawsProof => {
            "what an old proof allows ends within `MaxStaleness` all the same"
        }
        BansOutliveLeases | LongestTtlFirst | LongerTtlKeepsBans => {
            "what outlives its ban is forbidden by its stamp (below, without ForgottenBansForbid); \
             the rule spares what the ban does not cover"
        }
        ClockIsCompared => {
            "what outlives its ban is forbidden by its stamp (below, without ForgottenBansForbid)"
        }
        NonceIsCompared => "the simulation misses it",
        KnownIsNotForgotten => "no world here is large enough; a test of the core misses it",
        RefusedFillStaysOut => {
            "L1 drops the copy when the removal arrives that killed the lease; the rule spares it \
             a value that is known to be old"
        }
        _ => return None,
    })
}
