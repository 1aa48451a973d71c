//! Sentinels: they know which server is the primary of a service.

use std::io;

use redis::{RedisConnectionInfo, RedisError, RedisResult, TlsCertificates};

use super::super::refusal;
use super::Target;
use super::handshake::{Mistrust, within};
use crate::config::Endpoint;
use crate::config::repeat::line;

/// A sentinel does not take the login that it was asked with.
#[derive(Debug, thiserror::Error)]
#[error(
    "the sentinel does not answer this login ({said}). Give it one of its own that may run SENTINEL \
     GET-MASTER-ADDR-BY-NAME: sentinelUser= and sentinelPassword= in Redis:Configuration, or \
     Redis:SentinelPassword"
)]
pub(in crate::tiers::redis) struct NotAnswered {
    said: String,
}

impl NotAnswered {
    /// Whether this is one.
    pub(in crate::tiers::redis) fn is(error: &RedisError) -> bool {
        within::<Self>(error).is_some()
    }
}

impl Target {
    /// Where the primary is, by what this sentinel says. Whether it is right is for the fence to find
    /// out.
    ///
    /// Without a login of its own the sentinel is asked by nobody in particular, and with the servers'
    /// only where it wants one: it would refuse a user whom it does not know, and should not be told a
    /// password that it does not ask for.
    pub(super) async fn primary(
        &self,
        sentinel: &Endpoint,
        service: &str,
        logins: [&RedisConnectionInfo; 2],
        certificates: Option<&TlsCertificates>,
    ) -> RedisResult<Endpoint> {
        let [own, servers] = logins;
        let may_be_the_servers = own.password().is_none() && servers.password().is_some();
        let asked = self.ask(sentinel, service, own.clone(), certificates).await;
        let asked = match asked {
            Err(error) if refusal::is_without_login(&error) && may_be_the_servers => {
                let login = servers.clone().set_db(0);
                self.ask(sentinel, service, login, certificates).await
            }
            asked => asked,
        };
        let what = match asked {
            Ok(Some((host, port))) => return Ok(Endpoint::Tcp { host, port }),
            Ok(None) => format!(
                "the sentinel knows no service `{}`. Write the name that its `sentinel monitor` gives \
                 into Redis:Configuration, as serviceName=name",
                line(service)
            ),
            Err(error) if refusal::is_unknown_command(&error) => {
                "it is no sentinel. Name the sentinels in Redis:Configuration, or remove serviceName"
                    .to_owned()
            }
            // What a handshake has failed for is in words already.
            Err(error) if refusal::is_of_login(&error) && Mistrust::of(&error).is_none() => {
                let said = error.to_string();
                return Err(io::Error::other(NotAnswered { said }).into());
            }
            Err(error) => return Err(error),
        };
        Err(io::Error::other(what).into())
    }

    async fn ask(
        &self,
        sentinel: &Endpoint,
        service: &str,
        login: RedisConnectionInfo,
        certificates: Option<&TlsCertificates>,
    ) -> RedisResult<Option<(String, u16)>> {
        let mut connection = self.open(sentinel, login, certificates, None).await?;
        redis::cmd("SENTINEL")
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg(service)
            .query_async(&mut connection)
            .await
    }
}
