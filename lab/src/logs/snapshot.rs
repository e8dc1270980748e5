//! The log groups, as a snapshot shows them.

use serde_json::{Value, json};

use super::{Group, Logs};
use crate::snapshot::by_name;

impl Logs {
    /// All log groups, by account and Region; of the streams the number of their events.
    pub(crate) fn snapshot(&self) -> Value {
        self.scopes
            .snapshot(|state| Value::Object(by_name(state.groups.iter().map(|(name, group)| (name, of_group(group))))))
    }
}

fn of_group(group: &Group) -> Value {
    json!({
        "retention_days": group.retention_days,
        "streams": by_name(group.streams.iter().map(|(name, stream)| (name, json!({ "events": stream.events.len() })))),
        "tags": group.tags,
    })
}
