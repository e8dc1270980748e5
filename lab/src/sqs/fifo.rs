//! FIFO queues: one order in each group, one receiver of a group at a time, and no message twice within five minutes.
//!
//! What surprises people: a duplicate is **accepted and not delivered** (the sender gets the id of the first), also when the
//! first has been received and deleted since; a message that nobody deletes holds up its whole group; and a queue without
//! content-based deduplication refuses what comes without a deduplication id, such as an event from a rule.
//!
//! Source: "FIFO queue delivery logic", "Exactly-once processing" and "High throughput for FIFO queues" in the Amazon SQS
//! Developer Guide.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::attributes::invalid;
use super::error::{invalid_value, missing};
use super::message::Message;
use super::queue::Queue;
use crate::gateway::error::AwsError;

/// The attributes that only FIFO queues have.
pub(super) const ATTRIBUTES: &[&str] =
    &["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];

/// For how long a deduplication id is remembered.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// What makes a queue a FIFO queue: its attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fifo {
    content_based: bool,
    /// Whether an id counts in its group only, rather than in the queue.
    scope_is_group: bool,
    /// Whether the throughput is limited by group, which the lab does not do either way.
    limit_is_group: bool,
}

/// What a FIFO queue remembers of what was sent.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By group, where ids count there only, and by deduplication id.
    sent: BTreeMap<(Option<String>, String), Receipt>,
    last_sequence: u64,
}

/// What the sender of a duplicate gets again.
#[derive(Clone, Debug)]
pub(super) struct Receipt {
    at: Instant,
    pub(super) message_id: String,
    pub(super) sequence: String,
}

/// Group and deduplication id of a message, checked.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) group: String,
    pub(super) deduplication_id: String,
}

impl Fifo {
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
        let flag = || value.parse().map_err(|_| invalid(name));
        match (name, value) {
            ("ContentBasedDeduplication", _) => self.content_based = flag()?,
            ("DeduplicationScope", "queue") => self.scope_is_group = false,
            ("DeduplicationScope", "messageGroup") => self.scope_is_group = true,
            ("FifoThroughputLimit", "perQueue") => self.limit_is_group = false,
            ("FifoThroughputLimit", "perMessageGroupId") => self.limit_is_group = true,
            ("FifoQueue", "true") => {}
            ("FifoQueue", _) => {
                let message =
                    "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
                return Err(AwsError::bad_request("InvalidAttributeValue", message));
            }
            (_, _) => return Err(invalid(name)),
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let text = match name {
            "FifoQueue" => "true",
            "ContentBasedDeduplication" if self.content_based => "true",
            "ContentBasedDeduplication" => "false",
            "DeduplicationScope" if self.scope_is_group => "messageGroup",
            "DeduplicationScope" => "queue",
            "FifoThroughputLimit" if self.limit_is_group => "perMessageGroupId",
            "FifoThroughputLimit" => "perQueue",
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// Whether the attributes go together.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        if self.limit_is_group && !self.scope_is_group {
            let message = "The perMessageGroupId value is allowed only when the value for DeduplicationScope is \
                           messageGroup.";
            return Err(AwsError::bad_request("InvalidAttributeValue", message));
        }
        Ok(())
    }

    /// Whether a message has the ids that the queue asks for. One entry of a batch without them makes SQS refuse the whole
    /// batch.
    pub(super) fn require(&self, group: Option<&str>, deduplication_id: Option<&str>) -> Result<(), AwsError> {
        if group.is_none() {
            return Err(missing("MessageGroupId"));
        }
        if deduplication_id.is_none() && !self.content_based {
            let message = "The queue should either have ContentBasedDeduplication enabled or \
                           MessageDeduplicationId provided explicitly";
            return Err(AwsError::bad_request("InvalidParameterValue", message));
        }
        Ok(())
    }

    /// The place of a message in the queue, from what its sender gives.
    pub(super) fn place(
        &self,
        group: Option<String>,
        deduplication_id: Option<String>,
        delay: Option<i64>,
        body: &str,
    ) -> Result<Place, AwsError> {
        if let Some(seconds) = delay.filter(|seconds| *seconds != 0) {
            let reason = "The request include parameter that is not valid for this queue type.";
            return Err(invalid_value(seconds, "DelaySeconds", reason));
        }
        let group = group.ok_or_else(|| missing("MessageGroupId"))?;
        check_id("MessageGroupId", &group)?;
        self.require(Some(&group), deduplication_id.as_deref())?;
        deduplication_id.as_ref().map_or(Ok(()), |id| check_id("MessageDeduplicationId", id))?;
        Ok(Place { group, deduplication_id: deduplication_id.unwrap_or_else(|| digest(body)) })
    }

    fn key(&self, place: &Place) -> (Option<String>, String) {
        (self.scope_is_group.then(|| place.group.clone()), place.deduplication_id.clone())
    }
}

impl Memory {
    /// The receipt of an earlier message of the same id, if that was less than five minutes ago.
    pub(super) fn duplicate(&mut self, fifo: &Fifo, place: &Place, now: Instant) -> Option<Receipt> {
        self.sent.retain(|_, receipt| now.saturating_duration_since(receipt.at) < WINDOW);
        self.sent.get(&fifo.key(place)).cloned()
    }

    /// Remembers a message. Its number is greater than those of all before it.
    pub(super) fn remember(&mut self, fifo: &Fifo, place: &Place, message_id: &str, now: Instant) -> String {
        self.last_sequence += 1;
        // AWS's numbers have 20 digits and gaps between them.
        let sequence = format!("{:020}", 18_850_000_000_000_000_000_u128 + u128::from(self.last_sequence) * 256);
        let receipt = Receipt { at: now, message_id: message_id.to_owned(), sequence: sequence.clone() };
        self.sent.insert(fifo.key(place), receipt);
        sequence
    }
}

/// Ids of groups and of deduplication: letters, digits, punctuation.
pub(super) fn check_id(parameter: &str, id: &str) -> Result<(), AwsError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_punctuation();
    if id.is_empty() || id.len() > 128 || !id.chars().all(is_plain) {
        let reason =
            format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
        return Err(invalid_value(id, parameter, &reason));
    }
    Ok(())
}

/// The deduplication id that a body makes by itself.
fn digest(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Message {
    fn group(&self) -> Option<&str> {
        self.system.get("MessageGroupId").map(String::as_str)
    }
}

impl Queue {
    /// The groups that nobody may receive from now: one of their messages is in flight, or not yet visible.
    pub(super) fn locked_groups(&self, now: Instant) -> BTreeSet<String> {
        if self.attributes.fifo.is_none() {
            return BTreeSet::new();
        }
        let held = self.messages.iter().filter(|message| message.visible_at > now);
        held.filter_map(|message| message.group().map(str::to_owned)).collect()
    }

    /// Whether a message is in a group that is locked. Groups of standard queues lock nothing.
    pub(super) fn is_locked(message: &Message, locked: &BTreeSet<String>) -> bool {
        message.group().is_some_and(|group| locked.contains(group))
    }
}
