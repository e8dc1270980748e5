//! The functions, as a snapshot shows them.

use serde_json::{Value, json};

use super::{FunctionState, Lambda};
use crate::snapshot::by_name;

/// In place of the value of an environment variable.
const HIDDEN: &str = "(hidden)";

impl Lambda {
    /// All functions, by account and Region; the values of their environment variables only with `secrets`.
    pub(crate) fn snapshot(&self, secrets: bool) -> Value {
        self.regions.snapshot(|region| {
            let functions = region.functions.iter();
            Value::Object(by_name(functions.map(|(name, function)| (name, of_function(function, secrets)))))
        })
    }
}

fn of_function(function: &FunctionState, secrets: bool) -> Value {
    let settings = &function.settings;
    let variables = settings.environment.iter();
    json!({
        "architectures": settings.architectures,
        "code_sha256": function.package.code_sha256(),
        "description": settings.description,
        "environment": by_name(variables.map(|(name, value)| (name, if secrets { value.as_str() } else { HIDDEN }))),
        "handler": settings.handler,
        "memory_size": settings.memory_size,
        "policy": function.policy.as_ref().map(|policy| policy.to_json()),
        "reserved_concurrency": function.concurrency.limit(),
        "retry": function.retry.map(|retry| json!({ "attempts": retry.attempts, "age_seconds": retry.age_seconds })),
        "revision_id": function.revision_id,
        "role": settings.role,
        "runtime": settings.runtime.to_string(),
        "tags": function.tags,
        "timeout": settings.timeout,
    })
}
