//! The settings of L2.

use std::time::Duration;

use super::connection::Connection;

/// `Redis`: L2, the records and the log that all instances share.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisConfig {
    /// `Enabled`: whether there is an L2. In JSON, yes if `Configuration` is given.
    pub enabled: bool,
    /// `Configuration`: where the server is.
    pub configuration: Option<Connection>,
    /// `InstanceName`: the prefix of all keys; instances of the same name share them. `unstale`.
    pub instance_name: String,
    /// `DefaultDatabase`: the number of the database, if the connection string does not give it.
    pub default_database: Option<u32>,
    /// `PubSubChannel`: the channel that carries the log when no Stream does.
    /// `cache:invalidations`.
    pub pub_sub_channel: String,
    /// `ConnectTimeout`: how long connecting may take, if the connection string does not say.
    pub connect_timeout: Option<Duration>,
    /// `CommandTimeout`: how long one command may take, if the connection string does not say.
    pub command_timeout: Option<Duration>,
}

impl RedisConfig {
    /// How long connecting may take, if nothing else is said.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
    /// How long one command may take, if nothing else is said.
    pub const COMMAND_TIMEOUT: Duration = Duration::from_millis(250);

    /// Enables L2 on this server.
    pub fn connect_to(&mut self, server: Connection) {
        self.enabled = true;
        self.configuration = Some(server);
    }

    /// The namespace: `instance_name` without the colons at its end.
    pub fn namespace(&self) -> &str {
        self.instance_name.trim_end_matches(':')
    }

    /// The database in force: from either setting, or 0.
    pub fn effective_database(&self) -> u32 {
        let written = self.configuration.as_ref().and_then(|c| c.database);
        written.or(self.default_database).unwrap_or(0)
    }

    /// How long connecting may take: from either setting, or [`Self::CONNECT_TIMEOUT`].
    pub fn effective_connect_timeout(&self) -> Duration {
        let written = self.configuration.as_ref().and_then(|c| c.connect_timeout);
        written
            .or(self.connect_timeout)
            .unwrap_or(Self::CONNECT_TIMEOUT)
    }

    /// How long one command may take: from either setting, or [`Self::COMMAND_TIMEOUT`].
    pub fn effective_command_timeout(&self) -> Duration {
        let written = self.configuration.as_ref().and_then(|c| c.command_timeout);
        written
            .or(self.command_timeout)
            .unwrap_or(Self::COMMAND_TIMEOUT)
    }
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            configuration: None,
            instance_name: "unstale".to_owned(),
            default_database: None,
            pub_sub_channel: "cache:invalidations".to_owned(),
            connect_timeout: None,
            command_timeout: None,
        }
    }
}
