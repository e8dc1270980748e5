//! Sending: one message, a batch, or one from another service.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::batch::{self, Outcome};
use super::error::invalid_value;
use super::message::{self, Message, MessageAttribute, check_attributes, md5_of_attributes, md5_of_body};
use super::permission::allows_key;
use super::queue::Queue;
use super::{Sqs, body, fifo};
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// The largest batch: the sum of its messages, in bytes.
const LARGEST_BATCH: usize = 1_048_576;

/// The unique id under which SNS sends, as `SenderId` shows it.
const SERVICE_SENDER: &str = "AIDAISMY7JYY5F7RTT6AO";

/// What the sender of a message to an encrypted queue must be allowed to do with the key.
const ENCRYPTING: &[&str] = &["kms:GenerateDataKey", "kms:Decrypt"];

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

/// A message that another service brings.
#[derive(Debug)]
pub(crate) struct Consignment {
    /// The body.
    pub body: String,
    /// Message attributes: name, data type, string value (of a `Binary` one: in base64).
    pub attributes: Vec<(String, String, String)>,
    /// The group, which a FIFO queue needs.
    pub group_id: Option<String>,
    /// The deduplication id, which a FIFO queue needs that does not make its own.
    pub deduplication_id: Option<String>,
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
    #[serde(rename = "SequenceNumber", skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

impl Parcel {
    /// Puts the message into the queue, if the queue takes it. A FIFO queue takes a duplicate and drops it.
    fn send(self, queue: &mut Queue) -> Result<Sent, AwsError> {
        body::check(&self.body, &self.attributes, queue.attributes.maximum_message_size)?;
        check_attributes(&self.attributes)?;
        let mut system = system_attributes(&self.system)?;
        let place = match (&queue.attributes.fifo, self.group_id, self.deduplication_id) {
            (Some(fifo), group, id) => Some(fifo.place(group, id, self.delay, &self.body)?),
            (None, _, Some(id)) => {
                let reason = "The request includes a parameter that is not valid for this queue type.";
                return Err(invalid_value(id, "MessageDeduplicationId", reason));
            }
            (None, Some(group), None) => {
                fifo::check_id("MessageGroupId", &group)?;
                system.insert("MessageGroupId", group);
                None
            }
            (None, None, None) => None,
        };
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
        let mut sent = Sent {
            id: None,
            message_id: ids::uuid(),
            md5_of_body: md5_of_body(&self.body),
            md5_of_attributes: md5_of_attributes(&self.attributes),
            md5_of_system: md5_of_attributes(&self.system),
            sequence_number: None,
        };
        if let (Some(fifo), Some(place)) = (&queue.attributes.fifo, place) {
            if let Some(first) = queue.memory.duplicate(fifo, &place, now) {
                sent.message_id = first.message_id;
                sent.sequence_number = Some(first.sequence);
                return Ok(sent);
            }
            let sequence = queue.memory.remember(fifo, &place, &sent.message_id, now);
            system.insert("MessageGroupId", place.group);
            system.insert("MessageDeduplicationId", place.deduplication_id);
            system.insert("SequenceNumber", sequence.clone());
            sent.sequence_number = Some(sequence);
        }
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
        queue.put(message);
        Ok(sent)
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

/// Puts a message that a service brings into the queue. Returns the message id.
pub(super) fn from_service(queue: &mut Queue, consignment: Consignment) -> Result<String, Refusal> {
    let Consignment { body, attributes, group_id, deduplication_id } = consignment;
    let attributes = attributes.into_iter().map(|(name, kind, value)| (name, MessageAttribute::new(kind, value)));
    let parcel = Parcel {
        body,
        delay: None,
        attributes: attributes.collect(),
        system: BTreeMap::new(),
        deduplication_id,
        group_id,
        sender: SERVICE_SENDER.to_owned(),
        time: Timestamp::now(),
    };
    match parcel.send(queue) {
        Ok(sent) => Ok(sent.message_id),
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
            allows_key(&self.keys, queue, call, ENCRYPTING)?;
            parcel.send(queue)
        })?;
        call.reply(&sent)
    }

    pub(super) fn send_message_batch(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: SendMessageBatch = call.input()?;
        let outcome = self.on_queue(call, &input.queue_url, |queue| {
            allows_key(&self.keys, queue, call, ENCRYPTING)?;
            batch::check("SendMessageBatchRequestEntry", input.entries.iter().map(|entry| entry.id.as_str()))?;
            let size: usize =
                input.entries.iter().map(|entry| message::size(&entry.message_body, &entry.message_attributes)).sum();
            if size > LARGEST_BATCH {
                let message =
                    format!("Batch requests cannot be longer than {LARGEST_BATCH} bytes. You have sent {size} bytes.");
                return Err(AwsError::bad_request("BatchRequestTooLong", message));
            }
            if let Some(fifo) = &queue.attributes.fifo {
                let ids = |entry: &Entry| {
                    fifo.require(entry.message_group_id.as_deref(), entry.message_deduplication_id.as_deref())
                        // Of a batch, SQS has one code for whatever is missing.
                        .map_err(|error| AwsError::bad_request("InvalidParameterValue", error.message))
                };
                input.entries.iter().try_for_each(ids)?;
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
                let result = parcel.send(queue);
                outcome.add(&id, result.map(|sent| Sent { id: Some(id.clone()), ..sent }));
            }
            Ok(outcome)
        })?;
        call.reply(&outcome)
    }
}
