//! The JSON Schema of scenario files, for editors.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::Scenario;

/// The JSON Schema (draft 2020-12) of a scenario file.
pub fn schema() -> Value {
    SchemaSettings::draft2020_12()
        .with_transform(RecursiveTransform(without_null))
        .into_generator()
        .into_root_schema_for::<Scenario>()
        .to_value()
}

/// An optional key is left out, never `null`: a key without a value is a mistake.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = choices.as_mut_slice() {
            let only = std::mem::take(only);
            schema.remove("anyOf");
            for (key, value) in only {
                // The field's own description says more than its type's.
                if schema.get(&key).is_none() {
                    schema.insert(key, value);
                }
            }
        }
    }
}

/// [`schema`] as text: what `alert-drill schema` prints and `scenario.schema.json` holds.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = include_str!("../../scenarios/security-group-change/scenario.schema.json");

    #[test]
    fn the_committed_schema_is_fresh() {
        assert!(
            COMMITTED == schema_text(),
            "scenario.schema.json is out of date. Write it again with:\n\
             cargo run -- schema > scenarios/security-group-change/scenario.schema.json"
        );
    }

    #[test]
    fn the_schema_is_of_the_draft_that_editors_know() {
        let schema = schema();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema.get("$id"), None);
        assert_eq!(schema["additionalProperties"], false);
        assert!(!schema.to_string().contains("\"null\""), "a key without a value is a mistake");
    }
}
