//! Silences at the topic: its policy does not let the rule publish. The rule counts the failure, and nobody else.

use alert_drill::lab::deliveries::{Hop, Reason};
use serde_json::json;

use crate::Outcome;
use crate::common::{Bench, Heard, RULE, TOPIC, allow, policy};
use crate::place::{Need, needs};

async fn assert_silent(bench: &Bench, cause: &[&str]) {
    let request_id = bench.open_port().await;
    bench.assert_heard(&request_id, Heard::NOTHING).await;
    bench.assert_stopped_at(&request_id, Hop::Topic, Reason::PolicyDenied, cause);
    bench.assert_metric("AWS/Events", "FailedInvocations", RULE, 1.0).await;
    bench.assert_metric("AWS/SNS", "NumberOfMessagesPublished", TOPIC, 0.0).await;
}

pub(crate) async fn with_the_policy_that_aws_gives_a_topic() -> Outcome {
    needs(Need::Policies).await?;
    let bench = Bench::start().await;
    bench.set_topic_policy(&bench.default_topic_policy).await;
    let cause = ["no statement allows", "events.amazonaws.com", "sns:Publish", "SourceOwner"];
    assert_silent(&bench, &cause).await;
    Ok(())
}

pub(crate) async fn with_a_condition_that_names_another_rule() -> Outcome {
    needs(Need::Policies).await?;
    let bench = Bench::start().await;
    let (another, this) = (bench.rule_arn("another-rule"), bench.rule_arn(RULE));
    let allow = allow("events.amazonaws.com", "sns:Publish", &bench.topic_arn, &another);
    bench.set_topic_policy(&policy(&[allow])).await;
    assert_silent(&bench, &["`Allowed`", "aws:SourceArn", &another, &this]).await;
    Ok(())
}

pub(crate) async fn with_an_explicit_deny_beside_the_allow() -> Outcome {
    needs(Need::Policies).await?;
    let bench = Bench::start().await;
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
    Ok(())
}
