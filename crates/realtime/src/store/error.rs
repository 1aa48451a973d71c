use std::{io, path::PathBuf};

use sqlx::postgres::PgConnectOptions;

use super::{
    mistrust,
    postgres::{name, place, shown},
};

/// The database cannot be used. Every message says what to do about it, and none holds a password.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it means")]
pub enum DatabaseError {
    #[error(
        "A database of the kind {scheme}: is not known. Give --database or DATABASE_URL a file, sqlite:FILE, or \
         postgres://USER:PASSWORD@HOST:PORT/DATABASE."
    )]
    Kind { scheme: String },
    #[error(
        "The database's URL cannot be read: {why}. Give --database or DATABASE_URL a file, sqlite:FILE, or \
         postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %23 for a # in the password, %2F for a /, %3A for a :, \
         %3F for a ?, %40 for an @ and %25 for a %."
    )]
    Url { why: String },
    #[error(
        "The database's certificates cannot be used: {why}. Correct the URL in --database or DATABASE_URL."
    )]
    CertificateFile { why: String },
    #[error("The database file {} cannot be used. Name another one with --database or DATABASE_URL.", path.display())]
    File {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(
        "The database {database} is in use by instances that would not hear of this process's writes. Name another \
         one with --database or DATABASE_URL, or connect both processes to one server with --redis."
    )]
    InUse { database: String },
    #[error(
        "No Postgres server answers at {place}. Start one there, or name another one with --database or DATABASE_URL."
    )]
    NoServer { place: String, source: io::Error },
    #[error(
        "The Postgres server at {place} has not answered for {after} seconds. See whether it runs and can be reached, \
         or name another one with --database or DATABASE_URL."
    )]
    Silent { place: String, after: u64 },
    #[error(
        "The Postgres server at {place} does not speak TLS, which sslmode= in the URL asks for. Turn on its `ssl`, or \
         correct the URL in --database or DATABASE_URL."
    )]
    NoTls { place: String },
    #[error("The Postgres server at {place} is not trusted: {why}")]
    Untrusted { place: String, why: String },
    #[error(
        "The Postgres server at {place} does not take this password for the user {user}, or there is no such user. \
         Correct the URL in --database or DATABASE_URL."
    )]
    Password { place: String, user: String },
    #[error(
        "The Postgres server at {place} does not let the user {user} in. Correct the URL in --database or \
         DATABASE_URL, or the server's pg_hba.conf."
    )]
    Login {
        place: String,
        user: String,
        source: sqlx::Error,
    },
    #[error(
        "The Postgres server at {place} has no database {name}. Make it with `createdb {name}`, or name another one \
         with --database or DATABASE_URL."
    )]
    NoDatabase { place: String, name: String },
    #[error(
        "The database {database} keeps text as {encoding}, and the service needs UTF8. Make another one with \
         `createdb --encoding UTF8 --template template0`, and name it with --database or DATABASE_URL."
    )]
    Encoding { database: String, encoding: String },
    #[error(
        "The database {database} cannot be used. Mend what the server says, or name another one with --database or \
         DATABASE_URL."
    )]
    Unusable {
        database: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl DatabaseError {
    /// What a server's refusal, or its absence, means to whoever gave its URL.
    pub(super) fn postgres(options: &PgConnectOptions, source: sqlx::Error) -> Self {
        let (place, user) = (place(options), options.get_username().to_owned());
        let code = source
            .as_database_error()
            .and_then(|error| error.code())
            .unwrap_or_default()
            .into_owned();
        match (code.as_str(), source) {
            ("28P01", _) => Self::Password { place, user },
            ("28000", source) => Self::Login {
                place,
                user,
                source,
            },
            ("3D000", _) => Self::NoDatabase {
                place,
                name: name(options).to_owned(),
            },
            (_, sqlx::Error::Io(source)) => match mistrust::explained(&source) {
                Some(why) => Self::Untrusted { place, why },
                None => Self::NoServer { place, source },
            },
            // The driver has no error of its own for that.
            (_, sqlx::Error::Tls(source)) if source.to_string().ends_with("not support TLS") => {
                Self::NoTls { place }
            }
            (_, source) => Self::Unusable {
                database: shown(options),
                source: source.into(),
            },
        }
    }
}
