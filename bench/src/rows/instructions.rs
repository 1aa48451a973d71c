//! Instructions that the hot paths take, counted by callgrind, beside what they took when the
//! baseline was recorded. Unlike times, they are the same on a busy machine.

mod callgrind;

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use anyhow::{Context as _, Result};

use super::Row;
use crate::measure::{Claim, Outcome, Spread, Target, Unit};
use crate::setup::Run;

/// Only compares counts with the baseline: no server, no clock.
pub const ROW: Row = Row {
    name: "instructions",
    title: "instructions of the hot paths, by callgrind",
    measure,
};

/// The paths that the program `hot_paths` goes, and how often.
pub const PATHS: [(&str, usize); 8] = [
    (PEER, 20_000),
    ("get", 20_000),
    ("space-get", 20_000),
    ("space-get-inspected", 20_000),
    ("get-or-load", 20_000),
    ("miss", 2_000),
    ("remove", 2_000),
    ("remove-and-receive", 2_000),
];

/// How much more than the baseline is allowed. The seeds of hash tables differ from run to run.
const TOLERANCE: f64 = 1.05;

/// The same where the log is read while it is written. How many entries are read at once goes by the
/// clock, and so by how busy the machine is.
const TOLERANCE_OF_READERS: f64 = 1.15;

const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline/instructions.json");

fn measure(run: &Run) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let baseline = baseline()?;
    let counted = match callgrind::find() {
        Some(callgrind) => count_all(run, &callgrind)?,
        None => {
            outcome.remark("valgrind is not installed, so instructions were not counted");
            BTreeMap::new()
        }
    };
    for path in names() {
        let (now, then) = (counted.get(path), baseline.get(path));
        let figure = match (now, then) {
            (Some(now), Some(then)) if *then > 0.0 => Spread::of([now / then]),
            _ => None,
        };
        let show = |count: Option<&f64>| {
            count.map_or_else(String::new, |count| Unit::Instructions.show(*count))
        };
        let target = match path {
            // The peer is there to compare with, and may do as it likes; the other is a difference
            // of two counts that are not exact.
            PEER | RECEIVE => Target::None,
            "remove" | "remove-and-receive" => Target::AtMost(TOLERANCE_OF_READERS),
            _ => Target::AtMost(TOLERANCE),
        };
        outcome.claims.push(Claim {
            what: format!("instructions: {path}"),
            ours: show(now),
            theirs: format!("baseline: {}", show(then)),
            figure,
            unit: Unit::Ratio,
            target,
        });
    }
    Ok(outcome)
}

/// Counts, and makes what was counted the baseline.
///
/// # Errors
/// When valgrind is missing, or the baseline cannot be written.
pub fn record(run: &Run) -> Result<()> {
    let callgrind = callgrind::find().context("valgrind is not installed")?;
    let counted = count_all(run, &callgrind)?;
    let text = serde_json::to_string_pretty(&counted)? + "\n";
    fs::write(BASELINE, text).with_context(|| format!("cannot write {BASELINE}"))
}

/// What is counted: the paths, and what another instance does to receive a removal.
fn names() -> impl Iterator<Item = &'static str> {
    PATHS.iter().map(|(name, _)| *name).chain([RECEIVE])
}

const PEER: &str = "quick-cache-get";
const RECEIVE: &str = "receive";

fn baseline() -> Result<BTreeMap<String, f64>> {
    let text = match fs::read_to_string(BASELINE) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {BASELINE}")),
    };
    serde_json::from_str(&text).with_context(|| format!("{BASELINE} is no baseline"))
}

fn count_all(run: &Run, callgrind: &callgrind::Callgrind) -> Result<BTreeMap<String, f64>> {
    run.progress.step("counting instructions");
    let counts = thread::scope(|scope| {
        let count = |(path, times)| scope.spawn(move || callgrind.each(path, times));
        let running: Vec<_> = PATHS.map(count).into_iter().collect();
        let counts = running.into_iter().map(|thread| {
            let joined = thread.join();
            joined.unwrap_or_else(|_| Err(anyhow::anyhow!("a thread that counts has panicked")))
        });
        counts.collect::<Result<Vec<f64>>>()
    })?;
    let mut counted: BTreeMap<_, _> = PATHS
        .iter()
        .zip(counts)
        .map(|((path, _), count)| ((*path).to_owned(), count.round()))
        .collect();
    let with_receiver = counted.get("remove-and-receive").copied();
    let alone = counted.get("remove").copied();
    if let (Some(with_receiver), Some(alone)) = (with_receiver, alone) {
        counted.insert(RECEIVE.to_owned(), with_receiver - alone);
    }
    Ok(counted)
}
