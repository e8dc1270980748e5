//! Deployment packages: no archive writes outside of its directory, or more than Lambda allows.
#![no_main]

use alert_drill_lab::lambda::Package;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Package::unpack(data);
});
