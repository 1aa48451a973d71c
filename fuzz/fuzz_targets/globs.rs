//! Globs, and the keys and patterns that typed spaces make.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| unstale::fuzzing::check("globs", input));
