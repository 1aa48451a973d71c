//! What a connection logs in with and whom it trusts, as far as that stands in files. They are read
//! for each connection, so that a renewed certificate or a changed password is in force with the next.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redis::{ClientTlsConfig, RedisResult, TlsCertificates};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::config::{RedisConfig, Secret};
use crate::error::{ConfigError, Flaw, Problem};

/// Whoever names a device by mistake is told so, and not kept waiting for its end.
const LARGEST: u64 = 1_048_576;

/// The files to read.
#[derive(Clone)]
pub(super) struct Credentials {
    password: Option<PathBuf>,
    sentinel_password: Option<PathBuf>,
    authority: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

/// What stands in them now.
#[derive(Default)]
pub(super) struct Read {
    pub(super) password: Option<Secret>,
    pub(super) sentinel_password: Option<Secret>,
    pub(super) certificates: Option<TlsCertificates>,
}

impl Credentials {
    pub(super) fn new(config: &RedisConfig) -> Self {
        Self {
            password: config.password_file.clone(),
            sentinel_password: config.sentinel_password_file.clone(),
            authority: config.certificate_authority.clone(),
            certificate: config.client_certificate.clone(),
            key: config.client_key.clone(),
        }
    }

    /// Reads them beside the runtime's threads: a file system may be slow.
    pub(super) async fn read_aside(self: &Arc<Self>) -> RedisResult<Read> {
        if self.is_empty() {
            return Ok(Read::default());
        }
        let files = self.clone();
        let read = tokio::task::spawn_blocking(move || files.read()).await;
        let unusable = |problem| std::io::Error::other(ConfigError::from(problem)).into();
        read.map_err(std::io::Error::other)?.map_err(unusable)
    }

    pub(super) fn read(&self) -> Result<Read, Problem> {
        let secret = |setting, file: &Option<PathBuf>| {
            let file = file.as_deref();
            file.map(|file| password(setting, file)).transpose()
        };
        let password = secret("PasswordFile", &self.password)?;
        let sentinel_password = secret("SentinelPasswordFile", &self.sentinel_password)?;
        let authority = self.authority.as_deref().map(authority).transpose()?;
        let client = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some(client(certificate, key)?),
            _ => None,
        };
        let certificates = (authority.is_some() || client.is_some()).then_some(TlsCertificates {
            client_tls: client,
            root_cert: authority,
        });
        Ok(Read {
            password,
            sentinel_password,
            certificates,
        })
    }

    fn is_empty(&self) -> bool {
        [
            &self.password,
            &self.sentinel_password,
            &self.authority,
            &self.certificate,
            &self.key,
        ]
        .iter()
        .all(|file| file.is_none())
    }
}

fn password(setting: &str, file: &Path) -> Result<Secret, Problem> {
    let refused = |what: &str| {
        let remedy = "Write the password into the file and nothing else; a line break at its end \
                      does no harm.";
        problem(setting, what, remedy)
    };
    let text = String::from_utf8(content(setting, file)?)
        .map_err(|_| refused("names a file that is not text"))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(refused("names a file that is empty"));
    }
    if password.contains('\n') {
        return Err(refused("names a file of several lines"));
    }
    Ok(Secret::new(password))
}

fn authority(file: &Path) -> Result<Vec<u8>, Problem> {
    let pem = content("CertificateAuthority", file)?;
    let refused = |_| no_pem("CertificateAuthority", "certificate");
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        trusted
            .add(certificate.map_err(|_| refused(()))?)
            .map_err(|_| refused(()))?;
    }
    if trusted.is_empty() {
        return Err(refused(()));
    }
    Ok(pem)
}

fn client(certificate: &Path, key: &Path) -> Result<ClientTlsConfig, Problem> {
    let client_cert = content("ClientCertificate", certificate)?;
    let client_key = content("ClientKey", key)?;
    let no_certificate = || no_pem("ClientCertificate", "certificate");
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&client_cert)
        .collect::<Result<_, _>>()
        .map_err(|_| no_certificate())?;
    if chain.is_empty() {
        return Err(no_certificate());
    }
    let no_key = || no_pem("ClientKey", "private key that is not encrypted");
    let parsed = PrivateKeyDer::from_pem_slice(&client_key).map_err(|_| no_key())?;
    let ours = Arc::new(rustls::crypto::ring::default_provider());
    let provider = CryptoProvider::get_default().unwrap_or(&ours);
    match CertifiedKey::from_der(chain, parsed, provider) {
        Ok(_) => Ok(ClientTlsConfig {
            client_cert,
            client_key,
        }),
        Err(rustls::Error::InconsistentKeys(_)) => Err(problem(
            "ClientKey",
            "names a key that does not belong to the certificate in ClientCertificate",
            "Write the paths of a certificate and of its own key.",
        )),
        Err(rustls::Error::InvalidCertificate(_)) => Err(no_certificate()),
        Err(_) => Err(no_key()),
    }
}

/// What was written in the place of the path may be a secret, so it is not repeated.
fn content(setting: &str, file: &Path) -> Result<Vec<u8>, Problem> {
    let mut content = Vec::new();
    let read = File::open(file).and_then(|file| file.take(LARGEST).read_to_end(&mut content));
    match read {
        Ok(size) if (size as u64) < LARGEST => Ok(content),
        Ok(_) => Err(problem(
            setting,
            "names a file of a megabyte or more",
            "Write the path of another one.",
        )),
        Err(error) => Err(problem(
            setting,
            &format!("names a file that cannot be read ({error})"),
            "Write the path of one that this process may read.",
        )),
    }
}

fn no_pem(setting: &str, wanted: &str) -> Problem {
    let what = format!("names a file without a {wanted}");
    problem(setting, &what, "Write the path of a PEM file with one.")
}

fn problem(setting: &str, what: &str, remedy: &str) -> Problem {
    Flaw::new(what, remedy).at(format!("Unstale:Redis:{setting}"), None)
}
