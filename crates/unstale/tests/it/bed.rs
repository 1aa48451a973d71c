//! What a test runs on: a transport, and the instances that share it.

mod ask;
mod day;
mod life;
mod listening;
mod load;
mod wires;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use testbed::Server;
use tokio::sync::Semaphore;
use unstale::{Cache, Config, Hub};

pub(crate) use ask::{
    SlowLoad, caught_up, held, l1_answers, l1_hits, numbers, places, position, read,
    until_l1_is_of_use, until_proven, until_sent, warm,
};
pub(crate) use day::{hasten, lived_through};
pub(crate) use life::{Life, Span, timed, until_told};
pub(crate) use listening::{Listening, listen};
pub(crate) use load::{Load, MAX_STALENESS};
pub(crate) use wires::{Wires, text};

/// Long enough for a slow machine, short enough to notice.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What names on the server begin with, where there is one partition.
pub(crate) const OF_ONE: &str = "{unstale:0}";

/// The same of each of four.
pub(crate) const OF_FOUR: [&str; 4] = [
    "{unstale:0/4~69}",
    "{unstale:1/4~59}",
    "{unstale:2/4~52}",
    "{unstale:3/4~31}",
];

/// The same of each of six.
pub(crate) const OF_SIX: [&str; 6] = [
    "{unstale:0/6~30}",
    "{unstale:1/6~2}",
    "{unstale:2/6~140}",
    "{unstale:3/6~1}",
    "{unstale:4/6~28}",
    "{unstale:5/6~73}",
];

/// What carries L2 and the log.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Hub,
    Streams,
    PubSub,
    /// Streams, in four partitions.
    FourPartitions,
}

/// Settings of an instance that stays proven for long without a probe.
pub(crate) fn patient(config: &mut Config) {
    config.stream.poll_interval = Duration::from_secs(9);
    config.max_staleness = Duration::from_secs(20);
}

/// Settings of an instance that soon stops to use L1 when it is cut off.
pub(crate) fn quick(config: &mut Config) {
    config.stream.poll_interval = Duration::from_millis(100);
    config.max_staleness = Duration::from_millis(400);
    config.redis.command_timeout = Some(Duration::from_millis(500));
    config.breaker.open_duration = Duration::from_millis(20);
    config.breaker.max_open_duration = Duration::from_millis(200);
}

/// Settings of an instance to which these servers are named, and that soon finds another one.
pub(crate) fn several(servers: &str, transport: Transport) -> Config {
    let mut config = Config::default();
    config.redis.connect_to(servers.parse().expect("servers"));
    config.redis.command_timeout = Some(Duration::from_secs(1));
    config.use_streams_for_invalidation = transport == Transport::Streams;
    config.stream.poll_interval = Duration::from_millis(100);
    config.breaker.open_duration = Duration::from_millis(50);
    config.breaker.max_open_duration = Duration::from_millis(200);
    config
}

/// Several instances share one of these.
pub(crate) struct Bed {
    pub(crate) transport: Transport,
    hub: Hub,
    server: Option<Server>,
}

impl Bed {
    pub(crate) fn start(transport: Transport) -> Self {
        let server = (transport != Transport::Hub)
            .then(|| Server::start().expect("a server: run `cargo xtask test`"));
        Self {
            transport,
            hub: Hub::new(),
            server,
        }
    }

    /// A bed on a server that was made to order.
    pub(crate) fn on(transport: Transport, server: Server) -> Self {
        Self {
            transport,
            hub: Hub::new(),
            server: Some(server),
        }
    }

    /// The server, for a bed that has one.
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("this transport has a server")
    }

    /// Forgets everything that instances share.
    pub(crate) fn flush(&self) {
        match &self.server {
            Some(server) => server.flush_all().expect("a server that runs"),
            None => self.hub.flush(),
        }
    }

    /// How many partitions an instance on this bed has.
    pub(crate) fn partitions(&self) -> u32 {
        match self.transport {
            Transport::FourPartitions => 4,
            _ => 1,
        }
    }

    /// The names that the record of a key may have on the server, of which it has one.
    pub(crate) fn records(&self, key: &str) -> Vec<String> {
        let tags: &[&str] = match self.transport {
            Transport::FourPartitions => &OF_FOUR,
            _ => &[OF_ONE],
        };
        tags.iter().map(|tag| format!("{tag}:k:{key}")).collect()
    }

    /// How many of these keys have a record on the server.
    pub(crate) fn stored(&self, keys: &[&str]) -> usize {
        let records = keys.iter().flat_map(|key| self.records(key));
        let command: Vec<_> = std::iter::once("EXISTS".to_owned())
            .chain(records)
            .collect();
        let stored = self.server().command(command).expect("an answer");
        text(stored).parse().expect("a number")
    }

    /// The settings of an instance on this bed.
    pub(crate) fn config(&self) -> Config {
        match &self.server {
            Some(server) => self.config_at(&server.url()),
            None => Config::default(),
        }
    }

    /// The settings of an instance that reaches the server at another address.
    pub(crate) fn config_at(&self, url: &str) -> Config {
        let mut config = Config::default();
        config.redis.connect_to(url.parse().expect("an address"));
        config.redis.command_timeout = Some(Duration::from_secs(2));
        config.use_streams_for_invalidation = self.transport != Transport::PubSub;
        config.redis.partitions = Some(self.partitions());
        config
    }

    pub(crate) async fn instance(&self, name: &str) -> Cache {
        self.instance_with(name, self.config()).await
    }

    pub(crate) async fn instance_with(&self, name: &str, config: Config) -> Cache {
        let builder = Cache::builder().config(config).instance_name(name);
        let builder = match self.transport {
            Transport::Hub => builder.hub(&self.hub),
            _ => builder,
        };
        builder.build().await.expect("a cache")
    }
}

/// Runs each test on every transport.
macro_rules! on_every_transport {
    ($($name:ident),+ $(,)?) => {
        mod hub { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
            super::$name($crate::bed::Transport::Hub).await;
        })+ }
        mod streams { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
            super::$name($crate::bed::Transport::Streams).await;
        })+ }
        mod pub_sub { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
            super::$name($crate::bed::Transport::PubSub).await;
        })+ }
    };
}

/// Runs each test in four partitions as well, and `on_every_…: ` where that is said first.
macro_rules! also_in_four_partitions {
    ($others:ident: $($name:ident),+ $(,)?) => {
        $others!($($name),+);
        also_in_four_partitions!($($name),+);
    };
    ($($name:ident),+ $(,)?) => {
        mod four_partitions { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
            super::$name($crate::bed::Transport::FourPartitions).await;
        })+ }
    };
}

/// Runs each test on every transport that has a server.
macro_rules! on_every_server {
    ($($name:ident),+ $(,)?) => {
        mod streams { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
            super::$name($crate::bed::Transport::Streams).await;
        })+ }
        mod pub_sub { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
            super::$name($crate::bed::Transport::PubSub).await;
        })+ }
    };
}

pub(crate) use {also_in_four_partitions, on_every_server, on_every_transport};

/// The source of truth, as far as a test needs one: it counts its loads, and may hold them up.
pub(crate) struct Source {
    loads: AtomicUsize,
    gate: Semaphore,
}

impl Source {
    /// A source that answers at once.
    pub(crate) fn ready() -> Arc<Self> {
        let source = Self::held();
        source.release();
        source
    }

    /// A source that answers nobody before it is released.
    pub(crate) fn held() -> Arc<Self> {
        Arc::new(Self {
            loads: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        })
    }

    pub(crate) fn release(&self) {
        self.gate.close();
    }

    /// Loads that have begun.
    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    pub(crate) async fn load<T>(&self, value: T) -> Result<Option<T>, Infallible> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        // Nobody adds permits: the gate is passed when it is closed for good.
        let _ = self.gate.acquire().await;
        Ok(Some(value))
    }
}
