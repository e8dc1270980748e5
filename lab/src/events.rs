//! EventBridge: event buses, the rules on them, and the targets that a matching event is delivered to.
//!
//! What an event meets on a bus, rule by rule, is logged in [`Deliveries`](crate::deliveries::Deliveries): a disabled rule,
//! a read-only event that the rule's state holds back, a pattern that does not match (with the paths that fail), no
//! target, and for every target whether it took the event. The metrics are AWS's: `MatchedEvents`, `TriggeredRules`,
//! `Invocations`, `FailedInvocations` and `InvocationsSentToDlq` of namespace `AWS/Events`, by `RuleName`.
//!
//! A target that refuses the event (no permission, no such resource) is not tried again, as in AWS, which retries only
//! throttling and faults of the target's service; the target's dead-letter queue gets the event if there is one. A
//! `RetryPolicy` is kept and given back.
//!
//! Not here, and refused by name: schedules, targets other than topics, queues and functions, roles of targets, archives,
//! replays, connections, API destinations, partner sources, global endpoints, encryption of buses, and rules of other accounts.
//!
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/>, and the answers that the service gives, as
//! recorded in the snapshots of LocalStack's tests (`tests/aws/services/events`).

mod bus;
mod delivery;
mod permission;
mod put;
mod rule;
mod snapshot;
mod summary;
mod tags;
mod target;
pub mod transform;

use std::sync::Arc;

use serde_json::Value;

use self::bus::Buses;
use crate::cloud::Cloud;
use crate::deliveries::Carried;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::scope::{Scope, Scoped};

/// The bus that every account has in every Region: the one that AWS services send their events to.
const DEFAULT_BUS: &str = "default";

/// EventBridge: the buses of every account and Region.
#[derive(Debug, Default)]
pub(crate) struct Events {
    buses: Scoped<Buses>,
}

impl Events {
    operations! { OPERATIONS =
        pub(crate) fn call(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateEventBus" => self.create_event_bus(call),
            "DeleteEventBus" => self.delete_event_bus(call),
            "DescribeEventBus" => self.describe_event_bus(call),
            "ListEventBuses" => self.list_event_buses(call),
            "PutPermission" => self.put_permission(call),
            "RemovePermission" => self.remove_permission(call),
            "PutRule" => self.put_rule(call),
            "DeleteRule" => self.delete_rule(call),
            "DescribeRule" => self.describe_rule(call),
            "ListRules" => self.list_rules(call),
            "EnableRule" => self.enable_rule(call),
            "DisableRule" => self.disable_rule(call),
            "PutTargets" => self.put_targets(call),
            "RemoveTargets" => self.remove_targets(call),
            "ListTargetsByRule" => self.list_targets_by_rule(call),
            "ListRuleNamesByTarget" => self.list_rule_names_by_target(call),
            "TestEventPattern" => put::test_event_pattern(call),
            "PutEvents" => self.put_events(cloud, call),
            "TagResource" => self.tag_resource(call),
            "UntagResource" => self.untag_resource(call),
            "ListTagsForResource" => self.list_tags_for_resource(call),
            refused "CreateApiDestination", "CreateArchive", "CreateConnection", "StartReplay",
        }
    }

    /// Puts the event of a service's own on the default bus of its scope, as CloudTrail does with a record.
    ///
    /// `read_only` events are seen only by rules in state `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub(crate) fn put_service_event(
        &self,
        cloud: &Arc<Cloud>,
        scope: &Scope,
        event: Arc<Value>,
        read_only: bool,
        carried: &Carried,
    ) {
        self.deliver(cloud, scope, DEFAULT_BUS, event, read_only, carried);
    }
}

/// A parameter that breaks its constraint, in the words of AWS's own validation.
fn invalid(value: &str, parameter: &str, constraint: &str) -> AwsError {
    AwsError::bad_request(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}"
        ),
    )
}

/// Checks the name of a rule, a target or a bus: `pattern` is AWS's, and all of them are sets of characters.
fn check_name(name: &str, parameter: &str, most: usize, slash: bool) -> Result<(), AwsError> {
    if name.is_empty() {
        return Err(invalid(name, parameter, "Member must have length greater than or equal to 1"));
    }
    if name.chars().count() > most {
        return Err(invalid(name, parameter, &format!("Member must have length less than or equal to {most}")));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c) || (slash && c == '/');
    if name.chars().all(allowed) {
        return Ok(());
    }
    let pattern = if slash { r"[/\.\-_A-Za-z0-9]+" } else { r"[\.\-_A-Za-z0-9]+" };
    Err(invalid(name, parameter, &format!("Member must satisfy regular expression pattern: {pattern}")))
}

fn not_found(message: String) -> AwsError {
    AwsError::bad_request("ResourceNotFoundException", message)
}

/// The quota of something is used up, in AWS's words.
fn limit_exceeded() -> AwsError {
    AwsError::bad_request("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
}

/// One page of a list that is sorted by name: what comes after the token, `limit` of it, and the next token.
///
/// A token names the last element that was given, so that it stays good when elements come and go.
fn page<T>(
    all: impl Iterator<Item = (String, T)>,
    next_token: Option<&str>,
    limit: Option<i64>,
) -> Result<(Vec<T>, Option<String>), AwsError> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let limit = limit.unwrap_or(100);
    if !(1..=100).contains(&limit) {
        let bound = if limit < 1 { "greater than or equal to 1" } else { "less than or equal to 100" };
        return Err(invalid(&limit.to_string(), "limit", &format!("Member must have value {bound}")));
    }
    let after = match next_token {
        None => None,
        Some(token) => {
            let name = URL_SAFE_NO_PAD.decode(token).ok().and_then(|name| String::from_utf8(name).ok());
            Some(name.ok_or_else(|| {
                AwsError::bad_request("ValidationException", "Parameter NextToken is not valid.".to_owned())
            })?)
        }
    };
    let mut rest = all.filter(|(name, _)| after.as_ref().is_none_or(|after| name > after)).peekable();
    let mut last = String::new();
    let mut page = Vec::new();
    while page.len() < usize::try_from(limit).unwrap_or(100) {
        let Some((name, element)) = rest.next() else { break };
        last = name;
        page.push(element);
    }
    let token = rest.peek().is_some().then(|| URL_SAFE_NO_PAD.encode(&last));
    Ok((page, token))
}

#[cfg(test)]
mod tests;
