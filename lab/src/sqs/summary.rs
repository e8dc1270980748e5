//! The queues in short, as the lab's own page shows them.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Sqs;

impl Sqs {
    /// Every queue in short, with the counts of its messages.
    pub(crate) fn summaries(&self) -> Vec<Value> {
        let now = Instant::now();
        let mut queues = Vec::new();
        self.queues.for_each(|scope, in_scope| {
            for (name, queue) in in_scope {
                queue.expire(now);
                let counts = queue.counts(now);
                queues.push(json!({
                    "account": scope.account,
                    "region": scope.region,
                    "name": name,
                    "arn": queue.arn,
                    "visible": counts.visible,
                    "in_flight": counts.in_flight,
                    "delayed": counts.delayed,
                    "dead_letter_queue": queue.attributes.redrive.as_ref().map(|redrive| &redrive.target),
                }));
            }
        });
        queues
    }
}
