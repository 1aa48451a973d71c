//! What came of one row.

use serde::Serialize;

use super::{Claim, Series, Spread, Target, Unit, Verdict};

/// What came of one row.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// What was measured.
    pub series: Vec<Series>,
    /// What is claimed of it.
    pub claims: Vec<Claim>,
    /// What else a reader has to know.
    pub remarks: Vec<String>,
    /// Whole tables of their own.
    pub reports: Vec<String>,
}

impl Outcome {
    /// With these measurements.
    pub fn of(series: Vec<Series>) -> Self {
        Self {
            series,
            ..Self::default()
        }
    }

    /// Claims how ours compares with theirs: ours divided by theirs.
    pub fn claim_ratio(&mut self, what: &str, ours: [&str; 2], theirs: [&str; 2], target: Target) {
        self.claim_quotient(what, (ours, theirs), (ours, theirs), target);
    }

    /// Claims how many times better ours is where less is better: theirs divided by ours.
    pub fn claim_advantage(
        &mut self,
        what: &str,
        ours: [&str; 2],
        theirs: [&str; 2],
        target: Target,
    ) {
        self.claim_quotient(what, (theirs, ours), (ours, theirs), target);
    }

    /// Claims something of one series: of one contender's measure.
    pub fn claim_value(&mut self, what: &str, ours: [&str; 2], target: Target) {
        let series = self.find(ours);
        let claim = Claim {
            what: what.to_owned(),
            ours: shown(series),
            theirs: String::new(),
            figure: series.and_then(Series::spread),
            unit: series.map_or(Unit::Count, |series| series.unit),
            target,
        };
        self.claims.push(claim);
    }

    /// Claims something that no series has.
    pub fn claim_figure(&mut self, what: &str, unit: Unit, figure: Option<Spread>, target: Target) {
        self.claims.push(Claim {
            what: what.to_owned(),
            ours: String::new(),
            theirs: String::new(),
            figure,
            unit,
            target,
        });
    }

    /// Something that a reader has to know.
    pub fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }

    /// A contender's measure.
    pub fn find(&self, [contender, measure]: [&str; 2]) -> Option<&Series> {
        self.series
            .iter()
            .find(|series| series.contender == contender && series.measure == measure)
    }

    /// Whether any claim has this verdict.
    pub fn has(&self, verdict: Verdict) -> bool {
        self.claims.iter().any(|claim| claim.verdict() == verdict)
    }

    fn claim_quotient(
        &mut self,
        what: &str,
        (over, under): ([&str; 2], [&str; 2]),
        (ours, theirs): ([&str; 2], [&str; 2]),
        target: Target,
    ) {
        let figure = match (self.find(over), self.find(under)) {
            (Some(over), Some(under)) => over.over(under),
            _ => None,
        };
        let other = self.find(theirs);
        self.claims.push(Claim {
            what: what.to_owned(),
            ours: shown(self.find(ours)),
            theirs: other.map_or_else(String::new, |other| {
                format!("{}: {}", other.contender, shown(Some(other)))
            }),
            figure,
            unit: Unit::Ratio,
            target,
        });
    }
}

/// The median, for people.
fn shown(series: Option<&Series>) -> String {
    series.map_or_else(String::new, |series| {
        let spread = series.spread();
        spread.map_or_else(String::new, |spread| series.unit.show(spread.median))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        let series = |contender: &str, figures: [f64; 2]| Series {
            contender: contender.into(),
            measure: "p50".into(),
            unit: Unit::Nanoseconds,
            rounds: figures.into_iter().enumerate().collect(),
        };
        Outcome::of(vec![
            series("unstale", [100.0, 100.0]),
            series("moka", [300.0, 400.0]),
        ])
    }

    const OURS: [&str; 2] = ["unstale", "p50"];
    const THEIRS: [&str; 2] = ["moka", "p50"];

    #[test]
    fn an_advantage_is_the_ratio_upside_down() {
        let mut outcome = outcome();
        outcome.claim_ratio("ratio", OURS, THEIRS, Target::AtMost(0.3));
        outcome.claim_advantage("advantage", OURS, THEIRS, Target::AtLeast(3.5));
        let figure = |claim: &Claim| claim.figure.map(|figure| figure.median);
        assert_eq!(figure(&outcome.claims[1]), Some(3.5));
        assert!(figure(&outcome.claims[0]).is_some_and(|ratio| (ratio - 0.2917).abs() < 0.001));
        assert_eq!(outcome.claims[1].ours, "100 ns");
        assert_eq!(outcome.claims[1].theirs, "moka: 350 ns");
        assert!(outcome.has(Verdict::Met) && !outcome.has(Verdict::Missed));
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let mut outcome = outcome();
        outcome.claim_ratio("gone", OURS, ["nobody", "p50"], Target::AtMost(9.0));
        outcome.claim_value("gone", ["nobody", "p50"], Target::AtMost(9.0));
        assert!(outcome.has(Verdict::NotMeasured) && !outcome.has(Verdict::Met));
    }
}
