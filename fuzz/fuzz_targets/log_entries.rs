//! Log entries and positions, as they come from a Stream, a channel or a header.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| unstale::fuzzing::check("log_entries", input));
