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
use super::signature::Signer;
use super::subscription::Subscription;
use crate::cloud::Cloud;
use crate::time;

#[derive(Serialize)]
struct Notification<'a> {
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(rename = "MessageId")]
    message_id: &'a str,
    #[serde(rename = "SequenceNumber", skip_serializing_if = "Option::is_none")]
    sequence_number: Option<&'a str>,
    #[serde(rename = "TopicArn")]
    topic_arn: &'a str,
    #[serde(rename = "Subject", skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(rename = "Message")]
    message: &'a str,
    #[serde(rename = "Timestamp")]
    timestamp: &'a str,
    #[serde(flatten)]
    stamp: Option<Stamp<'a>>,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe_url: String,
    #[serde(rename = "MessageAttributes", skip_serializing_if = "Value::is_null")]
    message_attributes: Value,
}

/// The signature of a message, and how to verify it. Messages of FIFO topics have none.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Stamp<'a> {
    signature_version: &'a str,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AboutSubscription<'a> {
    r#type: &'static str,
    message_id: &'a str,
    token: &'a str,
    topic_arn: &'a str,
    message: &'a str,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: &'a str,
    timestamp: &'a str,
    #[serde(flatten)]
    stamp: Stamp<'a>,
}

impl<'a> Stamp<'a> {
    /// The certificate is at the lab, so that nobody takes the signature for one of AWS's.
    fn new(cloud: &Cloud, signer: &Signer, version: &'a str, pairs: &[(&str, &str)]) -> Self {
        Self {
            signature_version: version,
            signature: signer.sign(version, pairs),
            signing_cert_url: format!("{}{}", cloud.endpoint_url(), signer.certificate_path()),
        }
    }

    /// The signature of a message as one protocol gets it. What is not there is not signed: the attributes never are.
    fn of_notification(
        cloud: &Cloud,
        signer: &Signer,
        sender: &'a Sender,
        publication: &Publication,
        message: &str,
        timestamp: &str,
    ) -> Self {
        let mut pairs = vec![("Message", message), ("MessageId", publication.id.as_str())];
        pairs.extend(publication.subject.as_deref().map(|subject| ("Subject", subject)));
        pairs.extend([("Timestamp", timestamp), ("TopicArn", &sender.topic_arn), ("Type", "Notification")]);
        Self::new(cloud, signer, &sender.signature_version, &pairs)
    }
}

/// AWS breaks the lines of its envelopes.
fn write(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The envelope of a message to one subscriber; without a signer, without a signature.
pub(super) fn notification(
    cloud: &Cloud,
    signer: Option<&Signer>,
    sender: &Sender,
    publication: &Publication,
    to: &Subscription,
) -> String {
    let (message, timestamp) = (publication.text(to.protocol.name()), time::millis(publication.time));
    let stamp = signer.map(|signer| Stamp::of_notification(cloud, signer, sender, publication, message, &timestamp));
    let message_attributes = if publication.attributes.is_empty() { Value::Null } else { publication.enveloped() };
    write(&Notification {
        kind: "Notification",
        message_id: &publication.id,
        sequence_number: publication.fifo.as_ref().map(|fifo| fifo.sequence.as_str()),
        topic_arn: &sender.topic_arn,
        subject: publication.subject.as_deref(),
        message,
        timestamp: &timestamp,
        stamp,
        unsubscribe_url: unsubscribe_url(cloud, &to.arn),
        message_attributes,
    })
}

/// The envelope of a message about a subscription itself: that it waits for confirmation, or has ended.
pub(super) fn about_subscription(
    cloud: &Cloud,
    signer: &Signer,
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
    let token = &subscription.token;
    let (subscribe_url, timestamp) = (confirmation_url(cloud, topic_arn, token), time::millis(at));
    let pairs = [
        ("Message", message.as_str()),
        ("MessageId", message_id),
        ("SubscribeURL", &subscribe_url),
        ("Timestamp", &timestamp),
        ("Token", token),
        ("TopicArn", topic_arn),
        ("Type", name),
    ];
    write(&AboutSubscription {
        r#type: name,
        message_id,
        token,
        topic_arn,
        message: &message,
        subscribe_url: &subscribe_url,
        timestamp: &timestamp,
        stamp: Stamp::new(cloud, signer, &sender.signature_version, &pairs),
    })
}

/// The event that a function gets.
pub(super) fn lambda_event(
    cloud: &Cloud,
    signer: &Signer,
    sender: &Sender,
    publication: &Publication,
    to: &Subscription,
) -> Value {
    let (message, timestamp) = (publication.text(to.protocol.name()), time::millis(publication.time));
    let stamp = Stamp::of_notification(cloud, signer, sender, publication, message, &timestamp);
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
                "Message": message,
                "Timestamp": timestamp,
                "SignatureVersion": stamp.signature_version,
                "Signature": stamp.signature,
                "SigningCertUrl": stamp.signing_cert_url,
                "UnsubscribeUrl": unsubscribe_url(cloud, &to.arn),
                "MessageAttributes": publication.enveloped(),
            },
        }],
    })
}
