//! What a receiver does with a message that it has: delete it, or change how long it stays hidden.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Sqs;
use super::batch::{self, Outcome};
use super::error::{bad_handle, invalid_value, missing};
use super::message::Message;
use super::queue::Queue;
use super::receive::read_handle;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeMessageVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Batch<T> {
    queue_url: String,
    entries: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteEntry {
    id: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct VisibilityEntry {
    id: String,
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Done {
    id: String,
}

impl Queue {
    /// Deletes the message that a receipt handle was given for. One that is gone already is deleted, as in AWS; so is one
    /// whose handle is not the newest, but in a FIFO queue, where that would break the order.
    fn delete(&mut self, handle: &str) -> Result<(), AwsError> {
        let (id, receipt) = read_handle(handle).ok_or_else(|| bad_handle(handle))?;
        let now = Instant::now();
        let is_expired = |message: &Message| message.visible_at <= now || message.receipt.as_ref() != Some(&receipt);
        if self.attributes.fifo.is_some() && self.messages.iter().any(|message| message.id == id && is_expired(message))
        {
            return Err(invalid_value(handle, "ReceiptHandle", "The receipt handle has expired."));
        }
        self.messages.retain(|message| message.id != id);
        self.count_deleted();
        // The next of its group may be waited for.
        self.changed.notify_waiters();
        Ok(())
    }

    /// Hides a message that is in flight for as long from now on. Any of its receipt handles will do, as for a deletion, but
    /// in a FIFO queue, where only the newest does.
    fn hide(&mut self, handle: &str, seconds: i64) -> Result<(), AwsError> {
        let in_range = u64::try_from(seconds).ok().filter(|seconds| *seconds <= 43_200);
        let seconds = in_range.ok_or_else(|| {
            let reason = "Must be between 0 and 43200.";
            invalid_value(seconds, "VisibilityTimeout", reason)
        })?;
        let (id, receipt) = read_handle(handle).ok_or_else(|| bad_handle(handle))?;
        let now = Instant::now();
        let is_fifo = self.attributes.fifo.is_some();
        let held = self.messages.iter_mut().find(|message| message.id == id);
        let held = held.filter(|message| message.visible_at > now && message.receipt.is_some());
        let held = held.filter(|message| !is_fifo || message.receipt.as_ref() == Some(&receipt));
        let message = held.ok_or_else(|| {
            let reason = "Message does not exist or is not available for visibility timeout change.";
            invalid_value(handle, "ReceiptHandle", reason)
        })?;
        message.visible_at = now + Duration::from_secs(seconds);
        self.changed.notify_waiters();
        Ok(())
    }
}

impl Sqs {
    pub(super) fn delete_message(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: DeleteMessage = call.input()?;
        self.on_queue(call, &input.queue_url, |queue| queue.delete(&input.receipt_handle))?;
        call.done()
    }

    pub(super) fn change_message_visibility(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ChangeMessageVisibility = call.input()?;
        let (handle, seconds) = (&input.receipt_handle, input.visibility_timeout);
        self.on_queue(call, &input.queue_url, |queue| queue.hide(handle, seconds))?;
        call.done()
    }

    pub(super) fn delete_message_batch(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Batch<DeleteEntry> = call.input()?;
        let outcome = self.on_queue(call, &input.queue_url, |queue| {
            batch::check("DeleteMessageBatchRequestEntry", input.entries.iter().map(|entry| entry.id.as_str()))?;
            let mut outcome = Outcome::new();
            for DeleteEntry { id, receipt_handle } in &input.entries {
                outcome.add(id, queue.delete(receipt_handle).map(|()| Done { id: id.clone() }));
            }
            Ok(outcome)
        })?;
        call.reply(&outcome)
    }

    pub(super) fn change_message_visibility_batch(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Batch<VisibilityEntry> = call.input()?;
        let outcome = self.on_queue(call, &input.queue_url, |queue| {
            let ids = input.entries.iter().map(|entry| entry.id.as_str());
            batch::check("ChangeMessageVisibilityBatchRequestEntry", ids)?;
            let mut outcome = Outcome::new();
            for VisibilityEntry { id, receipt_handle, visibility_timeout } in &input.entries {
                let seconds = visibility_timeout.ok_or_else(|| missing("VisibilityTimeout"));
                let hidden = seconds.and_then(|seconds| queue.hide(receipt_handle, seconds));
                outcome.add(id, hidden.map(|()| Done { id: id.clone() }));
            }
            Ok(outcome)
        })?;
        call.reply(&outcome)
    }
}
