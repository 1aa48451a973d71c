//! Replays every input that fuzzing kept, and inputs near them, within bounds of time and memory.
//!
//! The properties are those of `unstale::fuzzing`; `fuzz/README.md` says where the inputs are from.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, and this is how a test fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use testbed::{Server, Value};
use unstale::fuzzing::{PATTERNS, TARGETS, Target};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One input at a time, because all tests share the memory.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What an input may cost: serde trusts a length for a megabyte at most, and LZ4 expands to at most
/// 255 times as much, which is then read as values of many types.
const FREE_MEMORY: usize = 4 << 20;
const MEMORY_PER_BYTE: usize = 8 << 10;

/// Far more of a processor's time than any input needs, and far less than what grows exponentially.
const TIME: Duration = Duration::from_secs(5);

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// The inputs kept for a target, by name.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<_> = fs::read_dir(corpora().join(target))
        .expect("each target has a corpus")
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    inputs.sort();
    inputs
}

/// What this thread has had of a processor: others may keep it waiting for as long as they like.
fn time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

fn check_within_bounds(target: &Target, input: &[u8]) {
    MEMORY.reset_peak_usage();
    let (before, began) = (MEMORY.current_usage(), time());
    (target.check)(input);
    let took = time() - began;
    let memory = MEMORY.peak_usage().saturating_sub(before);
    let name = target.name;
    assert!(took < TIME, "{name} took {took:?}");
    let most = FREE_MEMORY + MEMORY_PER_BYTE * input.len();
    assert!(memory <= most, "{name} took {memory} bytes of memory");
}

fn replay(target: &str) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let target = TARGETS.iter().find(|known| known.name == target).unwrap();
    let inputs = inputs(target.name);
    for (name, input) in &inputs {
        println!("replaying fuzz/corpus/{}/{name}", target.name);
        check_within_bounds(target, input);
    }
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let near = (prop::sample::select(inputs), edits, 0.0..1.5);
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result = TestRunner::new_with_rng(config, seed).run(&near, |((_, input), edits, part)| {
        let mut input = input;
        for (place, byte) in edits {
            if !input.is_empty() {
                *place.get_mut(&mut input) = byte;
            }
        }
        input.truncate((input.len() as f64 * part) as usize);
        check_within_bounds(target, &input);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn records() {
    replay("records");
}

#[test]
fn values() {
    replay("values");
}

#[test]
fn log_entries() {
    replay("log_entries");
}

#[test]
fn bans() {
    replay("bans");
}

#[test]
fn globs() {
    replay("globs");
}

#[test]
fn connection_strings() {
    replay("connection_strings");
}

#[test]
fn configuration() {
    replay("configuration");
}

#[test]
fn every_target_has_a_corpus_and_a_fuzzer() {
    let mut names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    let stems = |folder: &Path| {
        let mut stems: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                path.file_stem().unwrap().to_str().unwrap().to_owned()
            })
            .collect();
        stems.sort();
        stems
    };
    assert_eq!(stems(&corpora()), names);
    assert_eq!(stems(&corpora().join("../fuzz_targets")), names);
    for name in names {
        assert!(inputs(name).len() >= 5, "{name} has hardly any inputs");
    }
}

/// The properties read the scripts' patterns as regular expressions. On a real server they mean
/// the same for every input that was kept.
#[test]
fn the_scripts_patterns_mean_what_the_properties_take_them_for() {
    let server = Server::start().expect("a server: run `cargo xtask test`");
    let mut matching = 0;
    for pattern in PATTERNS {
        let script = format!("return {{string.match(ARGV[1], '{}')}}", pattern.lua);
        for (name, input) in ["records", "bans"].into_iter().flat_map(inputs) {
            let lines = input.split(|byte| *byte == b'\n');
            for text in lines.chain([&*input]) {
                // The fold looks at the name of a field, which begins so.
                for text in [text.to_vec(), [b"b:", text].concat()] {
                    let words = [b"EVAL", script.as_bytes(), b"0", &text];
                    let Value::Array(there) = server.command(words).unwrap() else {
                        panic!("the script answers a list");
                    };
                    let here = pattern.captures(&text).unwrap_or_default();
                    matching += usize::from(!here.is_empty());
                    let here: Vec<_> = here
                        .into_iter()
                        .map(|text| Value::BulkString(text.to_vec()))
                        .collect();
                    assert_eq!(here, there, "{name}: {}", pattern.lua);
                }
            }
        }
    }
    assert!(matching >= 20, "only {matching} texts match");
}
