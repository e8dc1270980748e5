//! The tables that the evaluation is held to, each with the AWS page that it is from.

mod conditions;
mod documents;
mod explanations;
mod grammar;
mod matching;
mod peer;
mod permissions;
mod pipeline;
mod properties;

use super::*;
use serde_json::{Value, json};

const TOPIC: &str = "arn:aws:sns:ap-northeast-2:111122223333:sns-securitygroup-alarm";
const RULE: &str = "arn:aws:events:ap-northeast-2:111122223333:rule/eventbridge-securitygroup-changerule";
const OWNER: &str = "111122223333";

/// A publish by EventBridge for the workbook's rule.
fn publish() -> RequestContext {
    RequestContext::new(Principal::service("events.amazonaws.com"), "sns:Publish", TOPIC)
        .key("aws:SourceArn", RULE)
        .key("aws:SourceAccount", OWNER)
}

fn policy(statements: Value) -> Policy {
    Policy::parse(&json!({"Version": "2012-10-17", "Statement": statements}).to_string()).unwrap()
}

/// The statement that allows EventBridge to publish, with a condition.
fn allow_if(condition: Value) -> Value {
    json!({
        "Sid": "rule", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish", "Resource": TOPIC, "Condition": condition,
    })
}

fn allows_if(condition: Value, request: &RequestContext) -> bool {
    policy(allow_if(condition)).evaluate(request).is_allowed()
}
