//! Silences at the topic: its policy does not let the rule publish. The rule counts the failure, and nobody else.

use alert_drill::lab::deliveries::{Hop, Reason};
use serde_json::json;

use crate::common::{Bench, Heard, RULE, TOPIC, allow, policy};

async fn assert_silent(bench: &Bench, cause: &[&str]) {
    let request_id = bench.open_port().await;
    assert_eq!(bench.heard(&request_id).await, Heard::NOTHING);
    bench.assert_stopped_at(&request_id, Hop::Topic, Reason::PolicyDenied, cause);
    assert_eq!(bench.metric("AWS/Events", "FailedInvocations", RULE).await, 1.0);
    assert_eq!(bench.metric("AWS/SNS", "NumberOfMessagesPublished", TOPIC).await, 0.0);
}

#[tokio::test]
async fn with_the_policy_that_aws_gives_a_topic() {
    let Some(bench) = Bench::start().await else { return };
    bench.set_topic_policy(&bench.default_topic_policy).await;
    let cause = ["no statement allows", "events.amazonaws.com", "sns:Publish", "SourceOwner"];
    assert_silent(&bench, &cause).await;
}

#[tokio::test]
async fn with_a_condition_that_names_another_rule() {
    let Some(bench) = Bench::start().await else { return };
    let (another, this) = (bench.rule_arn("another-rule"), bench.rule_arn(RULE));
    let allow = allow("events.amazonaws.com", "sns:Publish", &bench.topic_arn, &another);
    bench.set_topic_policy(&policy(&[allow])).await;
    assert_silent(&bench, &["`Allowed`", "aws:SourceArn", &another, &this]).await;
}

#[tokio::test]
async fn with_an_explicit_deny_beside_the_allow() {
    let Some(bench) = Bench::start().await else { return };
    let allow = allow("events.amazonaws.com", "sns:Publish", &bench.topic_arn, &bench.rule_arn(RULE));
    let deny = json!({
        "Sid": "Never",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": bench.topic_arn,
    });
    bench.set_topic_policy(&policy(&[allow, deny])).await;
    assert_silent(&bench, &["statement `Never` denies", "events.amazonaws.com"]).await;
}
