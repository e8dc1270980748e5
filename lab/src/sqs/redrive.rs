//! Dead-letter queues: where messages go that nobody manages to process, and which queues may send theirs there.
//!
//! A redrive policy is checked when it is set: the dead-letter queue must be there, in the same account and Region, of the
//! same kind, and allow the source.
//!
//! Source: "Using dead-letter queues in Amazon SQS" in the Amazon SQS Developer Guide.

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::attributes::{Attributes, invalid_because};
use super::error::{invalid_value, no_queue};
use super::message::Message;
use super::{Queues, Sqs};
use crate::deliveries::{Carried, Hop, Leg};
use crate::faults::drop_it;
use crate::gateway::error::AwsError;
use crate::ids;
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
        if text.is_empty() {
            return Ok(None);
        }
        let refuse = |reason: String| invalid_value(text, "RedrivePolicy", &reason);
        let given: serde_json::Map<String, Value> =
            serde_json::from_str(text).map_err(|_| refuse("Redrive policy is not a valid JSON map.".to_owned()))?;
        let member = |name: &str| {
            let missing = || refuse(format!("Redrive policy does not contain mandatory attribute: {name}."));
            given.get(name).filter(|value| !value.is_null()).ok_or_else(missing)
        };
        let target = member("deadLetterTargetArn")?.as_str().unwrap_or_default().to_owned();
        let count = member("maxReceiveCount")?;
        if let Some(name) =
            given.keys().find(|name| !matches!(name.as_str(), "deadLetterTargetArn" | "maxReceiveCount"))
        {
            return Err(refuse(format!("Redrive policy contains unknown attribute: {name}.")));
        }
        // Consoles and templates write the count as a number or as a text of one.
        let shown = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
        let max_receive_count = shown.parse().ok().filter(|count| (1..=1000).contains(count)).ok_or_else(|| {
            refuse(format!(
                "Invalid value for maxReceiveCount: {shown}, valid values are from 1 to 1000 both inclusive."
            ))
        })?;
        if !target.starts_with("arn:aws:sqs:") {
            return Err(refuse("Invalid value for deadLetterTargetArn.".to_owned()));
        }
        // Shown as it was given, but for the count, which is shown as a number whichever way it came.
        let text = match count {
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

impl Sqs {
    /// Moves the messages that were received as often as the redrive policy allows. Without their queue, they stay.
    pub(super) fn redrive(&self, queues: &mut Queues, name: &str, now: Instant) -> Result<(), AwsError> {
        let queue = queues.get_mut(name).ok_or_else(no_queue)?;
        queue.expire(now);
        let Some(redrive) = queue.attributes.redrive.clone() else { return Ok(()) };
        let (source, scope) = (queue.arn.clone(), queue.scope());
        let target = redrive.target.rsplit(':').next().unwrap_or_default().to_owned();
        let is_allowed = queues.get(&target).is_some_and(|queue| {
            let allow = queue.attributes.redrive_allow.as_ref();
            queue.arn == redrive.target && allow.is_none_or(|allow| allow.allows(&source))
        });
        if target == name || !is_allowed {
            return Ok(());
        }
        let spent =
            |message: &mut Message| message.visible_at <= now && message.receive_count >= redrive.max_receive_count;
        let moved: Vec<Message> =
            queues.get_mut(name).map(|queue| queue.messages.extract_if(.., spent).collect()).unwrap_or_default();
        let Some(dead_letters) = queues.get_mut(&target) else { return Ok(()) };
        for mut message in moved {
            message.system.insert("DeadLetterQueueSourceArn", source.clone());
            message.receipt = None;
            let (delay, copies) = self.faults.on_delivery(Hop::Queue, &redrive.target);
            if copies == 0 {
                let (from, to) = (source.clone(), redrive.target.clone());
                let leg = Leg { scope: scope.clone(), hop: Hop::Queue, from, to, carried: Carried::default() };
                drop_it(&self.deliveries, leg);
            }
            // A late letter is in its queue, and cannot be received yet.
            message.visible_at = message.visible_at.max(now + delay);
            for copy in 0..copies {
                // A second one is deleted for itself, as one that comes twice by any other way.
                let id = if copy == 0 { message.id.clone() } else { ids::uuid() };
                dead_letters.take_over(Message { id, ..message.clone() });
            }
        }
        Ok(())
    }
}
