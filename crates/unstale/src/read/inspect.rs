//! Inspecting a sample of the hits: load again, compare, and find the write that does not
//! invalidate.
//!
//! A difference alone says little: the source may have changed a moment ago, and the removal be on
//! its way. So a ticket is opened while the copy is held, and the core is asked what became of it
//! when the removal has had time to arrive.

mod chance;
mod limit;
mod loader;

use std::fmt::Display;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::yield_now;

use self::chance::Chance;
use self::limit::{Limit, Place};
pub use self::loader::FromIds;
pub(crate) use self::loader::Inspection;
use super::flights::Boarded;
use super::{Cacheable, Request};
use crate::clock;
use crate::codec::Codec;
use crate::config::Config;
use crate::core::{Position, Verdict};
use crate::instance::Instance;
use crate::key::Ids;
use crate::observe::{Series, SeriesId};
use crate::tiers::Sight;

/// A value is encoded this many times more before a difference is believed: the order of a hash
/// map of two comes out alike half of the times.
const ENCODINGS: usize = 8;

/// What one instance inspects, and how much of it.
pub(crate) struct Inspector {
    chance: Chance,
    limit: Limit,
    load_timeout: Duration,
    /// After this, what had been removed when the source was asked is known here.
    patience: Duration,
}

impl Inspector {
    /// `None` when nothing is to be inspected.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let inspect = &config.inspect;
        (inspect.sample_rate > 0.0).then(|| Self {
            chance: Chance::of(inspect.sample_rate),
            limit: Limit::new(inspect.max_loads_per_second),
            load_timeout: config.load_timeout,
            // The removal may take `Grace` to be called, and a proof one probe to be renewed.
            patience: inspect.grace + config.stream.poll_interval,
        })
    }

    /// What is inspected of a space that loads like this.
    pub(crate) fn inspection<T, I, E, F, Loads>(&self, load: F) -> Inspection<T>
    where
        T: Cacheable,
        I: FromIds,
        E: Display,
        F: Fn(I) -> Loads + Send + Sync + 'static,
        Loads: Future<Output = Result<Option<T>, E>> + Send + 'static,
    {
        Inspection::new(self.chance, load)
    }
}

/// A hit under inspection.
struct Case<T> {
    instance: Weak<Instance>,
    boarded: Boarded,
    copy: Arc<T>,
    held: Sight,
    series: Option<SeriesId>,
    inspection: Arc<Inspection<T>>,
    ids: Vec<String>,
}

/// What the comparison came to; `None` when there was nothing to compare.
type Compared = Option<Finding>;

enum Finding {
    Same,
    Explained,
    /// A write was not followed by a removal.
    Unexplained,
}

/// Inspects a hit in the background, unless the source was asked often enough already. The reader
/// has his value, and waits for nothing.
#[cold]
pub(crate) fn inspect<T: Cacheable>(
    request: &Request<'_>,
    inspection: &Arc<Inspection<T>>,
    ids: &impl Ids,
    copy: &Arc<T>,
) {
    let instance = request.instance;
    let Some(inspector) = &instance.inspector else {
        return;
    };
    let series = request.series();
    let skipped = || {
        if let Some(series) = series {
            series.inspection_skipped();
        }
    };
    let Some(place) = inspector.limit.begin(clock::now()) else {
        return skipped();
    };
    // The ticket first: what is removed before it was opened is no longer held afterwards.
    let (boarded, _) = Boarded::alone(&request.slice.local, request.key.into(), Position::ORIGIN);
    let held = instance.memory.peek(request.key);
    let Some(held) = held.filter(|held| held.is(copy)) else {
        return skipped();
    };
    let mut texts = Vec::new();
    ids.each(&mut |id| texts.push(id.to_string()));
    let case = Case {
        instance: Arc::downgrade(instance),
        boarded,
        copy: copy.clone(),
        held,
        series: series.map(Series::id),
        inspection: inspection.clone(),
        ids: texts,
    };
    instance.tasks.runtime.spawn(case.inspect(place));
}

impl<T: Cacheable> Case<T> {
    async fn inspect(self, place: Place) {
        let compared = self.compare(place).await;
        let Some(instance) = self.instance.upgrade() else {
            return;
        };
        if let Some(series) = self.series(&instance) {
            match compared {
                None => series.inspection_skipped(),
                Some(Finding::Unexplained) => series.inspected(true),
                Some(Finding::Same | Finding::Explained) => series.inspected(false),
            }
        }
    }

    fn series<'a>(&self, instance: &'a Instance) -> Option<&'a Series> {
        instance.catalogue.numbered(self.series?)
    }

    /// Holds on to the instance only between its awaits: an inspection keeps no cache alive.
    async fn compare(&self, place: Place) -> Compared {
        let key = &self.boarded.key;
        let (timeout, codec) = {
            let instance = self.instance.upgrade()?;
            (instance.inspector.as_ref()?.load_timeout, instance.codec)
        };
        let loaded = self.load(timeout).await?;
        let asked = clock::now();
        if !self.differs(codec, loaded).await? {
            return Some(Finding::Same);
        }
        drop(place);
        let (patience, _waiting) = {
            let instance = self.instance.upgrade()?;
            // One whose life is over misleads nobody any longer.
            let held = instance.memory.peek(key)?;
            if !held.is(&self.copy) || !clock::is_before(held.expires()) {
                return None;
            }
            let inspector = instance.inspector.as_ref()?;
            let Some(waiting) = inspector.limit.wait() else {
                tracing::debug!(%key, "a copy that differs was not inspected: others still wait");
                return None;
            };
            (inspector.patience, waiting)
        };
        tokio::time::sleep(patience).await;
        let instance = self.instance.upgrade()?;
        let local = &instance.partitions.of(key).local;
        let verdict = local.with(|partition, _| {
            let (tags, stamp) = (self.held.tags(), self.held.stamp());
            partition.verdict(self.boarded.ticket, key, tags, stamp, asked)
        });
        match verdict {
            Verdict::Unproven => None,
            Verdict::Explained => Some(Finding::Explained),
            Verdict::Unexplained => {
                let pattern = self.series(&instance).map(Series::label);
                tracing::warn!(
                    instance = %instance.name,
                    %key,
                    pattern,
                    "a copy differs from the source, and nothing has removed it: a write to the \
                     source does not invalidate this key"
                );
                Some(Finding::Unexplained)
            }
        }
    }

    /// What the source says; `None` when it does not.
    async fn load(&self, timeout: Duration) -> Option<Option<T>> {
        let key = &self.boarded.key;
        let Some(loading) = self.inspection.load(&self.ids) else {
            tracing::error!(%key, "the loader that inspects this space takes other ids than its keys have");
            return None;
        };
        match tokio::time::timeout(timeout, loading).await {
            Ok(Ok(loaded)) => Some(loaded),
            Ok(Err(error)) => {
                tracing::debug!(%key, error, "a copy was not inspected: its load failed");
                None
            }
            Err(_) => {
                tracing::debug!(%key, "a copy was not inspected: its load took too long");
                None
            }
        }
    }

    /// Whether the copy is another than what was loaded; `None` when that cannot be told. A large
    /// value takes long to encode, so others get their turn after each time.
    async fn differs(&self, codec: Codec, loaded: Option<T>) -> Option<bool> {
        let Some(loaded) = loaded else {
            return Some(true);
        };
        let copy = codec.encode(&*self.copy).ok()?;
        yield_now().await;
        if copy == codec.encode(&loaded).ok()? {
            return Some(false);
        }
        for _ in 0..ENCODINGS {
            yield_now().await;
            let decoded = codec.decode::<T>(&copy);
            yield_now().await;
            let again = decoded.and_then(|decoded| codec.encode(&decoded).ok());
            if again.as_ref() != Some(&copy) {
                self.tell_that_it_cannot_be_compared();
                return None;
            }
        }
        Some(true)
    }

    fn tell_that_it_cannot_be_compared(&self) {
        let Some(instance) = self.instance.upgrade() else {
            return;
        };
        if !self.inspection.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                instance = %instance.name,
                key = %self.boarded.key,
                "copies of this space cannot be inspected: equal values are not encoded alike. A \
                 hash map is the usual cause; a `BTreeMap` has an order"
            );
        }
    }
}
