//! The JSON Schema of scenario files, for editors.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Scenario;

/// The JSON Schema (draft 2020-12) of a scenario file.
pub fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Scenario>().to_value()
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
    }
}
