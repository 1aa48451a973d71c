//! What has to hold for any input: the properties that are fuzzed.
//!
//! Each target is a function that panics where one of its properties does not hold. `fuzz/` hands
//! it to the fuzzer, and `tests/corpora.rs` runs it on every input that was kept, so a property is
//! written once. Not a part of the public interface: it lies in here because what it looks at is
//! private, and only the feature `fuzzing` compiles it.
//!
//! A target reads its input twice: as what somebody left on the server, in a header or in a file,
//! and as the choices of a generator, which come to what is well-formed, or almost, more often
//! than chance does. So the inputs that are kept can be read and written by hand.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a property that does not hold panics"
)]

mod bans;
mod configuration;
mod connection_strings;
mod damage;
mod document;
mod globs;
mod log_entries;
mod records;
mod scripts;
mod shown;
mod values;

pub use scripts::{PATTERNS, Pattern};

/// One target of the fuzzer.
#[derive(Debug)]
pub struct Target {
    /// The name of the target and of its corpus.
    pub name: &'static str,
    /// Panics where a property does not hold for this input.
    pub check: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 7] = [
    Target {
        name: "records",
        check: records::check,
    },
    Target {
        name: "values",
        check: values::check,
    },
    Target {
        name: "log_entries",
        check: log_entries::check,
    },
    Target {
        name: "bans",
        check: bans::check,
    },
    Target {
        name: "globs",
        check: globs::check,
    },
    Target {
        name: "connection_strings",
        check: connection_strings::check,
    },
    Target {
        name: "configuration",
        check: configuration::check,
    },
];

/// Runs the target of this name; panics when there is none.
pub fn check(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target has this name").check)(input);
}
