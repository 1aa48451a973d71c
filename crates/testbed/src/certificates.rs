//! Certificates for servers and clients, made on the spot and gone with their authority.

use std::{fmt, fs, path::PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;

use crate::{Error, Result};

/// Issues certificates, and keeps them in a directory that is gone when it is dropped.
///
/// ```no_run
/// # fn example() -> Result<(), testbed::Error> {
/// use testbed::{Authority, Server};
///
/// let authority = Authority::new("the house")?;
/// let server = Server::builder().tls(&authority.issue("127.0.0.1")?).start()?;
/// println!("{:?} is trusted by {}", server.tls_url(), authority.certificate().display());
/// # Ok(())
/// # }
/// ```
pub struct Authority {
    name: String,
    issuer: Issuer<'static, KeyPair>,
    directory: TempDir,
}

/// A certificate and its private key, as PEM files. Their authority keeps them.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

impl Authority {
    /// An authority whom nobody trusts yet.
    ///
    /// # Errors
    ///
    /// [`Error::Certificate`] and [`Error::Directory`] when its own certificate cannot be made or
    /// kept.
    pub fn new(name: &str) -> Result<Self> {
        let directory = TempDir::with_prefix("unstale-certificates-").map_err(Error::Directory)?;
        let (mut params, key) =
            described(name, Vec::new()).map_err(|source| failed(name, source))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let own = params
            .self_signed(&key)
            .map_err(|source| failed(name, source))?;
        for (file, pem) in [(OWN, own.pem()), (OWN_KEY, key.serialize_pem())] {
            fs::write(directory.path().join(file), pem).map_err(Error::Directory)?;
        }
        Ok(Self {
            name: name.to_owned(),
            issuer: Issuer::new(params, key),
            directory,
        })
    }

    /// The file of the authority's own certificate: whoever trusts it trusts those it issues.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join(OWN)
    }

    /// The authority's own certificate with its key, for a server that has none of its own.
    #[must_use]
    pub fn own(&self) -> Certificate {
        Certificate {
            certificate: self.certificate(),
            key: self.directory.path().join(OWN_KEY),
        }
    }

    /// A certificate for a host name or an address, good for years.
    ///
    /// # Errors
    ///
    /// As [`Authority::new`].
    pub fn issue(&self, name: &str) -> Result<Certificate> {
        self.issue_until(name, 3000)
    }

    /// A certificate that has expired long ago.
    ///
    /// # Errors
    ///
    /// As [`Authority::new`].
    pub fn issue_expired(&self, name: &str) -> Result<Certificate> {
        self.issue_until(name, 2001)
    }

    fn issue_until(&self, name: &str, year: i32) -> Result<Certificate> {
        let make = || {
            let (mut params, key) = described(name, vec![name.to_owned()])?;
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(year, 1, 1);
            let certificate = params.signed_by(&key, &self.issuer)?;
            Ok((certificate.pem(), key.serialize_pem()))
        };
        let (certificate, key) = make().map_err(|source| failed(name, source))?;
        let issued = TempDir::with_prefix_in("issued-", self.directory.path())
            .map_err(Error::Directory)?
            .keep();
        let keep = |name: &str, pem: String| {
            let path = issued.join(name);
            fs::write(&path, pem).map_err(Error::Directory)?;
            Ok(path)
        };
        Ok(Certificate {
            certificate: keep("certificate.pem", certificate)?,
            key: keep("key.pem", key)?,
        })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("name", &self.name)
            .field("directory", &self.directory.path())
            .finish_non_exhaustive()
    }
}

/// The file of an authority's own certificate.
const OWN: &str = "authority.pem";
const OWN_KEY: &str = "authority-key.pem";

fn described(
    name: &str,
    names: Vec<String>,
) -> std::result::Result<(CertificateParams, KeyPair), rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok((params, KeyPair::generate()?))
}

fn failed(name: &str, source: rcgen::Error) -> Error {
    Error::Certificate {
        name: name.to_owned(),
        source,
    }
}
