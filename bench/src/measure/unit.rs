//! What a figure counts, and how it is shown.

use serde::Serialize;

/// What a figure counts.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A span of time, in nanoseconds.
    Nanoseconds,
    /// How often something was done in a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Instructions of the processor.
    Instructions,
    /// How many.
    Count,
    /// One figure divided by another.
    Ratio,
    /// A share of a whole, from 0 to 1.
    Share,
}

impl Unit {
    /// A figure for people.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Nanoseconds => {
                scaled(value, &[("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)])
            }
            Self::PerSecond => scaled(value, &[("/s", 1.0), ("k/s", 1e3), ("M/s", 1e6)]),
            Self::Bytes => scaled(value, &[("B", 1.0), ("kB", 1e3), ("MB", 1e6)]),
            Self::Instructions => format!("{value:.0} instr."),
            Self::Count => three_digits(value),
            Self::Ratio => format!("{}x", three_digits(value)),
            Self::Share => format!("{:.1}%", value * 100.0),
        }
    }
}

/// In the largest of these units in which there is a digit before the point.
fn scaled(value: f64, units: &[(&str, f64)]) -> String {
    let fitting = units.iter().rev().find(|(_, size)| value.abs() >= *size);
    let (name, size) = fitting.or(units.first()).copied().unwrap_or(("", 1.0));
    format!("{} {name}", three_digits(value / size))
}

fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        _ if value.fract() == 0.0 => 0,
        0.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_in_a_unit_that_fits() {
        assert_eq!(Unit::Nanoseconds.show(53.27), "53.3 ns");
        assert_eq!(Unit::Nanoseconds.show(129_500.0), "130 us");
        assert_eq!(Unit::Nanoseconds.show(8.1e9), "8.10 s");
        assert_eq!(Unit::PerSecond.show(412_345.0), "412 k/s");
        assert_eq!(Unit::Bytes.show(0.0), "0 B");
        assert_eq!(Unit::Ratio.show(1.234), "1.23x");
        assert_eq!(Unit::Share.show(0.512), "51.2%");
        assert_eq!(Unit::Count.show(2.0), "2");
    }
}
