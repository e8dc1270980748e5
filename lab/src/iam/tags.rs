//! Tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Iam;
use super::page::ListInput;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    key: String,
    value: String,
}

/// The tags of a new resource.
pub(super) fn from_input(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, AwsError> {
    let mut map = BTreeMap::new();
    for Tag { key, value } in tags {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            let message = format!("The tag {key} must have a key of 1 to 128 characters and a value of up to 256");
            return Err(AwsError::bad_request("ValidationError", message));
        }
        if map.insert(key, value).is_some() {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(AwsError::bad_request("InvalidInput", message));
        }
    }
    Ok(map)
}

pub(super) fn to_output(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagRoleInput {
    role_name: String,
    tags: Vec<Tag>,
}

pub(super) fn tag_role(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: TagRoleInput = call.input()?;
    let tags = from_input(input.tags)?;
    iam.on_role(call, &input.role_name, |role| {
        let mut all = role.tags.clone();
        all.extend(tags);
        if all.len() > 50 {
            return Err(AwsError::new(409, "LimitExceeded", "The number of tags has reached the maximum limit."));
        }
        role.tags = all;
        Ok(())
    })?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagRoleInput {
    role_name: String,
    tag_keys: Vec<String>,
}

pub(super) fn untag_role(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: UntagRoleInput = call.input()?;
    iam.on_role(call, &input.role_name, |role| {
        role.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })?;
    call.done()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagsOutput {
    tags: Vec<Tag>,
    is_truncated: bool,
    marker: Option<String>,
}

pub(super) fn list_role(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let tags = iam.on_role(call, input.role_name()?, |role| Ok(to_output(&role.tags)))?;
    let (tags, marker) = input.page(tags, |tag| tag.key.clone())?;
    call.reply(&TagsOutput { tags, is_truncated: marker.is_some(), marker })
}
