//! The attributes of a queue: their ranges, their defaults, and how they are read back.
//!
//! Source: "SetQueueAttributes" and "CreateQueue" in the Amazon SQS API Reference.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Sqs;
use super::error::no_queue;
use super::fifo::{self, Fifo};
use super::queue::Queue;
use super::redrive::{self, Redrive, RedriveAllow};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::Policy;

/// What can be set on a queue.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attributes {
    pub(super) delay_seconds: u32,
    pub(super) maximum_message_size: u32,
    pub(super) retention_seconds: u32,
    pub(super) wait_seconds: u32,
    pub(super) visibility_seconds: u32,
    pub(super) policy: Option<Policy>,
    pub(super) redrive: Option<Redrive>,
    pub(super) redrive_allow: Option<RedriveAllow>,
    pub(super) key: Option<String>,
    key_reuse_seconds: u32,
    managed_sse: bool,
    /// None for a standard queue.
    pub(super) fifo: Option<Fifo>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            delay_seconds: 0,
            maximum_message_size: 1_048_576,
            retention_seconds: 345_600,
            wait_seconds: 0,
            visibility_seconds: 30,
            policy: None,
            redrive: None,
            redrive_allow: None,
            key: None,
            key_reuse_seconds: 300,
            managed_sse: true,
            fifo: None,
        }
    }
}

/// The attributes that AWS computes: they can be read, and be set by nobody.
const COMPUTED: &[&str] = &[
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// The attributes that can be set, in the order in which they are read back.
const SETTABLE: &[&str] = &[
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
];

pub(super) fn invalid(name: &str) -> AwsError {
    AwsError::bad_request("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

pub(super) fn invalid_because(name: &str, reason: impl std::fmt::Display) -> AwsError {
    let message = format!("Value for parameter {name} is invalid. Reason: {reason}");
    AwsError::bad_request("InvalidAttributeValue", message)
}

pub(super) fn unknown(name: &str) -> AwsError {
    AwsError::bad_request("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

fn number(name: &str, value: &str, range: RangeInclusive<u32>) -> Result<u32, AwsError> {
    value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| invalid(name))
}

impl Attributes {
    /// Those of a new queue.
    pub(super) fn of_new_queue(given: &BTreeMap<String, String>) -> Result<Self, AwsError> {
        let is_fifo = given.get("FifoQueue").is_some_and(|value| value == "true");
        let mut attributes = Self { fifo: is_fifo.then(Fifo::default), ..Self::default() };
        let mut others = given.clone();
        if is_fifo {
            others.remove("FifoQueue");
        }
        attributes.set(&others)?;
        Ok(attributes)
    }

    /// Sets attributes: all of them, or none when one is wrong.
    pub(super) fn set(&mut self, given: &BTreeMap<String, String>) -> Result<(), AwsError> {
        let mut changed = self.clone();
        for (name, value) in given {
            changed.set_one(name, value)?;
        }
        changed.fifo.iter().try_for_each(Fifo::check)?;
        if given.get("SqsManagedSseEnabled").is_some_and(|value| value == "true") {
            changed.use_managed_key(given)?;
        }
        *self = changed;
        Ok(())
    }

    /// SQS's own encryption takes the place of that with a key; one call cannot ask for both.
    fn use_managed_key(&mut self, given: &BTreeMap<String, String>) -> Result<(), AwsError> {
        if given.get("KmsMasterKeyId").is_some_and(|key| !key.is_empty()) {
            let message = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS \
                           SSE or SQS SSE.";
            return Err(AwsError::bad_request("InvalidAttributeName", message));
        }
        self.key = None;
        Ok(())
    }

    fn set_one(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
        match name {
            "DelaySeconds" => self.delay_seconds = number(name, value, 0..=900)?,
            "MaximumMessageSize" => self.maximum_message_size = number(name, value, 1_024..=1_048_576)?,
            "MessageRetentionPeriod" => self.retention_seconds = number(name, value, 60..=1_209_600)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait_seconds = number(name, value, 0..=20)?,
            "VisibilityTimeout" => self.visibility_seconds = number(name, value, 0..=43_200)?,
            "KmsDataKeyReusePeriodSeconds" => self.key_reuse_seconds = number(name, value, 60..=86_400)?,
            "SqsManagedSseEnabled" => self.managed_sse = value.parse().map_err(|_| invalid(name))?,
            "Policy" => self.policy = policy(value)?,
            "RedrivePolicy" => self.redrive = Redrive::parse(value)?,
            "RedriveAllowPolicy" => self.redrive_allow = RedriveAllow::parse(value)?,
            // SQS does not look whether there is such a key before it encrypts a message.
            "KmsMasterKeyId" => self.key = Some(value.to_owned()).filter(|key| !key.is_empty()),
            name if fifo::ATTRIBUTES.contains(&name) => match &mut self.fifo {
                Some(fifo) => fifo.set(name, value)?,
                None => return Err(unknown(name)),
            },
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// An attribute that can be set, as text; none where it is not set.
    fn get(&self, name: &str) -> Option<String> {
        match name {
            "DelaySeconds" => Some(self.delay_seconds.to_string()),
            "MaximumMessageSize" => Some(self.maximum_message_size.to_string()),
            "MessageRetentionPeriod" => Some(self.retention_seconds.to_string()),
            "ReceiveMessageWaitTimeSeconds" => Some(self.wait_seconds.to_string()),
            "VisibilityTimeout" => Some(self.visibility_seconds.to_string()),
            "SqsManagedSseEnabled" => Some((self.managed_sse && self.key.is_none()).to_string()),
            "Policy" => self.policy.as_ref().map(|policy| policy.text().to_owned()),
            "RedrivePolicy" => self.redrive.as_ref().map(|redrive| redrive.text.clone()),
            "RedriveAllowPolicy" => self.redrive_allow.as_ref().map(|allow| allow.text.clone()),
            "KmsMasterKeyId" => self.key.clone(),
            "KmsDataKeyReusePeriodSeconds" => self.key.as_ref().map(|_| self.key_reuse_seconds.to_string()),
            _ => self.fifo.as_ref().and_then(|fifo| fifo.get(name)),
        }
    }

    /// Every attribute that is set.
    pub(super) fn all(&self) -> BTreeMap<&'static str, String> {
        const NAMES: [&str; 11] = [
            "DelaySeconds",
            "KmsDataKeyReusePeriodSeconds",
            "KmsMasterKeyId",
            "MaximumMessageSize",
            "MessageRetentionPeriod",
            "Policy",
            "ReceiveMessageWaitTimeSeconds",
            "RedriveAllowPolicy",
            "RedrivePolicy",
            "SqsManagedSseEnabled",
            "VisibilityTimeout",
        ];
        NAMES.into_iter().filter_map(|name| Some((name, self.get(name)?))).collect()
    }

    /// Whether a queue that exists already is the one that `CreateQueue` asks for: the attributes given are its own.
    pub(super) fn check_same(&self, given: &BTreeMap<String, String>, wanted: &Self) -> Result<(), AwsError> {
        match given.keys().find(|name| self.get(name) != wanted.get(name)) {
            None => Ok(()),
            Some(name) => Err(AwsError::bad_request(
                "QueueNameExists",
                format!("A queue already exists with the same name and a different value for attribute {name}"),
            )),
        }
    }
}

/// The policy of a queue. The empty text takes it away.
fn policy(text: &str) -> Result<Option<Policy>, AwsError> {
    if text.is_empty() {
        return Ok(None);
    }
    // SQS does not say what is wrong with it.
    Policy::parse(text)
        .map(Some)
        .map_err(|_| AwsError::bad_request("InvalidAttributeValue", "Invalid value for the parameter Policy."))
}

impl Queue {
    fn attribute(&self, name: &str) -> Option<String> {
        let counts = self.counts(Instant::now());
        match name {
            "ApproximateNumberOfMessages" => Some(counts.visible.to_string()),
            "ApproximateNumberOfMessagesDelayed" => Some(counts.delayed.to_string()),
            "ApproximateNumberOfMessagesNotVisible" => Some(counts.in_flight.to_string()),
            "CreatedTimestamp" => Some(self.created.as_second().to_string()),
            "LastModifiedTimestamp" => Some(self.modified.as_second().to_string()),
            "QueueArn" => Some(self.arn.clone()),
            _ => self.attributes.get(name),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SetQueueAttributes {
    queue_url: String,
    attributes: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'a str, String>,
}

impl Sqs {
    pub(super) fn get_queue_attributes(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: GetQueueAttributes = call.input()?;
        let known = || SETTABLE.iter().chain(COMPUTED).chain(fifo::ATTRIBUTES).copied();
        let is_known = |name: &str| name == "All" || known().any(|known| known == name);
        if let Some(name) = input.attribute_names.iter().find(|name| !is_known(name)) {
            return Err(unknown(name));
        }
        let wanted = |name: &str| input.attribute_names.iter().any(|wanted| wanted == "All" || wanted == name);
        let attributes = self.on_queue(call, &input.queue_url, |queue| {
            queue.expire(Instant::now());
            let shown = known().filter(|name| wanted(name));
            Ok(shown.filter_map(|name| Some((name, queue.attribute(name)?))).collect())
        })?;
        call.reply(&Shown { attributes })
    }

    pub(super) fn set_queue_attributes(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: SetQueueAttributes = call.input()?;
        self.on_queues(call, &input.queue_url, |queues, name| {
            let mut changed = queues.get(name).ok_or_else(no_queue)?.attributes.clone();
            changed.set(&input.attributes)?;
            if input.attributes.contains_key("RedrivePolicy") {
                redrive::check_target(queues, &call.scope, name, &changed)?;
            }
            let queue = queues.get_mut(name).ok_or_else(no_queue)?;
            queue.attributes = changed;
            queue.modified = call.time;
            queue.changed.notify_waiters();
            Ok(())
        })?;
        call.done()
    }
}
