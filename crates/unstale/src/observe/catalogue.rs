//! The series of all key patterns, found by their labels.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use parking_lot::RwLock;

use super::effectiveness::{Effectiveness, PatternStats};
use super::hits::{Hits, SAMPLE, SeriesId, Stripe, turn};
use super::series::Series;
use crate::clock;
use crate::core::Tick;
use crate::policy::OTHER_LABEL;

/// As many labels are made of keys and spaces, besides those of policies and [`OTHER_LABEL`].
const MOST_LABELS: usize = 100;

/// The series of all patterns; none when nothing is to be measured.
#[derive(Debug)]
pub(crate) struct Catalogue {
    enabled: bool,
    /// How many there may be, besides the one for all others.
    bound: usize,
    by_label: RwLock<ByLabel>,
    /// In the order of their numbers.
    series: Box<[OnceLock<Series>]>,
    l1_hits: Hits,
}

type ByLabel = HashMap<Arc<str>, SeriesId, RandomState>;

/// A hit in L1 that may come, for its thread to count.
#[derive(Copy, Clone)]
pub(crate) struct Counting {
    stripe: Stripe,
    /// When it began, for the sample whose latency is measured; zero for all others.
    began: Tick,
}

impl Catalogue {
    /// The labels of policies are there from the start, so that they never fall under the bound.
    pub(crate) fn new<'a>(enabled: bool, policies: impl Iterator<Item = &'a Arc<str>>) -> Self {
        const MOST_POLICIES: usize = SeriesId::MOST - MOST_LABELS - 1;
        let policies: HashSet<_> = policies.filter(|_| enabled).take(MOST_POLICIES).collect();
        let bound = policies.len() + MOST_LABELS;
        let catalogue = Self {
            enabled,
            bound,
            by_label: RwLock::default(),
            series: (0..=bound)
                .filter(|_| enabled)
                .map(|_| OnceLock::new())
                .collect(),
            l1_hits: Hits::new(bound + 1),
        };
        for label in policies {
            catalogue.enter(label);
        }
        catalogue
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The series of a label; `None` when nothing is measured. What would exceed the bound is
    /// counted together.
    pub(crate) fn series(&self, label: &str) -> Option<&Series> {
        if !self.enabled {
            return None;
        }
        // The lock is given back before another label is entered.
        let known = self.known(&self.by_label.read(), label);
        match known {
            Some(id) => self.numbered(id),
            None => self.enter(label),
        }
    }

    /// The series with this number.
    pub(crate) fn numbered(&self, id: SeriesId) -> Option<&Series> {
        self.series.get(id.place())?.get()
    }

    /// The number of a label that has a series; beyond the bound, that of all others.
    fn known(&self, by_label: &ByLabel, label: &str) -> Option<SeriesId> {
        let mut known = by_label.get(label);
        if known.is_none() && by_label.len() >= self.bound {
            known = by_label.get(OTHER_LABEL);
        }
        known.copied()
    }

    /// Gives a series to a label that had none a moment ago: the one of all others beyond the bound.
    #[cold]
    fn enter(&self, label: &str) -> Option<&Series> {
        let mut by_label = self.by_label.write();
        if let Some(id) = self.known(&by_label, label) {
            return self.numbered(id);
        }
        let has_room = by_label.len() < self.bound;
        let label: Arc<str> = if has_room { label } else { OTHER_LABEL }.into();
        let id = SeriesId::at(by_label.len())?;
        let series = self.series.get(id.place())?;
        let series = series.get_or_init(|| Series::new(id, label.clone()));
        by_label.insert(label, id);
        Some(series)
    }

    /// The start of a read that may be a hit in L1.
    #[inline]
    pub(crate) fn counting(&self) -> Counting {
        let turn = turn();
        let began = if turn.is_sampled && self.enabled {
            clock::now()
        } else {
            Tick::default()
        };
        Counting {
            stripe: turn.stripe,
            began,
        }
    }

    /// Counts a hit in L1. Its latency is measured for a sample only: reading a clock costs more
    /// than the hit.
    #[inline]
    pub(crate) fn l1_hit(&self, series: SeriesId, counting: Counting) {
        self.l1_hits.count(series, counting.stripe);
        if counting.began > Tick::default() {
            self.l1_latency(series, counting.began);
        }
    }

    #[cold]
    fn l1_latency(&self, series: SeriesId, began: Tick) {
        let took = clock::now().since(began);
        if let Some(series) = self.numbered(series) {
            series.latency.record_many(took, SAMPLE);
        }
    }

    fn all(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().filter_map(OnceLock::get)
    }

    /// The figures of every pattern that has any.
    fn used(&self) -> impl Iterator<Item = (PatternStats, &Series)> {
        let all = self.all();
        let all = all.map(|series| (series.stats(self.l1_hits.of(series.id())), series));
        all.filter(|(stats, _)| stats.is_used())
    }

    /// The figures of every pattern, and how long its reads take.
    #[cfg(feature = "metrics")]
    pub(crate) fn measured(&self) -> Vec<(PatternStats, crate::metrics::Buckets)> {
        let measured = self
            .used()
            .map(|(stats, series)| (stats, series.latency.buckets()));
        measured.collect()
    }

    pub(crate) fn report(&self) -> Effectiveness {
        let mut patterns: Vec<_> = self.used().map(|(stats, _)| stats).collect();
        patterns.sort_by(|a, b| a.pattern.cmp(&b.pattern));
        Effectiveness {
            enabled: self.enabled,
            patterns,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    fn catalogue(policies: &[&str]) -> Catalogue {
        let policies: Vec<Arc<str>> = policies.iter().map(|label| (*label).into()).collect();
        Catalogue::new(true, policies.iter())
    }

    fn label<'a>(catalogue: &'a Catalogue, of: &str) -> &'a str {
        catalogue.series(of).unwrap().label()
    }

    #[test]
    fn what_exceeds_the_bound_is_counted_together_and_known_labels_stay() {
        let catalogue = catalogue(&["policy", "policy"]);
        let own: Vec<_> = (0..MOST_LABELS).map(|own| own.to_string()).collect();
        for _ in 0..2 {
            for own in &own {
                assert_eq!(label(&catalogue, own), own);
            }
            for other in ["one", "another", OTHER_LABEL] {
                assert_eq!(label(&catalogue, other), OTHER_LABEL);
            }
            assert_eq!(label(&catalogue, "policy"), "policy");
        }
        let ids: HashSet<_> = catalogue.all().map(|series| series.id().place()).collect();
        assert_eq!(ids.len(), MOST_LABELS + 2);
    }

    #[test]
    fn a_policy_may_be_called_as_all_others_are() {
        let catalogue = catalogue(&[OTHER_LABEL]);
        for own in 0..2 * MOST_LABELS {
            catalogue.series(&own.to_string());
        }
        assert_eq!(label(&catalogue, "another"), OTHER_LABEL);
        assert_eq!(catalogue.all().count(), MOST_LABELS + 1);
    }

    #[test]
    fn threads_agree_on_the_series_of_a_label() {
        const THREADS: usize = 4;
        let together = Barrier::new(THREADS);
        let catalogue = catalogue(&[]);
        let labels: Vec<_> = (0..2 * MOST_LABELS)
            .map(|label| label.to_string())
            .collect();
        let ids = || -> Vec<_> {
            together.wait();
            let series = labels.iter().map(|label| catalogue.series(label));
            series.map(|series| series.unwrap().id()).collect()
        };
        let found: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ids)).collect();
            let found = threads.into_iter().map(|thread| thread.join().unwrap());
            found.collect()
        });
        assert!(found.iter().all(|ids| *ids == found[0]));
        assert_eq!(catalogue.all().count(), MOST_LABELS + 1);
    }

    #[test]
    fn nothing_is_counted_when_nothing_is_to_be_measured() {
        let catalogue = Catalogue::new(false, [Arc::from("policy")].iter());
        assert!(catalogue.series("policy").is_none());
        assert_eq!(catalogue.all().count(), 0);
    }
}
