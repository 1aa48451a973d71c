//! The rules that carry the contract, each by its name, so that the evidence can switch one off
//! and show which promise breaks without it.

macro_rules! guards {
    ($($(#[doc = $rule:literal])+ $name:ident,)+) => {
        /// One rule of the protocol.
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Guard {
            $($(#[doc = $rule])+ $name,)+
        }

        #[cfg(feature = "evidence")]
        impl Guard {
            /// All of them.
            pub const ALL: &[Guard] = &[$(Guard::$name,)+];

            /// What it says, in one sentence.
            pub fn rule(self) -> &'static str {
                match self {
                    $(Guard::$name => concat!($($rule),+).trim(),)+
                }
            }
        }
    };
}

guards! {
    // What enters L1, and what it answers.
    /// A value enters L1 only while its ticket is alive.
    Ticket,
    /// L1 answers only while this instance is proven.
    ProofForL1,
    /// The proof is looked at before the copy is taken.
    ProofBeforeCopy,
    /// A copy of an L2 hit keeps the record's stamp.
    CopyKeepsStamp,
    /// A value whose fill was refused does not enter L1.
    RefusedFillStaysOut,

    // Flights.
    /// Nobody joins a flight that began before an invalidation known here.
    NoOlderFlight,
    /// A flight is joined only with a proof, or if it began without one less than `MaxStaleness` ago.
    NoUnprovenJoin,

    // Removals.
    /// A removal drops the copy and revokes the tickets before its first await.
    FirstDrop,
    /// It does so once more when it is acknowledged.
    SecondDrop,
    /// While a removal is pending, reads of its keys keep to the source.
    PendingReads,
    /// A ban that is pending forbids every copy.
    PendingBans,
    /// A removal that is not acknowledged stays pending and is sent again.
    SentUntilAcknowledged,
    /// When too many removals wait, a ban on everything takes their place.
    OverflowBecomesBan,
    /// A removal is absorbed only by something sent after it began.
    AbsorbedOnlyByLater,
    /// An acknowledgement counts only in the current epoch.
    AcknowledgedInThisEpoch,
    /// Appending to the log and deleting the records is one step.
    RemovalIsOneStep,
    /// A removal for another history than the server has deletes nothing.
    RefusalDeletesNothing,
    /// What stands in the log is the answer to the batch that it was sent with, and to no other.
    EntryAnswersItsBatch,
    /// What is pending is sent before a server is put into service.
    FlushBeforeService,
    /// A proven instance catches up with the log before a server is put into service.
    CatchUpBeforeService,

    // L2.
    /// A fill replaces nothing but its own lease.
    LeaseCompareAndSet,
    /// The stamp of a load is what was known before it began.
    StampBeforeLoad,
    /// A record of another epoch is a miss.
    RecordsOfThisEpoch,
    /// A record with an older stamp than a ban that covers it is a miss.
    BansJudgeRecords,
    /// A lease with an older stamp than a ban that covers it is taken over.
    BansJudgeLeases,
    /// Without a proof L2 is read only together with the server's bans.
    ServersBansWithoutProof,
    /// Where the history may be over, the server's bans stand for nothing.
    ServersBansNeedHistory,

    // Tokens.
    /// Behind its token, a read does not use L1.
    TokenSkipsL1,
    /// Behind its token, a read uses L2 only together with the server's bans.
    TokenNeedsServersBans,
    /// With a token of an epoch unknown here, a read keeps to the source.
    UnknownEpochNeedsSource,
    /// A read with a token joins only a flight that began at or past it.
    FlightCoversToken,

    // Bans.
    /// Copies remember how many bans had arrived when they were last checked, not a position.
    ArrivalsNotPositions,
    /// A ban by tag revokes every ticket.
    TagRevokesEveryTicket,
    /// Bans are recorded in `meta` for instances that start later.
    BansAreRecorded,
    /// A resynchronisation merges bans instead of replacing them.
    ResyncMergesBans,
    /// Bans are kept for the longest lease or `MaxStaleness` beyond the longest TTL.
    BansOutliveLeases,
    /// What is stamped before a ban that an instance or the server has forgotten is a miss.
    ForgottenBansForbid,
    /// The longest TTL is raised before the first longer fill.
    LongestTtlFirst,
    /// The longest TTL is confirmed anew in every epoch.
    TtlPerEpoch,
    /// When the longest TTL is raised, the bans that are remembered live longer too.
    LongerTtlKeepsBans,

    // The fence, and epochs.
    /// The first thing on every new connection is the fence.
    FenceOnConnect,
    /// The fence refuses everything but a primary.
    FenceRefusesReplicas,
    /// A connection fenced in an older epoch is fenced again before it is used.
    RefenceWhenBehind,
    /// A history ends where the server is not the one that began it.
    OwnerIsCompared,
    /// Histories of the same epoch are told apart by their nonce.
    NonceIsCompared,
    /// A history ends where the server's clock has stepped back.
    ClockIsCompared,
    /// One hash holds all that positions depend on: whoever loses any of it loses all of it.
    MetaInOneHash,
    /// An instance's epoch never goes back.
    EpochNeverGoesBack,
    /// A new epoch drops the copies and revokes the tickets.
    NewEpochStartsEmpty,
    /// A new epoch makes the reader resynchronise.
    NewEpochResynchronises,
    /// A new epoch withdraws the proof.
    NewEpochWithdrawsProof,
    /// An append is refused where the history is older than the caller's.
    AppendNeedsHistory,
    /// A history that has not come as far as the caller knows has gone back, and is over.
    KnownIsCompared,
    /// A history that has another entry where the caller knows one has gone back, and is over.
    KnownEntryIsCompared,
    /// An own entry that was trimmed before it was read or compared counts as lost.
    TrimmedCountsAsLost,
    /// A history of which more is known than can be remembered is over.
    KnownIsNotForgotten,

    // Following the log.
    /// An entry that is not the next one is a gap.
    GapDetection,
    /// An entry that does not follow on the one applied before it breaks the history.
    ChainIsCompared,
    /// An entry at a place where another is known to stand breaks the history.
    KnownIsRecognised,
    /// Entries that a probe counted and the log lacks are a gap.
    LostTail,
    /// A resynchronisation drops the copies and revokes the tickets.
    ResyncStartsEmpty,
    /// A resynchronisation forgets the probes that wait for a tail beyond it.
    ResyncForgetsProbes,

    // The proof.
    /// Nothing proves but a probe.
    OnlyProbesProve,
    /// The probe is the fence.
    ProbeIsTheFence,
    /// A probe proves from the time it was sent.
    ProofFromSending,
    /// A probe proves once everything up to its tail has been applied.
    ProofNeedsTail,

    // `set`.
    /// `set` never fills its own L1.
    SetLeavesL1Alone,
    /// A `set` that is not acknowledged becomes a pending removal.
    UnacknowledgedSetRemoves,
}

impl Guard {
    /// Whether the rule is kept. Always, but for the evidence that it is needed.
    #[inline]
    pub fn holds(self) -> bool {
        #[cfg(feature = "evidence")]
        return !switch::is_off(self);
        #[cfg(not(feature = "evidence"))]
        true
    }

    /// The condition, on which the rule insists.
    #[inline]
    pub fn demands(self, condition: bool) -> bool {
        condition || !self.holds()
    }

    /// The condition, to which the rule objects.
    #[inline]
    pub fn forbids(self, condition: bool) -> bool {
        condition && self.holds()
    }
}

#[cfg(feature = "evidence")]
mod switch {
    use std::cell::Cell;

    use super::Guard;

    thread_local! {
        /// One bit for each rule that is broken.
        static OFF: Cell<u128> = Cell::new(broken_at_first());
    }

    /// The tests of this crate can be run with a rule broken, which has to make one of them fail:
    /// `UNSTALE_BROKEN=Ticket cargo test -p unstale-core --features evidence --lib`.
    fn broken_at_first() -> u128 {
        #[cfg(test)]
        if let Ok(name) = std::env::var("UNSTALE_BROKEN") {
            let named = |guard: &&Guard| format!("{guard:?}") == name;
            let guard = Guard::ALL.iter().find(named);
            return bit(*guard.expect("a rule is called like this"));
        }
        0
    }

    fn bit(guard: Guard) -> u128 {
        1 << guard as u8
    }

    const _: () = assert!(Guard::ALL.len() <= 128, "a rule needs a bit");

    pub(super) fn is_off(guard: Guard) -> bool {
        OFF.get() & bit(guard) != 0
    }

    impl Guard {
        /// On this thread, breaks these rules from now on, and keeps all others.
        pub fn switch_off(guards: impl IntoIterator<Item = Guard>) {
            OFF.set(guards.into_iter().fold(0, |off, guard| off | bit(guard)));
        }

        /// The rules that are broken on this thread.
        pub fn switched_off() -> Vec<Guard> {
            let all = Guard::ALL.iter().copied();
            all.filter(|guard| is_off(*guard)).collect()
        }
    }
}
