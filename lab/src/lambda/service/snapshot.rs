//! The functions, as a snapshot shows them.

use serde_json::{Value, json};

use super::Lambda;
use super::state::{FunctionState, Version};
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
    json!({
        "aliases": by_name(&function.aliases),
        "event_invoke_configs": by_name(&function.event_invokes),
        "policies": by_name(function.policies.iter().map(|(key, policy)| (key, policy.to_json()))),
        "published": function.published,
        "reserved_concurrency": function.concurrency.limit(),
        "tags": function.tags,
        "urls": by_name(&function.urls),
        "versions": by_name(function.all_versions().map(|version| (version.label(), of_version(version, secrets)))),
    })
}

fn of_version(version: &Version, secrets: bool) -> Value {
    let settings = &version.settings;
    let variables = settings.environment.iter();
    json!({
        "architectures": settings.architectures,
        "code_sha256": version.package.code_sha256(),
        "dead_letters": settings.dead_letters,
        "description": version.description(),
        "environment": by_name(variables.map(|(name, value)| (name, if secrets { value.as_str() } else { HIDDEN }))),
        "handler": settings.handler,
        "memory_size": settings.memory_size,
        "revision_id": version.revision_id,
        "role": settings.role,
        "runtime": settings.runtime.to_string(),
        "timeout": settings.timeout,
    })
}
