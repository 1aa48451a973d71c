//! The table for people, as Markdown.

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use super::{Claim, Outcome, Spread};

/// The claims of rows, each with its name, and remarks below.
pub fn table<'a>(rows: impl IntoIterator<Item = (&'a str, &'a Outcome)>) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "row",
        "what",
        "Unstale",
        "beside",
        "figure (median [low - high])",
        "target",
        "verdict",
    ]);
    let mut remarks = String::new();
    for (name, outcome) in rows {
        for claim in &outcome.claims {
            table.add_row(line(name, claim));
        }
        for remark in &outcome.remarks {
            remarks += &format!("\n- **{name}**: {remark}");
        }
    }
    format!("{table}\n{remarks}\n")
}

fn line(name: &str, claim: &Claim) -> [String; 7] {
    let figure = claim.figure.map_or_else(String::new, |figure| {
        let Spread { median, low, high } = figure;
        let show = |value| claim.unit.show(value);
        if low == high {
            return show(median);
        }
        format!("{} [{} - {}]", show(median), show(low), show(high))
    });
    [
        name.to_owned(),
        claim.what.clone(),
        claim.ours.clone(),
        claim.theirs.clone(),
        figure,
        claim.target.show(claim.unit),
        claim.verdict().to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Target, Unit};

    #[test]
    fn a_line_says_what_was_measured_and_what_it_had_to_be() {
        let mut outcome = Outcome::default();
        let figure = Spread::of([1.2, 1.6, 1.4]);
        outcome.claim_figure("hit", Unit::Ratio, figure, Target::AtMost(1.5));
        outcome.claim_figure("gone", Unit::Ratio, None, Target::AtMost(1.5));
        outcome.remark("the machine was busy");
        let table = table([("l1-hit", &outcome)]);
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[2].contains("1.40x [1.20x - 1.60x]") && lines[2].contains("<= 1.50x"));
        assert!(lines[2].contains("| met"));
        assert!(lines[3].contains("not measured"));
        assert!(table.contains("- **l1-hit**: the machine was busy"));
    }
}
