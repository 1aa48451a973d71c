//! Connection strings: read or told, and their password never shown.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| unstale::fuzzing::check("connection_strings", input));
