//! The model's server and the real one take every step alike.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, and this is how a test fails"
)]

use differential::{Site, Tally, Transport, walk};

/// More have been tried: see README.md.
const SEEDS: std::ops::Range<u64> = 0..60;
const STEPS: usize = 150;

/// What the walks have to come across, or they show less than they seem to.
const MET: [&str; 30] = [
    "AwaitFill: handed over",
    "AwaitFill: nobody waited",
    "AwaitFill: nothing yet",
    "ChangeOwner",
    "Claim: Granted",
    "Claim: Occupied",
    "Clock",
    "Evict",
    "Fence: Fenced",
    "Fill: refused, awaited",
    "Fill: refused, not awaited",
    "Fill: stored, awaited",
    "Fill: stored, not awaited",
    "Flush",
    "GoBack",
    "Invalidate: Appended",
    "Invalidate: NotFenced",
    "LookGuarded: nothing found, nothing said",
    "LookGuarded: nothing found, something said",
    "LookGuarded: something found, nothing said",
    "LookGuarded: something found, something said",
    "LoseMeta",
    "MetaGoesBack",
    "Plant",
    "Release: Done",
    "Store: Appended",
    "Store: NotFenced",
    "TakeOver: No",
    "TakeOver: Yes",
    "Touch: Left",
];

fn agree(transport: Transport) {
    let site = Site::start().expect("a server: run `cargo xtask test`");
    let mut tally = Tally::default();
    for seed in SEEDS {
        if let Err(difference) = walk(&site, transport, seed, STEPS, &mut tally) {
            panic!("{difference:#}");
        }
    }
    for met in MET {
        assert!(tally.0.contains_key(met), "never: {met}\n{tally:#?}");
    }
}

#[test]
fn over_streams() {
    agree(Transport::Streams);
}

#[test]
fn over_pub_sub() {
    agree(Transport::PubSub);
}
