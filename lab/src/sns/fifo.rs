//! FIFO topics: what is published in a group arrives in its order, and not twice within five minutes.
//!
//! What surprises people: only queues can subscribe, so that nobody gets a mail and no function runs; and a duplicate is
//! **accepted and not delivered**, its publisher gets the id of the first.
//!
//! Source: "Amazon SNS FIFO topics", "Message deduplication for FIFO topics" and "High throughput" in the Amazon SNS
//! Developer Guide.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::error::invalid;
use super::message::Draft;
use crate::gateway::error::AwsError;

/// For how long a deduplication id is remembered.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// The attributes of a FIFO topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fifo {
    content_based: bool,
    /// Whether throughput and deduplication are by group, rather than by topic.
    scope_is_group: bool,
}

/// What a FIFO topic remembers of what was published.
#[derive(Debug, Default)]
pub(super) struct Memory {
    sent: BTreeMap<(Option<String>, String), (Instant, Receipt)>,
    last_sequence: u64,
}

/// What the publisher of a message gets, and that of its duplicates too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) message_id: String,
    pub(super) sequence: String,
}

/// What a FIFO topic makes of a message.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is to be delivered, under this number and this deduplication id.
    New { sequence: String, deduplication_id: String },
    /// It was published before.
    Duplicate(Receipt),
}

impl Fifo {
    /// Sets an attribute, or says why not: the end of SNS's sentence.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match (name, value) {
            ("ContentBasedDeduplication", _) if flag(value).is_some() => self.content_based = flag(value) == Some(true),
            ("FifoThroughputScope", "MessageGroup") => self.scope_is_group = true,
            ("FifoThroughputScope", "Topic") => self.scope_is_group = false,
            (name, value) => return Err(format!("{name} Reason: Invalid value [{value}]")),
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let text = match name {
            "FifoTopic" => "true",
            "ContentBasedDeduplication" if self.content_based => "true",
            "ContentBasedDeduplication" => "false",
            "FifoThroughputScope" if self.scope_is_group => "MessageGroup",
            "FifoThroughputScope" => "Topic",
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// Whether the topic takes the ids of a message.
    pub(super) fn check(&self, draft: &Draft) -> Result<(), AwsError> {
        self.place(draft).map(|_| ())
    }

    /// Whether a message has the ids that the topic asks for.
    fn require(&self, draft: &Draft) -> Result<(), AwsError> {
        match (&draft.group_id, &draft.deduplication_id) {
            (None, _) => Err(invalid("The MessageGroupId parameter is required for FIFO topics")),
            (Some(_), None) if !self.content_based => Err(invalid(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                 explicitly",
            )),
            (Some(_), _) => Ok(()),
        }
    }

    /// The group and the deduplication id of a message.
    fn place(&self, draft: &Draft) -> Result<(String, String), AwsError> {
        self.require(draft)?;
        let group = draft.group_id.clone().unwrap_or_default();
        check_id("MessageGroupId", &group)?;
        let id = draft.deduplication_id.as_ref();
        id.map_or(Ok(()), |id| check_id("MessageDeduplicationId", id))?;
        Ok((group, id.cloned().unwrap_or_else(|| digest(&draft.message))))
    }
}

impl Memory {
    /// Takes a message that is to have this id.
    pub(super) fn take(&mut self, fifo: &Fifo, draft: &Draft, message_id: &str) -> Result<Taken, AwsError> {
        let (group, deduplication_id) = fifo.place(draft)?;
        let now = Instant::now();
        self.sent.retain(|_, (at, _)| now.saturating_duration_since(*at) < WINDOW);
        let key = (fifo.scope_is_group.then_some(group), deduplication_id.clone());
        if let Some((_, first)) = self.sent.get(&key) {
            return Ok(Taken::Duplicate(first.clone()));
        }
        self.last_sequence += 1;
        // AWS's numbers have 20 digits and gaps between them.
        let sequence = format!("{:020}", 10_000_000_000_000_000_000_u64 + self.last_sequence * 1_000);
        let receipt = Receipt { message_id: message_id.to_owned(), sequence: sequence.clone() };
        self.sent.insert(key, (now, receipt));
        Ok(Taken::New { sequence, deduplication_id })
    }
}

/// A boolean attribute, in any letter case: what scripts write is often their language's own `True`.
pub(super) fn flag(value: &str) -> Option<bool> {
    match value {
        value if value.eq_ignore_ascii_case("true") => Some(true),
        value if value.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn check_id(parameter: &str, id: &str) -> Result<(), AwsError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_punctuation();
    if id.is_empty() || id.len() > 128 || !id.chars().all(is_plain) {
        let why = "can only include alphanumeric and punctuation characters. 1 to 128 in length.";
        return Err(invalid(format_args!("{parameter} Reason: {parameter} {why}")));
    }
    Ok(())
}

/// The deduplication id that a message makes by itself.
fn digest(message: &str) -> String {
    Sha256::digest(message.as_bytes()).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
