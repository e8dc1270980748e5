//! What a target gets of an event: a path into it, or a template filled from it.
//!
//! AWS accepts a subset of JSONPath (dots, array indices, wildcards; no quoted brackets) and a template that is a JSON
//! object or one or more quoted strings, with `<names>` to be filled. What surprises people, and is so here too:
//!
//! - A path that leads nowhere fills in an empty string; nothing fails.
//! - A template of text is sent as it stands, quotes and backslashes included.
//! - Within quotes, objects and arrays lose their quotes, and nothing is escaped: a value with a quote in it makes a JSON
//!   template invalid, and the event is not delivered.
//!
//! Source: "Amazon EventBridge input transformation" in the EventBridge user guide, and recorded answers of the service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time;

/// The longest template, in characters, and the most paths that it is filled from ("InputTransformer" in the API reference).
const LONGEST_TEMPLATE: usize = 8192;
const MOST_PATHS: usize = 100;
/// How many bytes a template becomes at the most. No target takes more: a topic 256 KiB, a queue or a function 1 MiB.
const LARGEST_FILLED: usize = 1024 * 1024;

/// The names that need no path.
const RESERVED: [&str; 5] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
];

/// `InputTransformer` of a target.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct InputTransformer {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    input_paths_map: BTreeMap<String, String>,
    input_template: String,
}

/// What a template may name beside the paths of its map.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The rule's ARN.
    pub rule_arn: &'a str,
    /// The rule's name.
    pub rule_name: &'a str,
    /// When the bus got the event.
    pub ingested: Timestamp,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step<'a> {
    Field(&'a str),
    Index(usize),
    All,
}

/// The steps of a path; none if it is not one that EventBridge reads.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            steps.push(match index {
                "*" => Step::All,
                index => Step::Index(index.parse().ok()?),
            });
            rest = after;
        } else {
            let after = rest.strip_prefix('.')?;
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            let allowed = |c: char| c.is_alphanumeric() || "-_/:@".contains(c);
            steps.push(match name {
                "*" => Step::All,
                name if !name.is_empty() && name.chars().all(allowed) => Step::Field(name),
                _ => return None,
            });
            rest = after;
        }
    }
    Some(steps)
}

/// Whether EventBridge reads this path.
pub(super) fn is_path(path: &str) -> bool {
    steps(path).is_some()
}

/// What a path leads to: one value, or the list of all values if the path has a wildcard.
#[must_use]
pub fn at(event: &Value, path: &str) -> Option<Value> {
    let steps = steps(path)?;
    let mut found = vec![event];
    for step in &steps {
        found = found
            .into_iter()
            .flat_map(|value| match (step, value) {
                (Step::Field(name), Value::Object(members)) => members.get(*name).into_iter().collect(),
                (Step::Index(index), Value::Array(elements)) => elements.get(*index).into_iter().collect(),
                (Step::All, Value::Array(elements)) => elements.iter().collect(),
                (Step::All, Value::Object(members)) => members.values().collect(),
                _ => Vec::new(),
            })
            .collect();
    }
    if steps.contains(&Step::All) {
        return (!found.is_empty()).then(|| found.into_iter().cloned().collect());
    }
    found.first().map(|value| (*value).clone())
}

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    Name { name: &'a str, quoted: bool },
}

impl InputTransformer {
    /// A transformer by its `InputPathsMap` and `InputTemplate`.
    #[must_use]
    pub fn new(paths: BTreeMap<String, String>, template: impl Into<String>) -> Self {
        Self { input_paths_map: paths, input_template: template.into() }
    }

    /// The names of the template whose path leads to nothing in this event, with their paths: they are filled with nothing.
    #[must_use]
    pub fn empty_paths(&self, event: &Value) -> Vec<(&str, &str)> {
        let used: Vec<&str> = self
            .pieces()
            .filter_map(|piece| match piece {
                Piece::Name { name, .. } => Some(name),
                Piece::Text(_) => None,
            })
            .collect();
        let paths = self.input_paths_map.iter().map(|(name, path)| (name.as_str(), path.as_str()));
        paths.filter(|(name, path)| used.contains(name) && at(event, path).is_none()).collect()
    }

    /// Whether PutTargets takes the transformer of this target; the error is AWS's sentence.
    pub(crate) fn check(&self, target: &str) -> Result<(), String> {
        let long = |what: &str, most: usize| {
            let constraint = format!("Member must have length less than or equal to {most}");
            Err(format!(
                "1 validation error detected: {what} of target {target} failed to satisfy constraint: {constraint}"
            ))
        };
        if self.input_template.chars().count() > LONGEST_TEMPLATE {
            return long("InputTemplate", LONGEST_TEMPLATE);
        }
        if self.input_paths_map.len() > MOST_PATHS {
            return long("InputPathsMap", MOST_PATHS);
        }
        for (name, path) in &self.input_paths_map {
            if name.to_ascii_lowercase().starts_with("aws.") {
                return Err(format!("InputPathsMap for target {target} contains reserved key {name}."));
            }
            if !is_path(path) {
                return Err(format!("InputPath {path} of {name} for target {target} is invalid."));
            }
        }
        for piece in self.pieces() {
            let Piece::Name { name, .. } = piece else { continue };
            if !RESERVED.contains(&name) && !self.input_paths_map.contains_key(name) {
                return Err(format!("InputTemplate for target {target} contains invalid placeholder {name}."));
            }
            if name == "aws.events.event.json" && !self.is_json() {
                return Err(format!(
                    "InputTemplate for target {target} contains placeholder {name} valid only for JSON template."
                ));
            }
        }
        let filled: String = self
            .pieces()
            .map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Name { quoted: true, .. } => "",
                Piece::Name { quoted: false, .. } => "null",
            })
            .collect();
        // Only the first value is looked at: a template of text may have a quoted string on each of its lines.
        let first = serde_json::Deserializer::from_str(&filled).into_iter::<Value>().next();
        match first {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(format!("Invalid InputTemplate for target {target} : [{error}].")),
            None => Err(format!("Invalid InputTemplate for target {target} : [it is empty].")),
        }
    }

    fn is_json(&self) -> bool {
        self.input_template.trim_start().starts_with('{')
    }

    /// The template filled from an event.
    ///
    /// # Errors
    /// Why it cannot be sent.
    pub fn render(&self, event: &Value, around: Surroundings<'_>) -> Result<String, String> {
        let json = self.is_json();
        let mut filled = String::with_capacity(self.input_template.len() + 64);
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Name { name, quoted } => {
                    let value = self.value(name, event, around);
                    filled.push_str(&if json && !quoted { value.to_string() } else { bare(&value) });
                }
            }
            if filled.len() > LARGEST_FILLED {
                return Err(format!(
                    "the filled input template has more than {LARGEST_FILLED} bytes, which no target takes"
                ));
            }
        }
        if json && let Err(error) = serde_json::from_str::<Value>(&filled) {
            return Err(format!("the filled input template is not JSON ({error}): {filled}"));
        }
        Ok(filled)
    }

    fn value(&self, name: &str, event: &Value, around: Surroundings<'_>) -> Value {
        match name {
            "aws.events.rule-arn" => around.rule_arn.into(),
            "aws.events.rule-name" => around.rule_name.into(),
            "aws.events.event.ingestion-time" => time::seconds(around.ingested).into(),
            "aws.events.event" => without_detail(event),
            "aws.events.event.json" => event.clone(),
            name => self.input_paths_map.get(name).and_then(|path| at(event, path)).unwrap_or_else(|| "".into()),
        }
    }

    /// The template in pieces, each name with whether it stands within quotes.
    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let template = self.input_template.as_str();
        let (mut at, mut within, mut escaped) = (0, false, false);
        // A name ends somewhere: what follows the last bracket is text, however many open in it.
        let last = template.rfind('>').unwrap_or_default();
        std::iter::from_fn(move || {
            if at == template.len() {
                return None;
            }
            let rest = &template[at..];
            if let Some((name, _)) = rest.strip_prefix('<').and_then(|after| after.split_once('>')) {
                at += name.len() + 2;
                escaped = false;
                return Some(Piece::Name { name, quoted: within });
            }
            let mut length = 0;
            for (index, c) in rest.char_indices() {
                if c == '<' && index > 0 && at + index < last {
                    break;
                }
                match c {
                    _ if escaped => escaped = false,
                    '\\' if within => escaped = true,
                    '"' => within = !within,
                    _ => {}
                }
                length = index + c.len_utf8();
            }
            at += length;
            Some(Piece::Text(&rest[..length]))
        })
    }
}

/// The event without its detail; its `detail-type` is `detailType` there.
fn without_detail(event: &Value) -> Value {
    let Some(members) = event.as_object() else { return Value::Null };
    let renamed = |name: &String| if name == "detail-type" { "detailType".to_owned() } else { name.clone() };
    let members: Map<_, _> = members
        .iter()
        .filter(|(name, _)| *name != "detail")
        .map(|(name, value)| (renamed(name), value.clone()))
        .collect();
    Value::Object(members)
}

/// A value within a text: strings as they are, objects and arrays without their quotes.
fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string().replace('"', ""),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The event of the user guide's examples.
    fn event() -> Value {
        json!({
            "version": "0",
            "id": "7bf73129-1428-4cd3-a780-95db273d1602",
            "detail-type": "EC2 Instance State-change Notification",
            "source": "aws.ec2",
            "account": "123456789012",
            "time": "2015-11-11T21:29:54Z",
            "region": "us-east-1",
            "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789"],
            "detail": { "instance-id": "i-0123456789", "state": "RUNNING" },
        })
    }

    fn transformer(template: &str) -> InputTransformer {
        let paths = [
            ("timestamp", "$.time"),
            ("instance", "$.detail.instance-id"),
            ("state", "$.detail.state"),
            ("resource", "$.resources[0]"),
            ("detail", "$.detail"),
            ("all", "$.resources"),
            ("none", "$.detail.absent"),
        ];
        let input_paths_map = paths.into_iter().map(|(name, path)| (name.to_owned(), path.to_owned())).collect();
        InputTransformer { input_paths_map, input_template: template.to_owned() }
    }

    fn render(template: &str) -> Result<String, String> {
        let around = Surroundings {
            rule_arn: "arn:aws:events:us-east-1:123456789012:rule/example",
            rule_name: "example",
            ingested: "2015-11-11T21:29:55.5Z".parse().unwrap(),
        };
        let transformer = transformer(template);
        transformer.check("t1")?;
        transformer.render(&event(), around)
    }

    #[test]
    fn the_examples_of_the_user_guide() {
        let table = [
            (r#""instance <instance> is in <state>""#, r#""instance i-0123456789 is in RUNNING""#),
            (r#""instance \"<instance>\" is in <state>""#, r#""instance \"i-0123456789\" is in RUNNING""#),
            (r#"{"instance" : <instance>, "state": <state>}"#, r#"{"instance" : "i-0123456789", "state": "RUNNING"}"#),
            (
                r#"{"instance" : <instance>, "state": "<state>", "instanceStatus": "instance \"<instance>\" is in <state>"}"#,
                r#"{"instance" : "i-0123456789", "state": "RUNNING", "instanceStatus": "instance \"i-0123456789\" is in RUNNING"}"#,
            ),
            (
                r#"{"instance" : <instance>, "state": [ 9, <state>, true ], "Transformed" : "Yes"}"#,
                r#"{"instance" : "i-0123456789", "state": [ 9, "RUNNING", true ], "Transformed" : "Yes"}"#,
            ),
            (
                r#"{"ruleArn" : <aws.events.rule-arn>, "ruleName" : <aws.events.rule-name>, "at": <aws.events.event.ingestion-time>}"#,
                r#"{"ruleArn" : "arn:aws:events:us-east-1:123456789012:rule/example", "ruleName" : "example", "at": "2015-11-11T21:29:55Z"}"#,
            ),
            (
                "\"<timestamp>\"\n\"<resource>\"",
                "\"2015-11-11T21:29:54Z\"\n\"arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789\"",
            ),
        ];
        for (template, wanted) in table {
            assert_eq!(render(template).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn what_leads_nowhere_is_empty_and_what_is_no_string_keeps_its_form() {
        assert_eq!(render(r#""<none>!""#).as_deref(), Ok(r#""!""#));
        assert_eq!(render(r#"{"a": <none>}"#).as_deref(), Ok(r#"{"a": ""}"#));
        assert_eq!(
            render(r#"{"a": <detail>}"#).as_deref(),
            Ok(r#"{"a": {"instance-id":"i-0123456789","state":"RUNNING"}}"#)
        );
        assert_eq!(
            render(r#"{"a": "<detail>"}"#).as_deref(),
            Ok(r#"{"a": "{instance-id:i-0123456789,state:RUNNING}"}"#)
        );
        let whole = render(r#"{"e": <aws.events.event.json>}"#).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&whole).unwrap()["e"], event());
        let short: Value = serde_json::from_str(&render(r#"{"e": <aws.events.event>}"#).unwrap()).unwrap();
        assert_eq!((&short["e"]["detailType"], short["e"].get("detail")), (&event()["detail-type"], None));
    }

    #[test]
    fn a_template_and_what_it_becomes_are_limited() {
        let refused = |template: String| render(&template).unwrap_err();
        assert!(refused(format!("\"{}\"", "<".repeat(LONGEST_TEMPLATE))).contains("less than or equal to 8192"));
        let paths = (0..=MOST_PATHS).map(|number| (number.to_string(), "$.detail".to_owned())).collect();
        assert!(InputTransformer::new(paths, "\"<1>\"").check("t1").unwrap_err().contains("less than or equal to 100"));
        let event = json!({ "detail": "x".repeat(200_000) });
        let around = Surroundings { rule_arn: "", rule_name: "", ingested: Timestamp::UNIX_EPOCH };
        let grows = |times: usize| transformer(&format!("[{}]", "<detail>".repeat(times))).render(&event, around);
        assert!(grows(5).is_ok());
        assert!(grows(1000).unwrap_err().contains("no target takes"));
    }

    #[test]
    fn what_put_targets_refuses() {
        let table = [
            (r#""<nope>""#, "InputTemplate for target t1 contains invalid placeholder nope."),
            (
                r#""<aws.events.event.json>""#,
                "InputTemplate for target t1 contains placeholder aws.events.event.json valid only for JSON template.",
            ),
        ];
        for (template, wanted) in table {
            assert_eq!(render(template).unwrap_err(), wanted);
        }
        for template in ["instance <instance>", r#"{"a": }"#, r#"{<instance>: 1}"#, " "] {
            let refused = render(template).unwrap_err();
            assert!(refused.starts_with("Invalid InputTemplate for target t1 : "), "{template}: {refused}");
        }
    }

    #[test]
    fn a_value_with_a_quote_breaks_a_json_template() {
        let transformer = InputTransformer {
            input_paths_map: BTreeMap::from([("said".to_owned(), "$.detail".to_owned())]),
            input_template: r#"{"a": "<said>"}"#.to_owned(),
        };
        let around = Surroundings { rule_arn: "", rule_name: "", ingested: Timestamp::UNIX_EPOCH };
        let refused = transformer.render(&json!({ "detail": "a \"b\"" }), around).unwrap_err();
        assert!(refused.starts_with("the filled input template is not JSON"), "{refused}");
    }

    #[test]
    fn where_quotes_begin_and_end() {
        // A quote behind a backslash ends nothing; one behind an escaped backslash does.
        let table = [
            (r#"{"a": "\"<state>\"", "b": <state>}"#, r#"{"a": "\"RUNNING\"", "b": "RUNNING"}"#),
            (r#"{"a": "\\", "b": <state>}"#, r#"{"a": "\\", "b": "RUNNING"}"#),
        ];
        for (template, wanted) in table {
            assert_eq!(render(template).as_deref(), Ok(wanted));
        }
        // "<" cannot be escaped, as the user guide says.
        assert!(render(r#"{"a": "1 < 2", "b": <state>}"#).unwrap_err().contains("invalid placeholder  2"));
    }

    #[test]
    fn paths() {
        let event = json!({ "detail": { "a": [{ "b": 1 }, { "b": 2 }], "c-d_e": "x" } });
        let table = [
            ("$", Some(event.clone())),
            ("$.detail.c-d_e", Some(json!("x"))),
            ("$.detail.a[1].b", Some(json!(2))),
            ("$.detail.a[*].b", Some(json!([1, 2]))),
            ("$.detail.a[7]", None),
            ("$.nope.b", None),
        ];
        for (path, wanted) in table {
            assert_eq!(at(&event, path), wanted, "{path}");
        }
        for path in ["detail", "$.", "$['detail']", "$.a[x]", "$.a[", "$..b"] {
            assert!(!is_path(path), "{path}");
        }
    }
}
