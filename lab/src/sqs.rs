//! SQS: standard queues, their policies, and messages that are received, hidden, redriven and deleted as in AWS.
//!
//! A long poll wakes when a message arrives, or when a delayed or hidden one becomes visible; it never polls. A call whose
//! client hung up ends with the connection, so that it takes no message from those that still wait.
//!
//! What differs from AWS: order is that of arrival and nothing is delivered twice by accident; a queue may be created
//! again at once after its deletion, and purged twice in a minute (AWS asks for 60 seconds); FIFO queues, message move
//! tasks and keys of the customer's are refused by name.
//!
//! Source: the Amazon SQS API Reference and Developer Guide.

mod attributes;
mod batch;
mod body;
pub(crate) mod error;
mod inflight;
mod message;
mod permission;
mod queue;
mod receive;
mod send;
mod snapshot;
mod summary;
mod tag;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeMap;

use self::queue::Queue;
use crate::cloud::Deliverer;
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::scope::{Scope, Scoped};

/// The queues of every account and Region.
#[derive(Debug, Default)]
pub(crate) struct Sqs {
    queues: Scoped<Queues>,
}

/// The queues of one account and Region, by name.
type Queues = BTreeMap<String, Queue>;

impl Sqs {
    operations! { OPERATIONS =
        pub(crate) async fn call(&self, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateQueue" => self.create_queue(call),
            "DeleteQueue" => self.delete_queue(call),
            "GetQueueUrl" => self.get_queue_url(call),
            "ListQueues" => self.list_queues(call),
            "ListDeadLetterSourceQueues" => self.list_dead_letter_source_queues(call),
            "PurgeQueue" => self.purge_queue(call),
            "GetQueueAttributes" => self.get_queue_attributes(call),
            "SetQueueAttributes" => self.set_queue_attributes(call),
            "AddPermission" => self.add_permission(call),
            "RemovePermission" => self.remove_permission(call),
            "ListQueueTags" => self.list_queue_tags(call),
            "TagQueue" => self.tag_queue(call),
            "UntagQueue" => self.untag_queue(call),
            "SendMessage" => self.send_message(call),
            "SendMessageBatch" => self.send_message_batch(call),
            "ReceiveMessage" => self.receive_message(call).await,
            "DeleteMessage" => self.delete_message(call),
            "DeleteMessageBatch" => self.delete_message_batch(call),
            "ChangeMessageVisibility" => self.change_message_visibility(call),
            "ChangeMessageVisibilityBatch" => self.change_message_visibility_batch(call),
            refused "CancelMessageMoveTask", "ListMessageMoveTasks", "StartMessageMoveTask",
        }
    }

    /// Sends to a queue on behalf of a service; the queue's policy decides. Returns the message id.
    ///
    /// `attributes` are message attributes: name, data type, string value (of a `Binary` one: in base64).
    pub(crate) fn send_as_service(
        &self,
        deliverer: &Deliverer,
        queue_arn: &str,
        body: String,
        attributes: Vec<(String, String, String)>,
        message_group_id: Option<&str>,
    ) -> Result<String, Refusal> {
        let gone = || Refusal::new(Reason::NotFound, format!("there is no queue {queue_arn}"));
        let scope = Scope::of_arn(queue_arn).filter(|_| queue_arn.starts_with("arn:aws:sqs:")).ok_or_else(gone)?;
        let name = queue_arn.rsplit(':').next().unwrap_or_default();
        self.queues.with(&scope, |queues| {
            let queue = queues.get_mut(name).ok_or_else(gone)?;
            permission::allows_service(queue, deliverer)?;
            let message = send::from_service(queue, body, attributes, message_group_id)?;
            let id = message.id.clone();
            queue.put(message);
            Ok(id)
        })
    }
}
