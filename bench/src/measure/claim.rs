//! Claims: a figure, and what it has to be.

use std::fmt;

use serde::Serialize;

use super::{Spread, Unit};

/// What a figure has to be.
#[derive(Copy, Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// No larger than this.
    AtMost(f64),
    /// No smaller than this.
    AtLeast(f64),
    /// From the first to the second.
    Between(f64, f64),
    /// Anything: it is only told.
    None,
}

impl Target {
    /// Whether a figure is as it has to be.
    pub fn is_met_by(self, figure: f64) -> bool {
        match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
            Self::Between(least, most) => (least..=most).contains(&figure),
            Self::None => true,
        }
    }

    /// For people, in this unit.
    pub fn show(self, unit: Unit) -> String {
        match self {
            Self::AtMost(most) => format!("<= {}", unit.show(most)),
            Self::AtLeast(least) => format!(">= {}", unit.show(least)),
            Self::Between(least, most) => format!("{} - {}", unit.show(least), unit.show(most)),
            Self::None => String::new(),
        }
    }
}

/// What is to be thought of a claim.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it has to be.
    Met,
    /// Not so.
    Missed,
    /// There is a target, and no figure.
    NotMeasured,
    /// There is no target.
    Told,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Missed => "MISSED",
            Self::NotMeasured => "not measured",
            Self::Told => "",
        })
    }
}

/// A figure, and what it has to be.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// What is claimed.
    pub what: String,
    /// What was measured of Unstale.
    pub ours: String,
    /// What was measured of the other, and who that is.
    pub theirs: String,
    /// The figure.
    pub figure: Option<Spread>,
    /// What the figure counts.
    pub unit: Unit,
    /// What it has to be.
    pub target: Target,
}

impl Claim {
    /// What is to be thought of it: the median decides.
    pub fn verdict(&self) -> Verdict {
        match (self.target, self.figure) {
            (Target::None, _) => Verdict::Told,
            (_, None) => Verdict::NotMeasured,
            (target, Some(figure)) if target.is_met_by(figure.median) => Verdict::Met,
            _ => Verdict::Missed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(target: Target, figures: &[f64]) -> Verdict {
        let claim = Claim {
            what: "it".into(),
            ours: String::new(),
            theirs: String::new(),
            figure: Spread::of(figures.iter().copied()),
            unit: Unit::Ratio,
            target,
        };
        claim.verdict()
    }

    #[test]
    fn the_median_decides() {
        assert_eq!(verdict(Target::AtMost(1.5), &[1.4, 1.5, 9.0]), Verdict::Met);
        assert_eq!(
            verdict(Target::AtMost(1.5), &[0.1, 1.51, 1.6]),
            Verdict::Missed
        );
        assert_eq!(verdict(Target::AtLeast(3.0), &[3.0]), Verdict::Met);
        assert_eq!(verdict(Target::AtLeast(3.0), &[2.9]), Verdict::Missed);
        assert_eq!(verdict(Target::Between(0.8, 1.2), &[0.8]), Verdict::Met);
        assert_eq!(verdict(Target::Between(0.8, 1.2), &[1.3]), Verdict::Missed);
        assert_eq!(verdict(Target::AtMost(0.0), &[0.0]), Verdict::Met);
    }

    #[test]
    fn a_figure_that_is_missing_does_not_meet_a_target() {
        assert_eq!(verdict(Target::AtMost(1.0), &[]), Verdict::NotMeasured);
        assert_eq!(verdict(Target::None, &[]), Verdict::Told);
    }

    #[test]
    fn a_figure_that_is_no_number_does_not_meet_a_target() {
        assert_eq!(verdict(Target::AtMost(1.0), &[f64::NAN]), Verdict::Missed);
    }
}
