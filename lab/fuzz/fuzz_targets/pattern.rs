//! An event pattern, a line break, an event. Reading either never panics, the explanation agrees with the match, and a
//! mismatch names what failed.

#![no_main]

use alert_drill_lab::pattern::Pattern;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let (pattern, event) = text.split_once('\n').unwrap_or((text, "{}"));
    let _ = Pattern::check_length(pattern);
    let pattern = match Pattern::parse(pattern) {
        Ok(pattern) => pattern,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.explained().is_empty());
            return;
        }
    };
    let Ok(event) = serde_json::from_str::<Value>(event) else { return };
    let matched = pattern.matches(&event);
    let explanation = pattern.explain(&event);
    assert_eq!(explanation.matched, matched);
    assert_eq!(explanation.failures.is_empty(), matched);
    assert!(!explanation.to_string().is_empty());
});
