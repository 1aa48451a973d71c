//! Durations as .NET writes them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Flaw};

/// A duration in .NET's constant format: `[d.]hh:mm[:ss[.fffffff]]`, to 100 nanoseconds.
///
/// ```
/// use std::time::Duration;
/// use unstale::config::TimeSpan;
///
/// let poll: TimeSpan = "00:00:00.500".parse()?;
/// assert_eq!(poll.0, Duration::from_millis(500));
/// assert_eq!(TimeSpan(Duration::from_secs(90_000)).to_string(), "1.01:00:00");
/// # Ok::<(), unstale::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(pub Duration);

impl TimeSpan {
    /// The longest duration that .NET can express is a little longer than this many days.
    const MAX_DAYS: u64 = 10_675_198;

    pub(crate) fn read(text: &str) -> Result<Self, Flaw> {
        let text = text.trim();
        if text.starts_with('-') {
            return Err(Flaw::new(
                "is negative",
                "Give a duration of zero or more, such as 00:00:01.",
            ));
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Flaw::new(
                "is a bare number, which .NET would read as days",
                "Write hours, minutes and seconds, such as 00:02:00 for two minutes.",
            ));
        }
        let malformed = || {
            Flaw::new(
                "is not a TimeSpan",
                "Write [d.]hh:mm:ss[.fffffff], such as 00:00:00.500 for half a second or \
                 1.00:00:00 for a day.",
            )
        };
        let parts: Vec<&str> = text.split(':').collect();
        let (hours, minutes, seconds) = match *parts.as_slice() {
            [hours, minutes] => (hours, minutes, "00"),
            [hours, minutes, seconds] => (hours, minutes, seconds),
            _ => return Err(malformed()),
        };
        let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
        let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
        let number = |digits: &str, most: usize| match digits.len() {
            length if length == 0 || length > most => None,
            _ if !digits.bytes().all(|byte| byte.is_ascii_digit()) => None,
            _ => digits.parse::<u64>().ok(),
        };
        let days = number(days, 8).ok_or_else(malformed)?;
        let hours = number(hours, 2).ok_or_else(malformed)?;
        let minutes = number(minutes, 2).ok_or_else(malformed)?;
        let seconds = number(seconds, 2).ok_or_else(malformed)?;
        let ticks = number(&format!("{fraction:0<7}"), 7).ok_or_else(malformed)?;
        if fraction.is_empty() {
            return Err(malformed());
        }
        within(days, Self::MAX_DAYS, "days", "")?;
        within(hours, 23, "hours", "; a day is written 1.00:00:00")?;
        within(minutes, 59, "minutes", "; an hour is written 01:00:00")?;
        within(seconds, 59, "seconds", "; a minute is written 00:01:00")?;
        let seconds = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
        Ok(Self(
            Duration::from_secs(seconds) + Duration::from_nanos(ticks * 100),
        ))
    }
}

fn within(value: u64, most: u64, unit: &str, hint: &str) -> Result<(), Flaw> {
    if value <= most {
        return Ok(());
    }
    Err(Flaw::new(
        format!("has {value} {unit}"),
        format!("Give at most {most} {unit}{hint}."),
    ))
}

impl FromStr for TimeSpan {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self::read(text).map_err(|flaw| flaw.at("the TimeSpan", None))?)
    }
}

impl From<Duration> for TimeSpan {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
        if days > 0 {
            write!(f, "{days}.")?;
        }
        write!(
            f,
            "{:02}:{:02}:{:02}",
            hours % 24,
            minutes % 60,
            seconds % 60
        )?;
        match self.0.subsec_nanos() {
            nanos if nanos < 100 => Ok(()),
            nanos if nanos % 1_000_000 < 100 => write!(f, ".{:03}", nanos / 1_000_000),
            nanos => write!(f, ".{:07}", nanos / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Duration, String> {
        TimeSpan::read(text)
            .map(|span| span.0)
            .map_err(|flaw| format!("{}. {}", flaw.what, flaw.remedy))
    }

    #[test]
    fn the_written_forms() {
        for (text, millis) in [
            ("00:02:00", 120_000),
            ("00:00:00.500", 500),
            ("00:00:00.5", 500),
            ("0:2:0", 120_000),
            ("01:30", 5_400_000),
            (" 1.00:00:00 ", 86_400_000),
            ("00:00:00", 0),
        ] {
            assert_eq!(read(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(read("00:00:00.0000001"), Ok(Duration::from_nanos(100)));
    }

    #[test]
    fn what_is_not_one_says_what_is_allowed() {
        for text in [
            "",
            "5s",
            "00:00:",
            "::",
            "1:2:3:4",
            "00:00:01.",
            "00:00:00.12345678",
            "+1:00",
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains("[d.]hh:mm:ss[.fffffff]"), "{text}: {error}");
        }
        for (text, remedy) in [
            ("24:00:00", "at most 23 hours; a day is written 1.00:00:00"),
            ("00:60:00", "at most 59 minutes"),
            (
                "00:00:90",
                "at most 59 seconds; a minute is written 00:01:00",
            ),
            ("99999999.00:00:00", "at most 10675198 days"),
            ("-00:00:01", "zero or more"),
            ("120", "00:02:00 for two minutes"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(remedy), "{text}: {error}");
        }
    }

    #[test]
    fn whole_milliseconds_are_written_as_such() {
        assert_eq!(
            TimeSpan(Duration::from_millis(500)).to_string(),
            "00:00:00.500"
        );
        assert_eq!(
            TimeSpan(Duration::from_nanos(100)).to_string(),
            "00:00:00.0000001"
        );
        assert_eq!(TimeSpan(Duration::from_secs(1)).to_string(), "00:00:01");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn what_is_written_reads_back(
            seconds in 0..TimeSpan::MAX_DAYS * 86_400,
            ticks in prop_oneof![Just(0), (0..1_000_u32).prop_map(|ms| ms * 10_000), 0..10_000_000_u32],
        ) {
            let duration = Duration::new(seconds, ticks * 100);
            prop_assert_eq!(read(&TimeSpan(duration).to_string()), Ok(duration));
        }

        #[test]
        fn any_text_is_answered(text in "[0-9:. -]{0,20}|\\PC{0,12}") {
            let _ = read(&text);
        }
    }
}
