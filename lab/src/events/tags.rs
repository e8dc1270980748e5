//! Tags of rules and buses.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DEFAULT_BUS, Events, not_found};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// How many tags a resource may have.
///
/// Source: "Tagging your Amazon EventBridge resources" in the EventBridge user guide.
const MOST_TAGS: usize = 50;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    key: String,
    value: String,
}

/// The tags as a map, once they are what AWS accepts.
pub(super) fn check_tags(tags: &[Tag]) -> Result<BTreeMap<String, String>, AwsError> {
    let wrong = |message: String| AwsError::bad_request("ValidationException", message);
    let mut map = BTreeMap::new();
    for Tag { key, value } in tags {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(wrong(format!("Tag {key} is not valid: a key has 1 to 128 characters, a value 0 to 256.")));
        }
        if key.starts_with("aws:") {
            return Err(wrong(format!("Tag key {key} is not valid: keys that begin with aws: are reserved.")));
        }
        if map.insert(key.clone(), value.clone()).is_some() {
            return Err(wrong("Invalid parameter: Tag keys must be unique.".to_owned()));
        }
    }
    if map.len() > MOST_TAGS {
        return Err(wrong(format!("A resource can have {MOST_TAGS} tags at most.")));
    }
    Ok(map)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagResource {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    #[serde(rename = "Tags")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UntagResource {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    #[serde(rename = "TagKeys")]
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListTagsForResource {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    tags: Vec<Tag>,
}

impl Events {
    pub(super) fn tag_resource(&self, call: &Call) -> Result<Reply, AwsError> {
        let TagResource { resource_arn, tags } = call.input()?;
        let added = check_tags(&tags)?;
        self.with_tags(call, &resource_arn, |tags| {
            let mut all = tags.clone();
            all.extend(added);
            if all.len() > MOST_TAGS {
                let message = format!("A resource can have {MOST_TAGS} tags at most.");
                return Err(AwsError::bad_request("ValidationException", message));
            }
            *tags = all;
            Ok(())
        })??;
        call.done()
    }

    pub(super) fn untag_resource(&self, call: &Call) -> Result<Reply, AwsError> {
        let UntagResource { resource_arn, tag_keys } = call.input()?;
        self.with_tags(call, &resource_arn, |tags| tags.retain(|key, _| !tag_keys.contains(key)))?;
        call.done()
    }

    pub(super) fn list_tags_for_resource(&self, call: &Call) -> Result<Reply, AwsError> {
        let ListTagsForResource { resource_arn } = call.input()?;
        let tags = self.with_tags(call, &resource_arn, |tags| tags.clone())?;
        call.reply(&Listed { tags: tags.into_iter().map(|(key, value)| Tag { key, value }).collect() })
    }

    /// Runs `f` on the tags of the rule or the bus that an ARN names.
    fn with_tags<R>(
        &self,
        call: &Call,
        arn: &str,
        f: impl FnOnce(&mut BTreeMap<String, String>) -> R,
    ) -> Result<R, AwsError> {
        let resource = arn.strip_prefix(&call.scope.arn("events", "")).unwrap_or_default();
        self.buses.with(&call.scope, |buses| match resource.split_once('/') {
            Some(("event-bus", bus)) => Ok(f(&mut buses.get_mut(bus)?.tags)),
            Some(("rule", rule)) => {
                let (bus, name) = rule.rsplit_once('/').unwrap_or((DEFAULT_BUS, rule));
                let rule = buses.get_mut(bus)?.rules.get_mut(name);
                let rule = rule.ok_or_else(|| not_found(format!("Rule {name} does not exist on EventBus {bus}.")))?;
                Ok(f(&mut Arc::make_mut(rule).tags))
            }
            _ => Err(not_found(format!("There is no rule or event bus {arn} in {}.", call.scope))),
        })
    }
}
