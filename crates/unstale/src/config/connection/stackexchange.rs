//! Connection strings in StackExchange.Redis' notation: `host:6379,password=…,ssl=true`.

use std::path::PathBuf;
use std::time::Duration;

use super::{Connection, Endpoint, PORT, SENTINEL_PORT, Secret, database, endpoint};
use crate::config::nearest::advice;
use crate::error::Flaw;

/// The port of a server that is reached with TLS, unless another is given.
const TLS_PORT: u16 = 6380;

/// What is read.
const OPTIONS: &[&str] = &[
    "user",
    "password",
    "ssl",
    "sslHost",
    "defaultDatabase",
    "connectTimeout",
    "asyncTimeout",
    "syncTimeout",
    "keepAlive",
    "name",
    "serviceName",
    "sentinelUser",
    "sentinelPassword",
];

/// What is accepted and has no meaning here, because Unstale supervises its connections itself,
/// sends no administrative commands, and prefixes its own keys and channels.
const IGNORED: &[&str] = &[
    "abortConnect",
    "allowAdmin",
    "channelPrefix",
    "checkCertificateRevocation",
    "configChannel",
    "configCheckSeconds",
    "connectRetry",
    "highPriorityThreads",
    "preserveAsyncOrder",
    "protocol",
    "resolveDns",
    "responseTimeout",
    "setlib",
    "sslProtocols",
    "tiebreaker",
    "version",
    "writeBuffer",
];

/// What would lead to another server than the one named, so that ignoring it would be wrong.
const UNSUPPORTED: &[&str] = &["proxy", "tunnel"];

pub(super) fn read(text: &str) -> Result<Connection, Flaw> {
    let mut connection = Connection::default();
    let mut servers = Vec::new();
    let mut given: Vec<&str> = Vec::new();
    let mut sync_timeout = None;
    for (index, entry) in text.split(',').map(str::trim).enumerate() {
        // Behind a password, anything unexpected may be the rest of one that contains a comma.
        let exposed = given.contains(&"password") || given.contains(&"sentinelPassword");
        let Some((name, value)) = entry.split_once('=') else {
            match entry {
                "" => continue,
                _ if exposed => return Err(torn(index)),
                server => servers.push(server),
            }
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        let is = |known: &&&str| known.eq_ignore_ascii_case(name);
        if let Some(name) = UNSUPPORTED.iter().find(is) {
            return Err(Flaw::new(
                format!("the connection string's `{name}` is not supported"),
                "Name the server itself, or its sentinels, without proxy or tunnel.",
            ));
        }
        if IGNORED.iter().any(|known| is(&known)) {
            continue;
        }
        let Some(&option) = OPTIONS.iter().find(is) else {
            return Err(if exposed { torn(index) } else { unknown(name) });
        };
        if given.contains(&option) {
            let what = format!("the connection string gives `{option}` twice");
            return Err(Flaw::new(what, "Keep one of them."));
        }
        given.push(option);
        let text = || Some(value.to_owned()).filter(|text| !text.is_empty());
        match option {
            "user" => connection.user = text(),
            "password" => connection.password = text().map(Secret::new),
            "ssl" => connection.tls = boolean(option, value)?,
            "sslHost" => connection.tls_host = text(),
            "defaultDatabase" => connection.database = Some(database(value, "defaultDatabase")?),
            "connectTimeout" => connection.connect_timeout = Some(milliseconds(option, value)?),
            "asyncTimeout" => connection.command_timeout = Some(milliseconds(option, value)?),
            "syncTimeout" => sync_timeout = Some(milliseconds(option, value)?),
            "keepAlive" => connection.keep_alive = seconds(option, value)?,
            "serviceName" => connection.service = text(),
            "sentinelUser" => connection.sentinel_user = text(),
            "sentinelPassword" => connection.sentinel_password = text().map(Secret::new),
            _ => connection.client_name = text(),
        }
    }
    connection.command_timeout = connection.command_timeout.or(sync_timeout);
    let default_port = match (&connection.service, connection.tls) {
        (Some(_), _) => SENTINEL_PORT,
        (None, true) => TLS_PORT,
        (None, false) => PORT,
    };
    for server in servers {
        connection.endpoints.push(match server.strip_prefix('!') {
            Some(path) => Endpoint::Unix(PathBuf::from(path)),
            None => endpoint(server, default_port)?,
        });
    }
    if connection.endpoints.is_empty() {
        return Err(Flaw::new(
            "the connection string names no server",
            "Begin it with one, such as localhost:6379.",
        ));
    }
    Ok(connection)
}

/// Repeats the name only if it looks like one: an access key often ends with a `=`.
fn unknown(name: &str) -> Flaw {
    const LONGEST_NAME: usize = 24;
    let proper = name.len() <= LONGEST_NAME && name.bytes().all(|b| b.is_ascii_alphabetic());
    let shown = if proper {
        format!(" `{name}`")
    } else {
        String::new()
    };
    let what = format!("the connection string has an unknown option{shown}");
    Flaw::new(what, advice(name, OPTIONS))
}

fn torn(index: usize) -> Flaw {
    Flaw::new(
        format!(
            "entry {} of the connection string, behind the password, is not an option",
            index + 1
        ),
        "Name the servers first. A password that contains a comma cannot be written in this form; \
         use a URL, with the comma as %2C: redis://:password@host:6379.",
    )
}

fn boolean(option: &str, value: &str) -> Result<bool, Flaw> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(Flaw::new(
            format!("the connection string's `{option}` is not a boolean"),
            "Write true or false.",
        )),
    }
}

fn milliseconds(option: &str, value: &str) -> Result<Duration, Flaw> {
    match value.parse::<u32>() {
        Ok(milliseconds) if milliseconds > 0 => Ok(Duration::from_millis(milliseconds.into())),
        _ => Err(Flaw::new(
            format!("the connection string's `{option}` is not a number of milliseconds"),
            "Write a whole number from 1, such as 5000.",
        )),
    }
}

/// A number of seconds; 0 and the -1 that StackExchange.Redis writes mean "not decided".
fn seconds(option: &str, value: &str) -> Result<Option<Duration>, Flaw> {
    match value.parse::<i32>() {
        Ok(-1 | 0) => Ok(None),
        Ok(seconds) if seconds > 0 => Ok(Some(Duration::from_secs(seconds.unsigned_abs().into()))),
        _ => Err(Flaw::new(
            format!("the connection string's `{option}` is not a number of seconds"),
            "Write a whole number from 0, such as 60.",
        )),
    }
}
