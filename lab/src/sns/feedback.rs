//! Delivery status logging: what became of a delivery, in CloudWatch Logs, if the topic says so and its role can be used.
//!
//! SNS writes through a role of the account. A role that is not there, or whose trust policy leaves `sns.amazonaws.com`
//! out, writes nothing and says nothing. The group is `sns/REGION/ACCOUNT/TOPIC`, that of failures ends in `/Failure`.
//!
//! Source: "Amazon SNS message delivery status" in the Amazon SNS Developer Guide.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::endpoint::Protocol;
use super::fanout::Sender;
use crate::cloud::Cloud;
use crate::deliveries::Refusal;
use crate::ids;
use crate::policy::{Policy, PolicyKind, Principal, RequestContext};

/// What the attributes' names begin with.
const FAMILIES: [&str; 5] = ["Application", "Firehose", "HTTP", "Lambda", "SQS"];

/// What they end with.
const KINDS: [&str; 3] = ["SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate"];

/// The attributes that a topic has of these, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Feedback {
    given: BTreeMap<String, String>,
}

/// What is to be logged of a delivery.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) message_id: &'a str,
    pub(super) message: &'a str,
    pub(super) published: Timestamp,
    pub(super) destination: &'a str,
    pub(super) attempts: usize,
    /// How long the message waited before it was handed over, or given up.
    pub(super) dwell: Duration,
    pub(super) result: Result<(), &'a Refusal>,
}

impl Feedback {
    /// Whether an attribute is one of these.
    pub(super) fn has(name: &str) -> bool {
        FAMILIES.iter().any(|family| name.strip_prefix(family).is_some_and(|kind| KINDS.contains(&kind)))
    }

    /// Every name that there is.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.given.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets an attribute, or says why not: the end of SNS's sentence. The empty text takes it away.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        if value.is_empty() {
            self.given.remove(name);
            return Ok(());
        }
        let is_right = match name.ends_with("SampleRate") {
            true => value.parse::<u8>().is_ok_and(|rate| rate <= 100),
            false => value.starts_with("arn:aws:iam::") && value.contains(":role/"),
        };
        if !is_right {
            return Err(format!("{name} Reason: Invalid value [{value}]"));
        }
        self.given.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.given.get(name).cloned()
    }

    fn value(&self, family: &str, kind: &str) -> Option<&str> {
        self.given.get(&format!("{family}{kind}")).map(String::as_str)
    }

    /// The role to log with, where this delivery is to be logged.
    fn role(&self, protocol: Protocol, succeeded: bool) -> Option<&str> {
        let family = match protocol {
            Protocol::Sqs => "SQS",
            Protocol::Lambda => "Lambda",
            Protocol::Http | Protocol::Https => "HTTP",
            Protocol::Email | Protocol::EmailJson => return None,
        };
        if !succeeded {
            return self.value(family, "FailureFeedbackRoleArn");
        }
        let rate: u8 =
            self.value(family, "SuccessFeedbackSampleRate").and_then(|rate| rate.parse().ok()).unwrap_or(100);
        let is_sampled = rand::random_range(0..100) < rate;
        self.value(family, "SuccessFeedbackRoleArn").filter(|_| is_sampled)
    }
}

/// Whether SNS can take on the role.
fn can_assume(cloud: &Cloud, role_arn: &str) -> bool {
    let Some(role) = cloud.iam.role(role_arn) else { return false };
    let Ok(trust) = Policy::parse_as(&role.trust_policy, PolicyKind::Trust) else { return false };
    let request = RequestContext::new(Principal::service("sns.amazonaws.com"), "sts:AssumeRole", role_arn);
    trust.evaluate(&request).is_allowed()
}

/// Logs what became of a delivery, if the topic wants it.
pub(super) fn log(cloud: &Cloud, sender: &Sender, protocol: Protocol, report: &Report<'_>) {
    let succeeded = report.result.is_ok();
    let Some(role) = sender.feedback.role(protocol, succeeded) else { return };
    if !can_assume(cloud, role) {
        return;
    }
    let (status, code, response) = outcome(protocol, report.result);
    let entry = json!({
        "notification": {
            "messageMD5Sum": md5(report.message),
            "messageId": report.message_id,
            "topicArn": sender.topic_arn,
            "timestamp": report.published.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        },
        "delivery": {
            "deliveryId": ids::uuid(),
            "destination": report.destination,
            "providerResponse": response,
            "dwellTimeMs": u64::try_from(report.dwell.as_millis()).unwrap_or(u64::MAX),
            "attempts": report.attempts,
            "statusCode": code,
        },
        "status": status,
    });
    let (region, account) = (&sender.scope.region, &sender.scope.account);
    let end = if succeeded { "" } else { "/Failure" };
    let group = format!("sns/{region}/{account}/{}{end}", sender.topic_name);
    cloud.logs.append(&sender.scope, &group, protocol.name(), vec![(Timestamp::now(), entry.to_string())]);
}

/// Status, status code and answer of the receiver.
fn outcome(protocol: Protocol, result: Result<(), &Refusal>) -> (&'static str, u16, Value) {
    use crate::deliveries::Reason;

    match (result, protocol) {
        (Ok(()), Protocol::Lambda) => ("SUCCESS", 202, json!({ "lambdaRequestId": ids::uuid() }).to_string().into()),
        (Ok(()), Protocol::Sqs) => ("SUCCESS", 200, json!({ "sqsRequestId": ids::uuid() }).to_string().into()),
        (Ok(()), _) => ("SUCCESS", 200, "OK".into()),
        (Err(refusal), _) => {
            let (code, name) = match refusal.reason {
                Reason::PolicyDenied => (403, "AccessDenied"),
                Reason::NotFound if protocol == Protocol::Sqs => (400, "AWS.SimpleQueueService.NonExistentQueue"),
                Reason::NotFound => (404, "ResourceNotFoundException"),
                Reason::ReceiverError => (500, "ReceiverError"),
                _ => (400, "InvalidParameterValue"),
            };
            let response = json!({ "ErrorCode": name, "ErrorMessage": refusal.detail }).to_string();
            ("FAILURE", code, response.into())
        }
    }
}

fn md5(message: &str) -> String {
    use std::fmt::Write as _;

    Md5::digest(message.as_bytes()).iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
