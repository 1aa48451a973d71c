use std::fmt::Display;

/// A value that the service does not accept: the field it came in and what the field allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub(crate) struct Invalid {
    pub(crate) field: String,
    /// Continues a sentence that begins with the field's name.
    pub(crate) rule: String,
}

impl Invalid {
    pub(crate) fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule: rule.into(),
        }
    }

    /// The same complaint about a field of a larger value, such as entry `[3]` of a list.
    pub(crate) fn within(self, place: impl Display) -> Self {
        Self {
            field: format!("{place}.{}", self.field),
            rule: self.rule,
        }
    }
}

/// The value itself if it lies in the range, both ends included.
pub(crate) fn between<T: PartialOrd + Display>(
    field: &str,
    value: T,
    low: T,
    high: T,
) -> Result<T, Invalid> {
    if value < low || value > high {
        return Err(Invalid::new(
            field,
            format!("must be between {low} and {high}, but is {value}."),
        ));
    }
    Ok(value)
}

/// The text without surrounding blanks if it has an acceptable number of characters, none of them a
/// control character other than a line break or a tab.
pub(crate) fn text(
    field: &str,
    value: &str,
    shortest: usize,
    longest: usize,
) -> Result<String, Invalid> {
    let value = value.trim();
    let length = value.chars().count();
    if length < shortest || length > longest {
        let rule = format!("must be {shortest} to {longest} characters long, but has {length}.");
        return Err(Invalid::new(field, rule));
    }
    if value
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(Invalid::new(field, "must not contain control characters."));
    }
    Ok(value.to_owned())
}

/// The list itself if it has an acceptable number of entries.
pub(crate) fn entries<T>(field: &str, list: Vec<T>, most: usize) -> Result<Vec<T>, Invalid> {
    if list.is_empty() || list.len() > most {
        return Err(Invalid::new(
            field,
            format!("must hold 1 to {most} entries, but holds {}.", list.len()),
        ));
    }
    Ok(list)
}
