//! How the instances of one service are connected: on Redis where there is one, in this process
//! otherwise.

use std::time::Duration;

use unstale::{Cache, Config, Error, Hub};

/// The configuration that comes with the service.
pub const APPSETTINGS: &str = include_str!("../appsettings.json");

/// The configuration of one service's instances, and over what they hear of each other.
#[derive(Clone)]
pub struct Settings {
    config: Config,
    /// Only without a Redis.
    hub: Option<Hub>,
}

impl Settings {
    /// Instances on the given server, in any form that the configuration's `Redis.Configuration`
    /// may have; without one, on the server that the configuration enables; without that too, on a
    /// hub of this process.
    ///
    /// # Errors
    /// If the server's connection string cannot be read.
    pub fn new(mut config: Config, redis: Option<&str>) -> Result<Self, Error> {
        if let Some(server) = redis {
            config.redis.connect_to(server.parse()?);
        }
        let hub = (!config.redis.enabled).then(Hub::new);
        Ok(Self { config, hub })
    }

    /// A cache for one instance.
    ///
    /// # Errors
    /// If the settings cannot work, or the server refuses the login. A server that does not answer
    /// is no error.
    pub async fn cache(&self, instance: &str) -> Result<Cache, Error> {
        let builder = Cache::builder()
            .config(self.config.clone())
            .instance_name(instance);
        match &self.hub {
            Some(hub) => builder.hub(hub).build().await,
            None => builder.build().await,
        }
    }

    /// Whether instances of other processes are connected too.
    pub(crate) fn reaches_other_processes(&self) -> bool {
        self.hub.is_none()
    }

    /// The hub, without a server.
    pub(crate) fn hub(&self) -> Option<&Hub> {
        self.hub.as_ref()
    }

    pub(crate) fn max_staleness(&self) -> Duration {
        self.config.max_staleness
    }

    /// Whether copies are compared with the database.
    pub(crate) fn inspects(&self) -> bool {
        self.config.inspect.sample_rate > 0.0
    }

    /// Over what the instances hear of each other, in words that hold no secret.
    pub fn transport(&self) -> String {
        match &self.config.redis.configuration {
            Some(server) if self.hub.is_none() => {
                let streams = self.config.use_streams_for_invalidation;
                let mode = if streams { "Streams" } else { "Pub/Sub" };
                format!("Redis {mode} at {server}")
            }
            _ => "the in-process hub".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Config {
        Config::from_json_only(APPSETTINGS).unwrap()
    }

    #[tokio::test]
    async fn the_shipped_configuration_runs_without_a_server() {
        let settings = Settings::new(shipped(), None).unwrap();
        settings.cache("one").await.unwrap().close().await;
        assert_eq!(settings.transport(), "the in-process hub");
        assert!(!settings.reaches_other_processes());
    }

    #[test]
    fn a_server_is_named_without_its_secrets() {
        for server in [
            "redis://user:pass@cache.example:6380/2",
            "cache.example:6380,password=pass",
        ] {
            let settings = Settings::new(shipped(), Some(server)).unwrap();
            assert_eq!(settings.transport(), "Redis Streams at cache.example:6380");
            assert!(settings.reaches_other_processes());
        }
    }
}
