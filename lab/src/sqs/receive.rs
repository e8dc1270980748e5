//! Receiving, with the long poll and the redrive to a dead-letter queue.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::error::{invalid_value, no_queue};
use super::message::{Message, MessageAttribute, md5_of_attributes, md5_of_body};
use super::permission::allows_key;
use super::queue::Queue;
use super::{Queues, Sqs};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ReceiveMessage {
    queue_url: String,
    /// The older name of the next.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    /// For FIFO queues; others ignore it.
    receive_request_attempt_id: Option<String>,
}

/// The system attributes that can be asked for.
const SYSTEM: &[&str] = &[
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

/// What a receive asks for, checked.
#[derive(Debug)]
struct Wanted {
    most: usize,
    visibility: Option<Duration>,
    wait: Option<Duration>,
    system: Vec<String>,
    attributes: Vec<String>,
}

#[derive(Serialize)]
struct Received {
    #[serde(rename = "MessageId")]
    message_id: String,
    #[serde(rename = "ReceiptHandle")]
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: String,
    #[serde(rename = "Body")]
    body: String,
    #[serde(rename = "Attributes", skip_serializing_if = "BTreeMap::is_empty")]
    system: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_attributes: Option<String>,
    #[serde(rename = "MessageAttributes", skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, MessageAttribute>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Messages {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Received>,
}

impl Wanted {
    fn of(input: ReceiveMessage) -> Result<(String, Self), AwsError> {
        let in_range = |value: Option<i64>, name: &str, least: i64, most: i64, reason: &str| match value {
            None => Ok(None),
            Some(value) if (least..=most).contains(&value) => Ok(Some(value.unsigned_abs())),
            Some(value) => Err(invalid_value(value, name, reason)),
        };
        let (count, visibility, wait) =
            (input.max_number_of_messages, input.visibility_timeout, input.wait_time_seconds);
        let most = in_range(count, "MaxNumberOfMessages", 1, 10, "Must be between 1 and 10, if provided.")?;
        let visibility =
            in_range(visibility, "VisibilityTimeout", 0, 43_200, "Must be between 0 and 43200, if provided.")?;
        let wait = in_range(wait, "WaitTimeSeconds", 0, 20, "Must be >= 0 and <= 20, if provided.")?;
        let system = [input.attribute_names, input.message_system_attribute_names].concat();
        if let Some(name) = system.iter().find(|name| !SYSTEM.contains(&name.as_str())) {
            return Err(AwsError::bad_request("InvalidAttributeName", format!("Unknown Attribute {name}.")));
        }
        let wanted = Self {
            most: usize::try_from(most.unwrap_or(1)).unwrap_or(1),
            visibility: visibility.map(Duration::from_secs),
            wait: wait.map(Duration::from_secs),
            system,
            attributes: input.message_attribute_names,
        };
        Ok((input.queue_url, wanted))
    }

    fn wants_system(&self, name: &str) -> bool {
        self.system.iter().any(|wanted| wanted == "All" || wanted == name)
    }

    /// Names, prefixes (`foo.*`), or all (`All`, `*`, `.*`).
    fn wants_attribute(&self, name: &str) -> bool {
        self.attributes.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => wanted == "All" || wanted == "*" || wanted == name,
        })
    }
}

/// What an attempt to receive found.
struct Attempt {
    messages: Vec<Received>,
    /// When the next message that is delayed or in flight can be received, if nothing else happens.
    next: Option<Instant>,
    /// How long the queue lets its receivers wait, when they do not say.
    wait: Duration,
    changed: Arc<Notify>,
}

impl Sqs {
    /// Receives what is there, or waits for it.
    ///
    /// The messages are taken in one step after which nothing is awaited: a call that ends while it waits has taken none.
    pub(super) async fn receive_message(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ReceiveMessage = call.input()?;
        let is_again = input.receive_request_attempt_id.is_some();
        let (queue_url, wanted) = Wanted::of(input)?;
        let begun = Instant::now();
        let mut changed = self.on_queue(call, &queue_url, |queue| {
            if is_again && queue.attributes.fifo.is_some() {
                return Err(call.unsupported_parameter("ReceiveRequestAttemptId"));
            }
            allows_key(&self.keys, queue, call, &["kms:Decrypt"])?;
            Ok(Arc::clone(&queue.changed))
        })?;
        loop {
            changed = {
                let woken = changed.notified();
                tokio::pin!(woken);
                // From here on no change is missed, though it is looked for before it is awaited.
                woken.as_mut().enable();
                let attempt = self.on_queues(call, &queue_url, |queues, name| self.take(queues, name, &wanted))?;
                let until = begun + wanted.wait.unwrap_or(attempt.wait);
                if !attempt.messages.is_empty() || Instant::now() >= until {
                    let count = attempt.messages.len();
                    self.on_queue(call, &queue_url, |queue| {
                        queue.count_received(count);
                        Ok(())
                    })?;
                    return call.reply(&Messages { messages: attempt.messages });
                }
                // A queue of the same name that was made anew has its own changes to wait for.
                if Arc::ptr_eq(&changed, &attempt.changed) {
                    tokio::select! {
                        () = woken => {}
                        () = sleep_until(attempt.next.map_or(until, |next| next.min(until))) => {}
                    }
                }
                attempt.changed
            };
        }
    }
}

impl Sqs {
    /// Takes what can be received now: each message gets a new receipt handle and is hidden for the visibility timeout. What
    /// was received too often goes to the dead-letter queue instead.
    fn take(&self, queues: &mut Queues, name: &str, wanted: &Wanted) -> Result<Attempt, AwsError> {
        let now = Instant::now();
        self.redrive(queues, name, now)?;
        let queue = queues.get_mut(name).ok_or_else(no_queue)?;
        let locked = queue.locked_groups(now);
        let hidden = wanted.visibility.unwrap_or(Duration::from_secs(queue.attributes.visibility_seconds.into()));
        let mut messages = Vec::new();
        let is_free = |message: &Message| message.visible_at <= now && !Queue::is_locked(message, &locked);
        for message in queue.messages.iter_mut().filter(|message| is_free(message)).take(wanted.most) {
            message.receive_count += 1;
            message.first_received.get_or_insert_with(Timestamp::now);
            message.visible_at = now + hidden;
            messages.push(show(message, wanted));
        }
        let next = queue.messages.iter().map(|message| message.visible_at).filter(|at| *at > now).min();
        let wait = Duration::from_secs(queue.attributes.wait_seconds.into());
        Ok(Attempt { messages, next, wait, changed: Arc::clone(&queue.changed) })
    }
}

fn show(message: &mut Message, wanted: &Wanted) -> Received {
    let receipt = ids::hex(32);
    let receipt_handle = STANDARD.encode(format!("{}:{receipt}", message.id));
    message.receipt = Some(receipt);
    let mut system = message.system.clone();
    system.insert("ApproximateReceiveCount", message.receive_count.to_string());
    let first = message.first_received.unwrap_or(message.sent);
    system.insert("ApproximateFirstReceiveTimestamp", first.as_millisecond().to_string());
    system.retain(|name, _| wanted.wants_system(name));
    let mut attributes = message.attributes.clone();
    attributes.retain(|name, _| wanted.wants_attribute(name));
    Received {
        message_id: message.id.clone(),
        receipt_handle,
        md5_of_body: md5_of_body(&message.body),
        body: message.body.clone(),
        system,
        md5_of_attributes: md5_of_attributes(&attributes),
        attributes,
    }
}

/// The message id and the random part that a receipt handle was made from.
pub(super) fn read_handle(handle: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(handle).ok()?).ok()?;
    let (id, receipt) = text.split_once(':')?;
    Some((id.to_owned(), receipt.to_owned()))
}
