//! Two instances of the service on one database and one transport.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use realtime::{APPSETTINGS, Board, Database, Instance, Settings};
use tempfile::TempDir;
use tokio::net::TcpListener;
use unstale::Config;

use crate::api::Api;

pub(crate) struct Service {
    /// One instance.
    pub(crate) a: Api,
    /// The other.
    pub(crate) b: Api,
    instances: Vec<Instance>,
    // Held for as long as the instances run.
    _directory: Option<TempDir>,
    _redis: Option<testbed::Server>,
}

impl Service {
    pub(crate) async fn hub() -> Self {
        Self::on_file(config(), None, false).await
    }

    /// On the hub, with what the demo's page has, and every hit compared with the database.
    pub(crate) async fn hub_that_inspects() -> Self {
        let mut config = config();
        config.inspect.sample_rate = 1.0;
        config.inspect.max_loads_per_second = 10_000;
        config.inspect.grace = Duration::from_secs(1);
        config.stream.poll_interval = Duration::from_millis(100);
        Self::on_file(config, None, true).await
    }

    /// On the hub, with what the demo's page has.
    pub(crate) async fn hub_with_controls() -> Self {
        Self::on_file(config(), None, true).await
    }

    /// On the hub, with what the demo's page has, where others than this machine can reach it.
    pub(crate) async fn hub_for_everybody() -> Self {
        Self::on_file_at(Ipv4Addr::UNSPECIFIED, config(), None, true).await
    }

    pub(crate) async fn redis_with_controls() -> Self {
        Self::on_redis(config(), true).await
    }

    pub(crate) async fn redis_streams() -> Self {
        Self::on_redis(config(), false).await
    }

    pub(crate) async fn redis_pub_sub() -> Self {
        let mut config = config();
        config.use_streams_for_invalidation = false;
        Self::on_redis(config, false).await
    }

    #[cfg(feature = "postgres-tests")]
    pub(crate) async fn postgres_hub() -> Self {
        let url = crate::postgres::database().await;
        Self::on_postgres(&url).await
    }

    #[cfg(feature = "postgres-tests")]
    pub(crate) async fn postgres_redis() -> Self {
        let url = crate::postgres::database().await;
        let database = Database::at(url.as_ref()).unwrap();
        Self::start(
            Ipv4Addr::LOCALHOST,
            config(),
            Some(redis().await),
            false,
            &database,
        )
        .await
    }

    #[cfg(feature = "postgres-tests")]
    pub(crate) async fn on_postgres(url: &str) -> Self {
        let database = Database::at(url.as_ref()).unwrap();
        Self::start(Ipv4Addr::LOCALHOST, config(), None, false, &database).await
    }

    async fn on_redis(config: Config, controls: bool) -> Self {
        Self::on_file(config, Some(redis().await), controls).await
    }

    async fn on_file(config: Config, redis: Option<testbed::Server>, controls: bool) -> Self {
        Self::on_file_at(Ipv4Addr::LOCALHOST, config, redis, controls).await
    }

    async fn on_file_at(
        ip: Ipv4Addr,
        config: Config,
        redis: Option<testbed::Server>,
        controls: bool,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("realtime.db");
        let database = Database::at(file.as_ref()).unwrap();
        let service = Self::start(ip, config, redis, controls, &database).await;
        Self {
            _directory: Some(directory),
            ..service
        }
    }

    async fn start(
        ip: Ipv4Addr,
        config: Config,
        redis: Option<testbed::Server>,
        controls: bool,
        database: &Database,
    ) -> Self {
        let server = redis.as_ref().map(testbed::Server::url);
        let settings = Settings::new(config, server.as_deref()).unwrap();
        let board = Board::of(&settings);
        let board = Arc::new(if controls {
            board.with_controls()
        } else {
            board
        });
        let mut instances = Vec::new();
        for name in ["a", "b"] {
            let listener = TcpListener::bind((ip, 0)).await.unwrap();
            let cache = settings.cache(name).await.unwrap();
            instances.push(
                Instance::start(name, listener, cache, database, board.clone())
                    .await
                    .unwrap(),
            );
        }
        let [a, b] = [0, 1].map(|place: usize| {
            let port = instances[place].address().port();
            Api::of((Ipv4Addr::LOCALHOST, port).into())
        });
        Self {
            a,
            b,
            instances,
            _directory: None,
            _redis: redis,
        }
    }

    pub(crate) async fn stop(self) {
        for instance in self.instances {
            instance.stop().await;
        }
    }
}

async fn redis() -> testbed::Server {
    let server = tokio::task::spawn_blocking(testbed::Server::start);
    server.await.unwrap().unwrap()
}

/// The configuration that the service ships with, whatever this process's environment says. Nothing is
/// inspected, so that queries can be counted.
fn config() -> Config {
    let mut config = Config::from_json_only(APPSETTINGS).unwrap();
    assert!(config.inspect.sample_rate > 0.0, "the demo shows it");
    config.inspect.sample_rate = 0.0;
    config
}
