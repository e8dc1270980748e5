//! Publishing, one message or a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::{invalid, no_topic};
use super::fanout;
use super::message::{Draft, LARGEST, MessageAttribute};
use super::topic::Topic;
use super::{Sns, arn, permission};
use crate::cloud::Cloud;
use crate::deliveries::Carried;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The most entries of a batch.
const MOST: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Publish {
    topic_arn: Option<String>,
    target_arn: Option<String>,
    phone_number: Option<String>,
    #[serde(default)]
    message: String,
    subject: Option<String>,
    message_structure: Option<String>,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PublishBatch {
    topic_arn: String,
    #[serde(default, rename = "PublishBatchRequestEntries")]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default)]
    message: String,
    subject: Option<String>,
    message_structure: Option<String>,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    message_id: String,
    sequence_number: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    successful: Vec<Successful>,
    /// Of mistakes of AWS's own, which the lab does not make.
    failed: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Successful {
    id: String,
    message_id: String,
    sequence_number: Option<String>,
}

fn check_batch(entries: &[Entry]) -> Result<(), AwsError> {
    if entries.is_empty() {
        return Err(AwsError::bad_request("EmptyBatchRequest", "The batch request doesn't contain any entries."));
    }
    if entries.len() > MOST {
        let message = "The batch request contains more entries than permissible.";
        return Err(AwsError::bad_request("TooManyEntriesInBatchRequest", message));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    for Entry { id, .. } in entries {
        let wrong = match id {
            id if id.len() > 80 => "is too long",
            id if id.is_empty() || !id.chars().all(is_plain) => "contains an impermissible character",
            _ => continue,
        };
        let message = format!("The Id of a batch entry in the batch request {wrong}: {id}");
        return Err(AwsError::bad_request("InvalidBatchEntryId", message));
    }
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    if ids.len() < entries.len() {
        let message = "Two or more batch entries in the request have the same Id.";
        return Err(AwsError::bad_request("BatchEntryIdsNotDistinct", message));
    }
    Ok(())
}

/// Whether the last part of an ARN names an endpoint of mobile push.
fn is_endpoint(resource: &str) -> bool {
    resource.starts_with("endpoint/")
}

impl Sns {
    /// Runs `f` on the topic, once its policy and its key let the caller publish.
    fn on_published<R>(
        &self,
        cloud: &Arc<Cloud>,
        call: &Call,
        topic_arn: &str,
        f: impl FnOnce(&mut Topic) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        let (scope, name) = arn::topic_of(call, topic_arn)?;
        self.topics.with(&scope, |topics| {
            let topic = topics.get_mut(&name).ok_or_else(no_topic)?;
            permission::allows_call(topic, call, &[])?;
            permission::allows_key(&cloud.kms, topic, call)?;
            f(topic)
        })
    }

    pub(super) fn publish(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let input: Publish = call.input()?;
        if input.phone_number.is_some() {
            return Err(call.unsupported_parameter("PhoneNumber"));
        }
        // The lab has no endpoints of mobile push, so that this is true of every one.
        if input.target_arn.as_deref().is_some_and(|arn| arn.splitn(6, ':').nth(5).is_some_and(is_endpoint)) {
            return Err(invalid("TargetArn Reason: No endpoint found for the target arn specified"));
        }
        let topic_arn = match (input.topic_arn, input.target_arn) {
            (Some(_), Some(_)) => return Err(invalid("TopicArn or TargetArn Reason: both values specified")),
            (Some(arn), None) | (None, Some(arn)) => arn,
            (None, None) => return Err(invalid("TopicArn or TargetArn Reason: no value for required parameter")),
        };
        let draft = Draft {
            message: input.message,
            subject: input.subject,
            structure: input.message_structure,
            attributes: input.message_attributes,
            group_id: input.message_group_id,
            deduplication_id: input.message_deduplication_id,
        };
        let (message_id, sequence_number) = self.on_published(cloud, call, &topic_arn, |topic| {
            let published = draft.publish(topic.fifo(), call.time)?;
            let receipt = published.receipt();
            fanout::start(cloud, topic, published, &Carried::default());
            Ok(receipt)
        })?;
        call.reply(&Answer { message_id, sequence_number })
    }

    pub(super) fn publish_batch(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let input: PublishBatch = call.input()?;
        check_batch(&input.entries)?;
        let drafts: Vec<(String, Draft)> = input.entries.into_iter().map(Entry::draft).collect();
        if drafts.iter().map(|(_, draft)| draft.size()).sum::<usize>() > LARGEST {
            let message = "The length of all the messages put together is more than the limit.";
            return Err(AwsError::bad_request("BatchRequestTooLong", message));
        }
        let successful = self.on_published(cloud, call, &input.topic_arn, |topic| {
            // One entry that SNS does not take makes it refuse the whole batch.
            for (index, (_, draft)) in drafts.iter().enumerate() {
                let at = format!("publishBatchRequestEntries.{}.member.", index + 1);
                draft.check(topic.settings.fifo.as_ref(), &at)?;
            }
            let mut successful = Vec::new();
            for (id, draft) in drafts {
                let published = draft.publish(topic.fifo(), call.time)?;
                let (message_id, sequence_number) = published.receipt();
                successful.push(Successful { id, message_id, sequence_number });
                fanout::start(cloud, topic, published, &Carried::default());
            }
            Ok(successful)
        })?;
        call.reply(&Outcome { successful, failed: [] })
    }
}

impl Entry {
    fn draft(self) -> (String, Draft) {
        let draft = Draft {
            message: self.message,
            subject: self.subject,
            structure: self.message_structure,
            attributes: self.message_attributes,
            group_id: self.message_group_id,
            deduplication_id: self.message_deduplication_id,
        };
        (self.id, draft)
    }
}
