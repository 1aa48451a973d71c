//! What an entry of L1 takes up beside its key and its value: the bytes that are allocated.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::Row;
use crate::measure::{Outcome, Spread, Target, Unit};
use crate::setup::{Run, output_of, sibling};

pub(super) const ROW: Row = Row {
    name: "memory",
    title: "memory of an L1 entry",
    measure,
};

/// What the program `allocations` writes about entries.
#[derive(Deserialize)]
struct Entries {
    beside_key_and_value: Vec<(String, f64)>,
}

fn measure(_: &Run) -> Result<Outcome> {
    let counted = output_of(Command::new(sibling("allocations")?).arg("memory"))?;
    let counted: Entries =
        serde_json::from_str(&counted).context("the program `allocations` wrote no figures")?;
    let mut outcome = Outcome::default();
    for (who, bytes) in counted.beside_key_and_value {
        let target = match who.as_str() {
            "unstale" => Target::AtMost(150.0),
            _ => Target::None,
        };
        let what = format!("an entry of L1 beside key and value, {who}");
        outcome.claim_figure(&what, Unit::Bytes, Spread::of([bytes]), target);
    }
    Ok(outcome)
}
