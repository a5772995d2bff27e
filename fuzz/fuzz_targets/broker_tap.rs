#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| busway_broker::fuzzing::broker_tap(data));
