//! Silences at the queue: the topic has the message, and the queue does not get it. The function beside it does.

use alert_drill::lab::deliveries::{Hop, Reason};
use aws_sdk_sqs::types::QueueAttributeName;

use crate::Outcome;
use crate::common::{Bench, Heard, TOPIC};
use crate::place::{Need, needs};

async fn assert_silent(bench: &Bench, reason: Reason, cause: &[&str]) {
    let request_id = bench.open_port().await;
    bench.assert_heard(&request_id, Heard { queue: 0, discord: 1, mail: 0 }).await;
    bench.assert_stopped_at(&request_id, Hop::Queue, reason, cause);
}

async fn set_filter(bench: &Bench, scope: &str, filter: &str) {
    for (name, value) in [("FilterPolicyScope", scope), ("FilterPolicy", filter)] {
        let set = bench.clients().sns.set_subscription_attributes().subscription_arn(&bench.queue_subscription);
        set.attribute_name(name).attribute_value(value).send().await.unwrap();
    }
}

pub(crate) async fn without_a_queue_policy() -> Outcome {
    needs(Need::Policies).await?;
    let bench = Bench::start().await;
    let set = bench.clients().sqs.set_queue_attributes().queue_url(&bench.queue_url);
    set.attributes(QueueAttributeName::Policy, "").send().await.unwrap();
    let cause = ["sns.amazonaws.com", "sqs:SendMessage", "has no policy"];
    assert_silent(&bench, Reason::PolicyDenied, &cause).await;
    bench.assert_metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC, 1.0).await;
    Ok(())
}

pub(crate) async fn with_a_filter_policy_on_attributes_that_eventbridge_does_not_send() -> Outcome {
    let bench = Bench::start().await;
    set_filter(&bench, "MessageAttributes", r#"{"severity":["high"]}"#).await;
    assert_silent(&bench, Reason::FilterPolicy, &["the filter policy drops the message", "has none"]).await;
    bench.assert_metric("AWS/SNS", "NumberOfNotificationsFilteredOut", TOPIC, 1.0).await;
    bench.assert_metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC, 0.0).await;
    Ok(())
}

pub(crate) async fn with_a_filter_policy_on_the_body_that_names_another_call() -> Outcome {
    let bench = Bench::start().await;
    set_filter(&bench, "MessageBody", r#"{"detail":{"eventName":["DeleteSecurityGroup"]}}"#).await;
    let cause = ["detail.eventName", "\"AuthorizeSecurityGroupIngress\"", "\"DeleteSecurityGroup\""];
    assert_silent(&bench, Reason::FilterPolicy, &cause).await;
    bench.assert_metric("AWS/SNS", "NumberOfNotificationsFilteredOut-MessageBody", TOPIC, 1.0).await;
    Ok(())
}
