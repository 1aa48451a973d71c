//! One partition of an instance, and its tasks.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::PartitionId;
use crate::clock;
use crate::config::Config;
#[cfg(feature = "metrics")]
use crate::core::Tick;
use crate::core::{Guard, Partition};
use crate::error::Error;
use crate::local::Local;
use crate::observe::{Invalidations, View};
use crate::protect::{self, Supervised};
use crate::read::Flights;
use crate::receive::{Pace, Reader};
use crate::runtime::Tasks;
use crate::tiers::{Hub, Memory, Redis, Shared, Unavailable};
use crate::token::Token;
use crate::write::Sender;

/// How often a start looks whether it is done.
const LOOK: Duration = Duration::from_millis(1);

/// One partition as one instance has it.
pub(crate) struct Slice {
    pub(crate) id: PartitionId,
    pub(crate) local: Arc<Local>,
    /// L2 and the log; without them the instance is alone.
    pub(crate) shared: Option<Arc<Shared>>,
    pub(crate) sender: Option<Arc<Sender>>,
    pub(crate) flights: Arc<Flights>,
    invalidations: Arc<Invalidations>,
    pace: Arc<Pace>,
    /// How it is called in logs.
    name: Arc<str>,
    /// The random id of its instance.
    origin: u64,
}

/// What the partitions of one instance have in common.
pub(crate) struct Common<'a> {
    pub(crate) config: &'a Config,
    pub(crate) hub: Option<&'a Hub>,
    pub(crate) origin: u64,
    pub(crate) memory: &'a Arc<Memory>,
    pub(crate) invalidations: &'a Arc<Invalidations>,
    pub(crate) pace: &'a Arc<Pace>,
}

impl Slice {
    /// Puts a partition together; nothing is connected yet.
    pub(crate) fn new(id: PartitionId, common: &Common<'_>) -> Result<Self, Error> {
        let Common { config, hub, .. } = *common;
        let limits = config.limits();
        let alone = hub.is_none() && !config.redis.enabled;
        let partition = if alone {
            Partition::alone(limits, config.longest_ttl())
        } else {
            Partition::new(limits, config.longest_ttl())
        };
        let local = Arc::new(Local::new(id, partition, common.memory.clone()));
        let shared = match hub {
            Some(hub) => Some(hub.tier(config, local.clone(), common.origin)),
            None if alone => None,
            None => Some(Shared::Redis(Arc::new(Redis::new(config, local.clone())?))),
        }
        .map(Arc::new);
        let name: Arc<str> = match config.stream.consumer_name.as_str() {
            name if id.is_only() => name.into(),
            name => format!("{name} ({id})").into(),
        };
        let sender = shared.as_ref().map(|shared| {
            Arc::new(Sender::new(
                config,
                local.clone(),
                shared.clone(),
                common.origin,
                common.invalidations.clone(),
                name.clone(),
            ))
        });
        Ok(Self {
            id,
            local,
            shared,
            sender,
            flights: Arc::default(),
            invalidations: common.invalidations.clone(),
            pace: common.pace.clone(),
            name,
            origin: common.origin,
        })
    }

    /// Starts the tasks, and waits until this partition is proven, for as long as connecting may
    /// take.
    pub(crate) async fn launch(&self, config: &Config, tasks: &Tasks) -> Result<(), Error> {
        let (Some(shared), Some(sender)) = (&self.shared, &self.sender) else {
            return Ok(());
        };
        let kept = sender.clone();
        // It outlives the cache: what waits is sent once more.
        tasks.runtime.keep(move || kept.clone().send_forever());
        match &**shared {
            Shared::Redis(redis) => self.supervise(redis, sender, tasks).await?,
            Shared::Hub(hub) => {
                let sender = sender.clone();
                tasks.spawn(hub.when_back(move || sender.kick()));
            }
            #[cfg(feature = "evidence")]
            Shared::Remote(hub) => self.supervise(hub, sender, tasks).await?,
        }
        let reader = Arc::new(Reader {
            local: self.local.clone(),
            shared: shared.clone(),
            sender: sender.clone(),
            origin: self.origin,
            invalidations: self.invalidations.clone(),
            name: self.name.clone(),
            poll_interval: config.stream.poll_interval,
            pace: self.pace.clone(),
            followed: AtomicBool::new(false),
        });
        tasks.keep(move || reader.clone().read_forever());
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
        tasks: &Tasks,
    ) -> Result<(), Error> {
        let name = &self.name;
        if let Err(failure) = protect::recover(&**l2, sender, &self.local, name).await {
            if failure.is_refusal() {
                return Err(failure.into());
            }
            tracing::warn!(instance = %name, %failure, "L2 is not in service; starting without it");
        }
        let (l2, sender) = (l2.clone(), sender.clone());
        let (local, name) = (self.local.clone(), name.clone());
        tasks.keep(move || {
            let (l2, sender) = (l2.clone(), sender.clone());
            protect::recover_forever(l2, sender, local.clone(), name.clone())
        });
        Ok(())
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

    /// How it looks from outside.
    pub(crate) fn view(&self) -> View {
        let (proven_at, position, bans) = self.local.with(|partition, _| {
            (
                partition.proven_at(),
                partition.position(),
                partition.bans(),
            )
        });
        View {
            id: self.id,
            alone: self.shared.is_none(),
            proven: self.local.is_proven(),
            proven_at,
            position,
            breaker: self
                .shared
                .as_ref()
                .map_or("none", |shared| shared.breaker_state()),
            bans: bans as u64,
        }
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn proven_at(&self) -> Option<Tick> {
        self.local.with(|partition, _| partition.proven_at())
    }

    /// What has been applied.
    pub(crate) fn applied(&self) -> Token {
        Token::at(self.id, self.local.position())
    }

    /// How many entries of the log are known to be executed and are not applied here yet.
    pub(crate) fn lag(&self) -> u64 {
        let (known, applied) = self
            .local
            .with(|partition, _| (partition.known(), partition.position()));
        known.seq.saturating_sub(applied.seq)
    }

    /// Removals that are not acknowledged yet.
    pub(crate) fn pending(&self) -> u64 {
        let sender = self.sender.as_ref();
        sender.map_or(0, |sender| sender.pending() as u64)
    }
}
