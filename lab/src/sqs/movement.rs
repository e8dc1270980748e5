//! Moving messages out of a dead-letter queue: back to where they came from, or to another queue.
//!
//! Source: "StartMessageMoveTask" in the Amazon SQS API Reference, and "Learn how to configure a dead-letter queue
//! redrive" in the Amazon SQS Developer Guide.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use super::error::invalid_value;
use super::{Queues, Sqs, permission};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::scope::Scope;

/// How many tasks of a queue AWS shows.
const SHOWN: usize = 10;

/// A task that has moved messages. In the lab it has ended when it has begun.
#[derive(Clone, Debug)]
pub(super) struct Movement {
    handle: String,
    source: String,
    destination: Option<String>,
    rate: Option<i64>,
    moved: usize,
    started: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Start {
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct List {
    source_arn: String,
    max_results: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Cancel {
    task_handle: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<i64>,
    approximate_number_of_messages_moved: usize,
    approximate_number_of_messages_to_move: usize,
    started_timestamp: i64,
}

fn no_resource(parameter: &str) -> AwsError {
    let message = format!("The resource that you specified for the {parameter} parameter doesn't exist.");
    AwsError::new(404, "ResourceNotFoundException", message)
}

/// The scope and the name of a queue of the Region that is called.
fn queue_of(call: &Call, arn: &str, parameter: &str) -> Result<(Scope, String), AwsError> {
    let (scope, rest) =
        Scope::of_arn(arn).zip(arn.strip_prefix("arn:aws:sqs:")).ok_or_else(|| no_resource(parameter))?;
    let name = rest.rsplit(':').next().unwrap_or_default().to_owned();
    if scope.region != call.scope.region {
        return Err(no_resource(parameter));
    }
    Ok((scope, name))
}

/// Moves what is visible in the dead-letter queue `from`: to `to`, or each message to the queue that it came from.
fn shift(queues: &mut Queues, from: &str, to: Option<&str>, now: Instant) -> usize {
    let Some(source) = queues.get_mut(from) else { return 0 };
    source.expire(now);
    let waiting: Vec<_> = source.messages.extract_if(.., |message| message.visible_at <= now).collect();
    let mut moved = 0;
    for mut message in waiting {
        let origin = message.system.get("DeadLetterQueueSourceArn").cloned().unwrap_or_default();
        let origin = origin.rsplit(':').next().unwrap_or_default();
        let target = to.unwrap_or(origin);
        match queues.get_mut(target) {
            Some(queue) => {
                message.system.remove("DeadLetterQueueSourceArn");
                // It begins anew there.
                message.receive_count = 0;
                message.first_received = None;
                message.receipt = None;
                queue.take_over(message);
                moved += 1;
            }
            // Its queue is gone: it stays.
            None => {
                if let Some(source) = queues.get_mut(from) {
                    source.messages.push(message);
                }
            }
        }
    }
    moved
}

impl Sqs {
    pub(super) fn start_message_move_task(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Start = call.input()?;
        if let Some(rate) = input.max_number_of_messages_per_second.filter(|rate| !(1..=500).contains(rate)) {
            let reason = "You must enter a value between 1 and 500.";
            return Err(invalid_value(rate, "MaxNumberOfMessagesPerSecond", reason));
        }
        let (scope, name) = queue_of(call, &input.source_arn, "SourceArn")?;
        let target = match &input.destination_arn {
            None => None,
            Some(arn) => {
                let (other, target) = queue_of(call, arn, "DestinationArn")?;
                if other != scope {
                    return Err(AwsError::unsupported("moving messages to another account"));
                }
                Some(target)
            }
        };
        let moved = self.queues.with(&scope, |queues| {
            let source = queues.get(&name).ok_or_else(|| no_resource("SourceArn"))?;
            permission::allows_call(source, call)?;
            let feeds = |redrive: &super::redrive::Redrive| redrive.target == source.arn;
            if !queues.values().any(|queue| queue.attributes.redrive.as_ref().is_some_and(feeds)) {
                let message = "Source queue must be configured as a Dead Letter Queue.";
                return Err(AwsError::bad_request("InvalidParameterValue", message));
            }
            if let Some(target) = &target {
                let destination = queues.get(target).ok_or_else(|| no_resource("DestinationArn"))?;
                if destination.attributes.fifo.is_some() != source.attributes.fifo.is_some() {
                    let message = "The source and the destination queue must be of the same type.";
                    return Err(AwsError::bad_request("InvalidParameterValue", message));
                }
            }
            Ok(shift(queues, &name, target.as_deref(), Instant::now()))
        })?;
        let task = json!({ "taskId": ids::uuid(), "sourceArn": input.source_arn });
        let handle = STANDARD.encode(task.to_string());
        let movement = Movement {
            handle: handle.clone(),
            source: input.source_arn,
            destination: input.destination_arn,
            rate: input.max_number_of_messages_per_second,
            moved,
            started: call.time,
        };
        self.movements.with(&scope, |movements| movements.push(movement));
        call.reply(&json!({ "TaskHandle": handle }))
    }

    /// The newest first.
    pub(super) fn list_message_move_tasks(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: List = call.input()?;
        let most = match input.max_results {
            None => 1,
            Some(most) => usize::try_from(most)
                .ok()
                .filter(|most| (1..=SHOWN).contains(most))
                .ok_or_else(|| invalid_value(most, "MaxResults", "You must enter a value between 1 and 10."))?,
        };
        let (scope, name) = queue_of(call, &input.source_arn, "SourceArn")?;
        self.queues.with(&scope, |queues| {
            let source = queues.get(&name).ok_or_else(|| no_resource("SourceArn"))?;
            permission::allows_call(source, call)
        })?;
        let results: Vec<Shown> = self.movements.with(&scope, |movements| {
            let of_source = movements.iter().rev().filter(|movement| movement.source == input.source_arn);
            of_source.take(most).cloned().map(Movement::shown).collect()
        });
        call.reply(&json!({ "Results": results }))
    }

    pub(super) fn cancel_message_move_task(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Cancel = call.input()?;
        let mut is_known = false;
        self.movements.for_each(|scope, movements| {
            let is_here = scope.region == call.scope.region;
            is_known |= is_here && movements.iter().any(|movement| movement.handle == input.task_handle);
        });
        if !is_known {
            return Err(AwsError::new(404, "ResourceNotFoundException", "Task does not exist."));
        }
        Err(AwsError::bad_request("InvalidParameterValue", "Only active tasks can be cancelled"))
    }
}

impl Movement {
    fn shown(self) -> Shown {
        Shown {
            status: "COMPLETED",
            source_arn: self.source,
            destination_arn: self.destination,
            max_number_of_messages_per_second: self.rate,
            approximate_number_of_messages_moved: self.moved,
            approximate_number_of_messages_to_move: self.moved,
            started_timestamp: self.started.as_millisecond(),
        }
    }
}
