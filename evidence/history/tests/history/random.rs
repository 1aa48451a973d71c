//! The online judge against the naive one, on random small histories that are reported in pieces,
//! late, and out of order.

use std::time::Duration;

use history::{Contract, Event, Invalidation, Judge, Moment, Read, Source, Verdict, Write};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::naive::{self, Opinion};
use crate::notation::{BOUND, contract};
use crate::shortest::shows_itself;

/// Times are drawn from a span of a few bounds, so that everything is near everything else.
const SPAN: u64 = 4 * BOUND;

fn when() -> impl Strategy<Value = (Moment, Moment)> {
    (0..SPAN, 0..SPAN / 4)
        .prop_map(|(began, took)| (Moment::from_nanos(began), Moment::from_nanos(began + took)))
}

fn write() -> impl Strategy<Value = Event> {
    let invalidation = prop_oneof![Just(Invalidation::Removal), Just(Invalidation::Ban)];
    (
        0..2_u32,
        1..6_u64,
        0..3_u32,
        when(),
        any::<bool>(),
        invalidation,
    )
        .prop_map(
            |(key, version, instance, (began, ended), acknowledged, invalidation)| {
                Event::Write(Write {
                    key,
                    version,
                    instance,
                    began,
                    ended,
                    acknowledged,
                    invalidation,
                })
            },
        )
}

fn read() -> impl Strategy<Value = Event> {
    let source = prop::sample::select(&Source::ALL);
    (0..2_u32, 0..6_u64, 0..3_u32, source, when(), 0..4_u64).prop_map(
        |(key, version, instance, source, (began, ended), at_least)| {
            Event::Read(Read {
                key,
                version,
                instance,
                source,
                began,
                ended,
                at_least,
            })
        },
    )
}

/// Events, each with who reports it.
fn history() -> impl Strategy<Value = Vec<(u32, Event)>> {
    let event = prop_oneof![2 => write(), 3 => read()];
    prop::collection::vec((0..4_u32, event), 1..40)
}

/// Reports the events in their order, in pieces: each drawn number says who reports next, how much
/// and whether with the highest watermark that is true.
fn report(
    judge: &mut Judge,
    history: &[(u32, Event)],
    draws: &[(Index, Index, bool)],
) -> Vec<Verdict> {
    let mut queues: Vec<Vec<Event>> = vec![Vec::new(); 4];
    for (reporter, event) in history {
        queues[*reporter as usize].push(*event);
    }
    for reporter in 0..4 {
        judge.expect(reporter);
    }
    let mut verdicts = Vec::new();
    let mut report = |judge: &mut Judge, reporter: usize, count: usize, watermark: bool| {
        let queue = &mut queues[reporter];
        let events: Vec<_> = queue.drain(..count.min(queue.len())).collect();
        let rest = queue.iter().map(Event::began).min();
        let highest = rest.unwrap_or(Moment::from_nanos(2 * SPAN));
        let watermark = if watermark { highest } else { Moment::ZERO };
        judge.report(reporter as u32, events, watermark);
        verdicts.extend(judge.verdicts());
    };
    for (reporter, count, watermark) in draws {
        report(judge, reporter.index(4), count.index(6), *watermark);
    }
    for reporter in 0..4 {
        report(judge, reporter, usize::MAX, true);
        judge.retire(reporter as u32);
    }
    judge.finish();
    verdicts.extend(judge.verdicts());
    verdicts
}

fn draws() -> impl Strategy<Value = Vec<(Index, Index, bool)>> {
    prop::collection::vec(any::<(Index, Index, bool)>(), 0..40)
}

type Opinions = Vec<(Moment, u64, Opinion)>;

fn sorted(opinions: impl Iterator<Item = (Read, Opinion)>) -> Opinions {
    let mut opinions: Opinions = opinions
        .map(|(read, opinion)| (read.began, read.version, opinion))
        .collect();
    opinions.sort();
    opinions
}

fn opinion(verdict: &Verdict) -> Opinion {
    Opinion {
        staleness: verdict.staleness,
        rule: verdict.violation.as_ref().map(|violation| violation.rule),
    }
}

fn naive_opinions(history: &[(u32, Event)], cap: Duration) -> Opinions {
    let events: Vec<_> = history.iter().map(|(_, event)| *event).collect();
    let reads = events.iter().filter_map(|event| match event {
        Event::Read(read) => Some(*read),
        Event::Write(_) => None,
    });
    sorted(reads.map(|read| {
        let mut opinion = naive::judge(&events, &read);
        opinion.staleness = opinion.staleness.min(cap);
        (read, opinion)
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// However the events are reported, every read gets the verdict that the sentences of the
    /// contract give it, and every violation is shown by the history that it prints.
    #[test]
    fn the_online_judge_says_what_the_naive_one_says(history in history(), draws in draws()) {
        let mut judge = Judge::new(contract());
        let verdicts = report(&mut judge, &history, &draws);
        prop_assert_eq!(judge.late(), 0);
        prop_assert_eq!(judge.waiting(), 0);
        prop_assert!(verdicts.is_sorted_by_key(|verdict| verdict.read.began));
        let online = sorted(verdicts.iter().map(|verdict| (verdict.read, opinion(verdict))));
        prop_assert_eq!(online, naive_opinions(&history, Duration::MAX));
        for violation in verdicts.iter().filter_map(|verdict| verdict.violation.as_ref()) {
            shows_itself(violation);
        }
    }

    /// One that forgets as early as it may gives the same verdicts. Staleness is as measured up to
    /// the horizon, and longer than it where it is longer.
    #[test]
    fn a_forgetful_judge_says_the_same(history in history(), draws in draws()) {
        let horizon = Duration::from_nanos(BOUND);
        let forgetful = Contract::new(horizon).with_horizon(Duration::ZERO);
        let verdicts = report(&mut Judge::new(forgetful), &history, &draws);
        let cap = horizon + Duration::from_nanos(1);
        let online = sorted(verdicts.iter().map(|verdict| {
            let mut opinion = opinion(verdict);
            opinion.staleness = opinion.staleness.min(cap);
            (verdict.read, opinion)
        }));
        prop_assert_eq!(online, naive_opinions(&history, cap));
    }
}
