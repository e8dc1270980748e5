//! The JSON that SNS puts around a message: for queues, endpoints and mail, and the event of a function.
//!
//! Source: "Parsing Amazon SNS message formats" in the Amazon SNS Developer Guide, and "Invoking Lambda functions with
//! Amazon SNS notifications" in the AWS Lambda Developer Guide.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::confirmation::{Kind, confirmation_url, unsubscribe_url};
use super::fanout::Sender;
use super::message::Publication;
use super::subscription::Subscription;
use crate::cloud::Cloud;
use crate::time;

/// What stands in place of a signature, as in AWS's own examples. A client that verifies it refuses the message.
const SIGNATURE: &str = "EXAMPLE";

#[derive(Serialize)]
struct Notification<'a> {
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(rename = "MessageId")]
    message_id: &'a str,
    #[serde(rename = "TopicArn")]
    topic_arn: &'a str,
    #[serde(rename = "Subject", skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(rename = "Message")]
    message: &'a str,
    #[serde(rename = "Timestamp")]
    timestamp: String,
    #[serde(rename = "SignatureVersion")]
    signature_version: &'a str,
    #[serde(rename = "Signature")]
    signature: &'static str,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe_url: String,
    #[serde(rename = "MessageAttributes", skip_serializing_if = "Value::is_null")]
    message_attributes: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AboutSubscription<'a> {
    r#type: &'static str,
    message_id: &'a str,
    token: &'a str,
    topic_arn: &'a str,
    message: String,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: String,
    timestamp: String,
    signature_version: &'a str,
    signature: &'static str,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
}

/// Where the certificate would be: at the lab, so that nobody takes the signature for one of AWS's.
fn certificate_url(cloud: &Cloud) -> String {
    format!("{}/SimpleNotificationService-EXAMPLE.pem", cloud.endpoint_url())
}

/// AWS breaks the lines of its envelopes.
fn write(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The envelope of a message to one subscriber.
pub(super) fn notification(cloud: &Cloud, sender: &Sender, publication: &Publication, to: &Subscription) -> String {
    let message_attributes = if publication.attributes.is_empty() { Value::Null } else { publication.enveloped() };
    write(&Notification {
        kind: "Notification",
        message_id: &publication.id,
        topic_arn: &sender.topic_arn,
        subject: publication.subject.as_deref(),
        message: publication.text(to.protocol.name()),
        timestamp: time::millis(publication.time),
        signature_version: &sender.signature_version,
        signature: SIGNATURE,
        signing_cert_url: certificate_url(cloud),
        unsubscribe_url: unsubscribe_url(cloud, &to.arn),
        message_attributes,
    })
}

/// The envelope of a message about a subscription itself: that it waits for confirmation, or has ended.
pub(super) fn about_subscription(
    cloud: &Cloud,
    sender: &Sender,
    subscription: &Subscription,
    kind: Kind,
    message_id: &str,
    at: Timestamp,
) -> String {
    let (arn, topic_arn) = (&subscription.arn, &sender.topic_arn);
    let (name, message) = match kind {
        Kind::Subscription => (
            "SubscriptionConfirmation",
            format!(
                "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the \
                 SubscribeURL included in this message."
            ),
        ),
        Kind::Unsubscribe => (
            "UnsubscribeConfirmation",
            format!(
                "You have chosen to deactivate subscription {arn}.\nTo cancel this operation and restore the \
                 subscription, visit the SubscribeURL included in this message."
            ),
        ),
    };
    write(&AboutSubscription {
        r#type: name,
        message_id,
        token: &subscription.token,
        topic_arn,
        message,
        subscribe_url: confirmation_url(cloud, topic_arn, &subscription.token),
        timestamp: time::millis(at),
        signature_version: &sender.signature_version,
        signature: SIGNATURE,
        signing_cert_url: certificate_url(cloud),
    })
}

/// The event that a function gets.
pub(super) fn lambda_event(cloud: &Cloud, sender: &Sender, publication: &Publication, to: &Subscription) -> Value {
    json!({
        "Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": to.arn,
            "Sns": {
                "Type": "Notification",
                "MessageId": publication.id,
                "TopicArn": sender.topic_arn,
                "Subject": publication.subject,
                "Message": publication.text(to.protocol.name()),
                "Timestamp": time::millis(publication.time),
                "SignatureVersion": sender.signature_version,
                "Signature": SIGNATURE,
                "SigningCertUrl": certificate_url(cloud),
                "UnsubscribeUrl": unsubscribe_url(cloud, &to.arn),
                "MessageAttributes": publication.enveloped(),
            },
        }],
    })
}
