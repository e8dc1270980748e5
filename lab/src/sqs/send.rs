//! Sending: one message, a batch, or one from another service.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::batch::{self, Outcome};
use super::error::invalid_value;
use super::message::{self, Message, MessageAttribute, check_attributes, md5_of_attributes, md5_of_body};
use super::queue::Queue;
use super::{Sqs, body};
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// The largest batch: the sum of its messages, in bytes.
const LARGEST_BATCH: usize = 1_048_576;

/// The unique id under which SNS sends, as `SenderId` shows it.
const SERVICE_SENDER: &str = "AIDAISMY7JYY5F7RTT6AO";

type MessageAttributes = BTreeMap<String, MessageAttribute>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessage {
    queue_url: String,
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: MessageAttributes,
    #[serde(default)]
    message_system_attributes: MessageAttributes,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessageBatch {
    queue_url: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    id: String,
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: MessageAttributes,
    #[serde(default)]
    message_system_attributes: MessageAttributes,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

/// A message that is to be sent, whichever operation brings it.
struct Parcel {
    body: String,
    delay: Option<i64>,
    attributes: MessageAttributes,
    system: MessageAttributes,
    deduplication_id: Option<String>,
    group_id: Option<String>,
    sender: String,
    time: Timestamp,
}

#[derive(Serialize)]
struct Sent {
    #[serde(rename = "Id", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "MessageId")]
    message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    md5_of_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_attributes: Option<String>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_system: Option<String>,
}

impl Parcel {
    /// The message, if the queue takes it. Nothing has changed yet.
    fn pack(self, queue: &Queue) -> Result<(Message, Sent), AwsError> {
        if let Some(id) = &self.deduplication_id {
            let reason = "The request includes a parameter that is not valid for this queue type.";
            return Err(invalid_value(id, "MessageDeduplicationId", reason));
        }
        body::check(&self.body, &self.attributes, queue.attributes.maximum_message_size)?;
        check_attributes(&self.attributes)?;
        let mut system = system_attributes(&self.system)?;
        if let Some(group) = self.group_id {
            if group.is_empty() || group.len() > 128 {
                let reason =
                    "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.";
                return Err(invalid_value(group, "MessageGroupId", reason));
            }
            system.insert("MessageGroupId", group);
        }
        let delay = match self.delay {
            None => u64::from(queue.attributes.delay_seconds),
            Some(seconds) => u64::try_from(seconds)
                .ok()
                .filter(|seconds| *seconds <= 900)
                .ok_or_else(|| invalid_value(seconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."))?,
        };
        system.insert("SenderId", self.sender);
        system.insert("SentTimestamp", self.time.as_millisecond().to_string());
        let now = Instant::now();
        let sent = Sent {
            id: None,
            message_id: ids::uuid(),
            md5_of_body: md5_of_body(&self.body),
            md5_of_attributes: md5_of_attributes(&self.attributes),
            md5_of_system: md5_of_attributes(&self.system),
        };
        let message = Message {
            id: sent.message_id.clone(),
            body: self.body,
            attributes: self.attributes,
            system,
            sent: self.time,
            arrived: now,
            visible_at: now + Duration::from_secs(delay),
            first_received: None,
            receive_count: 0,
            receipt: None,
        };
        Ok((message, sent))
    }
}

/// The one system attribute that a sender may set.
fn system_attributes(given: &MessageAttributes) -> Result<BTreeMap<&'static str, String>, AwsError> {
    let mut system = BTreeMap::new();
    for (name, attribute) in given {
        if name != "AWSTraceHeader" {
            let message = format!("Message system attribute name '{name}' is invalid.");
            return Err(AwsError::bad_request("InvalidParameterValue", message));
        }
        let value = attribute.string_value.clone().filter(|_| attribute.data_type == "String");
        let value = value.ok_or_else(|| {
            let message = "The message system attribute 'AWSTraceHeader' must be of type 'String' and have a value.";
            AwsError::bad_request("InvalidParameterValue", message)
        })?;
        system.insert("AWSTraceHeader", value);
    }
    Ok(system)
}

/// A message that a service sends.
pub(super) fn from_service(
    queue: &Queue,
    body: String,
    attributes: Vec<(String, String, String)>,
    group_id: Option<&str>,
) -> Result<Message, Refusal> {
    let attributes = attributes.into_iter().map(|(name, kind, value)| (name, MessageAttribute::new(kind, value)));
    let parcel = Parcel {
        body,
        delay: None,
        attributes: attributes.collect(),
        system: BTreeMap::new(),
        deduplication_id: None,
        group_id: group_id.map(str::to_owned),
        sender: SERVICE_SENDER.to_owned(),
        time: Timestamp::now(),
    };
    match parcel.pack(queue) {
        Ok((message, _)) => Ok(message),
        Err(error) => Err(Refusal::new(Reason::Invalid, format!("the queue {} refuses it: {error}", queue.arn))),
    }
}

impl Sqs {
    pub(super) fn send_message(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: SendMessage = call.input()?;
        let parcel = Parcel {
            body: input.message_body,
            delay: input.delay_seconds,
            attributes: input.message_attributes,
            system: input.message_system_attributes,
            deduplication_id: input.message_deduplication_id,
            group_id: input.message_group_id,
            sender: call.identity.principal_id(),
            time: call.time,
        };
        let sent = self.on_queue(call, &input.queue_url, |queue| {
            let (message, sent) = parcel.pack(queue)?;
            queue.put(message);
            Ok(sent)
        })?;
        call.reply(&sent)
    }

    pub(super) fn send_message_batch(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: SendMessageBatch = call.input()?;
        let outcome = self.on_queue(call, &input.queue_url, |queue| {
            batch::check("SendMessageBatchRequestEntry", input.entries.iter().map(|entry| entry.id.as_str()))?;
            let size: usize =
                input.entries.iter().map(|entry| message::size(&entry.message_body, &entry.message_attributes)).sum();
            if size > LARGEST_BATCH {
                let message =
                    format!("Batch requests cannot be longer than {LARGEST_BATCH} bytes. You have sent {size} bytes.");
                return Err(AwsError::bad_request("BatchRequestTooLong", message));
            }
            let mut outcome = Outcome::new();
            for entry in input.entries {
                let id = entry.id;
                let parcel = Parcel {
                    body: entry.message_body,
                    delay: entry.delay_seconds,
                    attributes: entry.message_attributes,
                    system: entry.message_system_attributes,
                    deduplication_id: entry.message_deduplication_id,
                    group_id: entry.message_group_id,
                    sender: call.identity.principal_id(),
                    time: call.time,
                };
                let result = parcel.pack(queue).map(|(message, sent)| {
                    queue.put(message);
                    Sent { id: Some(id.clone()), ..sent }
                });
                outcome.add(&id, result);
            }
            Ok(outcome)
        })?;
        call.reply(&outcome)
    }
}
