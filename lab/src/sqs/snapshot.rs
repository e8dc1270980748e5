//! The queues with their messages, as a snapshot shows them.

use serde_json::{Value, json};

use super::Sqs;
use super::queue::Queue;
use crate::snapshot::by_name;

impl Sqs {
    /// All queues, by account and Region. Which message is visible is left out: time alone changes it.
    pub(crate) fn snapshot(&self) -> Value {
        self.queues
            .snapshot(|queues| Value::Object(by_name(queues.iter().map(|(name, queue)| (name, of_queue(queue))))))
    }
}

fn of_queue(queue: &Queue) -> Value {
    let messages: Vec<Value> = queue
        .messages
        .iter()
        .map(|message| {
            json!({
                "id": message.id,
                "attributes": message.attributes,
                "body": message.body,
                "receive_count": message.receive_count,
                "system_attributes": message.system,
            })
        })
        .collect();
    json!({ "attributes": queue.attributes.all(), "messages": messages, "tags": queue.tags })
}
