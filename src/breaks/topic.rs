//! Breaks of the topic: its policy, and its key.

use serde_json::{Value, json};

use super::site::same_json;
use super::{Break, BreakError, Effect, Site, key};
use crate::diagnosis::Code;
use crate::scenario::Hop;

/// The service that publishes for a rule.
const EVENTS: &str = "events.amazonaws.com";

/// What is done to the topic.
#[derive(Debug)]
pub(super) enum Change {
    Delete,
    Policy(Policy),
    Key(key::Change),
}

/// A policy that does not let the rule publish.
#[derive(Debug)]
pub(super) enum Policy {
    /// What SNS gives a new topic: the owner alone.
    OwnerOnly,
    /// The condition names a rule of another name.
    AnotherRule,
    /// The condition names another account.
    AnotherAccount,
    /// What is allowed is denied as well.
    Denied,
    /// EventBridge may do something else.
    AnotherAction,
    /// Another service may publish.
    AnotherService,
}

const fn silent(name: &'static str, cause: Code, title: [&'static str; 2], change: Change) -> Break {
    let (hop, effect) = (Hop::Topic, Effect::Silent(Hop::Topic));
    Break { name, hop, effect, cause, title, change: super::Change::Topic(change) }
}

const fn denied(name: &'static str, title: [&'static str; 2], policy: Policy) -> Break {
    silent(name, Code::TopicPolicyDenies, title, Change::Policy(policy))
}

pub(super) const BREAKS: &[Break] = &[
    silent("topic-deleted", Code::TopicMissing, ["the topic was deleted", "주제를 삭제함"], Change::Delete),
    denied(
        "topic-policy-default",
        ["the topic's policy lets the owner alone publish", "주제 정책에 소유자만 남김"],
        Policy::OwnerOnly,
    ),
    denied(
        "topic-policy-other-rule",
        ["the topic's policy lets a rule of another name publish", "주제 정책의 조건이 다른 규칙의 ARN을 가리키게 함"],
        Policy::AnotherRule,
    ),
    denied(
        "topic-policy-other-account",
        ["the topic's policy lets rules of another account publish", "주제 정책의 조건이 다른 계정을 가리키게 함"],
        Policy::AnotherAccount,
    ),
    denied(
        "topic-policy-denies",
        ["the topic's policy has an explicit Deny beside the Allow", "주제 정책에 명시적 거부(Deny)를 추가함"],
        Policy::Denied,
    ),
    denied(
        "topic-policy-wrong-action",
        [
            "the topic's policy lets EventBridge subscribe in place of publish",
            "주제 정책이 EventBridge에 sns:Publish 대신 sns:Subscribe를 허용하게 함",
        ],
        Policy::AnotherAction,
    ),
    denied(
        "topic-policy-wrong-service",
        [
            "the topic's policy lets cloudtrail.amazonaws.com publish in place of events.amazonaws.com",
            "주제 정책이 events.amazonaws.com 대신 cloudtrail.amazonaws.com을 허용하게 함",
        ],
        Policy::AnotherService,
    ),
    silent(
        "topic-key-of-aws",
        Code::TopicKeyDenies,
        [
            "the topic is encrypted with alias/aws/sns, which EventBridge may not use",
            "EventBridge가 쓸 수 없는 alias/aws/sns 키로 주제를 암호화함",
        ],
        Change::Key(key::Change::OfAws),
    ),
    silent(
        "topic-key-without-events",
        Code::TopicKeyDenies,
        [
            "the topic's own key has a policy without EventBridge",
            "키 정책에 EventBridge가 없는 고객 관리형 키로 주제를 암호화함",
        ],
        Change::Key(key::Change::WithoutEvents),
    ),
    silent(
        "topic-key-disabled",
        Code::TopicKeyUnusable,
        ["the topic's key is disabled", "비활성화된 키로 주제를 암호화함"],
        Change::Key(key::Change::Disabled),
    ),
];

pub(super) async fn apply(site: &Site<'_>, change: &Change) -> Result<(), BreakError> {
    match change {
        Change::Delete => {
            // Deleting what is not there succeeds.
            attribute(&site.clients.sns, &site.topic_arn(), "TopicArn").await?;
            let deleted = site.clients.sns.delete_topic().topic_arn(site.topic_arn()).send().await;
            deleted.map(|_| ()).map_err(|error| BreakError::refused("sns:DeleteTopic", site.topic(), &error))
        }
        Change::Policy(policy) => forbid(site, policy).await,
        Change::Key(change) => key::apply(site, change).await,
    }
}

/// An attribute of a topic; an empty text where it is not set.
pub(super) async fn attribute(sns: &aws_sdk_sns::Client, topic_arn: &str, name: &str) -> Result<String, BreakError> {
    let got = sns.get_topic_attributes().topic_arn(topic_arn).send().await;
    let got =
        got.map_err(|error| BreakError::refused("sns:GetTopicAttributes", format_args!("topic {topic_arn}"), &error))?;
    Ok(got.attributes().and_then(|attributes| attributes.get(name)).cloned().unwrap_or_default())
}

pub(super) async fn set(sns: &aws_sdk_sns::Client, topic_arn: &str, name: &str, value: &str) -> Result<(), BreakError> {
    let set = sns.set_topic_attributes().topic_arn(topic_arn).attribute_name(name).attribute_value(value);
    let set = set.send().await;
    set.map(|_| ()).map_err(|error| BreakError::refused("sns:SetTopicAttributes", topic_arn, &error))
}

async fn policy_of(sns: &aws_sdk_sns::Client, topic_arn: &str) -> Result<Value, BreakError> {
    let text = attribute(sns, topic_arn, "Policy").await?;
    serde_json::from_str(&text).map_err(|error| BreakError::invalid("sns:GetTopicAttributes", topic_arn, error))
}

fn allow(principal: &str, action: &str, topic_arn: &str, condition: Option<Value>) -> Value {
    let mut statement = json!({
        "Sid": "PublishEvents",
        "Effect": "Allow",
        "Principal": { "Service": principal },
        "Action": action,
        "Resource": topic_arn,
    });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

fn statements(policy: &mut Value) -> Vec<Value> {
    match policy["Statement"].take() {
        Value::Array(statements) => statements,
        Value::Null => Vec::new(),
        // One statement need not stand in a list.
        one => vec![one],
    }
}

/// Lets a rule publish to a topic, beside all that may already, as the console does when the topic becomes a target.
pub(super) async fn let_publish(sns: &aws_sdk_sns::Client, topic_arn: &str, rule_arn: &str) -> Result<(), BreakError> {
    let mut policy = policy_of(sns, topic_arn).await?;
    let mut statements = statements(&mut policy);
    let mut statement =
        allow(EVENTS, "sns:Publish", topic_arn, Some(json!({ "ArnEquals": { "aws:SourceArn": rule_arn } })));
    statement["Sid"] = format!("PublishEvents{}", statements.len()).into();
    statements.push(statement);
    policy["Statement"] = statements.into();
    set(sns, topic_arn, "Policy", &policy.to_string()).await
}

/// Whether a statement lets EventBridge in: by its name, or as everybody.
fn lets_events_in(statement: &Value) -> bool {
    if statement["Effect"] != "Allow" {
        return false;
    }
    let principal = &statement["Principal"];
    let named = match &principal["Service"] {
        Value::String(service) => service == EVENTS,
        Value::Array(services) => services.iter().any(|service| service == EVENTS),
        _ => false,
    };
    let everybody = *principal == "*" || principal["AWS"] == "*";
    named || (everybody && statement.get("Condition").is_none())
}

async fn forbid(site: &Site<'_>, policy: &Policy) -> Result<(), BreakError> {
    let (sns, topic_arn) = (&site.clients.sns, site.topic_arn());
    let mut document = policy_of(sns, &topic_arn).await?;
    let standing = document.clone();
    let mut statements = statements(&mut document);
    if !matches!(policy, Policy::Denied) {
        statements.retain(|statement| !lets_events_in(statement));
    }
    let condition = |operator: &str, key: &str, value: &str| Some(json!({ operator: { key: value } }));
    let publish = |condition| allow(EVENTS, "sns:Publish", &topic_arn, condition);
    statements.extend(match policy {
        Policy::OwnerOnly => None,
        Policy::AnotherRule => {
            let rule = site.arn("events", "rule/eventbridge-iam-changerule");
            Some(publish(condition("ArnEquals", "aws:SourceArn", &rule)))
        }
        Policy::AnotherAccount => Some(publish(condition("StringEquals", "aws:SourceAccount", "444455556666"))),
        Policy::Denied => Some(json!({
            "Sid": "NobodyPublishes",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic_arn,
        })),
        Policy::AnotherAction => Some(allow(EVENTS, "sns:Subscribe", &topic_arn, None)),
        Policy::AnotherService => Some(allow("cloudtrail.amazonaws.com", "sns:Publish", &topic_arn, None)),
    });
    statements.dedup();
    if statements.is_empty() {
        // SNS takes no policy without a statement: the owner's own, as SNS writes it.
        statements.push(json!({
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:Subscribe", "SNS:Publish"],
            "Resource": topic_arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": site.account } },
        }));
    }
    document["Statement"] = statements.into();
    if same_json(&document.to_string(), &standing.to_string()) {
        return site.already(format!("the policy of the {}", site.topic()));
    }
    set(sns, &topic_arn, "Policy", &document.to_string()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_lets_events_in_is_known_in_each_form() {
        for (principal, lets_in) in [
            (json!({ "Service": EVENTS }), true),
            (json!({ "Service": ["s3.amazonaws.com", EVENTS] }), true),
            (json!("*"), true),
            (json!({ "AWS": "*" }), true),
            (json!({ "AWS": "arn:aws:iam::111122223333:root" }), false),
            (json!({ "Service": "s3.amazonaws.com" }), false),
        ] {
            let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "sns:Publish" });
            assert_eq!(lets_events_in(&statement), lets_in, "{statement}");
        }
        let owner = json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Condition": {} });
        assert!(!lets_events_in(&owner), "the owner's own statement has a condition");
        assert!(!lets_events_in(&json!({ "Effect": "Deny", "Principal": "*" })));
    }
}
