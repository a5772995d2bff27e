#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| busway_driver_amqp1::fuzzing::amqp1_sasl(data));
