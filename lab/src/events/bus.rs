//! Event buses.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::tags::{Tag, check_tags};
use super::{DEFAULT_BUS, Events, check_name, limit_exceeded, not_found, page};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::Policy;
use crate::scope::Scope;
use crate::time;

/// How many buses an account may have in a Region.
///
/// Source: "Amazon EventBridge quotas" in the EventBridge user guide.
const MOST_BUSES: usize = 100;

/// The buses of one account in one Region; the default bus is always there.
#[derive(Debug)]
pub(super) struct Buses {
    by_name: BTreeMap<String, Bus>,
}

impl Default for Buses {
    fn default() -> Self {
        Self { by_name: BTreeMap::from([(DEFAULT_BUS.to_owned(), Bus::new(None, BTreeMap::new()))]) }
    }
}

/// One bus.
#[derive(Debug)]
pub(super) struct Bus {
    pub(super) rules: BTreeMap<String, Arc<Rule>>,
    pub(super) tags: BTreeMap<String, String>,
    /// Who else than its account may put events on it.
    pub(super) policy: Option<Policy>,
    description: Option<String>,
    created: Timestamp,
}

impl Bus {
    fn new(description: Option<String>, tags: BTreeMap<String, String>) -> Self {
        Self { rules: BTreeMap::new(), tags, policy: None, description, created: Timestamp::now() }
    }

    pub(super) fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Whether the bus is as AWS gives the default one.
    pub(super) fn is_untouched(&self) -> bool {
        self.rules.is_empty() && self.tags.is_empty() && self.description.is_none()
    }
}

impl Buses {
    /// The bus with this name.
    pub(super) fn get(&self, name: &str) -> Result<&Bus, AwsError> {
        self.by_name.get(name).ok_or_else(|| no_bus(name))
    }

    /// Every bus with its name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Bus)> {
        self.by_name.iter()
    }

    /// The bus with this name, to change it.
    pub(super) fn get_mut(&mut self, name: &str) -> Result<&mut Bus, AwsError> {
        self.by_name.get_mut(name).ok_or_else(|| no_bus(name))
    }
}

fn no_bus(name: &str) -> AwsError {
    not_found(format!("Event bus {name} does not exist."))
}

/// The ARN of a bus.
pub(super) fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("events", format_args!("event-bus/{name}"))
}

/// The name of the bus that a caller names by name or by ARN; the default bus if it names none.
pub(super) fn named(scope: &Scope, given: Option<&str>) -> Result<String, AwsError> {
    let Some(given) = given else { return Ok(DEFAULT_BUS.to_owned()) };
    match given.strip_prefix("arn:") {
        None => {
            check_name(given, "eventBusName", 256, true)?;
            Ok(given.to_owned())
        }
        Some(_) => given
            .strip_prefix(&arn(scope, ""))
            .map(str::to_owned)
            .ok_or_else(|| AwsError::unsupported(format_args!("a bus of another account or Region: {given}"))),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateEventBus {
    name: String,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteEventBus {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeEventBus {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListEventBuses {
    name_prefix: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    event_bus_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    name: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    creation_time: f64,
    last_modified_time: f64,
}

impl Described {
    fn of(scope: &Scope, name: &str, bus: &Bus) -> Self {
        let created = time::epoch(bus.created);
        Self {
            name: name.to_owned(),
            arn: arn(scope, name),
            description: bus.description.clone(),
            policy: bus.policy.as_ref().map(|policy| policy.text().to_owned()),
            creation_time: created,
            last_modified_time: created,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    event_buses: Vec<Described>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Events {
    pub(super) fn create_event_bus(&self, call: &Call) -> Result<Reply, AwsError> {
        let CreateEventBus { name, description, tags } = call.input()?;
        check_name(&name, "name", 256, true)?;
        if name.contains('/') {
            // AWS allows the slash in the buses of partners only.
            return Err(AwsError::bad_request("ValidationException", "Event bus name must not contain '/'."));
        }
        let tags = check_tags(&tags)?;
        self.buses.with(&call.scope, |buses| {
            if buses.by_name.contains_key(&name) {
                let message = format!("Event bus {name} already exists.");
                return Err(AwsError::bad_request("ResourceAlreadyExistsException", message));
            }
            if buses.by_name.len() >= MOST_BUSES {
                return Err(limit_exceeded());
            }
            buses.by_name.insert(name.clone(), Bus::new(description.clone(), tags));
            Ok(())
        })?;
        call.reply(&Created { event_bus_arn: arn(&call.scope, &name), description })
    }

    pub(super) fn delete_event_bus(&self, call: &Call) -> Result<Reply, AwsError> {
        let DeleteEventBus { name } = call.input()?;
        check_name(&name, "name", 256, true)?;
        if name == DEFAULT_BUS {
            return Err(AwsError::bad_request("ValidationException", "Cannot delete event bus default."));
        }
        self.buses.with(&call.scope, |buses| match buses.by_name.get(&name) {
            Some(bus) if !bus.rules.is_empty() => {
                Err(AwsError::bad_request("ValidationException", "Event bus can't be deleted since it has rules."))
            }
            // Deleting what is not there succeeds.
            _ => {
                buses.by_name.remove(&name);
                Ok(())
            }
        })?;
        call.done()
    }

    pub(super) fn describe_event_bus(&self, call: &Call) -> Result<Reply, AwsError> {
        let DescribeEventBus { name } = call.input()?;
        let name = named(&call.scope, name.as_deref())?;
        let described =
            self.buses.with(&call.scope, |buses| buses.get(&name).map(|bus| Described::of(&call.scope, &name, bus)))?;
        call.reply(&described)
    }

    pub(super) fn list_event_buses(&self, call: &Call) -> Result<Reply, AwsError> {
        let ListEventBuses { name_prefix, next_token, limit } = call.input()?;
        let prefix = name_prefix.unwrap_or_default();
        let (event_buses, next_token) = self.buses.with(&call.scope, |buses| {
            let all = buses.by_name.iter().filter(|(name, _)| name.starts_with(&prefix));
            let all = all.map(|(name, bus)| (name.clone(), Described::of(&call.scope, name, bus)));
            page(all, next_token.as_deref(), limit)
        })?;
        call.reply(&Listed { event_buses, next_token })
    }
}
