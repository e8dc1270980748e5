//! The JSON documents that users write: event patterns, policies, filter policies, faults. What one says of an event does
//! not depend on anything but the two.
#![no_main]

use alert_drill_lab::faults::Faults;
use alert_drill_lab::filter::{FilterPolicy, Scope};
use alert_drill_lab::pattern::Pattern;
use alert_drill_lab::policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, second) = text.split_once('\n').unwrap_or((text, "{}"));
    if let (Ok(pattern), Ok(event)) = (Pattern::parse(first), serde_json::from_str(second)) {
        let matches = pattern.matches(&event);
        assert_eq!(matches, pattern.explain(&event).matched);
    }
    let _ = Policy::parse(text);
    for scope in [Scope::MessageBody, Scope::MessageAttributes] {
        let _ = FilterPolicy::parse(text, scope);
    }
    let _ = Faults::from_json(text);
});
