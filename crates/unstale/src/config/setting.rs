//! What a setting's value may be, by type.

use std::path::PathBuf;
use std::time::Duration;

use super::Encoding;
use super::connection::Connection;
use super::repeat::is_harmless;
use super::secret::Secret;
use super::timespan::TimeSpan;
use super::tree::Value;
use crate::error::Flaw;
use crate::policy::Priority;

/// A type that a setting can have.
///
/// Booleans and numbers may also be written as strings, as in .NET: environment variables can hold
/// nothing else.
pub(super) trait Setting: Sized {
    /// What to write, ending a sentence that begins with "Write".
    fn expected() -> String;

    /// The value, `None` if it is of another type, or what is wrong with it.
    fn read(value: &Value) -> Option<Result<Self, Flaw>>;

    /// Whether the text may be repeated in an error.
    const SECRET: bool = false;
}

/// Reads a value, or says what it is and what it should have been.
pub(super) fn read<T: Setting>(value: &Value) -> Result<T, Flaw> {
    T::read(value).unwrap_or_else(|| {
        let what = match value {
            Value::Text(text) if !T::SECRET && is_harmless(text) => {
                format!("is the string `{text}`")
            }
            other => format!("is {}", other.kind()),
        };
        Err(Flaw::new(what, format!("Write {}.", T::expected())))
    })
}

impl Setting for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn read(value: &Value) -> Option<Result<Self, Flaw>> {
        match value {
            Value::Bool(value) => Some(Ok(*value)),
            Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(Ok(true)),
            Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(Ok(false)),
            _ => None,
        }
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl Setting for $number {
            fn expected() -> String {
                "a whole number".to_owned()
            }

            fn read(value: &Value) -> Option<Result<Self, Flaw>> {
                let number = match value {
                    Value::Whole(number) => *number,
                    Value::Text(text) => text.trim().parse::<i128>().ok()?,
                    _ => return None,
                };
                Some(Self::try_from(number).map_err(|_| {
                    let (least, most) = (Self::MIN, Self::MAX);
                    let remedy = format!("Write a whole number from {least} to {most}.");
                    Flaw::new(format!("is {number}"), remedy)
                }))
            }
        }
    )*};
}

whole_numbers!(i64, u32, u64, usize);

impl Setting for f64 {
    fn expected() -> String {
        "a number".to_owned()
    }

    fn read(value: &Value) -> Option<Result<Self, Flaw>> {
        match value {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a fraction that is whole is small"
            )]
            Value::Whole(number) => Some(Ok(*number as f64)),
            Value::Fraction(number) => Some(Ok(*number)),
            Value::Text(text) => Some(Ok(text.trim().parse().ok()?)),
            _ => None,
        }
    }
}

impl Setting for String {
    fn expected() -> String {
        "a string".to_owned()
    }

    fn read(value: &Value) -> Option<Result<Self, Flaw>> {
        match value {
            Value::Text(text) => Some(Ok(text.clone())),
            _ => None,
        }
    }
}

impl Setting for Duration {
    fn expected() -> String {
        "a TimeSpan in quotes, such as \"00:02:00\" for two minutes or \"00:00:00.500\" for half a \
         second"
            .to_owned()
    }

    fn read(value: &Value) -> Option<Result<Self, Flaw>> {
        match value {
            Value::Text(text) => Some(TimeSpan::read(text).map(|span| span.0).map_err(|flaw| {
                let shown = if is_harmless(text) { text } else { "…" };
                Flaw::new(format!("`{shown}` {}", flaw.what), flaw.remedy)
            })),
            _ => None,
        }
    }
}

impl Setting for Connection {
    const SECRET: bool = true;

    fn expected() -> String {
        "a connection string, such as \"localhost:6379\" or \"redis://localhost:6379/0\"".to_owned()
    }

    fn read(value: &Value) -> Option<Result<Self, Flaw>> {
        match value {
            Value::Text(text) => Some(Self::read(text)),
            _ => None,
        }
    }
}

impl Setting for Secret {
    const SECRET: bool = true;

    fn expected() -> String {
        "the password, as a string".to_owned()
    }

    fn read(value: &Value) -> Option<Result<Self, Flaw>> {
        match value {
            Value::Text(text) => Some(Ok(Self::new(text.clone()))),
            _ => None,
        }
    }
}

impl Setting for PathBuf {
    const SECRET: bool = true;

    fn expected() -> String {
        "the path of a file, as a string".to_owned()
    }

    fn read(value: &Value) -> Option<Result<Self, Flaw>> {
        match value {
            Value::Text(text) => Some(Ok(text.into())),
            _ => None,
        }
    }
}

/// A setting that may be left open with null, or with an empty environment variable.
impl<T: Setting> Setting for Option<T> {
    const SECRET: bool = T::SECRET;

    fn expected() -> String {
        format!("{}, or null", T::expected())
    }

    fn read(value: &Value) -> Option<Result<Self, Flaw>> {
        match value {
            Value::Null => Some(Ok(None)),
            Value::Text(text) if text.is_empty() => Some(Ok(None)),
            value => T::read(value).map(|read| read.map(Some)),
        }
    }
}

/// A setting with a few named values, written in any case.
macro_rules! choices {
    ($($choice:ident: $($name:ident),*;)*) => {$(
        impl Setting for $choice {
            fn expected() -> String {
                format!("one of {}", [$(stringify!($name)),*].join(", "))
            }

            fn read(value: &Value) -> Option<Result<Self, Flaw>> {
                match value {
                    $(Value::Text(text) if text.eq_ignore_ascii_case(stringify!($name)) => {
                        Some(Ok(Self::$name))
                    })*
                    _ => None,
                }
            }
        }
    )*};
}

choices! {
    Priority: Low, Normal, High, NeverRemove;
    Encoding: MessagePack, Json;
}
