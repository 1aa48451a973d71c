//! Connection strings: what they say is read, and their password is nobody's business.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::shown::{hides_the_secret, is_told_properly};
use crate::config::{Connection, Endpoint, Secret};

pub(super) fn check(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        is_read_or_told(text);
        if let Some(text) = Text::found(text) {
            hides_the_secret(|secret| text.with(secret).parse::<Connection>());
        }
    }
    let mut choices = Unstructured::new(input);
    if let Ok(text) = Text::choose(&mut choices) {
        is_read_or_told(&text.with("secret"));
        hides_the_secret(|secret| text.with(secret).parse::<Connection>());
    }
    if let Ok((password, database)) = Arbitrary::arbitrary(&mut choices) {
        a_password_is_read_back(password, database);
    }
}

fn is_read_or_told(text: &str) {
    match text.parse::<Connection>() {
        Ok(connection) => {
            endpoints_are_read_back(&connection);
            the_password_is_not_shown(&connection);
        }
        Err(error) => is_told_properly(&error),
    }
}

fn endpoints_are_read_back(connection: &Connection) {
    assert!(!connection.endpoints.is_empty());
    let on_the_network = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Tcp { .. });
    if connection.endpoints.iter().all(on_the_network) {
        let shown = connection.to_string();
        let read: Connection = shown.parse().expect("what is shown is read");
        assert_eq!(read.endpoints, connection.endpoints, "{shown}");
    }
}

/// What is shown of a connection does not depend on its password.
fn the_password_is_not_shown(connection: &Connection) {
    let shown = |password: Option<Secret>| {
        let connection = Connection {
            password,
            ..connection.clone()
        };
        format!("{connection} {connection:?} {connection:#?}")
    };
    if connection.password.is_some() {
        let other = shown(Some(Secret::new("another")));
        assert_eq!(shown(connection.password.clone()), other);
    }
}

/// A password survives the notation of URLs whatever is in it, and that of options unless it has
/// a comma, or white space around it.
fn a_password_is_read_back(password: &str, database: u32) {
    let escaped =
        percent_encoding::utf8_percent_encode(password, percent_encoding::NON_ALPHANUMERIC);
    let url = format!("redis://:{escaped}@host/{database}");
    let options = format!("host,defaultDatabase={database},password={password}");
    let ambiguous = password.contains(',') || password.trim() != password;
    for text in [Some(url), (!ambiguous).then_some(options)] {
        let Some(text) = text else {
            continue;
        };
        let connection: Connection = text.parse().expect("it is well-formed");
        assert_eq!(connection.database, Some(database));
        let read = connection.password.as_ref().map(Secret::expose);
        assert_eq!(read.unwrap_or_default(), password);
    }
}

/// A connection string, more or less, around a password.
#[derive(Debug)]
pub(super) struct Text {
    before: String,
    after: String,
}

impl Text {
    pub(super) fn with(&self, secret: &str) -> String {
        [&self.before, secret, &self.after].concat()
    }

    /// The text around the first password that is written as an option or a parameter.
    fn found(text: &str) -> Option<Self> {
        let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
        let is_url = !scheme.is_empty() && !scheme.contains([',', '=']);
        let begins = |before: &str| {
            let before = before.trim_end();
            before.is_empty() || before.ends_with(',') || is_url && before.ends_with(['?', '&'])
        };
        let (place, name) = text
            .match_indices("password=")
            .find(|(place, _)| begins(&text[..*place]))?;
        let (before, rest) = text.split_at(place + name.len());
        let end = rest.find([',', '&', '@', '/', '?', '#']);
        let after = &rest[end.unwrap_or(rest.len())..];
        Some(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    pub(super) fn choose(choices: &mut Unstructured<'_>) -> Result<Self> {
        let schemes = [
            "redis",
            "rediss",
            "unix",
            "redis+unix",
            "redis-sentinel",
            "http",
        ];
        let scheme = choices.choose(&schemes)?;
        let url = |place: String| format!("{scheme}://{place}");
        let (before, after) = match choices.int_in_range(0..=3)? {
            0 => {
                let before = format!("{},password=", some_options(choices)?);
                (before, some_options(choices)?)
            }
            // Whoever takes the one notation for the other.
            1 => {
                let before = format!("{},password=", url(a_place(choices)?));
                (before, some_options(choices)?)
            }
            2 => {
                let user = a_word(choices)?.replace(['/', '?', '#', '@'], "");
                let before = format!("{}:", url(user));
                (before, format!("@{}", a_place(choices)?))
            }
            _ => {
                let separator = choices.choose(&["?", "&"])?;
                let before = format!("{}{separator}password=", url(a_place(choices)?));
                (before, a_place(choices)?)
            }
        };
        Ok(Self { before, after })
    }
}

/// What follows the password in a URL.
fn a_place(choices: &mut Unstructured<'_>) -> Result<String> {
    let mut place = a_word(choices)?;
    for _ in 0..choices.int_in_range(0..=4)? {
        place.push_str(choices.choose(&[
            "/",
            "?",
            "#",
            "@",
            ":",
            "&",
            "=",
            ",",
            "%",
            "%2C",
            "db=1",
            "user=",
            "password=",
            "6379",
            "[::1]",
            "1",
        ])?);
        place.push_str(&a_word(choices)?);
    }
    Ok(place)
}

fn some_options(choices: &mut Unstructured<'_>) -> Result<String> {
    const NAMES: [&str; 18] = [
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
        "abortConnect",
        "serviceName",
        "sentinelUser",
        "sentinelPassword",
        "pasword",
        "NAME",
        "",
        "host",
    ];
    let mut options = String::new();
    for _ in 0..choices.int_in_range(0..=3)? {
        let separator = choices.choose(&[",", " , ", "", ",,"])?;
        let name = choices.choose(&NAMES)?;
        let equals = choices.choose(&["=", "=", " = ", ""])?;
        let value = a_word(choices)?;
        options.push_str(&[*separator, name, equals, &value].concat());
    }
    Ok(options)
}

fn a_word(choices: &mut Unstructured<'_>) -> Result<String> {
    const WORDS: [&str; 10] = [
        "localhost",
        "h",
        "true",
        "1",
        "6379",
        "[::1]",
        "::1",
        "!",
        "",
        "-1",
    ];
    if choices.ratio(3, 4)? {
        return Ok((*choices.choose(&WORDS)?).to_owned());
    }
    let word: &str = Arbitrary::arbitrary(choices)?;
    Ok(word.chars().take(8).collect())
}
