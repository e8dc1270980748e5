//! A message attribute, as far as filters look at it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A message attribute of Publish (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageAttribute {
    /// `String`, `String.Array`, `Number` or `Binary`, possibly with a label of the user's after a dot.
    pub data_type: String,
    /// The value of every type but `Binary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
}

impl MessageAttribute {
    /// A `String` attribute.
    pub fn string(value: impl Into<String>) -> Self {
        Self { data_type: "String".to_owned(), string_value: Some(value.into()) }
    }

    /// A `Number` attribute, as it is written.
    pub fn number(value: impl Into<String>) -> Self {
        Self { data_type: "Number".to_owned(), string_value: Some(value.into()) }
    }

    /// A `String.Array` attribute: `json` is a JSON array of strings, numbers, booleans and nulls.
    pub fn string_array(json: impl Into<String>) -> Self {
        Self { data_type: "String.Array".to_owned(), string_value: Some(json.into()) }
    }

    /// A `Binary` attribute. Filters do not look at its value.
    pub fn binary() -> Self {
        Self { data_type: "Binary".to_owned(), string_value: None }
    }

    /// What a matcher sees; `None` for what filters do not look at: `Binary`, a `Number` that is none, an array that is none.
    pub(super) fn to_json(&self) -> Option<Value> {
        let text = self.string_value.as_deref()?;
        if self.data_type == "String.Array" {
            return serde_json::from_str(text).ok().filter(Value::is_array);
        }
        match self.data_type.split('.').next() {
            Some("String") => Some(Value::from(text)),
            Some("Number") => serde_json::from_str(text.trim()).ok().filter(Value::is_number),
            _ => None,
        }
    }
}
