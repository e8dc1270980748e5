//! Bodies in CBOR, which CloudWatch's SDKs send.
#![no_main]

use alert_drill_lab::fuzzing::cbor_body;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| cbor_body(data));
