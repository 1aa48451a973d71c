//! What the page shows at one moment.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use serde::Serialize;
use unstale::{Cache, PatternStats, Source};

use super::{histogram::Bar, state::State, watched};
use crate::{
    domain::{Price, Symbol},
    http::status,
    live::{Board, Second},
    service::StockPriceService,
    store::{Queries, Repository},
};

/// One instance, as far as the page is concerned.
#[derive(Clone)]
pub(crate) struct WatchedInstance {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) cache: Cache,
    pub(crate) prices: StockPriceService,
    pub(crate) store: Arc<dyn Repository>,
}

/// Everything at one moment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scene {
    transport: String,
    uptime_seconds: u64,
    controls: Controls,
    totals: Totals,
    checker: Checks,
    propagation: Vec<Bar>,
    patterns: Vec<Pattern>,
    instances: Vec<OneInstance>,
    /// The last minute of traffic, oldest first.
    seconds: Vec<Second>,
}

/// Which buttons there are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Controls {
    can_write: bool,
    /// Whether a write can leave out its removal, because that would be found.
    can_forget: bool,
    can_break: bool,
    /// Why there are none, or only some.
    why_not: Option<&'static str>,
    silent: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Totals {
    reads: u64,
    hits: u64,
    database_reads: u64,
    database_writes: u64,
    /// Reads that were answered without a query of their own.
    saved: u64,
    removals: u64,
    pending: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checks {
    reads: u64,
    stale: u64,
    complaint: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pattern {
    pattern: String,
    hit_rate: f64,
    hits: u64,
    requests: u64,
    /// Copies that were compared with the database.
    inspected: u64,
    /// Copies that differed from it although nothing had removed them.
    differences: u64,
    /// The specification's words for the rate.
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneInstance {
    name: String,
    port: u16,
    state: State,
    sentence: String,
    cut_off: bool,
    proof_age_ms: Option<u64>,
    max_staleness_ms: u64,
    position: Option<String>,
    breaker: &'static str,
    pending: u64,
    copies_held: u64,
    received: u64,
    gaps: u64,
    propagation_p50_ms: f64,
    propagation_p99_ms: f64,
    prices: Vec<OnePrice>,
}

/// One price on one instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OnePrice {
    symbol: Symbol,
    /// The instance's own copy.
    copy: Option<OneCopy>,
    /// What the last read was answered with.
    answer: Option<OneAnswer>,
    /// When the copy last fell because another instance removed it.
    fall: Option<OneFall>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneCopy {
    version: i64,
    age_ms: u64,
    source: &'static str,
    served: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneAnswer {
    source: &'static str,
    price: Price,
    version: i64,
    micros: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneFall {
    micros: u64,
    ago_ms: u64,
}

impl Scene {
    pub(crate) fn of(board: &Board) -> Self {
        let instances = board.watched();
        let stats: Vec<_> = instances
            .iter()
            .flat_map(|one| one.cache.effectiveness().patterns)
            .collect();
        Self {
            transport: board.transport().to_owned(),
            uptime_seconds: board.uptime().as_secs(),
            controls: Controls::of(board),
            totals: Totals::of(&instances, &stats),
            checker: Checks {
                reads: board.checker.reads(),
                stale: board.checker.stale(),
                complaint: board.checker.complaint(),
            },
            propagation: board.log.propagation.bars(),
            patterns: patterns(&stats),
            instances: instances
                .iter()
                .enumerate()
                .map(|(place, one)| OneInstance::of(board, place, one))
                .collect(),
            seconds: board.seconds(),
        }
    }
}

impl Controls {
    fn of(board: &Board) -> Self {
        let why_not = if !board.has_controls() {
            Some("This instance runs without controls.")
        } else if board.breaks().is_none() {
            Some(
                "Nothing is broken here on purpose: this Redis may be somebody else's too. Run the demo without \
                 UNSTALE_REDIS, on its in-process hub, to cut, silence, flush and trim.",
            )
        } else {
            None
        };
        Self {
            can_write: board.has_controls(),
            can_forget: board.has_controls() && board.inspects(),
            can_break: board.has_controls() && board.breaks().is_some(),
            why_not,
            silent: board.breaks().is_some_and(super::Breaks::is_silent),
        }
    }
}

impl Totals {
    fn of(instances: &[WatchedInstance], stats: &[PatternStats]) -> Self {
        let sum = |figure: fn(&PatternStats) -> u64| stats.iter().map(figure).sum::<u64>();
        let queries: Vec<Queries> = instances.iter().map(|one| one.store.queries()).collect();
        let invalidations: Vec<_> = instances
            .iter()
            .map(|one| one.cache.invalidations())
            .collect();
        let reads = sum(PatternStats::requests);
        Self {
            reads,
            hits: sum(PatternStats::hits),
            database_reads: queries.iter().map(|queries| queries.reads).sum(),
            database_writes: queries.iter().map(|queries| queries.writes).sum(),
            saved: reads.saturating_sub(sum(|stats| stats.loads)),
            removals: invalidations.iter().map(|stats| stats.total).sum(),
            pending: invalidations.iter().map(|stats| stats.pending).sum(),
        }
    }
}

/// The figures of all instances by pattern.
fn patterns(stats: &[PatternStats]) -> Vec<Pattern> {
    let mut sums: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for one in stats.iter().filter(|one| one.requests() > 0) {
        let sum = sums.entry(&one.pattern).or_default();
        let figures = [one.hits(), one.requests(), one.inspected, one.differences];
        for (sum, figure) in sum.iter_mut().zip(figures) {
            *sum += figure;
        }
    }
    let pattern = |(pattern, [hits, requests, inspected, differences]): (&str, [u64; 4])| {
        let hit_rate = hits as f64 / requests as f64;
        Pattern {
            pattern: pattern.to_owned(),
            hit_rate,
            hits,
            requests,
            inspected,
            differences,
            status: status(hit_rate),
        }
    };
    sums.into_iter().map(pattern).collect()
}

impl OneInstance {
    fn of(board: &Board, place: usize, one: &WatchedInstance) -> Self {
        let health = one.cache.health();
        let invalidations = one.cache.invalidations();
        let cut_off = board
            .breaks()
            .is_some_and(|breaks| breaks.is_cut_off(&one.cache));
        let state = State::of(&health, cut_off);
        let max_staleness = board.max_staleness();
        Self {
            name: one.name.clone(),
            port: one.address.port(),
            state,
            sentence: state.sentence(&health, max_staleness),
            cut_off,
            proof_age_ms: health.proof_age.map(milliseconds),
            max_staleness_ms: milliseconds(max_staleness),
            position: health.position,
            breaker: health.breaker,
            pending: health.pending,
            copies_held: health.l1_entries,
            received: invalidations.received,
            gaps: invalidations.gaps,
            propagation_p50_ms: invalidations.propagation_p50.as_secs_f64() * 1e3,
            propagation_p99_ms: invalidations.propagation_p99.as_secs_f64() * 1e3,
            prices: watched()
                .map(|symbol| OnePrice::of(board, place, one, symbol))
                .collect(),
        }
    }
}

impl OnePrice {
    fn of(board: &Board, place: usize, one: &WatchedInstance, symbol: Symbol) -> Self {
        let copy = one.prices.copy(&symbol).map(|copy| OneCopy {
            version: copy.value.version,
            age_ms: milliseconds(copy.age),
            source: word(copy.source),
            served: copy.served,
        });
        let answer = board.checker.answer(place, &symbol);
        let fall = board.log.fall(place, &one.prices.key(&symbol));
        Self {
            symbol,
            copy,
            answer: answer.map(|answer| OneAnswer {
                source: word(answer.source),
                price: answer.price,
                version: answer.version,
                micros: microseconds(answer.took),
            }),
            fall: fall.map(|fall| OneFall {
                micros: microseconds(fall.took),
                ago_ms: milliseconds(fall.at.elapsed()),
            }),
        }
    }
}

/// Where a value comes from, in the page's words.
fn word(source: Source) -> &'static str {
    match source {
        Source::L1 => "L1",
        Source::L2 => "L2",
        Source::Flight => "flight",
        _ => "database",
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instances_figures_of_a_pattern_are_one() {
        let one = |pattern: &str, hits, misses| {
            let mut stats = PatternStats::default();
            (stats.pattern, stats.l1_hits, stats.misses) = (pattern.to_owned(), hits, misses);
            stats
        };
        let stats = [
            one("product:*", 3, 1),
            one("feed:*", 0, 0),
            one("product:*", 2, 4),
        ];
        let all = patterns(&stats);
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].hits, all[0].requests, all[0].hit_rate),
            (5, 10, 0.5)
        );
        assert_eq!(all[0].status, "Good (expected for write-heavy)");
    }
}
