//! Configurations: they work or are told, in words that help.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| unstale::fuzzing::check("configuration", input));
