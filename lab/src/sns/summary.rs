//! The topics in short, as the lab's own page shows them.

use serde_json::{Value, json};

use super::Sns;
use super::subscription::Subscription;
use super::topic::Topic;

impl Sns {
    /// Every topic in short, with its subscriptions.
    pub(crate) fn summaries(&self) -> Vec<Value> {
        let mut topics = Vec::new();
        self.topics.for_each(|_, in_scope| topics.extend(in_scope.values().map(summary)));
        topics
    }
}

fn summary(topic: &Topic) -> Value {
    json!({
        "account": topic.scope.account,
        "region": topic.scope.region,
        "name": topic.name,
        "arn": topic.arn,
        "encrypted_with": topic.settings.key,
        "policy": topic.settings.policy_text,
        "subscriptions": topic.subscriptions.iter().map(subscriber).collect::<Vec<_>>(),
    })
}

/// The token that confirms it stays out: it is the subscriber's alone.
fn subscriber(subscription: &Subscription) -> Value {
    let filter = subscription.options.filter.as_ref();
    json!({
        // The list's own word for one that is not confirmed is no ARN.
        "arn": subscription.confirmed.then_some(&subscription.arn),
        "protocol": subscription.protocol.name(),
        "endpoint": subscription.endpoint,
        "is_confirmed": subscription.confirmed,
        "is_raw": subscription.options.raw,
        "filter_policy": filter.map(|filter| &filter.text),
        "filter_policy_scope": filter.map(|filter| filter.policy.scope().to_string()),
    })
}
