//! The errors a user of the library can meet.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;

use crate::config::repeat::line;

/// What can go wrong outside a loader.
///
/// Every variant says what happened, where, and keeps its cause as
/// [`source`](StdError::source). None of them ever contains a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot work as written.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file, as it was named by the caller.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },

    /// The server could not be reached, or refused the connection.
    #[error("cannot connect to {endpoint}: {source}")]
    Connection {
        /// Where the connection went, without credentials.
        endpoint: String,
        /// What the client or the server answered.
        source: Box<dyn StdError + Send + Sync>,
    },

    /// A cache was made outside a tokio runtime, which its tasks need.
    #[error(
        "there is no tokio runtime here: make the cache within one, for instance in a `#[tokio::main]` function"
    )]
    NoRuntime,

    /// A key cannot be used, so nothing was done with it.
    #[error(transparent)]
    Key(#[from] KeyError),

    /// A value could not be encoded, so it was not stored.
    #[error("cannot encode the value of `{}`: {source}", line(key))]
    Encode {
        /// The key the value was meant for.
        key: String,
        /// What the encoder reported.
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// A key that cannot be used: empty, or too long.
///
/// Nothing is ever stored under such a key, so nothing stale can be read from it either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is empty.
    #[error("the key is empty: a key has at least one byte")]
    Empty,
    /// The key is longer than [`KeyError::LONGEST`].
    #[error(
        "the key `{}…` has {bytes} bytes: a key has at most {}",
        line(start),
        KeyError::LONGEST
    )]
    TooLong {
        /// Its first characters.
        start: String,
        /// Its length.
        bytes: usize,
    },
}

impl KeyError {
    /// The most bytes a key may have: 4 KiB.
    pub const LONGEST: usize = 4_096;

    /// Whether a key can be used.
    pub(crate) fn check(key: &str) -> Result<(), Self> {
        match key.len() {
            0 => Err(Self::Empty),
            1..=Self::LONGEST => Ok(()),
            bytes => Err(Self::TooLong {
                start: key.chars().take(40).collect(),
                bytes,
            }),
        }
    }
}

/// Everything that is wrong with a configuration, in one error.
///
/// ```
/// use unstale::config::Config;
///
/// let error = Config::from_json_only(r#"{ "Unstale": { "MaxStalenes": "00:00:01" } }"#)
///     .unwrap_err();
/// assert!(error.to_string().contains("Did you mean `MaxStaleness`?"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// What is wrong, in the order of the configuration. Never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// An error if there is anything to report.
    pub(crate) fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self { problems })
        }
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        ConfigError::from(problem).into()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [only] => write!(f, "configuration: {only}"),
            all => {
                write!(f, "configuration: {} problems", all.len())?;
                all.iter()
                    .try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl StdError for ConfigError {}

/// One mistake in a configuration: where it is, what it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The full path of the setting (`TheTechLoopCache:Redis:Enabled`), or what else was read.
    pub place: String,
    /// The file or environment variable that set it, where known.
    pub origin: Option<String>,
    /// What is wrong with it.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if let Some(origin) = &self.origin {
            write!(f, " (from {origin})")?;
        }
        write!(f, ": {}. {}", self.what, self.remedy)
    }
}

/// A mistake whose place is not known yet: what it is, and what to do.
///
/// Both texts are sentences; `what` goes without its full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) what: String,
    pub(crate) remedy: String,
}

impl Flaw {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    pub(crate) fn at(self, place: impl Into<String>, origin: Option<&str>) -> Problem {
        Problem {
            place: place.into(),
            origin: origin.map(str::to_owned),
            what: self.what,
            remedy: self.remedy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_problem_is_one_line_and_several_are_a_list() {
        let first = Flaw::new("is bad", "Make it good.").at("A:B", Some("a.json"));
        let second = Flaw::new("is worse", "Remove it.").at("A:C", None);
        assert_eq!(
            ConfigError::from(first.clone()).to_string(),
            "configuration: A:B (from a.json): is bad. Make it good."
        );
        assert_eq!(
            ConfigError {
                problems: vec![first, second]
            }
            .to_string(),
            "configuration: 2 problems\n  - A:B (from a.json): is bad. Make it good.\n  - A:C: is worse. Remove it."
        );
    }

    /// A line break would make a second line in a log, and an escape sequence colour a terminal.
    #[test]
    fn a_key_is_repeated_in_one_short_line() {
        let key = format!("stock:\r\nERROR \u{1b}[2J{}", "x".repeat(10_000));
        let encode = Error::Encode {
            key: key.clone(),
            source: "it is nested more than 127 deep".into(),
        };
        for shown in [
            encode.to_string(),
            KeyError::check(&key).unwrap_err().to_string(),
        ] {
            assert!(shown.contains("`stock:\\r\\nERROR \\u{1b}[2J"), "{shown}");
            assert!(!shown.contains(char::is_control), "{shown}");
            assert!(shown.len() < 300, "{shown}");
        }
    }

    #[test]
    fn a_file_error_names_the_file_and_keeps_its_cause() {
        let error = Error::Io {
            path: "missing.json".into(),
            source: std::io::Error::from(std::io::ErrorKind::NotFound),
        };
        assert!(error.to_string().contains("missing.json"));
        assert!(error.source().is_some());
    }
}
