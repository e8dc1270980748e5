//! Form-encoded parameters, read as a tree and as typed inputs.
#![no_main]

use std::collections::BTreeMap;

use alert_drill_lab::gateway::params::Node;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    if let Ok(node) = Node::parse(data) {
        let _ = node.read::<Value>();
        let _ = node.read::<BTreeMap<String, Vec<String>>>();
        let _ = node.read::<Vec<BTreeMap<String, i32>>>();
        let _ = node.elements();
    }
});
