//! The whole state of an account, to compare before and after.

use alert_drill::lab::Lab;
use alert_drill::lab::snapshot::Include;
use serde_json::{Map, Value};

/// Everything in the lab but what is history: what a log, a queue or a trail's bucket has grown by, the
/// number of a function's change, instances that are terminated.
pub(crate) fn of(lab: &Lab) -> Value {
    let mut state = lab.snapshot_with(Include { secrets: true, history: false });
    without_history(&mut state);
    state
}

fn without_history(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["revision_id", "streams", "objects", "published", "SubscriptionsDeleted", "messages"] {
                members.remove(name);
            }
            forget_terminated(members);
            members.values_mut().for_each(without_history);
        }
        Value::Array(elements) => elements.iter_mut().for_each(without_history),
        _ => {}
    }
}

/// Takes out the terminated instances of a Region, with their reservations and tags: AWS forgets them within an hour.
fn forget_terminated(region: &mut Map<String, Value>) {
    let Some(Value::Object(instances)) = region.get_mut("instances") else { return };
    let mut terminated = Vec::new();
    instances.retain(|id, instance| {
        let is_terminated = instance["state"] == "Terminated";
        terminated.extend(is_terminated.then(|| id.clone()));
        !is_terminated
    });
    let of_terminated =
        |ids: &Value| ids.as_array().is_some_and(|ids| ids.iter().all(|id| terminated.iter().any(|gone| id == gone)));
    if let Some(Value::Object(reservations)) = region.get_mut("reservations") {
        reservations.retain(|_, reservation| !of_terminated(&reservation["instances"]));
    }
    if let Some(Value::Object(tags)) = region.get_mut("tags").and_then(|tags| tags.get_mut("by_resource")) {
        tags.retain(|id, _| !terminated.contains(id));
    }
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
