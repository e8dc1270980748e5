//! The rules in short, as the lab's own page shows them.

use serde_json::{Value, json};

use super::Events;
use super::rule::Rule;
use crate::scope::Scope;

impl Events {
    /// Every rule of every bus in short.
    pub(crate) fn summaries(&self) -> Vec<Value> {
        let mut rules = Vec::new();
        self.buses.for_each(|scope, buses| {
            for (bus, rule) in buses.iter().flat_map(|(name, bus)| bus.rules.values().map(move |rule| (name, rule))) {
                rules.push(summary(scope, bus, rule));
            }
        });
        rules
    }
}

fn summary(scope: &Scope, bus: &str, rule: &Rule) -> Value {
    let targets: Vec<Value> = rule
        .targets
        .iter()
        .map(|target| {
            json!({
                "id": target.id,
                "arn": target.arn,
                "dead_letter_queue": target.dead_letter_queue(),
                "is_transformed":
                    target.input.is_some() || target.input_path.is_some() || target.input_transformer.is_some(),
            })
        })
        .collect();
    json!({
        "account": scope.account,
        "region": scope.region,
        "name": rule.name,
        "arn": rule.arn,
        "bus": bus,
        "state": rule.state,
        "pattern": rule.pattern_text,
        "targets": targets,
    })
}
