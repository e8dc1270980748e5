//! The queues that are subscribed to the topic.

use aws_sdk_sqs::types::QueueAttributeName;

use super::{Fact, QueueFacts, TopicFacts, found};
use crate::target::Target;

const NOT_FOUND: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

pub(super) async fn read(target: &Target, topic: &TopicFacts) -> Vec<QueueFacts> {
    let subscriptions = topic.subscriptions.as_ref().map(Vec::as_slice).unwrap_or_default();
    let mut queues = Vec::new();
    for subscription in subscriptions.iter().filter(|one| one.protocol == "sqs") {
        let arn = subscription.endpoint.clone();
        queues.push(QueueFacts { policy: policy(target, &arn).await, arn });
    }
    queues
}

/// None: there is no such queue; some of none: it has no policy.
async fn policy(target: &Target, arn: &str) -> Fact<Option<Option<String>>> {
    let sqs = &target.clients.sqs;
    let (account, name) = (arn.split(':').nth(4).unwrap_or_default(), arn.rsplit(':').next().unwrap_or_default());
    let named = sqs.get_queue_url().queue_name(name).queue_owner_aws_account_id(account).send().await;
    let Some(url) = found("sqs:GetQueueUrl", named, NOT_FOUND)?.and_then(|named| named.queue_url) else {
        return Ok(None);
    };
    let got = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::Policy).send().await;
    let got = found("sqs:GetQueueAttributes", got, NOT_FOUND)?;
    Ok(got.map(|got| got.attributes()?.get(&QueueAttributeName::Policy).filter(|policy| !policy.is_empty()).cloned()))
}
