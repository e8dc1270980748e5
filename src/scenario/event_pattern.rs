//! The rule's event pattern, as the scenario carries it.

use std::ops::Range;

use alert_drill_lab::pattern::Pattern;
use serde_json::Value;

use super::yaml::{self, Found, Kind};

/// An EventBridge event pattern that was checked when it was loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPattern {
    text: String,
    json: Value,
}

impl EventPattern {
    /// The pattern as it is written in its file: what `PutRule` is given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The pattern as JSON: an object.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The names in `detail.eventName`, when they are all written out. `None` when the pattern does not ask for names,
    /// or asks with something else than a list of names (a prefix, an `anything-but`).
    pub fn event_names(&self) -> Option<Vec<&str>> {
        self.json.get("detail")?.get("eventName")?.as_array()?.iter().map(Value::as_str).collect()
    }

    pub(super) fn parse(text: &str) -> Result<Self, Found> {
        let json = object(text)?;
        check(text)?;
        Ok(Self { text: text.to_owned(), json })
    }
}

/// What EventBridge would refuse, as the lab's parser knows it, at the field that it names.
fn check(text: &str) -> Result<(), Found> {
    Pattern::check_length(text).map_err(|too_long| Found {
        bytes: 0..0,
        message: format!("this event pattern has {} characters", too_long.characters),
        hint: Some(format!("EventBridge takes at most {} (PutRule)", Pattern::MAX_CHARACTERS)),
    })?;
    Pattern::parse(text).map(drop).map_err(|invalid| Found {
        bytes: field(text, &invalid.path),
        message: format!("EventBridge refuses this event pattern: {}", invalid.reason),
        hint: invalid.or_hint.map(|why| format!("`$or` is not read as the operator: {why}")),
    })
}

/// Where the field of that dotted path stands, or the nearest field around it. JSON is YAML, so the scenario's own tree knows
/// the places.
fn field(text: &str, path: &str) -> Range<usize> {
    let tree = yaml::parse(text, &mut Vec::new());
    let Some(mut node) = tree.as_ref() else { return 0..text.len() };
    let mut place = node.named.clone();
    let mut rest = path;
    while let Kind::Mapping(entries) = &node.kind {
        // A key may have dots itself, so the longest that fits is meant.
        let fits = |key: &str| rest.strip_prefix(key).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        let Some(entry) = entries.iter().filter(|entry| fits(&entry.key).is_some()).max_by_key(|entry| entry.key.len())
        else {
            break;
        };
        rest = fits(&entry.key).unwrap_or_default().trim_start_matches('.');
        place = entry.bytes.clone();
        node = &entry.value;
    }
    place
}

fn object(text: &str) -> Result<Value, Found> {
    let found = |bytes: Range<usize>, message: String, hint: Option<&str>| Found {
        bytes,
        message,
        hint: hint.map(str::to_owned),
    };
    match serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(keys)) => Ok(Value::Object(keys)),
        Ok(_) => Err(found(
            0..text.len(),
            "an event pattern is a JSON object".to_owned(),
            Some("begin with `{` and a key such as `\"source\"`"),
        )),
        Err(error) => {
            let at = offset(text, error.line(), error.column());
            let message = error.to_string();
            let message = match message.split(" at line ").next().unwrap_or_default() {
                _ if error.is_eof() => "the file ends too early",
                message => message,
            };
            let rest = text.get(at..).unwrap_or_default();
            let hint = match message {
                _ if rest.starts_with('/') || rest.starts_with('#') => Some("JSON has no comments"),
                _ if rest.starts_with('\'') => Some("JSON has only double quotes"),
                _ if error.is_eof() => Some("close every bracket and every quotation mark"),
                "trailing comma" => Some("remove the comma before the closing bracket"),
                _ => None,
            };
            Err(found(at..at, format!("this is not JSON: {message}"), hint))
        }
    }
}

/// The byte that serde_json means: its lines and its columns (which are bytes) are counted from 1, and a column of 0 is
/// the end of the line before.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column).saturating_sub(1).min(text.len())
}
