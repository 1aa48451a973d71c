//! Bans: what their text says, what they cover, and what becomes of too many.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| unstale::fuzzing::check("bans", input));
