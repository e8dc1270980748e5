//! The buses with their rules, as a snapshot shows them.

use serde_json::{Value, json};

use super::Events;
use super::bus::Bus;
use super::rule::Rule;
use crate::snapshot::by_name;

impl Events {
    /// All buses, by account and Region.
    pub(crate) fn snapshot(&self) -> Value {
        self.buses.snapshot(|buses| {
            let buses = buses.iter().filter(|(_, bus)| !bus.is_untouched());
            Value::Object(by_name(buses.map(|(name, bus)| (name, of_bus(bus)))))
        })
    }
}

fn of_bus(bus: &Bus) -> Value {
    json!({
        "description": bus.description(),
        "rules": by_name(bus.rules.iter().map(|(name, rule)| (name, of_rule(rule)))),
        "tags": bus.tags,
    })
}

fn of_rule(rule: &Rule) -> Value {
    json!({
        "description": rule.description(),
        "event_pattern": rule.pattern_text(),
        "role_arn": rule.role_arn(),
        "state": rule.state,
        "tags": rule.tags,
        "targets": rule.targets,
    })
}
