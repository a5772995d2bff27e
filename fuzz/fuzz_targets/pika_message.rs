#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| busway_driver_pika::fuzzing::pika_message(data));
