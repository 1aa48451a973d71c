//! Why a handshake failed, in a sentence that names the setting to change.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use redis::RedisError;
use rustls::{AlertDescription, CertificateError};

use crate::config::RedisConfig;

/// A server and a client that do not trust each other.
#[derive(Debug)]
pub(in crate::tiers::redis) struct Mistrust {
    sentence: String,
    /// Nothing but another configuration helps.
    is_final: bool,
    source: RedisError,
}

impl fmt::Display for Mistrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Error for Mistrust {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl Mistrust {
    /// What an error says of trust, if it is one that was explained.
    pub(in crate::tiers::redis) fn of(error: &RedisError) -> Option<&Self> {
        within(error)
    }

    pub(in crate::tiers::redis) fn is_final(&self) -> bool {
        self.is_final
    }
}

/// What an explanation needs to know of the connection.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    has_authority: bool,
    has_certificate: bool,
}

impl Terms {
    pub(super) fn new(config: &RedisConfig) -> Self {
        Self {
            has_authority: config.certificate_authority.is_some(),
            has_certificate: config.client_certificate.is_some(),
        }
    }

    /// Puts the cause in words. What has nothing to do with trust stays as it is.
    pub(super) fn explain(self, source: RedisError) -> RedisError {
        let explained = match within::<rustls::Error>(&source) {
            Some(error) => Some(self.words(error)),
            // A server may close the connection before its reason was read.
            None if was_closed(&source) => Some((self.closed().to_owned(), false)),
            None => None,
        };
        match explained {
            None => source,
            Some((sentence, is_final)) => io::Error::other(Mistrust {
                sentence,
                is_final,
                source,
            })
            .into(),
        }
    }

    fn closed(self) -> &'static str {
        if self.has_certificate {
            "the server closed the connection at the TLS handshake, as one does that does not \
             accept a client's certificate. If that is why, renew the one that \
             Redis:ClientCertificate names, or have the server trust its authority \
             (tls-ca-cert-file)"
        } else {
            "the server closed the connection at the TLS handshake, as one does that asks for a \
             client certificate. If it does, set Redis:ClientCertificate and Redis:ClientKey"
        }
    }

    fn words(self, error: &rustls::Error) -> (String, bool) {
        use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
        match error {
            InvalidCertificate(flaw) => self.of_the_server(flaw),
            AlertReceived(alert) => self.of_the_client(*alert),
            InvalidMessage(_) => (
                "the server does not speak TLS here. Write the port where it does (its tls-port), \
                 or ask for no TLS in Redis:Configuration (redis:// or ssl=false)"
                    .to_owned(),
                false,
            ),
            other => (format!("the TLS handshake failed: {other}"), false),
        }
    }

    fn of_the_server(self, flaw: &CertificateError) -> (String, bool) {
        use CertificateError as Flaw;
        match flaw {
            // Somebody else renews it, so waiting does help.
            Flaw::Expired | Flaw::ExpiredContext { .. } => (
                "the server's certificate has expired. Renew the one that its tls-cert-file names"
                    .to_owned(),
                false,
            ),
            Flaw::NotValidYet | Flaw::NotValidYetContext { .. } => (
                "the server's certificate is not valid yet. Check this machine's clock, and the \
                 certificate that the server's tls-cert-file names"
                    .to_owned(),
                false,
            ),
            Flaw::NotValidForName | Flaw::NotValidForNameContext { .. } => {
                let of = match flaw {
                    Flaw::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
                        let names: Vec<_> = presented.iter().map(|name| bare(name)).collect();
                        format!(" (it is for {})", names.join(", "))
                    }
                    _ => String::new(),
                };
                (
                    format!(
                        "the server's certificate is for another name{of}. Connect by a name that \
                         it carries, or add it to Redis:Configuration as sslHost=name"
                    ),
                    true,
                )
            }
            Flaw::UnknownIssuer | Flaw::BadSignature => {
                let by = if self.has_authority {
                    "none of those in the file that Redis:CertificateAuthority names has issued \
                     the server's certificate. Write the path of one with the right authority"
                } else {
                    "nobody whom this system trusts has issued the server's certificate. Set \
                     Redis:CertificateAuthority to a PEM file with the certificate of its authority"
                };
                (by.to_owned(), true)
            }
            // As `openssl req -x509` makes them, unless it is told otherwise.
            other if other.to_string().contains("CaUsedAsEndEntity") => (
                "the server's certificate is one of an authority, and not of a server. Have one \
                 issued with basicConstraints=CA:FALSE for its tls-cert-file, and let \
                 Redis:CertificateAuthority name who issued it"
                    .to_owned(),
                true,
            ),
            other => (
                format!(
                    "the server's certificate cannot be accepted ({other}). Renew the one that its \
                     tls-cert-file names, or change Redis:CertificateAuthority"
                ),
                true,
            ),
        }
    }

    fn of_the_client(self, alert: AlertDescription) -> (String, bool) {
        if self.has_certificate {
            let sentence = format!(
                "the server does not accept the certificate that Redis:ClientCertificate names \
                 ({alert:?}). Renew it, or have the server trust its authority (tls-ca-cert-file)"
            );
            return (sentence, false);
        }
        // It depends on the version of TLS which of these a server sends, and whether it arrives.
        use AlertDescription as Alert;
        match alert {
            Alert::CertificateRequired | Alert::HandshakeFailure | Alert::BadCertificate => (
                "the server asks for a client certificate. Set Redis:ClientCertificate and \
                 Redis:ClientKey"
                    .to_owned(),
                false,
            ),
            other => (
                format!("the server ended the TLS handshake: {other:?}"),
                false,
            ),
        }
    }
}

/// The name in `DnsName("name")` and `IpAddress(address)`.
fn bare(presented: &str) -> &str {
    let behind = presented
        .split_once('(')
        .map_or(presented, |(_, name)| name);
    behind.trim_end_matches(')').trim_matches('"')
}

/// Whether there was a connection at all, and there is none any longer.
fn was_closed(error: &RedisError) -> bool {
    error.is_connection_dropped() && !error.is_connection_refusal()
}

/// What the client wrapped into its own error, and that into an error of the system.
pub(super) fn within<E: Error + 'static>(error: &RedisError) -> Option<&E> {
    let cause: &Arc<dyn Error + Send + Sync> = error.source()?.downcast_ref()?;
    let cause: &(dyn Error + 'static) = &**cause;
    cause.downcast_ref::<E>().or_else(|| {
        let wrapped = cause.downcast_ref::<io::Error>()?.get_ref()?;
        wrapped.downcast_ref::<E>()
    })
}
