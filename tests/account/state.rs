//! The whole state of an account, to compare before and after.

use alert_drill::lab::Lab;
use alert_drill::lab::snapshot::Include;
use serde_json::Value;

/// Everything in the lab but what is history: what a log or a trail's bucket has grown by, the number of a function's change,
/// instances that are terminated.
pub(crate) fn of(lab: &Lab) -> Value {
    let mut state = lab.snapshot_with(Include { secrets: true, history: false });
    without_history(&mut state);
    state
}

fn without_history(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["revision_id", "streams", "objects", "published"] {
                members.remove(name);
            }
            members.retain(|_, member| !is_terminated(member));
            members.values_mut().for_each(without_history);
        }
        Value::Array(elements) => {
            elements.retain(|element| !is_terminated(element));
            elements.iter_mut().for_each(without_history);
        }
        _ => {}
    }
}

fn is_terminated(value: &Value) -> bool {
    let state = &value["state"];
    value.get("image_id").is_some() && (state == "terminated" || state["name"] == "terminated")
}

/// Panics with every difference, by its path.
#[track_caller]
pub(crate) fn assert_same(before: &Value, after: &Value, when: &str) {
    let mut differences = Vec::new();
    compare("", before, after, &mut differences);
    assert!(differences.is_empty(), "{when}:\n{}", differences.join("\n"));
}

fn compare(path: &str, before: &Value, after: &Value, differences: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, value) in one {
                match other.get(name) {
                    Some(now) => compare(&format!("{path}/{name}"), value, now, differences),
                    None => differences.push(format!("{path}/{name} is gone: {value}")),
                }
            }
            for (name, value) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
                differences.push(format!("{path}/{name} is new: {value}"));
            }
        }
        _ if before == after => {}
        _ => differences.push(format!("{path} was {before} and is {after}")),
    }
}
