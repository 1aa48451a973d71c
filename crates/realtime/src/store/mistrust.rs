//! Why a server is not trusted, in a sentence that says what to change.

use std::io;

use rustls::{CertificateError as Flaw, Error};

/// What a failure on a connection says of trust, if it does.
pub(super) fn explained(failure: &io::Error) -> Option<String> {
    let error: &Error = failure.get_ref()?.downcast_ref()?;
    let Error::InvalidCertificate(flaw) = error else {
        return Some(format!(
            "the TLS handshake has failed ({error}). See what the server's log says, and correct the URL in --database \
             or DATABASE_URL."
        ));
    };
    let why = match flaw {
        Flaw::UnknownIssuer | Flaw::BadSignature => {
            "its certificate was issued by nobody whom this system trusts, or the file that sslrootcert= in the URL \
             names. Name the PEM file of its authority there, in --database or DATABASE_URL."
        }
        Flaw::NotValidForName | Flaw::NotValidForNameContext { .. } => {
            "its certificate is for another name. Connect by a name that it carries, or correct the URL in --database \
             or DATABASE_URL to sslmode=verify-ca, which does not compare names."
        }
        Flaw::Expired | Flaw::ExpiredContext { .. } => {
            "its certificate has expired. Renew it (the server's ssl_cert_file), or name another server with \
             --database or DATABASE_URL."
        }
        other => {
            return Some(format!(
                "its certificate cannot be accepted ({other}). Have another one issued (the server's ssl_cert_file), \
                 or name another server with --database or DATABASE_URL."
            ));
        }
    };
    Some(why.to_owned())
}
