//! The topics with their subscriptions, as a snapshot shows them.

use serde_json::{Value, json};

use super::Sns;
use super::topic::Topic;
use crate::snapshot::by_name;

impl Sns {
    /// All topics, by account and Region.
    pub(crate) fn snapshot(&self) -> Value {
        self.topics
            .snapshot(|topics| Value::Object(by_name(topics.iter().map(|(name, topic)| (name, of_topic(topic))))))
    }
}

fn of_topic(topic: &Topic) -> Value {
    // The token of the confirmation link is left out: it is as good as the confirmation.
    let subscriptions = topic.subscriptions.iter().map(|subscription| subscription.attributes(&topic.arn));
    json!({
        "attributes": topic.attributes(),
        "subscriptions": subscriptions.collect::<Vec<_>>(),
        "tags": topic.tags,
    })
}
