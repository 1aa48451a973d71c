//! The `redis` crate used by hand, with the settings that make it fastest.

use std::time::Instant;

use anyhow::{Context as _, Result};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::streams::{StreamId, StreamReadReply};
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo as _, ProtocolVersion, PushInfo,
    RedisConnectionInfo,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A connection by hand. Cloning it is cheap, and gives the same connection.
#[derive(Clone)]
pub struct Raw(MultiplexedConnection);

/// What is published to a connection.
pub type Pushed = UnboundedReceiver<PushInfo>;

impl Raw {
    /// Connects: without delay of small packets, without a response timeout, with RESP3.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with(url, AsyncConnectionConfig::new()).await
    }

    /// The same, subscribed to a channel.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn subscribe(url: &str, channel: &str) -> Result<(Self, Pushed)> {
        let (sender, receiver) = unbounded_channel();
        let config = AsyncConnectionConfig::new().set_push_sender(sender);
        let mut raw = Self::connect_with(url, config).await?;
        raw.0.subscribe(channel).await?;
        Ok((raw, receiver))
    }

    /// The connection.
    pub fn connection(&self) -> MultiplexedConnection {
        self.0.clone()
    }

    /// Reads so many entries of a Stream behind the cursor, and hands each on with when it arrived.
    ///
    /// # Errors
    /// When the connection fails, and what `note` fails with.
    pub async fn follow(
        &self,
        stream: &str,
        mut cursor: String,
        count: usize,
        mut note: impl FnMut(&StreamId, Instant) -> Result<()>,
    ) -> Result<()> {
        let (mut connection, mut seen) = (self.connection(), 0);
        while seen < count {
            let mut read = redis::cmd("XREAD");
            read.arg("COUNT").arg(1000).arg("BLOCK").arg(1000);
            read.arg("STREAMS").arg(stream).arg(&cursor);
            let reply: Option<StreamReadReply> = read.query_async(&mut connection).await?;
            let now = Instant::now();
            let streams = reply.into_iter().flat_map(|reply| reply.keys);
            for entry in streams.flat_map(|stream| stream.ids) {
                note(&entry, now)?;
                cursor = entry.id;
                seen += 1;
            }
        }
        Ok(())
    }

    async fn connect_with(url: &str, config: AsyncConnectionConfig) -> Result<Self> {
        let info = url
            .into_connection_info()?
            .set_tcp_settings(TcpSettings::default().set_nodelay(true))
            .set_redis_settings(
                RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3),
            );
        let config = config.set_response_timeout(None);
        let connection = Client::open(info)?
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .context("cannot connect by hand")?;
        Ok(Self(connection))
    }
}
