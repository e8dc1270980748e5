//! Reading CloudTrail's JSON, whose lists and names differ from call to call.

use serde_json::Value;

/// A text field. The name may also begin with an upper-case letter, as below `ModifySecurityGroupRulesRequest`.
pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    match field(value, name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, also as text.
pub(super) fn number(value: &Value, name: &str) -> Option<i64> {
    let value = field(value, name)?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A field by its name in camel case or Pascal case.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).or_else(|| value.get(pascal(name)))
}

/// The elements of a list: `{"items": […]}`, `[…]`, or one object in place of a list. `{}` is the empty list.
pub(super) fn items(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(object)) => match object.get("items") {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(Value::Null) => Vec::new(),
            Some(other) => vec![other],
            None if object.is_empty() => Vec::new(),
            None => value.into_iter().collect(),
        },
        Some(other @ Value::String(_)) => vec![other],
        _ => Vec::new(),
    }
}

/// Every text below this value that begins so, in order, each once.
pub(super) fn texts_with_prefix(value: &Value, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, prefix, &mut found);
    found
}

fn collect(value: &Value, prefix: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with(prefix) && !found.contains(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|item| collect(item, prefix, found)),
        Value::Object(object) => object.values().for_each(|item| collect(item, prefix, found)),
        _ => {}
    }
}

fn pascal(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
