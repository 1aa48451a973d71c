//! TLS to a server whose certificate carries another name than the one it is reached by.

use std::net::SocketAddr;

use redis::RedisFuture;
use redis::io::AsyncDNSResolver;

/// The client checks the certificate against the name it connects to. So it is given the name on
/// the certificate, and this looks up the server's instead.
pub(super) struct ReachedAs {
    pub(super) host: String,
}

impl AsyncDNSResolver for ReachedAs {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        _certified: &'b str,
        port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((self.host.as_str(), port)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Box<_>)
        })
    }
}
