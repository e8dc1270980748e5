//! The tags of a key.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Kms;
use super::error::not_found;
use super::page::{Listing, page};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The most tags that a key has.
const MOST: usize = 50;

/// A tag as the API has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    tag_key: String,
    tag_value: String,
}

/// These tags with others added, if AWS takes them.
pub(super) fn checked(
    mut tags: BTreeMap<String, String>,
    added: Vec<Tag>,
) -> Result<BTreeMap<String, String>, AwsError> {
    let refuse = |message: &str| Err(AwsError::bad_request("TagException", message));
    let mut seen = Vec::new();
    for Tag { tag_key: key, tag_value: value } in added {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return refuse("Tags beginning with aws: are reserved");
        }
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return refuse("A tag key has 1 to 128 characters, a tag value up to 256");
        }
        if seen.contains(&key) {
            return refuse("Duplicate tag keys");
        }
        seen.push(key.clone());
        tags.insert(key, value);
    }
    if tags.len() > MOST {
        return refuse("Too many tags");
    }
    Ok(tags)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagResource {
    key_id: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagResource {
    key_id: String,
    tag_keys: Vec<String>,
}

impl Kms {
    pub(super) fn tag_resource(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: TagResource = call.input()?;
        self.on_customer_key(call, &input.key_id, |key| {
            key.state.check_not_pending(&key.arn)?;
            key.tags = checked(key.tags.clone(), input.tags)?;
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn untag_resource(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: UntagResource = call.input()?;
        self.on_customer_key(call, &input.key_id, |key| {
            key.state.check_not_pending(&key.arn)?;
            key.tags.retain(|name, _| !input.tag_keys.contains(name));
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn list_resource_tags(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Listing = call.input()?;
        let id = input.key_id.as_deref().ok_or_else(|| not_found("Invalid keyId ''"))?;
        let tags: Vec<Value> = self.on_named_key(call, id, |key| {
            Ok(key.tags.iter().map(|(key, value)| json!({ "TagKey": key, "TagValue": value })).collect())
        })?;
        call.reply(&page("Tags", tags, &input, 50, 50)?)
    }
}
