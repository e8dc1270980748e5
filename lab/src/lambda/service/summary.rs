//! The functions in short, as the lab's own page shows them.

use serde_json::{Value, json};

use super::Lambda;
use super::state::FunctionState;

impl Lambda {
    /// Every function in short. Of its variables the names alone: the values are secrets, and a webhook's URL is one.
    pub(crate) fn summaries(&self) -> Vec<Value> {
        let mut functions = Vec::new();
        self.regions.for_each(|scope, region| {
            for function in region.functions.values() {
                let mut function = summary(function);
                function["account"] = scope.account.clone().into();
                function["region"] = scope.region.clone().into();
                functions.push(function);
            }
        });
        functions
    }
}

fn summary(function: &FunctionState) -> Value {
    let settings = &function.latest.settings;
    json!({
        "name": settings.name,
        "arn": function.arn,
        "runtime": settings.runtime.to_string(),
        "handler": settings.handler,
        "state": "Active",
        "timeout_seconds": settings.timeout,
        "memory_megabytes": settings.memory_size,
        "last_modified": function.latest.last_modified,
        "variables": settings.environment.keys().collect::<Vec<_>>(),
        "has_policy": !function.policies.is_empty(),
        "reserved_concurrency": function.concurrency.limit(),
    })
}
