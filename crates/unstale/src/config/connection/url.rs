//! Connection strings as URLs: `redis://user:password@host:6379/0`, and of sentinels
//! `redis-sentinel://user:password@host:26379,host2:26379/service/0`.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::{Connection, Endpoint, PORT, SENTINEL_PORT, Secret, database, endpoint};
use crate::config::nearest::advice;
use crate::error::Flaw;

const SCHEMES: &[&str] = &[
    "redis",
    "rediss",
    "unix",
    "redis+unix",
    "redis-sentinel",
    "rediss-sentinel",
];

/// The parameters that may follow a `?`; `protocol` is accepted and has no meaning here.
const PARAMETERS: &[&str] = &[
    "db",
    "user",
    "password",
    "sentinelUser",
    "sentinelPassword",
    "protocol",
];

/// Reads what follows `scheme://`.
pub(super) fn read(scheme: &str, rest: &str) -> Result<Connection, Flaw> {
    let scheme = scheme.to_ascii_lowercase();
    if !SCHEMES.contains(&scheme.as_str()) {
        return Err(Flaw::new(
            "the connection string is a URL of an unknown scheme",
            advice(&scheme, SCHEMES),
        ));
    }
    if rest.contains('#') {
        return Err(Flaw::new(
            "the connection string's URL contains a `#`",
            "Write a `#` in the password as %23; fragments are not supported.",
        ));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    // The last `@` is the one before the host, so that an `@` in the password does no harm.
    let (credentials, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let names_sentinels = scheme.ends_with("sentinel");
    if names_sentinels
        && (path.contains('@') || (credentials.contains('@') && credentials.contains(',')))
    {
        return Err(misplaced_login());
    }
    let one_host = if names_sentinels { "" } else { host };
    if [user, one_host, path].iter().any(|part| part.contains(',')) {
        return Err(mixed());
    }
    if [user, host, path].iter().any(|part| part.contains('&')) {
        return Err(Flaw::new(
            "the connection string's URL has a `&` before its parameters",
            "Begin the parameters with `?`, as in redis://host?user=name&db=0. A `&` itself is %26.",
        ));
    }
    let mut connection = Connection {
        user: decoded(user)?,
        password: decoded(password)?.map(Secret::new),
        ..Connection::default()
    };
    if scheme.ends_with("unix") {
        connection.endpoints = vec![socket(host, path)?];
    } else if names_sentinels {
        connection.tls = scheme.starts_with("rediss");
        for sentinel in host.split(',') {
            let sentinel = decoded(sentinel)?.unwrap_or_default();
            let sentinel = endpoint(&sentinel, SENTINEL_PORT).map_err(escape_slashes)?;
            connection.endpoints.push(sentinel);
        }
        let path = path.trim_matches('/');
        let (service, number) = path.split_once('/').unwrap_or((path, ""));
        connection.service = Some(decoded(service)?.ok_or_else(no_service)?);
        connection.database = database_in_path(number)?;
    } else {
        connection.tls = scheme == "rediss";
        let host = decoded(host)?.unwrap_or_default();
        connection.endpoints = vec![endpoint(&host, PORT).map_err(escape_slashes)?];
        connection.database = database_in_path(path.trim_matches('/'))?;
    }
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, text) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = decoded(text)?;
        match name.to_ascii_lowercase().as_str() {
            "db" => {
                let number = database(value.as_deref().unwrap_or_default(), "db")?;
                if connection
                    .database
                    .replace(number)
                    .is_some_and(|path| path != number)
                {
                    return Err(Flaw::new(
                        "the connection string's URL names two databases",
                        "Keep the one in the path or the one in `?db=`.",
                    ));
                }
            }
            "user" | "username" if text.contains(',') => return Err(mixed()),
            "user" | "username" => connection.user = value,
            "password" | "pass" => connection.password = value.map(Secret::new),
            "sentineluser" if text.contains(',') => return Err(mixed()),
            "sentineluser" => connection.sentinel_user = value,
            "sentinelpassword" => connection.sentinel_password = value.map(Secret::new),
            "protocol" => {}
            // The name is not shown: it may be what follows a `?` in a password.
            _ => {
                return Err(Flaw::new(
                    "the connection string's URL has an unknown parameter",
                    format!(
                        "Allowed here: {}. Write a `?` in the password as %3F.",
                        PARAMETERS.join(", ")
                    ),
                ));
            }
        }
    }
    // A password in the place of the user would be shown like one.
    if !user.is_empty() && connection.password.is_none() {
        return Err(Flaw::new(
            "the connection string's URL names a user without a password",
            "Write redis://user:password@host, or redis://:password@host for the default user. \
             Where the password is a setting of its own, write redis://host?user=name.",
        ));
    }
    Ok(connection)
}

fn database_in_path(number: &str) -> Result<Option<u32>, Flaw> {
    match number {
        "" => Ok(None),
        number => database(number, "path").map(Some).map_err(escape_slashes),
    }
}

fn no_service() -> Flaw {
    Flaw::new(
        "the connection string's URL of sentinels names no service",
        "Write what their `sentinel monitor` calls the primary as the path, such as \
         redis-sentinel://one:26379,two:26379/mymaster.",
    )
}

/// Or a password that ends early would be shown as the service's name.
fn misplaced_login() -> Flaw {
    Flaw::new(
        "the connection string's URL of sentinels has a login that is not before the first of them",
        "Write it once, as in redis-sentinel://user:password@one:26379,two:26379/mymaster, with `/` in the \
         password as %2F and `@` as %40.",
    )
}

fn mixed() -> Flaw {
    Flaw::new(
        "the connection string mixes a URL with options behind commas",
        "Write one or the other: redis://:password@host:6379/0, or \
         host:6379,password=…,defaultDatabase=0. A comma itself is %2C in a URL.",
    )
}

/// A password with a bare slash ends the URL's authority early, and something else fails to read.
fn escape_slashes(flaw: Flaw) -> Flaw {
    let hint = "Write a `/` in the password as %2F and a `?` as %3F.";
    Flaw::new(flaw.what, format!("{} {hint}", flaw.remedy))
}

fn socket(host: &str, path: &str) -> Result<Endpoint, Flaw> {
    match decoded(path)? {
        Some(path) if host.is_empty() && path.len() > 1 => Ok(Endpoint::Unix(PathBuf::from(path))),
        _ => Err(Flaw::new(
            "the connection string's URL does not name a socket by its absolute path",
            "Write three slashes, such as unix:///run/redis.sock.",
        )),
    }
}

/// Undoes percent-encoding; nothing is none.
fn decoded(text: &str) -> Result<Option<String>, Flaw> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| {
        Flaw::new(
            "the connection string's URL is not UTF-8 once its %-escapes are decoded",
            "Write a `%` itself as %25.",
        )
    })?;
    Ok(Some(decoded.into_owned()).filter(|text| !text.is_empty()))
}
