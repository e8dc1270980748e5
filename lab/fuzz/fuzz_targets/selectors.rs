//! CloudTrail's event selectors, and what they select.
#![no_main]

use std::cell::RefCell;

use alert_drill_lab::fuzzing::Gateway;
use libfuzzer_sys::fuzz_target;

thread_local!(static GATEWAY: RefCell<Gateway> = RefCell::default());

fuzz_target!(|data: &[u8]| GATEWAY.with_borrow_mut(|gateway| gateway.selectors(data)));
