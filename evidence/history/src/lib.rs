//! Judges what the readers of a cache saw against a freshness contract.
//!
//! Somebody runs a cache, breaks whatever it stands on, and reports what happened: writes to
//! version registers in the source of truth, each followed by an invalidation, and reads through
//! the cache. The [`Judge`] says of every read whether it saw something that it must not have seen,
//! and how stale it was. It knows nothing of the cache, so it can be applied to any.
//!
//! ```
//! use std::time::Duration;
//! use history::{Contract, Event, Invalidation, Judge, Moment, Read, Rule, Source, Write};
//!
//! let millis = |count: u64| Moment::from_nanos(count * 1_000_000);
//! let mut judge = Judge::new(Contract::new(Duration::from_secs(2)));
//!
//! // Instance 1 writes version 8 of register 17 and removes the cached value.
//! let write = Event::Write(Write {
//!     key: 17, version: 8, instance: 1, began: millis(0), ended: millis(2),
//!     acknowledged: true, invalidation: Invalidation::Removal,
//! });
//! // Two and a half seconds later, instance 2 still has version 7 in its L1.
//! let read = Event::Read(Read {
//!     key: 17, version: 7, instance: 2, source: Source::L1, began: millis(2502),
//!     ended: millis(2503), at_least: 0,
//! });
//! // They are reported by two tasks, the later event first.
//! judge.expect(1);
//! judge.expect(2);
//! judge.report(2, [read], millis(2600));
//! assert_eq!(judge.verdicts().count(), 0, "task 1 may still report a write that matters");
//! judge.report(1, [write], millis(2600));
//!
//! let verdict = judge.verdicts().next().expect("both have passed the read");
//! assert_eq!(verdict.staleness, Duration::from_millis(2500));
//! let violation = verdict.violation.expect("more than two seconds");
//! assert_eq!(violation.rule, Rule::BoundedStaleness);
//! assert_eq!(violation.to_string(), "\
//! F3 bounded staleness is broken: the removal was acknowledged 2.5s before the read began, and MaxStaleness is 2s
//!       0.000000 s ..     0.002000 s  instance 1 writes version 8 of key 17, removal acknowledged
//!       2.502000 s ..     2.503000 s  instance 2 reads version 7 of key 17 from L1");
//! ```
//!
//! # The rules
//!
//! A read *misses* a write of its register if it was answered with a lower version. What it may
//! miss depends on what was known when it **began**:
//!
//! | rule | what may not be missed | by whom |
//! |---|---|---|
//! | **F3** [`BoundedStaleness`](Rule::BoundedStaleness) | a write whose invalidation was acknowledged more than `MaxStaleness` before | every read |
//! | **F1** [`NoStaleFill`](Rule::NoStaleFill) | a write whose removal was acknowledged before | reads that L2 answered |
//! | | a write whose invalidation, of any kind, was acknowledged before | reads whose loader ran |
//! | **F2** [`OwnWrites`](Rule::OwnWrites) | a write whose invalidation on the same instance returned before, acknowledged or not | every read |
//! | **F6** [`Tokens`](Rule::Tokens) | the write that the read's token stands for | reads with a token |
//!
//! F1 speaks of what enters L2 and L1. From outside, this is what can be seen of it: whoever asks
//! L2 after a removal was acknowledged finds nothing older there. A value that entered an L1 too
//! late is there for long, and breaks F3.
//!
//! # What is excused, and what is not
//!
//! Four things, each part of a rule:
//!
//! 1. *Whatever overlaps.* A read that began before the removal returned may have missed it, and so
//!    may one that began in the same nanosecond.
//! 2. *What was not acknowledged* binds the instance that removed it and nobody else. When it is
//!    sent at last, nobody outside is told; until a later write is acknowledged it is not counted.
//! 3. *L1 and shared reads*, on other instances, within `MaxStaleness`. A read that joins another
//!    caller's ([`Source::Flight`]) may get what was loaded before a removal that its instance has
//!    not heard of, exactly as if it had found a copy.
//! 4. *Bans in L2*, on other instances, within `MaxStaleness`. A ban deletes nothing: each instance
//!    has to know of it to see that a record is void.
//!
//! **A fault excuses nothing.** A failover that loses acknowledged removals loses the records that
//! these would have deleted too, because it begins a new epoch; so do a restart with old data and a
//! flush. Therefore the judge has no notion of a fault at all.
//!
//! What a contract does not promise has no event here. A process killed between the commit and the
//! return of its removal reports no write. The same process started again is another instance. An
//! acknowledgement of an old primary that was isolated, and goes on accepting writes, binds nobody
//! on the other side: whoever stages that reports it as not acknowledged.
//!
//! # Judging online
//!
//! Events are reported when they are over, by several reporters, late and out of order. Each gives
//! a **watermark** with its reports: *everything that I report from now on began at or after this*.
//! Since nothing ends before it begins, two things follow from the lowest watermark of all. All
//! writes that ended before it are known, so the reads that began by then can be judged. And no
//! later read began before it, so of the writes that ended `MaxStaleness` before it, only the
//! highest version of each register matters. Memory is bounded by the reads that began since the
//! lowest watermark, and by the writes of the last [horizon](Contract::horizon), which are kept so
//! that staleness is measured rather than only found to be too long. A reporter that breaks its
//! promise can hide a violation but never make one up, and it is [counted](Judge::late).
//!
//! Of one register, the writes that matter form a staircase: each step a write that raised the
//! highest invalidated version. The first step above the version of a read is the moment since
//! which that version is no longer good. One binary search answers every rule.

mod contract;
mod event;
mod figures;
mod judge;
mod moment;
mod register;
mod steps;
mod violation;
mod watermark;

pub use contract::{Contract, Rule};
pub use event::{Event, Invalidation, Read, Source, Write};
pub use figures::{Figures, Staleness};
pub use judge::{Judge, Verdict};
pub use moment::Moment;
pub use violation::Violation;
