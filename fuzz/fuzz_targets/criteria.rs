//! What is checked stands in `filter_pattern_verify::fuzzing::criteria`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| filter_pattern_verify::fuzzing::criteria(data));
