//! The faults: what is broken on purpose, and what every instance has to make of it.

mod cluster;
pub(crate) mod instance;
pub(crate) mod network;
mod sentinel;
pub(crate) mod server;
mod together;

use std::{ops::RangeInclusive, thread, time::Duration};

use anyhow::{Result, bail};
use async_trait::async_trait;

use crate::{clock, field::Field, field::Setup, options::Topology, settings::MAX_STALENESS};

/// How often it is looked whether a promotion is over.
const LOOK: Duration = Duration::from_millis(10);

/// One thing that can go wrong.
pub(crate) struct Kind {
    /// As it is listed in the report.
    pub(crate) name: &'static str,
    /// Whether it makes sense there.
    pub(crate) applies: fn(&Setup) -> bool,
    /// Decides on whom and how.
    pub(crate) make: fn(&mut Draw<'_>) -> Box<dyn Fault>,
}

/// Everything that can go wrong in this setup.
pub(crate) fn catalogue(setup: &Setup) -> Vec<&'static Kind> {
    let kinds = match setup.topology {
        Topology::Single => &[
            network::UNAIDED,
            network::OF_CONNECTIONS,
            server::KINDS,
            instance::KINDS,
            together::KINDS,
        ][..],
        Topology::Sentinel => &[sentinel::KINDS, instance::KINDS],
        Topology::Cluster => &[cluster::KINDS, instance::KINDS],
    };
    let kinds = kinds.iter().copied().flatten();
    kinds.filter(|kind| (kind.applies)(setup)).collect()
}

/// For faults that can happen everywhere.
pub(crate) fn always(_: &Setup) -> bool {
    true
}

/// One that makes sense everywhere.
pub(crate) const fn kind(name: &'static str, make: fn(&mut Draw<'_>) -> Box<dyn Fault>) -> Kind {
    Kind {
        name,
        applies: always,
        make,
    }
}

/// Waits until a replica is in the place of its primary, in so many looks. Blocks.
fn until_promoted(looks: u32, is_promoted: impl Fn() -> bool) -> Result<()> {
    for _ in 0..looks {
        if is_promoted() {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    bail!("no replica took the place of its primary")
}

/// One strike: injected, held, healed.
#[async_trait]
pub(crate) trait Fault: Send + Sync {
    /// What has to be noticed, and by whom.
    fn expects(&self) -> Expectation;

    /// In which partitions what is to be noticed takes place, by a new epoch of each; empty where that
    /// makes no difference.
    fn partitions(&self) -> &[usize] {
        &[]
    }

    /// What its name does not say.
    fn detail(&self) -> String {
        String::new()
    }

    /// How long it lasts.
    fn hold(&self) -> Duration;

    /// Breaks something. Answers when it took effect.
    async fn inject(&mut self, field: &Field) -> Result<Effect>;

    /// Mends it; what happened meanwhile is not undone.
    async fn heal(&mut self, field: &Field) -> Result<()>;
}

/// When a fault took effect: within this time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) from: u64,
    pub(crate) until: u64,
}

impl Effect {
    pub(crate) fn now() -> Self {
        Self::since(clock::now())
    }

    /// At some time since then.
    pub(crate) fn since(from: u64) -> Self {
        Self {
            from,
            until: clock::now(),
        }
    }

    pub(crate) fn elapsed(self) -> Duration {
        Duration::from_nanos(clock::now().saturating_sub(self.until))
    }
}

/// What instances have to notice within `MaxStaleness` (F4).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// Nothing is lost for long enough that it would have to be noticed.
    Nothing,
    /// Nothing is heard any longer: they stop using L1.
    Silence(Whom),
    /// Something is lost for good: they stop using L1, or drop all of it, and never go on as if
    /// nothing had happened.
    Loss(Whom),
}

/// Whom a fault concerns.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Every instance.
    All,
    /// The instance in this place.
    One(usize),
}

/// Decides how a strike goes.
pub(crate) struct Draw<'a> {
    random: fastrand::Rng,
    setup: &'a Setup,
}

impl<'a> Draw<'a> {
    pub(crate) fn new(seed: u64, setup: &'a Setup) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            setup,
        }
    }

    /// An instance's place.
    pub(crate) fn victim(&mut self) -> usize {
        self.random.usize(0..self.setup.places())
    }

    /// The place of an instance that is a process of its own.
    pub(crate) fn process(&mut self) -> usize {
        let tasks = self.setup.tasks as usize;
        self.random.usize(tasks..self.setup.places())
    }

    /// The number of a partition.
    pub(crate) fn partition(&mut self) -> usize {
        self.random.usize(0..self.setup.partitions as usize)
    }

    /// One instance, or now and then all of them.
    pub(crate) fn whom(&mut self) -> Whom {
        if self.random.u8(0..4) == 0 {
            Whom::All
        } else {
            Whom::One(self.victim())
        }
    }

    /// A span between these numbers of milliseconds.
    pub(crate) fn millis(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.random.u64(range))
    }

    /// A span in which an instance that hears nothing has to notice it.
    pub(crate) fn longer_than_max_staleness(&mut self) -> Duration {
        MAX_STALENESS + self.millis(150..=700)
    }

    /// One of these faults, and its name.
    pub(crate) fn one_of(&mut self, kinds: &[Kind]) -> (&'static str, Box<dyn Fault>) {
        let setup = self.setup;
        let possible: Vec<_> = kinds.iter().filter(|kind| (kind.applies)(setup)).collect();
        let kind = possible[self.random.usize(0..possible.len())];
        (kind.name, (kind.make)(self))
    }

    /// Where it happens.
    pub(crate) fn setup(&self) -> &Setup {
        self.setup
    }

    pub(crate) fn random(&mut self) -> &mut fastrand::Rng {
        &mut self.random
    }
}
