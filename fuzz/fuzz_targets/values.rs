//! Values: payloads of any type, encoding and size.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| unstale::fuzzing::check("values", input));
