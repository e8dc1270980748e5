//! Publishing, one message or a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::{invalid, no_topic};
use super::fanout::{self, Sender};
use super::message::{Draft, LARGEST, MessageAttribute};
use super::subscription::Subscription;
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
struct Published {
    message_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    successful: Vec<Successful>,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Successful {
    id: String,
    message_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    id: String,
    code: String,
    message: String,
    sender_fault: bool,
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
    if entries.iter().any(|entry| entry.id.is_empty() || entry.id.len() > 80 || !entry.id.chars().all(is_plain)) {
        let message = "The Id of a batch entry in a batch request doesn't abide by the specification.";
        return Err(AwsError::bad_request("InvalidBatchEntryId", message));
    }
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    if ids.len() < entries.len() {
        let message = "Two or more batch entries in the request have the same Id.";
        return Err(AwsError::bad_request("BatchEntryIdsNotDistinct", message));
    }
    Ok(())
}

impl Sns {
    /// The topic that the caller may publish to, with its subscriptions as they are now.
    fn audience(&self, call: &Call, topic_arn: &str) -> Result<(Sender, Vec<Subscription>), AwsError> {
        let (scope, name) = arn::topic_of(call, topic_arn)?;
        self.topics.with(&scope, |topics| {
            let topic = topics.get(&name).ok_or_else(no_topic)?;
            permission::allows_call(topic, call, &[])?;
            Ok((Sender::of(topic), topic.subscriptions.clone()))
        })
    }

    pub(super) fn publish(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let input: Publish = call.input()?;
        if input.phone_number.is_some() {
            return Err(call.unsupported_parameter("PhoneNumber"));
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
        let (sender, subscriptions) = self.audience(call, &topic_arn)?;
        let publication = draft.publish(call.time)?;
        let message_id = publication.id.clone();
        fanout::start(cloud, sender, subscriptions, publication, &Carried::default());
        call.reply(&Published { message_id })
    }

    pub(super) fn publish_batch(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let input: PublishBatch = call.input()?;
        check_batch(&input.entries)?;
        let (sender, subscriptions) = self.audience(call, &input.topic_arn)?;
        let drafts: Vec<(String, Draft)> = input.entries.into_iter().map(Entry::draft).collect();
        if drafts.iter().map(|(_, draft)| draft.size()).sum::<usize>() > LARGEST {
            let message = "The length of all the batch messages put together is more than the limit.";
            return Err(AwsError::bad_request("BatchRequestTooLong", message));
        }
        let mut outcome = Outcome { successful: Vec::new(), failed: Vec::new() };
        for (id, draft) in drafts {
            match draft.publish(call.time) {
                Ok(publication) => {
                    outcome.successful.push(Successful { id, message_id: publication.id.clone() });
                    let (sender, subscriptions) = (sender.clone(), subscriptions.clone());
                    fanout::start(cloud, sender, subscriptions, publication, &Carried::default());
                }
                Err(error) => {
                    let (sender_fault, code) = (error.is_client_fault(), error.code.into_owned());
                    outcome.failed.push(Failed { id, code, message: error.message, sender_fault });
                }
            }
        }
        call.reply(&outcome)
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
