//! SQS: queues, their policies, and messages that are received, hidden, redriven and deleted as in AWS.
//!
//! A long poll wakes when a message arrives, or when a delayed or hidden one becomes visible; it never polls. A call whose
//! client hung up ends with the connection, so that it takes no message from those that still wait.
//!
//! What differs from AWS: order is that of arrival and nothing is delivered twice by accident, in standard queues too; the
//! numbers of `ApproximateNumberOf…` are exact and at once; a move task has moved everything when it has started, whatever
//! rate it was given; there are no limits of throughput and of messages in flight. Refused by name:
//! `ReceiveRequestAttemptId` of FIFO queues.
//!
//! Source: the Amazon SQS API Reference and Developer Guide.

mod attributes;
mod batch;
mod body;
pub(crate) mod error;
mod fifo;
mod inflight;
mod message;
mod movement;
mod permission;
pub(crate) mod query;
mod queue;
mod receive;
mod redrive;
mod send;
mod snapshot;
mod summary;
mod tag;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::movement::Movement;
use self::queue::Queue;
pub(crate) use self::send::Consignment;
use crate::cloud::Deliverer;
use crate::deliveries::{Deliveries, Reason, Refusal};
use crate::faults::Injector;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::kms::Kms;
use crate::metrics::Metrics;
use crate::scope::{Scope, Scoped};

/// The queues of every account and Region.
#[derive(Debug, Default)]
pub(crate) struct Sqs {
    queues: Scoped<Queues>,
    /// The queues that were deleted less than a minute ago: when.
    deleted: Scoped<BTreeMap<String, Instant>>,
    /// The tasks that moved messages out of dead-letter queues.
    movements: Scoped<Vec<Movement>>,
    /// What encrypted queues are encrypted with.
    keys: Arc<Kms>,
    metrics: Arc<Metrics>,
    deliveries: Arc<Deliveries>,
    faults: Arc<Injector>,
}

/// How full a queue is.
#[derive(Debug)]
pub(crate) struct Depth {
    pub(crate) scope: Scope,
    pub(crate) queue: String,
    pub(crate) visible: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
    pub(crate) age_of_oldest: Duration,
}

/// The queues of one account and Region, by name.
type Queues = BTreeMap<String, Queue>;

impl Sqs {
    /// A service without queues, whose encrypted queues will have these keys, which counts in these metrics, and whose
    /// dead letters these faults strike.
    pub(crate) fn new(
        keys: Arc<Kms>,
        metrics: Arc<Metrics>,
        deliveries: Arc<Deliveries>,
        faults: Arc<Injector>,
    ) -> Self {
        Self { keys, metrics, deliveries, faults, ..Self::default() }
    }

    /// How full every queue is now.
    pub(crate) fn depths(&self) -> Vec<Depth> {
        let now = Instant::now();
        let mut depths = Vec::new();
        self.queues.for_each(|scope, queues| {
            for (name, queue) in queues {
                queue.expire(now);
                let queue::Counts { visible, in_flight, delayed } = queue.counts(now);
                let age_of_oldest = queue.age_of_oldest(now);
                let (scope, queue) = (scope.clone(), name.clone());
                depths.push(Depth { scope, queue, visible, in_flight, delayed, age_of_oldest });
            }
        });
        depths
    }

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
            "StartMessageMoveTask" => self.start_message_move_task(call),
            "ListMessageMoveTasks" => self.list_message_move_tasks(call),
            "CancelMessageMoveTask" => self.cancel_message_move_task(call),
            "ChangeMessageVisibilityBatch" => self.change_message_visibility_batch(call),
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
        let group_id = message_group_id.map(str::to_owned);
        self.take_in(deliverer, queue_arn, Consignment { body, attributes, group_id, deduplication_id: None })
    }

    /// The same for a service that has a deduplication id to pass on.
    pub(crate) fn take_in(
        &self,
        deliverer: &Deliverer,
        queue_arn: &str,
        consignment: Consignment,
    ) -> Result<String, Refusal> {
        let gone = || Refusal::new(Reason::NotFound, format!("there is no queue {queue_arn}"));
        let scope = Scope::of_arn(queue_arn).filter(|_| queue_arn.starts_with("arn:aws:sqs:")).ok_or_else(gone)?;
        let name = queue_arn.rsplit(':').next().unwrap_or_default();
        self.queues.with(&scope, |queues| {
            let queue = queues.get_mut(name).ok_or_else(gone)?;
            permission::allows_service(&self.keys, queue, deliverer)?;
            send::from_service(queue, consignment)
        })
    }
}
