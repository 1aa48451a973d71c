//! How a connection to a server is made.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisConnectionInfo, RedisResult,
};

use super::certified::ReachedAs;
use crate::config::{Config, Endpoint};
use crate::error::Error;

mod credentials;
mod handshake;

use credentials::Credentials;
pub(super) use handshake::Mistrust;
use handshake::Terms;

/// A peer that is silent for so long is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Bytes that are not acknowledged for so long end a connection.
const USER_TIMEOUT: Duration = Duration::from_secs(5);

/// Messages that wait to be applied; what comes beyond them is lost, and found missing.
pub(super) const PUSH_BUFFER: usize = 65_536;

/// The servers to try, and how to connect to them.
pub(super) struct Target {
    pub(super) servers: Vec<Server>,
    credentials: Arc<Credentials>,
    /// What to say of a handshake that fails; none where there is none.
    terms: Option<Terms>,
    connect_timeout: Duration,
    client_name: String,
}

/// One server to try.
pub(crate) struct Server {
    pub(super) endpoint: Endpoint,
    /// Whether its certificate carries another name than its own.
    certified_otherwise: bool,
    info: ConnectionInfo,
}

impl Target {
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        let connection = config.redis.configuration.clone().unwrap_or_default();
        if connection.tls {
            // The whole process has one provider; who was first has chosen.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        // What cannot work is told at once, and not only with the first connection.
        let credentials = Credentials::new(&config.redis);
        credentials.read()?;
        let keep_alive = connection.keep_alive.unwrap_or(KEEP_ALIVE);
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(
                TcpKeepalive::new()
                    .with_time(keep_alive)
                    .with_interval(keep_alive),
            )
            .set_user_timeout(USER_TIMEOUT);
        let mut login = RedisConnectionInfo::default()
            .set_db(i64::from(config.redis.effective_database()))
            .set_protocol(ProtocolVersion::RESP3)
            .set_lib_name("unstale", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &connection.user {
            login = login.set_username(user);
        }
        if let Some(password) = connection
            .password
            .as_ref()
            .or(config.redis.password.as_ref())
        {
            login = login.set_password(password.expose());
        }
        let servers = connection.endpoints.iter().map(|endpoint| {
            let info = address(endpoint, connection.tls, connection.tls_host.as_deref())
                .into_connection_info()
                .map_err(|source| unreachable_server(endpoint, source))?
                .set_tcp_settings(tcp.clone())
                .set_redis_settings(login.clone());
            Ok(Server {
                endpoint: endpoint.clone(),
                certified_otherwise: connection.tls && connection.tls_host.is_some(),
                info,
            })
        });
        Ok(Self {
            servers: servers.collect::<Result<_, Error>>()?,
            credentials: Arc::new(credentials),
            terms: connection.tls.then(|| Terms::new(&config.redis)),
            connect_timeout: config.redis.effective_connect_timeout(),
            client_name: connection
                .client_name
                .unwrap_or(config.stream.consumer_name.clone()),
        })
    }

    /// Connects to one server. Commands have no timeout of their own: whoever sends one decides.
    pub(super) async fn connect(
        &self,
        server: &Server,
        pushes: Option<tokio::sync::mpsc::Sender<PushInfo>>,
    ) -> RedisResult<MultiplexedConnection> {
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(None);
        if let Some(pushes) = pushes {
            config = config.set_push_sender(move |push| {
                pushes.try_send(push).map_err(|_| redis::aio::SendError)
            });
        }
        if let Endpoint::Tcp { host, .. } = &server.endpoint
            && server.certified_otherwise
        {
            let host = host.clone();
            config = config.set_dns_resolver(ReachedAs { host });
        }
        let read = self.credentials.read_aside().await?;
        let mut info = server.info.clone();
        if let Some(password) = &read.password {
            let login = info.redis_settings().clone();
            info = info.set_redis_settings(login.set_password(password.expose()));
        }
        let client = match read.certificates {
            Some(certificates) => Client::build_with_tls(info, certificates)?,
            None => Client::open(info)?,
        };
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| match self.terms {
                Some(terms) => terms.explain(error),
                None => error,
            })?;
        // A name is only for people who look at CLIENT LIST; a server may forbid the command.
        let name = self
            .client_name
            .replace(|c: char| c.is_whitespace() || c.is_control(), "-");
        let _: RedisResult<()> = redis::cmd("CLIENT")
            .arg("SETNAME")
            .arg(name)
            .query_async(&mut connection)
            .await;
        Ok(connection)
    }
}

/// The error of a server that a connection cannot be made to.
pub(super) fn unreachable_server(endpoint: &Endpoint, source: redis::RedisError) -> Error {
    Error::Connection {
        endpoint: endpoint.to_string(),
        source: source.into(),
    }
}

fn address(endpoint: &Endpoint, tls: bool, certified: Option<&str>) -> ConnectionAddr {
    match endpoint {
        Endpoint::Unix(path) => ConnectionAddr::Unix(path.clone()),
        Endpoint::Tcp { host, port } if tls => ConnectionAddr::TcpTls {
            host: certified.unwrap_or(host).to_owned(),
            port: *port,
            insecure: false,
            tls_params: None,
        },
        Endpoint::Tcp { host, port } => ConnectionAddr::Tcp(host.clone(), *port),
    }
}
