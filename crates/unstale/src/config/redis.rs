//! The settings of L2.

use std::path::PathBuf;
use std::time::Duration;

use super::connection::Connection;
use super::secret::Secret;

/// `Redis`: L2, the records and the log that all instances share.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisConfig {
    /// `Enabled`: whether there is an L2. In JSON, yes if `Configuration` is given.
    pub enabled: bool,
    /// `Configuration`: where the server is.
    pub configuration: Option<Connection>,
    /// `Password`: the login's password, if the connection string does not give it.
    pub password: Option<Secret>,
    /// `PasswordFile`: the absolute path of a file that holds the password and nothing else. It is
    /// read for each connection, so a new password is in force with the next one.
    pub password_file: Option<PathBuf>,
    /// `SentinelPassword`: the password that the sentinels want, if it is not the servers', and the
    /// connection string does not give it.
    pub sentinel_password: Option<Secret>,
    /// `SentinelPasswordFile`: the absolute path of a file that holds it, read like `PasswordFile`.
    pub sentinel_password_file: Option<PathBuf>,
    /// `CertificateAuthority`: a PEM file with the certificates of those who may vouch for the
    /// server, in the place of the system's. Read for each connection, like the next two.
    pub certificate_authority: Option<PathBuf>,
    /// `ClientCertificate`: a PEM file with the certificate that the server asks for.
    pub client_certificate: Option<PathBuf>,
    /// `ClientKey`: a PEM file with the private key of that certificate, not encrypted.
    pub client_key: Option<PathBuf>,
    /// `InstanceName`: the prefix of all keys; instances of the same name share them. `unstale`.
    pub instance_name: String,
    /// `DefaultDatabase`: the number of the database, if the connection string does not give it.
    pub default_database: Option<u32>,
    /// `Partitions`: into how many parts the keys are divided, each with a log, two connections of
    /// each instance and a hash tag of its own, so that a cluster spreads them over its servers. Of
    /// 1 to 64, the same on all instances; 1 if it is not given, which is best for a single server.
    ///
    /// Another number is another namespace: its instances share nothing with those of this one and
    /// hear none of their removals. While both kinds serve, either may answer with what the other has
    /// removed, for as long as values live. Stop the one kind before the other starts, or call
    /// [`clear`](crate::Cache::clear) on the other once the last of the one has stopped; and also
    /// when a number comes back into use before all of its values have expired.
    pub partitions: Option<u32>,
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

    /// The most partitions there may be: a token that names all of them has to fit into a cookie.
    pub const MOST_PARTITIONS: u32 = 64;

    /// Enables L2 on this server.
    pub fn connect_to(&mut self, server: Connection) {
        self.enabled = true;
        self.configuration = Some(server);
    }

    /// The namespace: `instance_name` without the colons at its end.
    pub fn namespace(&self) -> &str {
        self.instance_name.trim_end_matches(':')
    }

    /// How many partitions there are: as many as are set, or one.
    pub fn effective_partitions(&self) -> u32 {
        self.partitions.unwrap_or(1)
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

    /// How long a caller waits for the answer to a removal: for the batch in flight, and for its own.
    pub(crate) fn answer_timeout(&self) -> Duration {
        self.effective_command_timeout() * 2
    }
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            configuration: None,
            password: None,
            password_file: None,
            sentinel_password: None,
            sentinel_password_file: None,
            certificate_authority: None,
            client_certificate: None,
            client_key: None,
            instance_name: "unstale".to_owned(),
            default_database: None,
            partitions: None,
            pub_sub_channel: "cache:invalidations".to_owned(),
            connect_timeout: None,
            command_timeout: None,
        }
    }
}
