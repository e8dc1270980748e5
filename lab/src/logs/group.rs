//! Log groups.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Group, Logs, check_length, invalid, limit, name_of_arn, no_group, tags, violated};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The days that a retention policy may have.
const RETENTION_DAYS: [i32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl Group {
    pub(super) fn new(created: Timestamp, tags: BTreeMap<String, String>) -> Self {
        Self { created, retention_days: None, tags, streams: BTreeMap::new() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateInput {
    log_group_name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    log_group_class: Option<String>,
}

pub(super) fn create(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    check_name(&input.log_group_name)?;
    tags::check(&input.tags)?;
    if input.log_group_class.is_some_and(|class| class != "STANDARD") {
        return Err(call.unsupported_parameter("logGroupClass (other than STANDARD)"));
    }
    logs.scopes.with(&call.scope, |state| {
        if state.groups.contains_key(&input.log_group_name) {
            let message = "The specified log group already exists";
            return Err(AwsError::bad_request("ResourceAlreadyExistsException", message));
        }
        state.groups.insert(input.log_group_name, Group::new(call.time, input.tags));
        Ok(())
    })?;
    call.done()
}

fn check_name(name: &str) -> Result<(), AwsError> {
    check_length(name)?;
    let constraint = match name.len() {
        0 => "Member must have length greater than or equal to 1",
        _ if name.chars().all(is_plain) => return Ok(()),
        _ => "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
    };
    Err(violated(name, "logGroupName", constraint))
}

/// The alternatives of a pattern for names, each a part of a name, or with `^` its beginning.
fn name_parts(pattern: &str) -> Result<Vec<&str>, AwsError> {
    let parts: Vec<&str> = pattern.split('|').collect();
    let is_part = |part: &&str| {
        let text = part.strip_prefix('^').unwrap_or(part);
        (3..=24).contains(&text.len()) && text.chars().all(is_plain)
    };
    if parts.len() > 5 || !parts.iter().all(is_part) {
        let constraint = "Member must satisfy regular expression pattern: \
                          (\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24})(\\|\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24}){0,4}";
        return Err(violated(pattern, "logGroupNamePattern", constraint));
    }
    Ok(parts)
}

/// What the name of a group is made of.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._/#".contains(c)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NameInput {
    log_group_name: String,
}

pub(super) fn delete(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: NameInput = call.input()?;
    let removed = logs.scopes.with(&call.scope, |state| state.groups.remove(&input.log_group_name));
    removed.ok_or_else(no_group)?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DescribeInput {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    #[serde(default)]
    log_group_identifiers: Vec<String>,
    log_group_class: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    log_groups: Vec<GroupOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupOutput {
    log_group_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<i32>,
    metric_filter_count: i32,
    arn: String,
    stored_bytes: usize,
    log_group_class: &'static str,
    log_group_arn: String,
    /// The lab protects no group from being deleted.
    deletion_protection_enabled: bool,
}

pub(super) fn describe(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let limit = limit(input.limit, 50, 50)?;
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        let message = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
        return Err(invalid(message));
    }
    let wanted = |name: &str| {
        let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
        let pattern = input.log_group_name_pattern.as_deref().unwrap_or_default().to_ascii_lowercase();
        let mut identifiers = input.log_group_identifiers.iter().map(|id| name_of_arn(id).unwrap_or(id));
        name.starts_with(prefix)
            && name.to_ascii_lowercase().contains(&pattern)
            && (input.log_group_identifiers.is_empty() || identifiers.any(|id| id == name))
            && input.log_group_class.as_deref().is_none_or(|class| class == "STANDARD")
            && input.next_token.as_deref().is_none_or(|after| name > after)
    };
    let output = logs.scopes.with(&call.scope, |state| {
        let mut groups = state.groups.iter().filter(|(name, _)| wanted(name));
        let log_groups: Vec<_> = groups.by_ref().take(limit).map(|(name, group)| output(call, name, group)).collect();
        let next_token = groups.next().and_then(|_| Some(log_groups.last()?.log_group_name.clone()));
        DescribeOutput { log_groups, next_token }
    });
    call.reply(&output)
}

fn output(call: &Call, name: &str, group: &Group) -> GroupOutput {
    let log_group_arn = call.scope.arn("logs", format_args!("log-group:{name}"));
    GroupOutput {
        log_group_name: name.to_owned(),
        creation_time: group.created.as_millisecond(),
        retention_in_days: group.retention_days,
        metric_filter_count: 0,
        arn: format!("{log_group_arn}:*"),
        stored_bytes: group.streams.values().map(super::Stream::stored_bytes).sum(),
        log_group_class: "STANDARD",
        log_group_arn,
        deletion_protection_enabled: false,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListInput {
    log_group_name_pattern: Option<String>,
    log_group_class: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListOutput {
    log_groups: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    log_group_name: String,
    log_group_arn: String,
    log_group_class: &'static str,
}

/// The groups by parts of their names.
pub(super) fn list(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let limit = limit(input.limit, 50, 1000)?;
    let parts = input.log_group_name_pattern.as_deref().map(name_parts).transpose()?;
    let is_named = |name: &str, part: &str| match part.strip_prefix('^') {
        Some(prefix) => name.starts_with(prefix),
        None => name.contains(part),
    };
    let wanted = |name: &str| {
        parts.as_ref().is_none_or(|parts| parts.iter().any(|part| is_named(name, part)))
            && input.log_group_class.as_deref().is_none_or(|class| class == "STANDARD")
            && input.next_token.as_deref().is_none_or(|after| name > after)
    };
    let output = logs.scopes.with(&call.scope, |state| {
        let mut names = state.groups.keys().filter(|name| wanted(name));
        let summary = |name: &String| Summary {
            log_group_name: name.clone(),
            log_group_arn: call.scope.arn("logs", format_args!("log-group:{name}")),
            log_group_class: "STANDARD",
        };
        let log_groups: Vec<_> = names.by_ref().take(limit).map(summary).collect();
        let next_token = names.next().and_then(|_| Some(log_groups.last()?.log_group_name.clone()));
        ListOutput { log_groups, next_token }
    });
    call.reply(&output)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RetentionInput {
    log_group_name: String,
    retention_in_days: i32,
}

pub(super) fn put_retention(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let RetentionInput { log_group_name, retention_in_days } = call.input()?;
    if !RETENTION_DAYS.contains(&retention_in_days) {
        let allowed = RETENTION_DAYS.map(|days| days.to_string()).join(", ");
        let constraint = format!("Member must satisfy enum value set: [{allowed}]");
        return Err(violated(&retention_in_days.to_string(), "retentionInDays", &constraint));
    }
    logs.on_group(call, &log_group_name, |group, _| {
        group.retention_days = Some(retention_in_days);
        Ok(())
    })?;
    call.done()
}

pub(super) fn delete_retention(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: NameInput = call.input()?;
    logs.on_group(call, &input.log_group_name, |group, _| {
        group.retention_days = None;
        Ok(())
    })?;
    call.done()
}
