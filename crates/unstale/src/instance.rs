//! One instance: everything that a cache consists of, put together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::AbortHandle;

use crate::clock;
use crate::codec::Codec;
use crate::config::Config;
use crate::core::{Guard, Limits, Partition, Tick};
use crate::entry::{Defaults, EntryOptions};
use crate::error::Error;
use crate::heartbeat;
use crate::local::Local;
use crate::observe::{Catalogue, Health, InvalidationStats, Invalidations, Series};
use crate::policy::{Labels, Policy, PolicyTable};
use crate::protect::{self, Supervised};
use crate::random;
use crate::read::{Flights, Inspector};
use crate::receive::Reader;
use crate::runtime::Runtime;
use crate::tiers::record::Traits;
use crate::tiers::{Hub, Memory, Redis, Shared, Unavailable};
use crate::write::Sender;

/// How often `build` and `close` look whether they are done.
const LOOK: Duration = Duration::from_millis(1);

/// One cache with its own L1, and its tasks.
pub(crate) struct Instance {
    pub(crate) local: Arc<Local>,
    /// L2 and the log; without them this instance is alone.
    pub(crate) shared: Option<Arc<Shared>>,
    pub(crate) sender: Option<Arc<Sender>>,
    pub(crate) flights: Arc<Flights>,
    pub(crate) catalogue: Catalogue,
    pub(crate) invalidations: Arc<Invalidations>,
    pub(crate) codec: Codec,
    /// The random id by which this instance knows its own messages and leases.
    pub(crate) origin: u64,
    pub(crate) lease_wait: Duration,
    pub(crate) load_timeout: Duration,
    /// Nobody waits longer than this for the answer to a removal.
    pub(crate) answer_timeout: Duration,
    pub(crate) runtime: Runtime,
    /// How this instance calls itself in logs.
    pub(crate) name: Arc<str>,
    #[cfg(feature = "metrics")]
    pub(crate) namespace: Arc<str>,
    /// None when nothing is inspected.
    pub(crate) inspector: Option<Inspector>,
    policies: PolicyTable,
    labels: Labels,
    defaults: Defaults,
    ack_timeout: Duration,
    close_timeout: Duration,
    leases: AtomicU64,
    started: Tick,
    /// Whether it tells operators of itself.
    beats: bool,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Instance {
    /// Puts an instance together and starts its tasks. A server that cannot be reached is no
    /// error: the instance works without it until it can. One that refuses the login is.
    pub(crate) async fn start(config: Config, hub: Option<&Hub>) -> Result<Arc<Self>, Error> {
        config.validate()?;
        let runtime = Runtime::current(hub)?;
        let origin = random::number().map_err(|error| Error::Io {
            path: "the system's random numbers".into(),
            source: std::io::Error::other(error.to_string()),
        })?;
        let limits = Limits {
            max_staleness: config.max_staleness,
            load_timeout: config.load_timeout,
            lease_ttl: config.lease_ttl,
            max_bans: config.max_bans,
        };
        let alone = hub.is_none() && !config.redis.enabled;
        let partition = if alone {
            Partition::alone(limits, config.longest_ttl())
        } else {
            Partition::new(limits, config.longest_ttl())
        };
        let local = Arc::new(Local::new(partition, Memory::new(&config.memory)));
        let shared = match hub {
            Some(hub) => Some(hub.tier(&config, local.clone(), origin)),
            None if alone => None,
            None => Some(Shared::Redis(Arc::new(Redis::new(&config, local.clone())?))),
        }
        .map(Arc::new);
        let invalidations = Arc::new(Invalidations::new(config.enable_effectiveness_metrics));
        let sender = shared.as_ref().map(|shared| {
            Arc::new(Sender::new(
                local.clone(),
                shared.clone(),
                origin,
                config.max_pending,
                invalidations.clone(),
                config.stream.consumer_name.as_str().into(),
                runtime.clone(),
            ))
        });
        let instance = Arc::new(Self {
            local,
            shared,
            sender,
            flights: Arc::default(),
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
            answer_timeout: config.redis.effective_command_timeout() * 2,
            runtime,
            name: config.stream.consumer_name.as_str().into(),
            #[cfg(feature = "metrics")]
            namespace: config.redis.namespace().into(),
            inspector: Inspector::new(&config),
            policies: config.policies.clone(),
            labels: Labels::default(),
            defaults: Defaults {
                absolute_expiration: config.default_absolute_expiration,
                sliding_expiration: config.default_sliding_expiration,
            },
            ack_timeout: config.stream.ack_timeout,
            close_timeout: config.redis.effective_command_timeout() * 4,
            leases: AtomicU64::new(0),
            started: clock::now(),
            beats: config.heartbeat.enabled,
            tasks: Mutex::default(),
        });
        instance.launch(&config).await?;
        if let Some(Shared::Redis(redis)) = instance.shared.as_deref()
            && config.heartbeat.enabled
        {
            let (itself, redis) = (Arc::downgrade(&instance), redis.clone());
            instance.spawn(heartbeat::beat_forever(itself, redis, config));
        }
        Ok(instance)
    }

    /// Starts the tasks, and waits until this instance has proven itself, for as long as
    /// connecting may take.
    async fn launch(&self, config: &Config) -> Result<(), Error> {
        self.spawn(scan_forever(
            self.local.clone(),
            config.memory.expiration_scan_frequency,
        ));
        let (Some(shared), Some(sender)) = (&self.shared, &self.sender) else {
            return Ok(());
        };
        let name = self.name.clone();
        match &**shared {
            Shared::Redis(redis) => self.supervise(redis, sender, &name).await?,
            Shared::Hub(hub) => {
                let sender = sender.clone();
                self.spawn(hub.when_back(move || sender.kick()));
            }
            #[cfg(feature = "evidence")]
            Shared::Remote(hub) => self.supervise(hub, sender, &name).await?,
        }
        let reader = Reader {
            local: self.local.clone(),
            shared: shared.clone(),
            origin: self.origin,
            invalidations: self.invalidations.clone(),
            name,
            poll_interval: config.stream.poll_interval,
            followed: AtomicBool::new(false),
        };
        self.spawn(reader.read_forever());
        if shared.is_up() {
            let give_up = clock::now() + config.redis.effective_connect_timeout();
            while !self.local.is_proven() && clock::now() < give_up {
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// Brings L2 into service, and whenever it is lost, again.
    async fn supervise<L2: Supervised>(
        &self,
        l2: &Arc<L2>,
        sender: &Arc<Sender>,
        name: &Arc<str>,
    ) -> Result<(), Error> {
        if let Err(failure) = protect::recover(&**l2, sender, &self.local, name).await {
            if failure.is_refusal() {
                return Err(failure.into());
            }
            tracing::warn!(instance = %name, %failure, "L2 is not in service; starting without it");
        }
        let (l2, sender) = (l2.clone(), sender.clone());
        let (local, name) = (self.local.clone(), name.clone());
        self.spawn(protect::recover_forever(l2, sender, local, name));
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
        self.stop();
        if let Some(Shared::Redis(redis)) = self.shared.as_deref()
            && self.beats
        {
            // Otherwise people would see an instance that fell silent.
            let _ = redis.farewell(self.origin).await;
        }
    }

    /// A name that no other lease has, on any instance.
    pub(crate) fn unique_token(&self) -> String {
        format!(
            "{:016x}.{:x}",
            self.origin,
            self.leases.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// What applies to an entry of this key.
    pub(crate) fn traits(
        &self,
        key: &str,
        in_code: Option<&Policy>,
        options: &EntryOptions,
    ) -> Traits {
        let configured = self.policies.resolve(key).map(|rule| &rule.policy);
        let policies: Vec<_> = in_code.into_iter().chain(configured).collect();
        options.resolve(&policies, &self.defaults)
    }

    /// Where a key is counted: under the label of its policy, of its space, or its own.
    pub(crate) fn series(&self, key: &str, space: Option<&Arc<str>>) -> Option<Arc<Series>> {
        if !self.catalogue.is_enabled() {
            return None;
        }
        match (self.policies.resolve(key), space) {
            (Some(rule), _) => self.catalogue.series(&rule.label),
            (None, Some(label)) => self.catalogue.series(label),
            (None, None) => self.catalogue.series(&self.labels.for_key(key)),
        }
    }

    /// Sees to it that bans are kept for as long as a value of this life may exist, before the
    /// first one does.
    pub(crate) async fn allow_ttl(
        &self,
        shared: &Shared,
        ttl: Duration,
    ) -> Result<(), Unavailable> {
        let allowed = self.local.with(|partition, _| {
            partition.raise_longest_ttl(ttl);
            partition.is_ttl_allowed(ttl)
        });
        if Guard::LongestTtlFirst.demands(allowed) {
            Ok(())
        } else {
            shared.fence().await
        }
    }

    pub(crate) fn pending(&self) -> u64 {
        self.sender
            .as_ref()
            .map_or(0, |sender| sender.pending() as u64)
    }

    pub(crate) fn invalidation_stats(&self) -> InvalidationStats {
        self.invalidations.report(self.pending())
    }

    pub(crate) fn health(&self) -> Health {
        let now = clock::now();
        let (proven_at, position, bans) = self.local.with(|partition, _| {
            (
                partition.proven_at(),
                partition.position(),
                partition.bans(),
            )
        });
        let (l1_entries, l1_size) = self.local.memory.usage();
        let alone = self.shared.is_none();
        let unproven_for = now.since(proven_at.unwrap_or(self.started));
        let healthy = alone || unproven_for <= self.ack_timeout;
        let pending = self.pending();
        let reason = (!healthy).then(|| {
            let seconds = unproven_for.as_secs();
            format!("the log has not been followed for {seconds} s: L1 is out of use")
        });
        Health {
            healthy,
            proven: self.local.is_proven(),
            proof_age: proven_at.filter(|_| !alone).map(|at| now.since(at)),
            position: (position.epoch > 0).then(|| position.to_string()),
            breaker: self
                .shared
                .as_ref()
                .map_or("none", |shared| shared.breaker_state()),
            pending,
            l1_entries: l1_entries as u64,
            l1_size,
            bans: bans as u64,
            reason,
        }
    }

    /// How old the newest proof is, or how long there has been none; nothing without a log.
    #[cfg(feature = "metrics")]
    pub(crate) fn unproven_for(&self) -> Duration {
        let proven_at = self.local.with(|partition, _| partition.proven_at());
        let since = proven_at.unwrap_or(self.started);
        clock::now().since(since)
    }

    /// How many entries of the log are known to be executed and are not applied here yet.
    #[cfg(feature = "metrics")]
    pub(crate) fn lag(&self) -> u64 {
        let (known, applied) = self
            .local
            .with(|partition, _| (partition.known(), partition.position()));
        known.seq.saturating_sub(applied.seq)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks
            .lock()
            .push(self.runtime.spawn(task).abort_handle());
    }

    fn stop(&self) {
        self.tasks.lock().drain(..).for_each(|task| task.abort());
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.retire();
        }
        self.stop();
    }
}

/// Drops what has expired, so that it does not take up room until somebody asks for it.
async fn scan_forever(local: Arc<Local>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        local.memory.drop_expired();
        local.with(|partition, _| partition.tidy(clock::now()));
    }
}
