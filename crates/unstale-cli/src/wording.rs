//! Figures as people read them.

use std::time::Duration;

/// A span, to about two digits: `0 ms`, `950 ms`, `2.5 s`, `3 min`, `5 h`, `2 d`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..10 => format!("{:.1} s", span.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A rate per second.
pub(crate) fn rate(rate: f64) -> String {
    if rate >= 10_000.0 {
        format!("{:.0}k/s", rate / 1_000.0)
    } else if rate >= 10.0 || rate == 0.0 {
        format!("{rate:.0}/s")
    } else {
        format!("{rate:.1}/s")
    }
}

/// A share between 0 and 1.
pub(crate) fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", share * 100.0))
}

/// So many of something.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What may come from anybody, without what a terminal would obey.
pub(crate) fn harmless(text: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(visible).collect()
}

/// A position; of several partitions the first, and how many more there are.
pub(crate) fn place(position: &str) -> String {
    let others = position.matches('.').count();
    match position.split_once('.') {
        Some((first, _)) => format!("{} and {others} more", harmless(first)),
        None => harmless(position),
    }
}

/// The time of day in UTC, of microseconds since 1970.
pub(crate) fn time_of_day(micros: u64) -> String {
    let (millis, seconds) = (micros / 1_000 % 1_000, micros / 1_000_000 % 86_400);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let spans = [0, 950, 2_500, 45_000, 180_000, 18_000_000, 172_800_000];
        let spans = spans.map(|millis| span(Duration::from_millis(millis)));
        let expected = ["0 ms", "950 ms", "2.5 s", "45 s", "3 min", "5 h", "2 d"];
        assert_eq!(spans, expected);
        assert_eq!(
            [0.0, 0.5, 12.3, 25_000.0].map(rate),
            ["0/s", "0.5/s", "12/s", "25k/s"]
        );
        assert_eq!(share(Some(0.5)), "50.0%");
        assert_eq!(place("7-1"), "7-1");
        assert_eq!(place("0/3:7-1.1/3:7-9.2/3:8-1"), "0/3:7-1 and 2 more");
        assert_eq!(time_of_day(86_399_999_000), "23:59:59.999Z");
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        assert_eq!(harmless("a\u{1b}[2J\n"), "a\u{fffd}[2J\u{fffd}");
    }
}
