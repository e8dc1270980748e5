//! From a subscription that waits for its confirmation to one that gets messages, and to its end.
//!
//! Both work by a signed call and by the link in a mail, which is not signed and answers a person with the same XML.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::endpoint::Protocol;
use super::error::{invalid, not_authorized};
use super::fanout::{DELIVERER, Sender};
use super::subscription::{Subscription, check_party};
use super::{Sns, arn, envelope, http, letter, signature};
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Hop, Leg};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ConfirmSubscription {
    topic_arn: String,
    token: String,
    authenticate_on_unsubscribe: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Unsubscribe {
    subscription_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Confirmed {
    subscription_arn: String,
}

/// The link that confirms a subscription.
pub(super) fn confirmation_url(cloud: &Cloud, topic_arn: &str, token: &str) -> String {
    format!("{}/?Action=ConfirmSubscription&TopicArn={topic_arn}&Token={token}", cloud.endpoint_url())
}

/// The link that ends a subscription.
pub(super) fn unsubscribe_url(cloud: &Cloud, subscription_arn: &str) -> String {
    format!("{}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}", cloud.endpoint_url())
}

/// Which of the two messages about a subscription itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Subscription,
    Unsubscribe,
}

/// Asks the subscriber to confirm.
pub(super) fn ask(cloud: &Arc<Cloud>, sender: &Sender, subscription: &Subscription) {
    match subscription.protocol {
        Protocol::Email => {
            let leg = leg(sender, subscription);
            let (at, sender, to) = (Arc::clone(cloud), sender.clone(), subscription.clone());
            let make = move || at.mail.send(letter::confirmation(&at, None, &sender, &to));
            let towards = (Hop::Mail, subscription.endpoint.as_str());
            cloud.faults.deliver(&cloud.deliveries, || leg, towards, make);
        }
        Protocol::EmailJson | Protocol::Sqs | Protocol::Http | Protocol::Https => {
            send(cloud, sender, subscription, Kind::Subscription);
        }
        Protocol::Lambda => {}
    }
}

/// The way of a message about the subscription itself: no record makes it, so that it carries none.
fn leg(sender: &Sender, subscription: &Subscription) -> Leg {
    Leg {
        scope: sender.scope.clone(),
        hop: subscription.protocol.hop(),
        from: sender.topic_arn.clone(),
        to: subscription.endpoint.clone(),
        carried: Carried::default(),
    }
}

/// Sends a message about the subscription itself.
fn send(cloud: &Arc<Cloud>, sender: &Sender, subscription: &Subscription, kind: Kind) {
    let guard = cloud.deliveries.begin();
    let (cloud, sender, subscription) = (Arc::clone(cloud), sender.clone(), subscription.clone());
    tokio::spawn(async move {
        let _guard = guard;
        let leg = leg(&sender, &subscription);
        let towards = (leg.hop, leg.to.as_str());
        for _ in 0..cloud.faults.copies(&cloud.deliveries, || leg.clone(), towards).await {
            send_once(&cloud, &sender, &subscription, kind, &leg).await;
        }
    });
}

/// A failure is logged, as nobody else will say why nothing was confirmed.
async fn send_once(cloud: &Arc<Cloud>, sender: &Sender, subscription: &Subscription, kind: Kind, leg: &Leg) {
    let signer = signature::signer().await;
    if subscription.protocol == Protocol::EmailJson {
        return cloud.mail.send(letter::confirmation(cloud, Some(&signer), sender, subscription));
    }
    let id = ids::uuid();
    let body = envelope::about_subscription(cloud, &signer, sender, subscription, kind, &id, Timestamp::now());
    let result = match subscription.protocol {
        Protocol::Sqs => {
            let deliverer = Deliverer {
                service: DELIVERER,
                source_arn: sender.topic_arn.clone(),
                source_account: sender.scope.account.clone(),
            };
            cloud.sqs.send_as_service(&deliverer, &subscription.endpoint, body, Vec::new(), None).map(|_| ())
        }
        _ => {
            let name = match kind {
                Kind::Subscription => "SubscriptionConfirmation",
                Kind::Unsubscribe => "UnsubscribeConfirmation",
            };
            let policy = sender.delivery.for_subscription(subscription.options.delivery.as_ref()).of_plain_text();
            let headers = http::Headers {
                kind: name,
                message_id: &id,
                topic_arn: &sender.topic_arn,
                // One that waits for its confirmation has no ARN to show yet.
                subscription_arn: (kind == Kind::Unsubscribe).then_some(subscription.arn.as_str()),
                raw: false,
            };
            let post = http::Post { endpoint: &subscription.endpoint, headers, body: body.into(), policy };
            post.deliver(cloud, leg).await.1
        }
    };
    if let Err(refusal) = result {
        cloud.deliveries.stopped(leg.clone(), refusal);
    }
}

impl Sns {
    /// The token says which subscription it is of. Of the topic's ARN, SNS looks at no more than its form and its Region.
    pub(super) fn confirm_subscription(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ConfirmSubscription = call.input()?;
        let authenticate = match input.authenticate_on_unsubscribe.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(invalid("AuthenticateOnUnsubscribe")),
        };
        let (topic, _) = arn::topic(&input.topic_arn).map_err(|_| invalid("Topic"))?;
        let signed = arn::is_signed(call);
        if authenticate && !signed {
            return Err(not_authorized(
                "anonymous",
                "SNS:ConfirmSubscription",
                &input.topic_arn,
                "because AuthenticateOnUnsubscribe needs a signed call",
            ));
        }
        if !input.token.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(AwsError::bad_request("InvalidParameter", "Invalid token"));
        }
        let mut confirmed = Err(invalid("Token"));
        self.topics.for_each(|scope, topics| {
            let mut all = topics.values_mut().flat_map(|topic| &mut topic.subscriptions);
            let Some(subscription) = all.find(|subscription| subscription.token == input.token) else { return };
            if scope.region != topic.region {
                confirmed = Err(invalid("Topic"));
                return;
            }
            if !subscription.confirmed {
                subscription.confirmed = true;
                subscription.authenticated = signed;
                subscription.unsigned_unsubscribe = !authenticate;
            }
            confirmed = Ok(subscription.arn.clone());
        });
        call.reply(&Confirmed { subscription_arn: confirmed? })
    }

    /// A subscription that is not there has ended already, as in AWS.
    pub(super) fn unsubscribe(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let input: Unsubscribe = call.input()?;
        let (scope, name) = arn::subscription(call, &input.subscription_arn)?;
        let ended = self.topics.with(&scope, |topics| {
            let Some(topic) = topics.get_mut(&name) else { return Ok(None) };
            let is_it = |subscription: &Subscription| subscription.arn == input.subscription_arn;
            let Some(index) = topic.subscriptions.iter().position(is_it) else { return Ok(None) };
            let subscription = &topic.subscriptions[index];
            if arn::is_signed(call) {
                check_party(call, subscription, topic.owner())?;
            } else if !subscription.unsigned_unsubscribe {
                let because = "because the subscription was confirmed with AuthenticateOnUnsubscribe";
                return Err(not_authorized("anonymous", "SNS:Unsubscribe", &subscription.arn, because));
            }
            topic.deleted += 1;
            let subscription = topic.subscriptions.remove(index);
            Ok(Some((Sender::of(topic), subscription)))
        })?;
        if let Some((sender, subscription)) = ended
            && subscription.protocol.posts()
            && subscription.confirmed
        {
            send(cloud, &sender, &subscription, Kind::Unsubscribe);
        }
        call.done()
    }
}
