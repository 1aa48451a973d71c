//! One instance: everything that a cache consists of, put together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::clock;
use crate::codec::Codec;
use crate::config::Config;
use crate::core::Tick;
use crate::entry::{Defaults, EntryOptions};
use crate::error::Error;
use crate::heartbeat;
use crate::local::Local;
use crate::observe::{Catalogue, Health, InvalidationStats, Invalidations, Series, Vitals};
use crate::partitions::{Common, Partitions, Slice};
use crate::policy::{Policy, PolicyTable, with_label_of};
use crate::random;
use crate::read::Inspector;
use crate::runtime::{Runtime, Tasks};
use crate::tiers::record::Traits;
use crate::tiers::{Hub, Memory, Shared};
use crate::token::Token;

/// How often `close` looks whether it is done.
const LOOK: Duration = Duration::from_millis(1);

/// One cache with its own L1, and its tasks.
pub(crate) struct Instance {
    pub(crate) partitions: Partitions,
    /// L1, of all partitions.
    pub(crate) memory: Arc<Memory>,
    pub(crate) catalogue: Catalogue,
    pub(crate) invalidations: Arc<Invalidations>,
    pub(crate) codec: Codec,
    /// The random id by which this instance knows its own messages and leases.
    pub(crate) origin: u64,
    pub(crate) lease_wait: Duration,
    pub(crate) load_timeout: Duration,
    /// Nobody waits longer than this for the answer to a removal.
    pub(crate) answer_timeout: Duration,
    /// How this instance calls itself in logs.
    pub(crate) name: Arc<str>,
    #[cfg(feature = "metrics")]
    pub(crate) namespace: Arc<str>,
    /// None when nothing is inspected.
    pub(crate) inspector: Option<Inspector>,
    pub(crate) tasks: Tasks,
    policies: PolicyTable,
    defaults: Defaults,
    ack_timeout: Duration,
    close_timeout: Duration,
    leases: AtomicU64,
    /// What the names of its leases begin with.
    lease_prefix: Box<str>,
    started: Tick,
    /// Whether it tells operators of itself.
    beats: bool,
}

impl Instance {
    /// Puts an instance together and starts its tasks. A server that cannot be reached is no
    /// error: the instance works without it until it can. One that refuses the login is.
    pub(crate) async fn start(config: Config, hub: Option<&Hub>) -> Result<Arc<Self>, Error> {
        config.validate()?;
        let tasks = Tasks::new(Runtime::current(hub)?);
        let origin = random::number().map_err(|error| Error::Io {
            path: "the system's random numbers".into(),
            source: std::io::Error::other(error.to_string()),
        })?;
        let memory = Arc::new(Memory::new(&config.memory));
        let invalidations = Arc::new(Invalidations::new(config.enable_effectiveness_metrics));
        let partitions = Partitions::new(&Common {
            config: &config,
            hub,
            origin,
            memory: &memory,
            invalidations: &invalidations,
            pace: &Arc::default(),
        })?;
        let instance = Arc::new(Self {
            partitions,
            memory,
            catalogue: Catalogue::new(
                config.enable_effectiveness_metrics,
                config.policies.rules().iter().map(|rule| &rule.label),
            ),
            invalidations,
            codec: Codec {
                encoding: config.serialization,
                compress_above: config
                    .enable_compression
                    .then_some(config.compression_threshold),
                max_size: config.max_value_size,
            },
            origin,
            lease_wait: config.lease_wait,
            load_timeout: config.load_timeout,
            answer_timeout: config.redis.answer_timeout(),
            name: config.stream.consumer_name.as_str().into(),
            #[cfg(feature = "metrics")]
            namespace: config.redis.namespace().into(),
            inspector: Inspector::new(&config),
            tasks,
            policies: config.policies.clone(),
            defaults: Defaults {
                absolute_expiration: config.default_absolute_expiration,
                sliding_expiration: config.default_sliding_expiration,
            },
            ack_timeout: config.stream.ack_timeout,
            close_timeout: config.redis.effective_command_timeout() * 4,
            leases: AtomicU64::new(0),
            lease_prefix: format!("{origin:016x}.").into(),
            started: clock::now(),
            beats: config.heartbeat.enabled,
        });
        instance.launch(&config).await?;
        if let Some(Shared::Redis(redis)) = instance.partitions.first().shared.as_deref()
            && config.heartbeat.enabled
        {
            let (itself, redis) = (Arc::downgrade(&instance), redis.clone());
            let beat =
                move || heartbeat::beat_forever(itself.clone(), redis.clone(), config.clone());
            instance.tasks.keep(beat);
        }
        Ok(instance)
    }

    /// Starts the tasks, and waits until every partition is proven, for as long as connecting may
    /// take.
    async fn launch(&self, config: &Config) -> Result<(), Error> {
        let locals = self.partitions.iter().map(|slice| slice.local.clone());
        let (memory, locals): (_, Arc<[_]>) = (self.memory.clone(), locals.collect());
        let every = config.memory.expiration_scan_frequency;
        self.tasks
            .keep(move || scan_forever(memory.clone(), locals.clone(), every));
        let slices = self.partitions.iter();
        try_join_all(slices.map(|slice| slice.launch(config, &self.tasks))).await?;
        Ok(())
    }

    /// Sends what is pending, for as long as a few commands may take; then stops the tasks.
    pub(crate) async fn close(&self) {
        let give_up = clock::now() + self.close_timeout;
        while self.pending() > 0 && clock::now() < give_up {
            tokio::time::sleep(LOOK).await;
        }
        if self.pending() > 0 {
            tracing::warn!(
                pending = self.pending(),
                "closed with removals that were not confirmed"
            );
        }
        self.tasks.stop();
        if let Some(Shared::Redis(redis)) = self.partitions.first().shared.as_deref()
            && self.beats
        {
            // Otherwise people would see an instance that fell silent.
            let _ = redis.farewell(self.origin).await;
        }
    }

    /// A name that no other lease has, on any instance.
    pub(crate) fn unique_token(&self) -> String {
        let number = self.leases.fetch_add(1, Ordering::Relaxed);
        [&*self.lease_prefix, itoa::Buffer::new().format(number)].concat()
    }

    /// What applies to an entry of this key.
    pub(crate) fn traits(
        &self,
        key: &str,
        in_code: Option<&Policy>,
        options: &EntryOptions,
    ) -> Traits {
        let configured = self.policies.resolve(key).map(|rule| &rule.policy);
        let policies = in_code.into_iter().chain(configured);
        options.resolve(policies, &self.defaults)
    }

    /// Where a key is counted: under the label of its policy, of its space, or its own.
    pub(crate) fn series(&self, key: &str, space: Option<&Arc<str>>) -> Option<&Series> {
        if !self.catalogue.is_enabled() {
            return None;
        }
        match (self.policies.resolve(key), space) {
            (Some(rule), _) => self.catalogue.series(&rule.label),
            (None, Some(label)) => self.catalogue.series(label),
            (None, None) => with_label_of(key, |label| self.catalogue.series(label)),
        }
    }

    pub(crate) fn pending(&self) -> u64 {
        self.partitions.iter().map(Slice::pending).sum()
    }

    pub(crate) fn invalidation_stats(&self) -> InvalidationStats {
        self.invalidations.report(self.pending())
    }

    /// What has been applied, in every partition.
    pub(crate) fn applied(&self) -> Token {
        let applied = self.partitions.iter().map(Slice::applied);
        applied
            .reduce(|one, other| one.and(&other))
            .unwrap_or_default()
    }

    pub(crate) fn health(&self) -> Health {
        let views: Vec<_> = self.partitions.iter().map(Slice::view).collect();
        Health::of(
            &views,
            &Vitals {
                l1: self.memory.usage(),
                pending: self.pending(),
                started: self.started,
                ack_timeout: self.ack_timeout,
            },
        )
    }

    /// How old the newest proof is, or how long there has been none; nothing without a log. Of the
    /// partition where that is longest.
    #[cfg(feature = "metrics")]
    pub(crate) fn unproven_for(&self) -> Duration {
        let now = clock::now();
        let since = |slice: &Slice| now.since(slice.proven_at().unwrap_or(self.started));
        self.partitions.iter().map(since).max().unwrap_or_default()
    }

    /// How many entries of the log are known to be executed and are not applied here yet.
    #[cfg(feature = "metrics")]
    pub(crate) fn lag(&self) -> u64 {
        self.partitions.iter().map(Slice::lag).sum()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        for sender in self
            .partitions
            .iter()
            .filter_map(|slice| slice.sender.as_ref())
        {
            sender.retire();
        }
    }
}

/// Drops what has expired, so that it does not take up room until somebody asks for it.
async fn scan_forever(memory: Arc<Memory>, locals: Arc<[Arc<Local>]>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        memory.drop_expired();
        for local in &*locals {
            local.with(|partition, _| partition.tidy(clock::now()));
        }
    }
}
