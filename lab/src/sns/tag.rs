//! The tags of a topic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::invalid;
use super::topic::Topic;
use super::{Sns, arn, permission};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The most tags that a topic has.
const MOST: usize = 50;

/// A tag as the API has it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    key: String,
    value: String,
}

/// These tags with others added, if AWS takes them.
pub(super) fn checked(
    mut tags: BTreeMap<String, String>,
    added: Vec<Tag>,
) -> Result<BTreeMap<String, String>, AwsError> {
    let mut seen = Vec::new();
    for Tag { key, value } in added {
        let is_reserved = key.to_ascii_lowercase().starts_with("aws:");
        if key.is_empty() || key.chars().count() > 128 || is_reserved || value.chars().count() > 256 {
            return Err(invalid(format_args!(
                "Tags Reason: the tag {key}: a key has 1 to 128 characters and does not \
                                             begin with aws:, a value has up to 256"
            )));
        }
        if seen.contains(&key) {
            return Err(invalid("Duplicated keys are not allowed."));
        }
        seen.push(key.clone());
        tags.insert(key, value);
    }
    if tags.len() > MOST {
        let message = "Could not complete request: tag quota of per resource exceeded";
        return Err(AwsError::bad_request("TagLimitExceeded", message));
    }
    Ok(tags)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagResource {
    resource_arn: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagResource {
    resource_arn: String,
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListTags {
    resource_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    tags: Vec<Tag>,
}

impl Sns {
    /// The tagging operations have an error of their own for a topic that is not there.
    fn on_resource<R>(
        &self,
        call: &Call,
        resource_arn: &str,
        f: impl FnOnce(&mut Topic) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        let (scope, name) = arn::topic_of(call, resource_arn)?;
        self.topics.with(&scope, |topics| {
            let gone = || AwsError::new(404, "ResourceNotFound", "Resource does not exist");
            let topic = topics.get_mut(&name).ok_or_else(gone)?;
            permission::allows_call(topic, call, &[])?;
            f(topic)
        })
    }

    pub(super) fn tag_resource(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: TagResource = call.input()?;
        self.on_resource(call, &input.resource_arn, |topic| {
            topic.tags = checked(topic.tags.clone(), input.tags)?;
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn untag_resource(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: UntagResource = call.input()?;
        self.on_resource(call, &input.resource_arn, |topic| {
            topic.tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn list_tags_for_resource(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ListTags = call.input()?;
        let tags = self.on_resource(call, &input.resource_arn, |topic| {
            Ok(topic.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect())
        })?;
        call.reply(&Tags { tags })
    }
}
