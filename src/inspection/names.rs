//! What to look for.

use crate::scenario::Scenario;

/// The names of a pipeline's parts: the scenario's, where no others are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The trail.
    pub trail: String,
    /// The beginning of its bucket's name.
    pub bucket_prefix: String,
    /// The rule, on the default event bus.
    pub rule: String,
    /// The topic.
    pub topic: String,
    /// The function.
    pub function: String,
    /// The security group.
    pub group: String,
    /// The variable in which the function expects the webhook's address.
    pub webhook_variable: String,
}

impl Names {
    /// The names that a scenario has.
    pub fn of(scenario: &Scenario) -> Self {
        let pipeline = &scenario.pipeline;
        Self {
            trail: pipeline.trail.name.to_string(),
            bucket_prefix: pipeline.trail.bucket_prefix.to_string(),
            rule: pipeline.rule.name.to_string(),
            topic: pipeline.topic.name.to_string(),
            function: pipeline.function.name.to_string(),
            group: pipeline.group.name.to_string(),
            webhook_variable: pipeline.function.webhook_variable.to_string(),
        }
    }
}
