//! What a test runs on: a transport, and the instances that share it.

use std::time::Duration;

use testbed::Server;
use unstale::{Cache, Config, Hub};

/// Long enough for a slow machine, short enough to notice.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What carries L2 and the log.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Hub,
    Streams,
    PubSub,
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

    /// The server, for a bed that has one.
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("this transport has a server")
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
        config.use_streams_for_invalidation = self.transport == Transport::Streams;
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

pub(crate) use on_every_transport;
