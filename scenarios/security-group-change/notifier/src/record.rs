//! From the SNS message to the facts: what happened, to which group, by whom, from where.
//!
//! Records come in several shapes (array form, flat form, rule ids, the wrapper of `ModifySecurityGroupRules`); a field
//! that is missing is `None` and never an error.

mod change;
mod group;
mod json;
mod rule;

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::event::Notice;

pub use change::{Actor, Change, Identity, Refused, When};
pub use rule::{Direction, Peer, Rule};

/// What an SNS message tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alert {
    /// A CloudTrail record.
    Change(Box<Change>),
    /// Anything else, word for word.
    Plain(Plain),
}

/// A message that is not a CloudTrail record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// The subject.
    pub subject: Option<String>,
    /// The message.
    pub message: String,
    /// SNS's id of the message.
    pub message_id: Option<String>,
}

impl Alert {
    /// Reads an SNS message: an EventBridge event with a CloudTrail record in `detail`, a CloudTrail record by itself,
    /// or anything else.
    #[must_use]
    pub fn read(notice: &Notice) -> Self {
        let parsed: Result<Value, _> = serde_json::from_str(&notice.message);
        let message = match parsed {
            Ok(value) => match change(&value) {
                Some(change) => return Self::Change(Box::new(change)),
                // An input transformer of a rule may give a JSON string.
                None => value.as_str().map_or_else(|| notice.message.clone(), str::to_owned),
            },
            Err(_) => notice.message.clone(),
        };
        Self::Plain(Plain { subject: notice.subject.clone(), message, message_id: notice.message_id.clone() })
    }
}

fn change(value: &Value) -> Option<Change> {
    let record = value.get("detail").unwrap_or(value);
    // `eventName` alone makes a CloudTrail record: an event of another kind has a detail without it.
    record.get("eventName").and_then(Value::as_str)?;
    Some(Change::read(record, value))
}
