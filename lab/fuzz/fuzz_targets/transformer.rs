//! Input transformers of targets, and what they make of an event.
#![no_main]

use alert_drill_lab::fuzzing::transformer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| transformer(text));
