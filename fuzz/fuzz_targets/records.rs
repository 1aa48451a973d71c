//! Records: what anybody may have left under a key in L2.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| unstale::fuzzing::check("records", input));
