//! Both sides, which are asked the same.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use unstale::Config;
use unstale::evidence::steps::{Answer, Caller, HubSteps, RedisSteps, State, Step};

use crate::Site;
use crate::choices::KEYS;
use crate::walk::Transport;

/// Small, so that they are reached.
const MAX_LOG_LENGTH: u64 = 8;
const MAX_BANS: usize = 4;

/// How long a lease lives. Lives end between the milliseconds at which the clock stands, because a
/// server's record outlives its last one.
const LEASE_TTL: Duration = Duration::from_millis(1_005);

/// What the server may need on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both sides.
pub(crate) struct Pair {
    pub(crate) config: Config,
    pub(crate) keys: Vec<Arc<str>>,
    pub(crate) ours: HubSteps,
    theirs: RedisSteps,
    witness: Caller,
}

impl Pair {
    pub(crate) async fn start(site: &Site, transport: Transport) -> Result<Self> {
        let mut config = Config::default();
        config.redis.connect_to(site.server.url().parse()?);
        config.redis.command_timeout = Some(PATIENCE);
        config.redis.connect_timeout = Some(PATIENCE);
        config.use_streams_for_invalidation = transport == Transport::Streams;
        config.stream.max_stream_length = MAX_LOG_LENGTH;
        config.max_bans = MAX_BANS;
        config.lease_ttl = LEASE_TTL;
        config.memory.size_limit = 10;
        site.server.flush_all()?;
        let first = || Caller::new(&config, Duration::from_millis(1_005));
        let witness = first();
        Ok(Self {
            ours: HubSteps::start(&config, &first()),
            theirs: RedisSteps::start(&config, &witness).await?,
            keys: KEYS.map(Arc::from).to_vec(),
            witness,
            config,
        })
    }

    /// Has both take a step; their answer, if it is one.
    pub(crate) async fn take(&self, caller: &Caller, step: &Step) -> Result<Answer> {
        let theirs = self.theirs.take(caller, step).await;
        let ours = self.ours.take(caller, step);
        equal("answers", &ours, &theirs)?;
        Ok(ours)
    }

    /// The state of both, if it is one.
    pub(crate) async fn state(&mut self) -> Result<State> {
        let ours = self.ours.state(&self.keys);
        let theirs = self.theirs.state(&self.witness, &self.keys).await?;
        equal("meta", &ours.meta, &theirs.meta)?;
        equal("the log", &ours.log, &theirs.log)?;
        equal("records", &ours.records, &theirs.records)?;
        ensure!(ours == theirs, "what is new in the state is not compared");
        Ok(ours)
    }
}

fn equal<T: PartialEq + Debug>(what: &str, ours: &T, theirs: &T) -> Result<()> {
    ensure!(
        ours == theirs,
        "{what} differ\nthe model's server: {ours:#?}\nthe real server: {theirs:#?}"
    );
    Ok(())
}
