//! The tags of a queue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Sqs;
use super::error::missing;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The most tags that a queue has.
const MOST: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OneQueue {
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagQueue {
    queue_url: String,
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagQueue {
    queue_url: String,
    tag_keys: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

/// Whether AWS takes these tags.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    let refuse = |message: String| Err(AwsError::bad_request("InvalidParameterValue", message));
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 || key.to_ascii_lowercase().starts_with("aws:") {
            return refuse(format!("The tag key '{key}' is invalid: 1 to 128 characters that do not begin with aws:"));
        }
        if value.chars().count() > 256 {
            return refuse(format!("The value of the tag '{key}' is longer than 256 characters."));
        }
    }
    if tags.len() > MOST {
        return refuse(format!("Too many tags: a queue has at most {MOST}."));
    }
    Ok(())
}

impl Sqs {
    pub(super) fn list_queue_tags(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneQueue = call.input()?;
        let tags = self.on_queue(call, &input.queue_url, |queue| Ok(queue.tags.clone()))?;
        call.reply(&Tags { tags })
    }

    pub(super) fn tag_queue(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: TagQueue = call.input()?;
        if input.tags.is_empty() {
            return Err(missing("Tags"));
        }
        self.on_queue(call, &input.queue_url, |queue| {
            let mut tags = queue.tags.clone();
            tags.extend(input.tags);
            check(&tags)?;
            queue.tags = tags;
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn untag_queue(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: UntagQueue = call.input()?;
        if input.tag_keys.is_empty() {
            let message = "Tag keys must be between 1 and 128 characters in length.";
            return Err(AwsError::bad_request("InvalidParameterValue", message));
        }
        self.on_queue(call, &input.queue_url, |queue| {
            queue.tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(())
        })?;
        call.done()
    }
}
