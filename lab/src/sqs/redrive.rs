//! Dead-letter queues: where messages go that nobody manages to process, and which queues may send theirs there.
//!
//! A redrive policy is checked when it is set: the dead-letter queue must be there, of the same kind, and allow the source.
//!
//! Source: "Using dead-letter queues in Amazon SQS" in the Amazon SQS Developer Guide.

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Queues;
use super::attributes::{Attributes, invalid_because};
use super::error::{invalid_value, no_queue};
use super::message::Message;
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// The most queues that a dead-letter queue names as its sources.
const MOST_SOURCES: usize = 10;

/// Where messages go that nobody manages to process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redrive {
    /// The policy as it is shown.
    pub(super) text: String,
    /// The ARN of the dead-letter queue.
    pub(super) target: String,
    /// How often a message is received before it goes there.
    pub(super) max_receive_count: u32,
}

/// Which queues may have a queue as their dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RedriveAllow {
    /// The policy as it was given.
    pub(super) text: String,
    /// None: every queue.
    sources: Option<Vec<String>>,
}

impl Redrive {
    /// The empty text takes the policy away.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, AwsError> {
        const NAME: &str = "RedrivePolicy";
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Given {
            dead_letter_target_arn: String,
            max_receive_count: Value,
        }
        if text.is_empty() {
            return Ok(None);
        }
        let given: Given = serde_json::from_str(text).map_err(|error| invalid_because(NAME, error))?;
        // Consoles and templates write the count as a number or as a text of one.
        let (count, written) = match &given.max_receive_count {
            Value::String(text) => (text.parse().ok(), text.clone()),
            other => (other.as_u64(), other.to_string()),
        };
        let count = count.and_then(|count| u32::try_from(count).ok()).filter(|count| (1..=1000).contains(count));
        let max_receive_count = count.ok_or_else(|| {
            let reason = format!(
                "Invalid value for maxReceiveCount: {written}, valid values are from 1 to 1000 both inclusive."
            );
            invalid_value(text, NAME, &reason)
        })?;
        let target = given.dead_letter_target_arn;
        if !target.starts_with("arn:aws:sqs:") {
            return Err(invalid_value(text, NAME, "Invalid value for deadLetterTargetArn."));
        }
        // Shown as it was given, but for the count, which is shown as a number whichever way it came.
        let text = match given.max_receive_count {
            Value::String(_) => {
                json!({ "deadLetterTargetArn": target, "maxReceiveCount": max_receive_count }).to_string()
            }
            _ => text.to_owned(),
        };
        Ok(Some(Self { text, target, max_receive_count }))
    }
}

impl RedriveAllow {
    /// The empty text takes the policy away.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Given {
            redrive_permission: String,
            source_queue_arns: Option<Vec<String>>,
        }
        let refuse = |why: String| Err(invalid_because("RedriveAllowPolicy", why));
        if text.is_empty() {
            return Ok(None);
        }
        let given: Given = match serde_json::from_str(text) {
            Ok(given) => given,
            Err(error) => return refuse(error.to_string()),
        };
        let sources = match (given.redrive_permission.as_str(), given.source_queue_arns) {
            ("allowAll", None) => None,
            ("denyAll", None) => Some(Vec::new()),
            ("byQueue", Some(sources)) if (1..=MOST_SOURCES).contains(&sources.len()) => Some(sources),
            ("byQueue", _) => return refuse(format!("byQueue needs 1 to {MOST_SOURCES} sourceQueueArns")),
            ("allowAll" | "denyAll", Some(_)) => return refuse("sourceQueueArns go with byQueue only".to_owned()),
            (other, _) => return refuse(format!("redrivePermission {other} is none of allowAll, denyAll and byQueue")),
        };
        Ok(Some(Self { text: text.to_owned(), sources }))
    }

    fn allows(&self, source: &str) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.iter().any(|allowed| allowed == source))
    }
}

/// Whether the dead-letter queue that these attributes name can be the one of the queue `name`.
pub(super) fn check_target(
    queues: &Queues,
    scope: &Scope,
    name: &str,
    attributes: &Attributes,
) -> Result<(), AwsError> {
    let Some(redrive) = &attributes.redrive else { return Ok(()) };
    let refuse = |reason: &str| Err(invalid_value(&redrive.text, "RedrivePolicy", reason));
    let target = queues.values().find(|queue| queue.arn == redrive.target);
    // A new queue may name itself, as it is there by then.
    let Some(target) = target else {
        return if redrive.target == scope.arn("sqs", name) {
            Ok(())
        } else {
            refuse("Dead letter target does not exist.")
        };
    };
    if target.attributes.fifo.is_some() != attributes.fifo.is_some() {
        return refuse("Dead-letter queue must be same type of queue as the source.");
    }
    let allows = target.attributes.redrive_allow.as_ref().is_none_or(|allow| allow.allows(&scope.arn("sqs", name)));
    if allows { Ok(()) } else { refuse("The dead-letter queue's RedriveAllowPolicy does not allow this source queue.") }
}

/// Moves the messages that were received as often as the redrive policy allows. Without their queue, they stay.
pub(super) fn redrive(queues: &mut Queues, name: &str, now: Instant) -> Result<(), AwsError> {
    let queue = queues.get_mut(name).ok_or_else(no_queue)?;
    queue.expire(now);
    let Some(redrive) = queue.attributes.redrive.clone() else { return Ok(()) };
    let (source, target) = (queue.arn.clone(), redrive.target.rsplit(':').next().unwrap_or_default().to_owned());
    let is_allowed = queues.get(&target).is_some_and(|queue| {
        let allow = queue.attributes.redrive_allow.as_ref();
        queue.arn == redrive.target && allow.is_none_or(|allow| allow.allows(&source))
    });
    if target == name || !is_allowed {
        return Ok(());
    }
    let spent = |message: &mut Message| message.visible_at <= now && message.receive_count >= redrive.max_receive_count;
    let moved: Vec<Message> =
        queues.get_mut(name).map(|queue| queue.messages.extract_if(.., spent).collect()).unwrap_or_default();
    if let Some(dead_letters) = queues.get_mut(&target) {
        for mut message in moved {
            message.system.insert("DeadLetterQueueSourceArn", source.clone());
            message.receipt = None;
            dead_letters.take_over(message);
        }
    }
    Ok(())
}
