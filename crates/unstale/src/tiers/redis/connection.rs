//! How a connection to a server is made.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, PushInfo,
    RedisConnectionInfo, RedisResult, TlsCertificates,
};
use tokio::sync::mpsc::{self, Receiver};

use super::certified::ReachedAs;
use crate::config::repeat::line;
use crate::config::{Config, Endpoint, Secret};
use crate::error::Error;

mod cluster;
mod credentials;
mod database;
mod handshake;
mod sentinel;
mod session;

use credentials::Credentials;
pub(super) use database::NoDatabase;
pub(super) use handshake::Mistrust;
use handshake::Terms;
pub(super) use sentinel::NotAnswered;
pub(super) use session::Session;

/// A peer that is silent for so long is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Bytes that are not acknowledged for so long end a connection.
const USER_TIMEOUT: Duration = Duration::from_secs(5);

/// Messages that wait to be applied; what comes beyond them is lost, and found missing.
const PUSH_BUFFER: usize = 65_536;

/// A connection, and what is pushed on it.
type Listening = (Session, Receiver<PushInfo>);

/// The servers to try, and how to connect to them.
pub(super) struct Target {
    pub(super) servers: Vec<Server>,
    tls: bool,
    /// The name on their certificates, if it is not their own.
    tls_host: Option<String>,
    tcp: TcpSettings,
    login: RedisConnectionInfo,
    /// What sentinels are asked with: nothing, unless they have a login of their own.
    sentinel_login: RedisConnectionInfo,
    credentials: Arc<Credentials>,
    terms: Terms,
    connect_timeout: Duration,
    client_name: String,
}

/// One server to try, a node of a cluster, or a sentinel that knows which one.
pub(crate) struct Server {
    endpoint: Endpoint,
    /// Of what it knows the primary, if it is a sentinel.
    service: Option<String>,
}

/// How it is called in reports.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(service) = &self.service {
            write!(f, "{} by the sentinel ", line(service))?;
        }
        self.endpoint.fmt(f)
    }
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
        let login = RedisConnectionInfo::default()
            .set_db(i64::from(config.redis.effective_database()))
            .set_protocol(ProtocolVersion::RESP3)
            .set_lib_name("unstale", env!("CARGO_PKG_VERSION"));
        let password = connection.password.as_ref();
        let password = password.or(config.redis.password.as_ref());
        let login = with(login, connection.user.as_deref(), password);
        let sentinel_login = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2);
        let password = connection.sentinel_password.as_ref();
        let password = password.or(config.redis.sentinel_password.as_ref());
        let sentinel_login = with(
            sentinel_login,
            connection.sentinel_user.as_deref(),
            password,
        );
        let servers = connection.endpoints.into_iter().map(|endpoint| Server {
            endpoint,
            service: connection.service.clone(),
        });
        Ok(Self {
            servers: servers.collect(),
            tls: connection.tls,
            tls_host: connection.tls_host,
            tcp,
            login,
            sentinel_login,
            credentials: Arc::new(credentials),
            terms: Terms::new(&config.redis),
            connect_timeout: config.redis.effective_connect_timeout(),
            client_name: connection
                .client_name
                .unwrap_or(config.stream.consumer_name.clone()),
        })
    }

    /// Connects to one server, to the primary that a sentinel knows now, or to the node of a cluster
    /// that owns the slot of this key. Commands have no timeout of their own: whoever sends one decides.
    pub(super) async fn connect(&self, server: &Server, key: &str) -> RedisResult<Session> {
        let (session, _) = self.connect_in_steps(server, key, false).await?;
        Ok(session)
    }

    /// The same, with what is pushed on the connection.
    pub(super) async fn listen(&self, server: &Server, key: &str) -> RedisResult<Listening> {
        self.connect_in_steps(server, key, true).await
    }

    /// Boxed, so that its many steps are no part of the types of all who wait for it: the compiler
    /// goes only so deep, in the services that use this as well.
    fn connect_in_steps<'a>(
        &'a self,
        server: &'a Server,
        key: &'a str,
        listens: bool,
    ) -> Pin<Box<dyn Future<Output = RedisResult<Listening>> + Send + 'a>> {
        Box::pin(async move {
            let read = self.credentials.read_aside().await?;
            let login = with(self.login.clone(), None, read.password.as_ref());
            let certificates = read.certificates.as_ref();
            let first = match &server.service {
                None => server.endpoint.clone(),
                Some(service) => {
                    let password = read.sentinel_password.as_ref();
                    let own = with(self.sentinel_login.clone(), None, password);
                    self.primary(&server.endpoint, service, [&own, &login], certificates)
                        .await?
                }
            };
            self.open_owner(key, first, &login, certificates, listens)
                .await
        })
    }

    async fn open(
        &self,
        endpoint: &Endpoint,
        login: RedisConnectionInfo,
        certificates: Option<&TlsCertificates>,
        pushes: Option<mpsc::Sender<PushInfo>>,
    ) -> RedisResult<MultiplexedConnection> {
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(None);
        if let Some(pushes) = pushes {
            config = config.set_push_sender(move |push| {
                pushes.try_send(push).map_err(|_| redis::aio::SendError)
            });
        }
        let is_tls = self.tls && matches!(endpoint, Endpoint::Tcp { .. });
        if let Endpoint::Tcp { host, .. } = endpoint
            && is_tls
            && self.tls_host.is_some()
        {
            let host = host.clone();
            config = config.set_dns_resolver(ReachedAs { host });
        }
        let info = self
            .address(endpoint)
            .into_connection_info()?
            .set_tcp_settings(self.tcp.clone())
            .set_redis_settings(login);
        let client = match certificates {
            Some(certificates) if is_tls => Client::build_with_tls(info, certificates.clone())?,
            _ => Client::open(info)?,
        };
        let opened = client.get_multiplexed_async_connection_with_config(&config);
        NoDatabase::explain(opened.await).map_err(|error| match is_tls {
            true => self.terms.explain(error),
            false => error,
        })
    }

    fn address(&self, endpoint: &Endpoint) -> ConnectionAddr {
        match endpoint {
            Endpoint::Unix(path) => ConnectionAddr::Unix(path.clone()),
            Endpoint::Tcp { host, port } if self.tls => ConnectionAddr::TcpTls {
                host: self.tls_host.as_ref().unwrap_or(host).clone(),
                port: *port,
                insecure: false,
                tls_params: None,
            },
            Endpoint::Tcp { host, port } => ConnectionAddr::Tcp(host.clone(), *port),
        }
    }
}

/// A login with this user and this password in the place of those it has, as far as they are given.
fn with(
    mut login: RedisConnectionInfo,
    user: Option<&str>,
    password: Option<&Secret>,
) -> RedisConnectionInfo {
    if let Some(user) = user {
        login = login.set_username(user);
    }
    if let Some(password) = password {
        login = login.set_password(password.expose());
    }
    login
}
