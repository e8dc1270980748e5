//! The fan-out: one task for each subscription, and a word in the log for each, whatever becomes of it.

use std::sync::Arc;

use bytes::Bytes;

use super::endpoint::Protocol;
use super::message::Publication;
use super::subscription::Subscription;
use super::topic::Topic;
use super::{envelope, http, letter};
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Hop, Leg, Reason, Refusal};
use crate::filter::DropReason;
use crate::ids;
use crate::scope::Scope;

/// The principal that the policies of queues and functions decide on.
pub(super) const DELIVERER: &str = "sns.amazonaws.com";

/// What deliveries need of their topic, which may be gone when they arrive.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) scope: Scope,
    pub(super) topic_arn: String,
    topic_name: String,
    pub(super) display_name: String,
    pub(super) signature_version: String,
}

impl Sender {
    pub(super) fn of(topic: &Topic) -> Self {
        Self {
            scope: topic.scope.clone(),
            topic_arn: topic.arn.clone(),
            topic_name: topic.name.clone(),
            display_name: topic.settings.display_name.clone(),
            signature_version: topic.settings.signature_version.clone(),
        }
    }

    fn count(&self, cloud: &Cloud, metric: &'static str) {
        cloud.metrics.count(&self.scope, "AWS/SNS", metric, ("TopicName", &self.topic_name));
    }
}

/// One message on its way to one subscriber.
struct Delivery {
    cloud: Arc<Cloud>,
    sender: Arc<Sender>,
    publication: Arc<Publication>,
    subscription: Subscription,
    carried: Carried,
}

/// Sends a message that the topic has taken on its way to every subscription.
pub(super) fn start(
    cloud: &Arc<Cloud>,
    sender: Sender,
    subscriptions: Vec<Subscription>,
    publication: Publication,
    carried: &Carried,
) {
    sender.count(cloud, "NumberOfMessagesPublished");
    let (sender, publication) = (Arc::new(sender), Arc::new(publication));
    for subscription in subscriptions {
        let delivery = Delivery {
            cloud: Arc::clone(cloud),
            sender: Arc::clone(&sender),
            publication: Arc::clone(&publication),
            subscription,
            carried: carried.clone(),
        };
        let guard = cloud.deliveries.begin();
        tokio::spawn(async move {
            let _guard = guard;
            let towards = (delivery.subscription.protocol.hop(), delivery.subscription.endpoint.as_str());
            let copies = delivery.cloud.faults.copies(&delivery.cloud.deliveries, || delivery.leg(), towards).await;
            for _ in 0..copies {
                delivery.run().await;
            }
        });
    }
}

impl Delivery {
    async fn run(&self) {
        if let Some(refusal) = self.held_back() {
            self.cloud.deliveries.stopped(self.leg(), refusal);
            return;
        }
        let result = match self.subscription.protocol {
            Protocol::Sqs => self.to_queue(),
            Protocol::Lambda => self.to_function(),
            Protocol::Email | Protocol::EmailJson => {
                let (cloud, sender) = (&self.cloud, &self.sender);
                let mail = letter::notification(cloud, sender, &self.publication, &self.subscription, &self.carried);
                cloud.mail.send(mail);
                Ok(())
            }
            Protocol::Http => self.to_endpoint().await,
        };
        match result {
            Ok(()) => {
                self.sender.count(&self.cloud, "NumberOfNotificationsDelivered");
                // Lambda has queued the event, and logs itself what becomes of it.
                if self.subscription.protocol != Protocol::Lambda {
                    self.cloud.deliveries.delivered(self.leg());
                }
            }
            Err(refusal) => {
                self.sender.count(&self.cloud, "NumberOfNotificationsFailed");
                self.cloud.deliveries.stopped(self.leg(), refusal.clone());
                self.redrive(&refusal);
            }
        }
    }

    fn leg(&self) -> Leg {
        Leg {
            scope: self.sender.scope.clone(),
            hop: self.subscription.protocol.hop(),
            from: self.sender.topic_arn.clone(),
            to: self.subscription.endpoint.clone(),
            carried: self.carried.clone(),
        }
    }

    /// What keeps SNS from even trying: AWS is silent about the first, and counts the second.
    fn held_back(&self) -> Option<Refusal> {
        let subscription = &self.subscription;
        if !subscription.confirmed {
            let (protocol, endpoint) = (subscription.protocol, &subscription.endpoint);
            let detail = format!(
                "the {protocol} subscription of {endpoint} is not confirmed: its confirmation link was not opened"
            );
            return Some(Refusal::new(Reason::Unconfirmed, detail));
        }
        let filter = subscription.options.filter.as_ref()?;
        let text = self.publication.text(subscription.protocol.name());
        let explanation = filter.policy.explain(&self.publication.filtered(), text);
        let drop = explanation.drop.as_ref()?;
        self.sender.count(&self.cloud, "NumberOfNotificationsFilteredOut");
        self.sender.count(&self.cloud, filtered_metric(explanation.scope, drop));
        Some(Refusal::new(Reason::FilterPolicy, explanation.to_string()).explained(explanation))
    }

    fn deliverer(&self) -> Deliverer {
        Deliverer {
            service: DELIVERER,
            source_arn: self.sender.topic_arn.clone(),
            source_account: self.sender.scope.account.clone(),
        }
    }

    fn envelope(&self) -> String {
        envelope::notification(&self.cloud, &self.sender, &self.publication, &self.subscription)
    }

    fn to_queue(&self) -> Result<(), Refusal> {
        let (publication, group_id) = (&self.publication, self.publication.group_id.as_deref());
        let (body, attributes) = if self.subscription.options.raw {
            (publication.text(self.subscription.protocol.name()).to_owned(), publication.raw_attributes())
        } else {
            (self.envelope(), Vec::new())
        };
        let (deliverer, queue) = (self.deliverer(), &self.subscription.endpoint);
        self.cloud.sqs.send_as_service(&deliverer, queue, body, attributes, group_id).map(|_| ())
    }

    fn to_function(&self) -> Result<(), Refusal> {
        let event = envelope::lambda_event(&self.cloud, &self.sender, &self.publication, &self.subscription);
        let payload = Bytes::from(event.to_string());
        let (deliverer, function) = (self.deliverer(), &self.subscription.endpoint);
        self.cloud.lambda.invoke_as_service(&self.cloud, &deliverer, function, payload, &self.carried)
    }

    async fn to_endpoint(&self) -> Result<(), Refusal> {
        let raw = self.subscription.options.raw;
        let text = || self.publication.text(self.subscription.protocol.name()).to_owned();
        let body = if raw { text() } else { self.envelope() };
        let headers = http::Headers {
            kind: "Notification",
            message_id: &self.publication.id,
            topic_arn: &self.sender.topic_arn,
            subscription_arn: Some(&self.subscription.arn),
            raw,
        };
        http::post(&self.cloud.deliveries, &self.leg(), &self.subscription.endpoint, &headers, body).await
    }

    /// Puts what could not be delivered into the subscription's dead-letter queue, with the reason as AWS gives it.
    fn redrive(&self, refusal: &Refusal) {
        let Some(redrive) = &self.subscription.options.redrive else { return };
        let text = |name: &str, value: String| (name.to_owned(), "String".to_owned(), value);
        let attributes = vec![
            text("RequestID", ids::uuid()),
            text("ErrorCode", format!("{:?}", refusal.reason)),
            text("ErrorMessage", refusal.detail.clone()),
        ];
        let (deliverer, queue) = (self.deliverer(), &redrive.target);
        let result = self.cloud.sqs.send_as_service(&deliverer, queue, self.envelope(), attributes, None);
        let metric = match result {
            Ok(_) => "NumberOfNotificationsRedrivenToDlq",
            Err(_) => "NumberOfNotificationsFailedToRedriveToDlq",
        };
        self.sender.count(&self.cloud, metric);
        let leg = Leg { hop: Hop::Queue, to: queue.clone(), ..self.leg() };
        self.cloud.deliveries.log(leg, &result);
    }
}

/// The finer metric in which AWS counts a dropped message.
fn filtered_metric(scope: crate::filter::Scope, drop: &DropReason) -> &'static str {
    match (scope, drop) {
        (_, DropReason::NoAttributes) => "NumberOfNotificationsFilteredOut-NoMessageAttributes",
        (_, DropReason::BodyNotJson { .. }) => "NumberOfNotificationsFilteredOut-InvalidMessageBody",
        (crate::filter::Scope::MessageBody, _) => "NumberOfNotificationsFilteredOut-MessageBody",
        (crate::filter::Scope::MessageAttributes, _) => "NumberOfNotificationsFilteredOut-MessageAttributes",
    }
}
