//! Requests to every operation, some in a row in a cloud of their own: no bytes make a handler panic.
#![no_main]

use std::cell::RefCell;

use alert_drill_lab::fuzzing::Gateway;
use libfuzzer_sys::fuzz_target;

thread_local!(static GATEWAY: RefCell<Gateway> = RefCell::default());

fuzz_target!(|data: &[u8]| GATEWAY.with_borrow_mut(|gateway| gateway.requests(data)));
