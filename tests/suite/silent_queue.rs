//! Silences at the queue: the topic has the message, and the queue does not get it. The function beside it does.

use alert_drill::lab::deliveries::{Hop, Reason};
use aws_sdk_sqs::types::QueueAttributeName;

use crate::common::{Bench, Heard, TOPIC};

async fn assert_silent(bench: &Bench, reason: Reason, cause: &[&str]) {
    let request_id = bench.open_port().await;
    assert_eq!(bench.heard(&request_id).await, Heard { queue: 0, discord: 1, mail: 0 });
    bench.assert_stopped_at(&request_id, Hop::Queue, reason, cause);
}

async fn set_filter(bench: &Bench, scope: &str, filter: &str) {
    for (name, value) in [("FilterPolicyScope", scope), ("FilterPolicy", filter)] {
        let set = bench.clients().sns.set_subscription_attributes().subscription_arn(&bench.queue_subscription);
        set.attribute_name(name).attribute_value(value).send().await.unwrap();
    }
}

#[tokio::test]
async fn without_a_queue_policy() {
    let Some(bench) = Bench::start().await else { return };
    let set = bench.clients().sqs.set_queue_attributes().queue_url(&bench.queue_url);
    set.attributes(QueueAttributeName::Policy, "").send().await.unwrap();
    let cause = ["sns.amazonaws.com", "sqs:SendMessage", "has no policy"];
    assert_silent(&bench, Reason::PolicyDenied, &cause).await;
    assert_eq!(bench.metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC).await, 1.0);
}

#[tokio::test]
async fn with_a_filter_policy_on_attributes_that_eventbridge_does_not_send() {
    let Some(bench) = Bench::start().await else { return };
    set_filter(&bench, "MessageAttributes", r#"{"severity":["high"]}"#).await;
    assert_silent(&bench, Reason::FilterPolicy, &["the filter policy drops the message", "has none"]).await;
    assert_eq!(bench.metric("AWS/SNS", "NumberOfNotificationsFilteredOut", TOPIC).await, 1.0);
    assert_eq!(bench.metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC).await, 0.0);
}

#[tokio::test]
async fn with_a_filter_policy_on_the_body_that_names_another_call() {
    let Some(bench) = Bench::start().await else { return };
    set_filter(&bench, "MessageBody", r#"{"detail":{"eventName":["DeleteSecurityGroup"]}}"#).await;
    let cause = ["detail.eventName", "\"AuthorizeSecurityGroupIngress\"", "\"DeleteSecurityGroup\""];
    assert_silent(&bench, Reason::FilterPolicy, &cause).await;
    assert_eq!(bench.metric("AWS/SNS", "NumberOfNotificationsFilteredOut-MessageBody", TOPIC).await, 1.0);
}
