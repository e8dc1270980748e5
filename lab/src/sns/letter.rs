//! The mails of SNS, with AWS's subject lines and footers.

use jiff::Timestamp;

use super::confirmation::{Kind, confirmation_url, unsubscribe_url};
use super::endpoint::Protocol;
use super::envelope;
use super::fanout::Sender;
use super::message::Publication;
use super::signature::Signer;
use super::subscription::Subscription;
use crate::cloud::Cloud;
use crate::deliveries::Carried;
use crate::ids;
use crate::mail::Message;

/// The address that AWS sends from.
const ADDRESS: &str = "no-reply@sns.amazonaws.com";

/// What stands before the address where the topic has no display name.
const NAME: &str = "AWS Notifications";

fn from(sender: &Sender) -> String {
    let name = if sender.display_name.is_empty() { NAME } else { &sender.display_name };
    format!("{name} <{ADDRESS}>")
}

/// The mail that asks for confirmation.
pub(super) fn confirmation(
    cloud: &Cloud,
    signer: Option<&Signer>,
    sender: &Sender,
    subscription: &Subscription,
) -> Message {
    let (topic_arn, time) = (&sender.topic_arn, Timestamp::now());
    let url = confirmation_url(cloud, topic_arn, &subscription.token);
    let body = match (subscription.protocol, signer) {
        (Protocol::EmailJson, Some(signer)) => {
            envelope::about_subscription(cloud, signer, sender, subscription, Kind::Subscription, &ids::uuid(), time)
        }
        _ => format!(
            "You have chosen to subscribe to the topic:\n{topic_arn}\n\nTo confirm this subscription, click or visit the \
             link below (If this was in error no action is necessary):\n{url}\n\nPlease do not reply directly to this \
             email. If you wish to remove yourself from receiving all future SNS subscription confirmation requests \
             please send an email to sns-opt-out\n"
        ),
    };
    Message {
        time,
        from: from(sender),
        to: subscription.endpoint.clone(),
        subject: "AWS Notification - Subscription Confirmation".to_owned(),
        body,
        topic_arn: topic_arn.clone(),
        confirmation_url: Some(url),
        event_id: None,
    }
}

/// The mail that carries a message.
pub(super) fn notification(
    cloud: &Cloud,
    signer: Option<&Signer>,
    sender: &Sender,
    publication: &Publication,
    to: &Subscription,
    carried: &Carried,
) -> Message {
    let body = match to.protocol {
        Protocol::EmailJson => envelope::notification(cloud, signer, sender, publication, to),
        _ => format!(
            "{}\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below \
             to unsubscribe:\n{}\n\nPlease do not reply directly to this email. If you have any questions or comments \
             regarding this email, please contact us at https://aws.amazon.com/support\n",
            publication.text(to.protocol.name()),
            unsubscribe_url(cloud, &to.arn)
        ),
    };
    Message {
        time: Timestamp::now(),
        from: from(sender),
        to: to.endpoint.clone(),
        subject: publication.subject.clone().unwrap_or_else(|| "AWS Notification Message".to_owned()),
        body,
        topic_arn: sender.topic_arn.clone(),
        confirmation_url: None,
        event_id: carried.event_id.clone(),
    }
}
