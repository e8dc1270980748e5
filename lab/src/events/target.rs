//! Targets: where a rule sends what it matched.

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::transform::{InputTransformer, is_path};
use super::{Events, bus, check_name, invalid, limit_exceeded, page};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// How many targets a rule may have.
///
/// Source: the description of `PutTargets` in the API reference.
const MOST_TARGETS: usize = 5;

/// How many targets one call may put or remove.
const MOST_IN_A_CALL: usize = 100;

/// A target of a rule.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_transformer: Option<InputTransformer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqs_parameters: Option<SqsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetterConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<RetryPolicy>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SqsParameters {
    message_group_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetterConfig {
    arn: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RetryPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retry_attempts: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_event_age_in_seconds: Option<i64>,
}

/// The kinds of targets that the lab has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Topic,
    Queue,
    Function,
}

impl Target {
    /// What the target is; none for a service that the lab does not deliver to.
    pub(super) fn kind(&self) -> Option<Kind> {
        let mut parts = self.arn.splitn(6, ':');
        match (parts.nth(2)?, parts.nth(2)?) {
            ("sns", _) => Some(Kind::Topic),
            ("sqs", _) => Some(Kind::Queue),
            ("lambda", resource) if resource.starts_with("function:") => Some(Kind::Function),
            _ => None,
        }
    }

    /// The message group of a FIFO queue.
    pub(super) fn message_group_id(&self) -> Option<&str> {
        self.sqs_parameters.as_ref()?.message_group_id.as_deref()
    }

    /// The queue that gets what the target did not take.
    pub(super) fn dead_letter_queue(&self) -> Option<&str> {
        self.dead_letter_config.as_ref()?.arn.as_deref()
    }

    fn check(&self, call: &Call, place: usize) -> Result<(), AwsError> {
        let wrong = |message: String| Err(AwsError::bad_request("ValidationException", message));
        let Self { id, arn, .. } = self;
        check_name(id, &format!("targets.{place}.member.id"), 64, false)?;
        self.check_arn(call)?;
        let inputs = [self.input.is_some(), self.input_path.is_some(), self.input_transformer.is_some()];
        if inputs.into_iter().filter(|given| *given).count() > 1 {
            return wrong(format!(
                "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
            ));
        }
        if self.input.as_deref().is_some_and(|input| serde_json::from_str::<serde::de::IgnoredAny>(input).is_err()) {
            return wrong(format!("JSON syntax error in input for target {id}."));
        }
        if self.input_path.as_deref().is_some_and(|path| !is_path(path)) {
            return wrong(format!("InputPath for target {id} is invalid."));
        }
        if let Some(transformer) = &self.input_transformer {
            transformer.check(id).or_else(wrong)?;
        }
        if self.kind() == Some(Kind::Queue) && arn.ends_with(".fifo") && self.message_group_id().is_none() {
            return wrong(format!("Parameter(s) SqsParameters must be specified for target: {id}."));
        }
        if self.kind() != Some(Kind::Queue) && self.sqs_parameters.is_some() {
            return wrong(format!("Parameter(s) SqsParameters not supported for target: {id}."));
        }
        self.check_failure_handling(call, place)
    }

    fn check_arn(&self, call: &Call) -> Result<(), AwsError> {
        let Self { id, arn, .. } = self;
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        if parts.len() < 6 || parts[0] != "arn" || parts[2].is_empty() || parts[5].is_empty() {
            let message = format!("Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.");
            return Err(AwsError::bad_request("ValidationException", message));
        }
        if self.role_arn.is_some() {
            return Err(call.unsupported_parameter("Targets.RoleArn"));
        }
        if self.kind().is_none() {
            let service = parts[2];
            return Err(AwsError::unsupported(format_args!("targets of the service {service} (target {id}: {arn})")));
        }
        match Scope::of_arn(arn) {
            Some(scope) if scope.account != call.scope.account => {
                let message = format!("RoleArn is required for target {arn}.");
                Err(AwsError::bad_request("ValidationException", message))
            }
            Some(_) => Ok(()),
            None => {
                let message = format!("Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.");
                Err(AwsError::bad_request("ValidationException", message))
            }
        }
    }

    fn check_failure_handling(&self, call: &Call, place: usize) -> Result<(), AwsError> {
        let within = |value: Option<i64>, name: &str, least: i64, most: i64| match value {
            Some(value) if !(least..=most).contains(&value) => {
                let bound = if value < least { "greater" } else { "less" };
                let limit = if value < least { least } else { most };
                let parameter = format!("targets.{place}.member.retryPolicy.{name}");
                let constraint = format!("Member must have value {bound} than or equal to {limit}");
                Err(invalid(&value.to_string(), &parameter, &constraint))
            }
            _ => Ok(()),
        };
        if let Some(policy) = &self.retry_policy {
            within(policy.maximum_retry_attempts, "maximumRetryAttempts", 0, 185)?;
            within(policy.maximum_event_age_in_seconds, "maximumEventAgeInSeconds", 60, 86_400)?;
        }
        // Of any account, which has to let EventBridge in; whether the queue is there shows when an event is sent to it.
        let is_queue = |arn: &str| arn.starts_with("arn:aws:sqs:") && arn.split(':').count() == 6;
        let is_near = |arn: &str| Scope::of_arn(arn).is_some_and(|scope| scope.region == call.scope.region);
        match self.dead_letter_queue() {
            Some(queue) if !is_queue(queue) || !is_near(queue) || queue.ends_with(".fifo") => {
                let message = format!(
                    "Parameter DeadLetterConfig of target {} is not valid. Reason: {queue} is not a standard queue in \
                     the Region of the rule.",
                    self.id
                );
                Err(AwsError::bad_request("ValidationException", message))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutTargets {
    rule: String,
    event_bus_name: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RemoveTargets {
    rule: String,
    event_bus_name: Option<String>,
    ids: Vec<String>,
    /// For managed rules, which the lab has none of.
    #[serde(rename = "Force")]
    _force: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListTargets {
    rule: String,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListRuleNames {
    target_arn: String,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Changed {
    failed_entry_count: usize,
    failed_entries: Vec<FailedEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FailedEntry {
    target_id: String,
    error_code: &'static str,
    error_message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Targets {
    targets: Vec<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RuleNames {
    rule_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

fn check_count(count: usize, parameter: &str) -> Result<(), AwsError> {
    match count {
        0 => Err(invalid("[]", parameter, "Member must have length greater than or equal to 1")),
        count if count > MOST_IN_A_CALL => {
            let constraint = format!("Member must have length less than or equal to {MOST_IN_A_CALL}");
            Err(invalid(&format!("[{count} members]"), parameter, &constraint))
        }
        _ => Ok(()),
    }
}

impl Rule {
    /// Adds targets, or replaces those with the same ids; nothing changes when they would become too many.
    fn put_targets(&mut self, targets: Vec<Target>) -> Result<(), AwsError> {
        let mut all = self.targets.clone();
        for target in targets {
            match all.iter_mut().find(|old| old.id == target.id) {
                Some(old) => *old = target,
                None => all.push(target),
            }
        }
        if all.len() > MOST_TARGETS {
            return Err(limit_exceeded());
        }
        self.targets = all;
        Ok(())
    }

    fn remove_target(&mut self, id: &str) -> Option<FailedEntry> {
        match self.targets.iter().position(|target| target.id == id) {
            Some(place) => {
                self.targets.remove(place);
                None
            }
            None => Some(FailedEntry {
                target_id: id.to_owned(),
                error_code: "ResourceNotFoundException",
                error_message: format!("Rule '{}' does not have a target with the Id '{id}'.", self.name),
            }),
        }
    }
}

impl Events {
    pub(super) fn put_targets(&self, call: &Call) -> Result<Reply, AwsError> {
        let PutTargets { rule, event_bus_name, targets } = call.input()?;
        check_count(targets.len(), "targets")?;
        let bus = bus::named(&call.scope, event_bus_name.as_deref())?;
        for (index, target) in targets.iter().enumerate() {
            target.check(call, index + 1)?;
            if targets[..index].iter().any(|other| other.id == target.id) {
                let id = &target.id;
                let message =
                    format!("Parameter targets is not valid. Reason: More than one target with Id '{id}' is provided.");
                return Err(AwsError::bad_request("ValidationException", message));
            }
        }
        self.with_rule(&call.scope, &bus, &rule, |rule| rule.put_targets(targets))??;
        call.reply(&Changed { failed_entry_count: 0, failed_entries: Vec::new() })
    }

    pub(super) fn remove_targets(&self, call: &Call) -> Result<Reply, AwsError> {
        let RemoveTargets { rule, event_bus_name, ids, .. } = call.input()?;
        check_count(ids.len(), "ids")?;
        let bus = bus::named(&call.scope, event_bus_name.as_deref())?;
        let failed_entries: Vec<_> = self
            .with_rule(&call.scope, &bus, &rule, |rule| ids.iter().filter_map(|id| rule.remove_target(id)).collect())?;
        call.reply(&Changed { failed_entry_count: failed_entries.len(), failed_entries })
    }

    pub(super) fn list_targets_by_rule(&self, call: &Call) -> Result<Reply, AwsError> {
        let ListTargets { rule, event_bus_name, next_token, limit } = call.input()?;
        let bus = bus::named(&call.scope, event_bus_name.as_deref())?;
        let rule = self.rule(&call.scope, &bus, &rule)?;
        let mut targets = rule.targets.clone();
        targets.sort_by(|a, b| a.id.cmp(&b.id));
        let all = targets.into_iter().map(|target| (target.id.clone(), target));
        let (targets, next_token) = page(all, next_token.as_deref(), limit)?;
        call.reply(&Targets { targets, next_token })
    }

    pub(super) fn list_rule_names_by_target(&self, call: &Call) -> Result<Reply, AwsError> {
        let ListRuleNames { target_arn, event_bus_name, next_token, limit } = call.input()?;
        let bus = bus::named(&call.scope, event_bus_name.as_deref())?;
        let (rule_names, next_token) = self.buses.with(&call.scope, |buses| {
            let rules = buses.get(&bus)?.rules.iter();
            let those = rules.filter(|(_, rule)| rule.targets.iter().any(|target| target.arn == target_arn));
            page(those.map(|(name, _)| (name.clone(), name.clone())), next_token.as_deref(), limit)
        })?;
        call.reply(&RuleNames { rule_names, next_token })
    }
}
