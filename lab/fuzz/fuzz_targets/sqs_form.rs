//! Forms of the older protocol of SQS, translated into JSON, and back into XML.
#![no_main]

use alert_drill_lab::fuzzing::sqs_form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| sqs_form(data));
