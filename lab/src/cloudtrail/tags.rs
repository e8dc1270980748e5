//! Tags of trails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CloudTrail, name};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// How many tags a trail may have.
///
/// Source: the description of `AddTags` in the API reference.
const MOST_TAGS: usize = 50;

/// How many trails one `ListTags` may name.
const MOST_LISTED: usize = 20;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

/// The tags as a map, once they are what AWS accepts.
pub(super) fn check_tags(tags: &[Tag]) -> Result<BTreeMap<String, String>, AwsError> {
    let wrong = |message: String| AwsError::bad_request("InvalidTagParameterException", message);
    let mut map = BTreeMap::new();
    for Tag { key, value } in tags {
        let value = value.clone().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(wrong(format!("The tag {key} is not valid: a key has 1 to 128 characters, a value 0 to 256.")));
        }
        if key.starts_with("aws:") {
            return Err(wrong(format!("The tag key {key} is not valid: keys that begin with aws: are reserved.")));
        }
        if map.insert(key.clone(), value).is_some() {
            return Err(wrong(format!("The tag key {key} is there more than once.")));
        }
    }
    check_number(&map)?;
    Ok(map)
}

fn check_number(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > MOST_TAGS {
        let message = format!("A trail can have {MOST_TAGS} tags at most.");
        return Err(AwsError::bad_request("TagsLimitExceededException", message));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeTags {
    resource_id: String,
    tags_list: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListTags {
    resource_id_list: Vec<String>,
    /// There is one page only.
    #[serde(rename = "NextToken")]
    _next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    resource_tag_list: Vec<ResourceTags>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceTags {
    resource_id: String,
    tags_list: Vec<Tag>,
}

impl CloudTrail {
    pub(super) fn add_tags(&self, call: &Call) -> Result<Reply, AwsError> {
        let ChangeTags { resource_id, tags_list } = call.input()?;
        let added = check_tags(&tags_list)?;
        self.with_tags(call, &resource_id, |tags| {
            let mut all = tags.clone();
            all.extend(added);
            check_number(&all)?;
            *tags = all;
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn remove_tags(&self, call: &Call) -> Result<Reply, AwsError> {
        let ChangeTags { resource_id, tags_list } = call.input()?;
        self.with_tags(call, &resource_id, |tags| {
            tags.retain(|key, value| {
                // A tag with a value names only the tag with that value.
                !tags_list.iter().any(|tag| tag.key == *key && tag.value.as_ref().is_none_or(|wanted| wanted == value))
            });
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn list_tags(&self, call: &Call) -> Result<Reply, AwsError> {
        let ListTags { resource_id_list, .. } = call.input()?;
        if resource_id_list.len() > MOST_LISTED {
            let message = format!("ListTags takes {MOST_LISTED} trails at most.");
            return Err(AwsError::bad_request("InvalidTagParameterException", message));
        }
        let mut resource_tag_list = Vec::new();
        for resource_id in resource_id_list {
            let tags = self.with_tags(call, &resource_id, |tags| Ok(tags.clone()))?;
            let tags_list = tags.into_iter().map(|(key, value)| Tag { key, value: Some(value) }).collect();
            resource_tag_list.push(ResourceTags { resource_id, tags_list });
        }
        call.reply(&Listed { resource_tag_list })
    }

    /// Runs `f` on the tags of the trail that an ARN names.
    fn with_tags<R>(
        &self,
        call: &Call,
        arn: &str,
        f: impl FnOnce(&mut BTreeMap<String, String>) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        if !arn.starts_with("arn:") {
            let message = format!("{arn} is not the ARN of a trail.");
            return Err(AwsError::bad_request("CloudTrailARNInvalidException", message));
        }
        let arn = name::named(call, arn)?;
        let mut trails = self.trails();
        let trail = trails.get_mut(&arn).filter(|trail| trail.home.account == call.scope.account);
        let trail = trail.ok_or_else(|| {
            AwsError::bad_request("ResourceNotFoundException", format!("There is no trail {arn} in the account."))
        })?;
        f(&mut trail.tags)
    }
}
