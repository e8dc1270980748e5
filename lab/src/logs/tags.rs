//! Tags of log groups, by the older operations (by name) and the newer ones (by ARN).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Logs, invalid, name_of_arn};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// How many tags a group has at most.
const MOST_TAGS: usize = 50;

/// Whether tags are ones that a group may have.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > MOST_TAGS {
        let message = format!("A resource can have at most {MOST_TAGS} tags");
        return Err(AwsError::bad_request("TooManyTagsException", message));
    }
    let wrong = tags.iter().find(|(key, value)| {
        key.is_empty() || key.chars().count() > 128 || key.starts_with("aws:") || value.chars().count() > 256
    });
    match wrong {
        Some((key, _)) => Err(invalid(format!("The tag {key} is not valid"))),
        None => Ok(()),
    }
}

fn add(logs: &Logs, call: &Call, name: &str, tags: BTreeMap<String, String>) -> Result<Reply, AwsError> {
    logs.on_group(call, name, |group, _| {
        let mut all = group.tags.clone();
        all.extend(tags);
        check(&all)?;
        group.tags = all;
        Ok(())
    })?;
    call.done()
}

fn remove(logs: &Logs, call: &Call, name: &str, keys: &[String]) -> Result<Reply, AwsError> {
    logs.on_group(call, name, |group, _| {
        group.tags.retain(|key, _| !keys.contains(key));
        Ok(())
    })?;
    call.done()
}

#[derive(Serialize)]
struct TagsOutput {
    tags: BTreeMap<String, String>,
}

fn list(logs: &Logs, call: &Call, name: &str) -> Result<Reply, AwsError> {
    let tags = logs.on_group(call, name, |group, _| Ok(group.tags.clone()))?;
    call.reply(&TagsOutput { tags })
}

/// The group that a resource's ARN names.
fn group_of(arn: &str) -> Result<&str, AwsError> {
    name_of_arn(arn).ok_or_else(|| invalid(format!("The resource {arn} is not a log group: the lab tags only those")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupTagsInput {
    log_group_name: String,
    tags: BTreeMap<String, String>,
}

pub(super) fn tag_group(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: GroupTagsInput = call.input()?;
    add(logs, call, &input.log_group_name, input.tags)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupKeysInput {
    log_group_name: String,
    tags: Vec<String>,
}

pub(super) fn untag_group(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: GroupKeysInput = call.input()?;
    remove(logs, call, &input.log_group_name, &input.tags)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupInput {
    log_group_name: String,
}

pub(super) fn list_of_group(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: GroupInput = call.input()?;
    list(logs, call, &input.log_group_name)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceTagsInput {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

pub(super) fn tag_resource(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: ResourceTagsInput = call.input()?;
    add(logs, call, group_of(&input.resource_arn)?, input.tags)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceKeysInput {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(super) fn untag_resource(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: ResourceKeysInput = call.input()?;
    remove(logs, call, group_of(&input.resource_arn)?, &input.tag_keys)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceInput {
    resource_arn: String,
}

pub(super) fn list_of_resource(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: ResourceInput = call.input()?;
    list(logs, call, group_of(&input.resource_arn)?)
}
