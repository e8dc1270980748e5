//! A filter policy, a line break, a message's body. The body's strings at the top level are the attributes too. Reading
//! never panics, and the explanation agrees with what is accepted, in either scope.

#![no_main]

use std::collections::BTreeMap;

use alert_drill_lab::filter::{FilterPolicy, MessageAttribute, Scope};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|text: &str| {
    let (policy, body) = text.split_once('\n').unwrap_or((text, ""));
    let fields: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    let attribute = |value: &Value| match value {
        Value::String(text) => MessageAttribute::string(text),
        Value::Number(number) => MessageAttribute::number(number.to_string()),
        Value::Array(_) => MessageAttribute::string_array(value.to_string()),
        _ => MessageAttribute::binary(),
    };
    let attributes: BTreeMap<_, _> = fields.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    for scope in [Scope::MessageAttributes, Scope::MessageBody] {
        match FilterPolicy::parse(policy, scope) {
            Ok(policy) => {
                let explanation = policy.explain(&attributes, body);
                assert_eq!(explanation.accepted, policy.accepts(&attributes, body));
                assert_eq!(explanation.drop.is_none(), explanation.accepted);
                assert!(!policy.is_empty() || explanation.accepted);
            }
            Err(error) => assert!(!error.message().is_empty() && !error.in_subscribe().is_empty()),
        }
    }
});
