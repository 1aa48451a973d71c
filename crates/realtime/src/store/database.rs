use std::{
    ffi::{OsStr, OsString},
    fmt,
    fs::File,
    path::PathBuf,
    sync::Arc,
};

use sqlx::{
    postgres::{PgConnectOptions, PgSslMode},
    sqlite::SqliteConnectOptions,
};

use super::{Claim, DatabaseError, Repository, postgres, sqlite};

/// What may stand behind the `?` of a Postgres URL. The driver would pass over anything else, and
/// write it to the log.
const PARAMETERS: [&str; 10] = [
    "application_name",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    AUTHORITY,
];

/// Who may vouch for the server, beside those whom the system trusts.
const AUTHORITY: &str = "sslrootcert";

/// The database that the instances of a service share: a SQLite file, or one on a Postgres server.
///
/// Shown, it holds no password.
///
/// ```
/// use realtime::Database;
///
/// # fn main() -> Result<(), realtime::DatabaseError> {
/// let database = Database::at("postgres://ada:secret@db.example/shop".as_ref())?;
/// assert_eq!(database.to_string(), "shop on Postgres at db.example:5432");
/// assert_eq!(Database::at("sqlite:shop.db".as_ref())?.to_string(), "shop.db");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Database(Kind);

#[derive(Clone)]
enum Kind {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Database {
    /// The database at `postgres://…` or `sqlite:…`; anything that is no URL is the name of a SQLite
    /// file.
    ///
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// If it is a URL that cannot be read, names a certificate's file that cannot, or is of another kind
    /// of database.
    pub fn at(location: &OsStr) -> Result<Self, DatabaseError> {
        let Some((url, scheme)) = location
            .to_str()
            .and_then(|text| Some((text, scheme(text)?)))
        else {
            return Ok(Self(Kind::Sqlite(location.into())));
        };
        let kind = match scheme {
            "sqlite" => Kind::Sqlite(sqlite_file(url)?),
            "postgres" | "postgresql" => Kind::Postgres(Box::new(postgres_options(url)?)),
            other => {
                return Err(DatabaseError::Kind {
                    scheme: other.to_owned(),
                });
            }
        };
        Ok(Self(kind))
    }

    /// Connects, and brings the tables up to date.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Repository>, DatabaseError> {
        match &self.0 {
            Kind::Sqlite(path) => match sqlite::open(path).await {
                Ok(tables) => Ok(Arc::new(tables)),
                Err(source) => Err(DatabaseError::File {
                    path: path.clone(),
                    source,
                }),
            },
            Kind::Postgres(options) => Ok(Arc::new(postgres::open(options).await?)),
        }
    }

    /// Keeps out who would not hear of this process's writes. `shared` says that the other processes
    /// which claim it are connected with this one.
    pub(crate) async fn claim(&self, shared: bool) -> Result<Claim, DatabaseError> {
        let claimed = match &self.0 {
            Kind::Sqlite(path) => {
                Claim::beside(path, shared).map_err(|source| DatabaseError::File {
                    path: path.clone(),
                    source: source.into(),
                })?
            }
            Kind::Postgres(options) => postgres::claim(options, shared)
                .await?
                .map(Claim::on_server),
        };
        claimed.ok_or_else(|| DatabaseError::InUse {
            database: self.to_string(),
        })
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Sqlite(path) => path.display().fmt(f),
            Kind::Postgres(options) => postgres::shown(options).fmt(f),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

/// The scheme of a URL; none of a file's name, which may also begin with a drive's letter.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let is_one = scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric());
    let is_known = ["sqlite", "postgres", "postgresql"].contains(&scheme);
    (is_one && (is_known || rest.starts_with("//"))).then_some(scheme)
}

fn sqlite_file(url: &str) -> Result<PathBuf, DatabaseError> {
    let because = |why: String| DatabaseError::Url { why };
    let (file, parameters) = url.split_once('?').unwrap_or((url, ""));
    // It is made if it is not there, which is what this parameter says.
    if !["", "mode=rwc"].contains(&parameters) {
        let why = "of what may follow the ? of a SQLite file only mode=rwc is known";
        return Err(because(why.to_owned()));
    }
    if file.ends_with(":memory:") {
        let why = "a database in memory cannot be shared by two instances";
        return Err(because(why.to_owned()));
    }
    let options: SqliteConnectOptions = file.parse().map_err(|error| because(reason(error)))?;
    let path = options.get_filename().to_owned();
    if path == OsString::new() {
        return Err(because("it names no file".to_owned()));
    }
    Ok(path)
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, DatabaseError> {
    let because = |why: String| DatabaseError::Url { why };
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    for (name, _) in form_urlencoded::parse(parameters.as_bytes()) {
        if !PARAMETERS.contains(&&*name) {
            let known = PARAMETERS.join(", ");
            // An @ behind the ? tells that the name is a part of a password.
            let what = if parameters.contains('@') {
                "what follows the ?".to_owned()
            } else {
                format!("the parameter {name}")
            };
            return Err(because(format!("{what} is none of {known}")));
        }
    }
    let options: PgConnectOptions = url.parse().map_err(|error| because(reason(error)))?;
    let files = || form_urlencoded::parse(parameters.as_bytes()).filter(|(name, _)| is_file(name));
    for (name, file) in files() {
        // What it holds is read for each connection; a certificate itself may be written there too.
        if !file.trim_start().starts_with("-----BEGIN")
            && let Err(error) = File::open(&*file)
        {
            let why = format!("the file that {name} names cannot be read ({error})");
            return Err(DatabaseError::CertificateFile { why });
        }
    }
    let has_authority = files().any(|(name, _)| name == AUTHORITY);
    // Whoever names an authority wants it to be asked, as libpq does.
    Ok(match options.get_ssl_mode() {
        PgSslMode::Require if has_authority => options.ssl_mode(PgSslMode::VerifyCa),
        _ => options,
    })
}

fn is_file(parameter: &str) -> bool {
    [AUTHORITY, "sslcert", "sslkey"].contains(&parameter)
}

/// What is wrong, without the words for what kind of error it is.
fn reason(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(cause) => match cause.downcast() {
            Ok(within) => reason(*within),
            Err(cause) => cause.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(location: &str) -> String {
        Database::at(location.as_ref()).unwrap().to_string()
    }

    fn refused(location: &str) -> String {
        Database::at(location.as_ref()).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_named_with_or_without_a_scheme() {
        for location in [
            "data/shop.db",
            "sqlite:data/shop.db",
            "sqlite://data/shop.db",
            "sqlite:data/shop.db?mode=rwc",
        ] {
            assert_eq!(shown(location), "data/shop.db", "{location}");
        }
        assert_eq!(shown("sqlite:///var/a%20b.db"), "/var/a b.db");
        for file in ["12:30.db", "C:\\shop.db", "a:b", "/tmp/x"] {
            assert_eq!(shown(file), file);
        }
    }

    #[test]
    fn a_server_is_shown_without_its_password() {
        for location in [
            "postgres://ada:s3cret@db.example:6000/shop",
            "postgresql://ada:s3cret@db.example:6000/shop?sslmode=require",
        ] {
            let database = Database::at(location.as_ref()).unwrap();
            assert_eq!(database.to_string(), "shop on Postgres at db.example:6000");
            assert!(!format!("{database:?}").contains("s3cret"));
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_a_secret() {
        for (location, why) in [
            ("mysql://ada:s3cret@db.example/shop", "the kind mysql:"),
            ("postgres://ada:s3cret@db.example:port/shop", "invalid port"),
            ("postgres://ada:s3#cret@db.example/shop", "%23 for a #"),
            ("postgres://ada:s3?cret@db.example/shop", "%3F for a ?"),
            (
                "postgres://db.example/shop?pasword=s3cret",
                "pasword is none of",
            ),
            (
                "postgres://db.example/shop?sslmode=loud",
                "be read: unknown value",
            ),
            ("postgres://ada:%FF@db.example/shop", "cannot be read"),
            (
                "postgres://ada:s3cret@db.example/shop?sslrootcert=/secret/none.pem",
                "the file that sslrootcert names cannot be read (No such file",
            ),
            ("sqlite::memory:", "in memory"),
            ("sqlite:shop.db?mode=ro", "mode=rwc"),
            ("sqlite:", "names no file"),
        ] {
            let message = refused(location);
            assert!(message.contains(why), "{location}: {message}");
            assert!(!message.contains("cret"), "{message}");
        }
    }

    #[tokio::test]
    async fn a_database_belongs_to_one_hub_or_to_any_number_on_redis() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::at(directory.path().join("realtime.db").as_ref()).unwrap();
        let in_use = async |shared| {
            let claim = database.claim(shared).await;
            matches!(claim, Err(DatabaseError::InUse { .. }))
        };

        let alone = database.claim(false).await.unwrap();
        assert!(in_use(false).await && in_use(true).await);
        alone.release().await;
        let one = database.claim(true).await.unwrap();
        let other = database.claim(true).await.unwrap();
        assert!(in_use(false).await);
        drop((one, other));
        database.claim(false).await.unwrap();
    }
}
