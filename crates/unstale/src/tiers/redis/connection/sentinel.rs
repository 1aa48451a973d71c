//! Sentinels: they know which server is the primary of a service.

use std::io;

use redis::{ProtocolVersion, RedisConnectionInfo, RedisResult, TlsCertificates};

use super::super::refusal;
use super::Target;
use crate::config::Endpoint;
use crate::config::repeat::line;

impl Target {
    /// Where the primary is, by what this sentinel says. Whether it is right is for the fence to find
    /// out.
    ///
    /// The sentinel is asked by nobody in particular, and with the servers' login only where it wants
    /// one: it would refuse a user whom it does not know, and should not be told a password that it
    /// does not ask for.
    pub(super) async fn primary(
        &self,
        sentinel: &Endpoint,
        service: &str,
        login: &RedisConnectionInfo,
        certificates: Option<&TlsCertificates>,
    ) -> RedisResult<Endpoint> {
        let nobody = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2);
        let asked = self.ask(sentinel, service, nobody, certificates).await;
        let asked = match asked {
            Err(error) if refusal::is_without_login(&error) && login.password().is_some() => {
                let login = login.clone().set_db(0);
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
