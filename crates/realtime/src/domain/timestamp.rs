use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

use super::Invalid;

/// A moment in UTC, to the microsecond, in the years 0 to 9999: what every database keeps exactly,
/// and RFC 3339 has words for.
///
/// A moment that is given with another offset or more digits becomes this one before anything else
/// happens to it, so that nobody reads another than was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2024-01-15T09:00:00Z")]
pub(crate) struct Timestamp(OffsetDateTime);

impl Timestamp {
    pub(crate) fn new(moment: OffsetDateTime) -> Result<Self, Invalid> {
        moment
            .checked_to_offset(UtcOffset::UTC)
            .filter(|moment| (0..=9999).contains(&moment.year()))
            .map(|moment| Self(moment.truncate_to_microsecond()))
            .ok_or_else(|| invalid("must lie in the years 0 to 9999 of UTC."))
    }

    pub(crate) fn now() -> Self {
        Self(OffsetDateTime::now_utc().truncate_to_microsecond())
    }

    /// Now, or a microsecond later than this one if the clock was set back.
    pub(crate) fn next(self) -> Self {
        Self::now().max(Self(self.0.saturating_add(time::Duration::MICROSECOND)))
    }

    pub(crate) fn utc(self) -> OffsetDateTime {
        self.0
    }
}

fn invalid(rule: &str) -> Invalid {
    Invalid::new("timestamp", rule)
}

impl FromStr for Timestamp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let moment = OffsetDateTime::parse(text, &Rfc3339);
        Self::new(moment.map_err(|_| {
            invalid("must be a time in the form of RFC 3339, such as 2024-01-15T09:00:00Z.")
        })?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        time::serde::rfc3339::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|invalid: Invalid| de::Error::custom(invalid.rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let timestamp: Timestamp = text.parse().unwrap();
        serde_json::to_string(&timestamp).unwrap()
    }

    #[test]
    fn every_way_to_write_a_moment_becomes_the_same() {
        for text in [
            "2020-02-03T04:05:06.123456Z",
            "2020-02-03T06:05:06.123456+02:00",
            "2020-02-02T23:05:06.123456999-05:00",
        ] {
            assert_eq!(json(text), "\"2020-02-03T04:05:06.123456Z\"", "{text}");
        }
    }

    #[test]
    fn a_moment_that_utc_has_no_year_for_is_refused() {
        for text in ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert!(error.rule.contains("years 0 to 9999"), "{text}: {error}");
        }
        for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"] {
            assert_eq!(json(text), format!("\"{text}\""));
        }
        let error = "yesterday".parse::<Timestamp>().unwrap_err();
        assert!(error.rule.contains("RFC 3339"), "{error}");
    }
}
