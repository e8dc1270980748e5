//! The fan-out: one task for each subscription, and a word in the log for each, whatever becomes of it.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::delivery_policy::TopicPolicy;
use super::endpoint::Protocol;
use super::feedback::{self, Feedback, Report};
use super::message::{Publication, Published};
use super::signature::{self, Signer};
use super::subscription::Subscription;
use super::topic::Topic;
use super::{envelope, http, letter};
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Hop, Leg, Reason, Refusal};
use crate::filter::DropReason;
use crate::ids;
use crate::scope::Scope;
use crate::sqs::Consignment;

/// The principal that the policies of queues and functions decide on.
pub(super) const DELIVERER: &str = "sns.amazonaws.com";

/// What deliveries need of their topic, which may be gone when they arrive.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) scope: Scope,
    pub(super) topic_arn: String,
    pub(super) topic_name: String,
    pub(super) display_name: String,
    pub(super) signature_version: String,
    pub(super) delivery: TopicPolicy,
    pub(super) feedback: Feedback,
}

impl Sender {
    pub(super) fn of(topic: &Topic) -> Self {
        Self {
            scope: topic.scope.clone(),
            topic_arn: topic.arn.clone(),
            topic_name: topic.name.clone(),
            display_name: topic.settings.display_name.clone(),
            signature_version: topic.settings.signature_version.clone(),
            delivery: topic.settings.delivery.clone(),
            feedback: topic.settings.feedback.clone(),
        }
    }

    fn count(&self, cloud: &Cloud, metric: &'static str) {
        cloud.metrics.count(&self.scope, "AWS/SNS", metric, ("TopicName", &self.topic_name));
    }
}

/// One message on its way to one subscriber.
#[derive(Clone)]
struct Delivery {
    cloud: Arc<Cloud>,
    sender: Arc<Sender>,
    publication: Arc<Publication>,
    subscription: Subscription,
    carried: Carried,
}

/// Sends a message that the topic has taken on its way to every subscription. The subscribers of a FIFO topic are queues:
/// they have it when this returns, in the order in which it was published.
pub(super) fn start(cloud: &Arc<Cloud>, topic: &Topic, published: Published, carried: &Carried) {
    let sender = Sender::of(topic);
    sender.count(cloud, "NumberOfMessagesPublished");
    // A duplicate has been delivered.
    let Published::New(publication) = published else { return };
    let (dimensions, size) = ([("TopicName", sender.topic_name.as_str())], publication.size as f64);
    cloud.metrics.record(&sender.scope, "AWS/SNS", "PublishSize", &dimensions, size, "Bytes");
    let (sender, publication) = (Arc::new(sender), Arc::<Publication>::from(publication));
    for subscription in topic.subscriptions.iter().cloned() {
        let delivery = Delivery {
            cloud: Arc::clone(cloud),
            sender: Arc::clone(&sender),
            publication: Arc::clone(&publication),
            subscription,
            carried: carried.clone(),
        };
        if delivery.publication.fifo.is_some() {
            let (one, towards) = (delivery.clone(), (Hop::Queue, delivery.subscription.endpoint.as_str()));
            cloud.faults.deliver(&cloud.deliveries, || delivery.leg(), towards, move || one.run_at_once());
            continue;
        }
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
        if self.is_held_back() {
            return;
        }
        let signer = match self.subscription.protocol {
            // A mail for people has no signature to wait for.
            Protocol::Email => None,
            _ => Some(signature::signer().await),
        };
        let signer = signer.as_deref();
        let (attempts, result) = match self.subscription.protocol {
            Protocol::Sqs => (1, self.to_queue(signer)),
            Protocol::Lambda => (1, self.to_function(signer)),
            Protocol::Email | Protocol::EmailJson => {
                let (cloud, sender, to) = (&self.cloud, &self.sender, &self.subscription);
                cloud.mail.send(letter::notification(cloud, signer, sender, &self.publication, to, &self.carried));
                (1, Ok(()))
            }
            Protocol::Http | Protocol::Https => self.to_endpoint(signer).await,
        };
        self.end(signer, attempts, result);
    }

    /// A delivery for which nothing is to be waited: to a queue, without a signature.
    fn run_at_once(&self) {
        if !self.is_held_back() {
            let result = self.to_queue(None);
            self.end(None, 1, result);
        }
    }

    /// Logs what became of the delivery, wherever somebody may look.
    fn end(&self, signer: Option<&Signer>, attempts: usize, result: Result<(), Refusal>) {
        let (publication, protocol) = (&self.publication, self.subscription.protocol);
        let report = Report {
            message_id: &publication.id,
            message: publication.text(protocol.name()),
            published: publication.time,
            destination: &self.subscription.endpoint,
            attempts,
            dwell: Timestamp::now().duration_since(publication.time).try_into().unwrap_or_default(),
            result: result.as_ref().copied(),
        };
        feedback::log(&self.cloud, &self.sender, protocol, &report);
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
                self.redrive(signer, &refusal);
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

    fn is_held_back(&self) -> bool {
        let held_back = self.held_back();
        let is_held_back = held_back.is_some();
        if let Some(refusal) = held_back {
            self.cloud.deliveries.stopped(self.leg(), refusal);
        }
        is_held_back
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

    fn envelope(&self, signer: Option<&Signer>) -> String {
        envelope::notification(&self.cloud, signer, &self.sender, &self.publication, &self.subscription)
    }

    /// Sends to a queue: with the topic's group, and to a FIFO queue with the topic's deduplication id.
    fn send(&self, queue: &str, body: String, attributes: Vec<(String, String, String)>) -> Result<String, Refusal> {
        let fifo = self.publication.fifo.as_ref().filter(|_| queue.ends_with(".fifo"));
        let consignment = Consignment {
            body,
            attributes,
            group_id: self.publication.group_id.clone(),
            deduplication_id: fifo.map(|fifo| fifo.deduplication_id.clone()),
        };
        self.cloud.sqs.take_in(&self.deliverer(), queue, consignment)
    }

    fn to_queue(&self, signer: Option<&Signer>) -> Result<(), Refusal> {
        let publication = &self.publication;
        let (body, attributes) = if self.subscription.options.raw {
            (publication.text(self.subscription.protocol.name()).to_owned(), publication.raw_attributes())
        } else {
            (self.envelope(signer), Vec::new())
        };
        self.send(&self.subscription.endpoint, body, attributes).map(|_| ())
    }

    fn to_function(&self, signer: Option<&Signer>) -> Result<(), Refusal> {
        let unsigned = || Refusal::new(Reason::Invalid, "FIFO topics deliver to queues only");
        let signer = signer.ok_or_else(unsigned)?;
        let event = envelope::lambda_event(&self.cloud, signer, &self.sender, &self.publication, &self.subscription);
        let payload = Bytes::from(event.to_string());
        let (deliverer, function) = (self.deliverer(), &self.subscription.endpoint);
        self.cloud.lambda.invoke_as_service(&self.cloud, &deliverer, function, payload, &self.carried)
    }

    async fn to_endpoint(&self, signer: Option<&Signer>) -> (usize, Result<(), Refusal>) {
        let options = &self.subscription.options;
        let raw = options.raw;
        let text = || self.publication.text(self.subscription.protocol.name()).to_owned();
        let body = if raw { text() } else { self.envelope(signer) };
        let headers = http::Headers {
            kind: "Notification",
            message_id: &self.publication.id,
            topic_arn: &self.sender.topic_arn,
            subscription_arn: Some(&self.subscription.arn),
            raw,
        };
        let policy = self.sender.delivery.for_subscription(options.delivery.as_ref());
        let post = http::Post { endpoint: &self.subscription.endpoint, headers, body: body.into(), policy };
        post.deliver(&self.cloud, &self.leg()).await
    }

    /// Puts what could not be delivered into the subscription's dead-letter queue, with the reason as AWS gives it.
    fn redrive(&self, signer: Option<&Signer>, refusal: &Refusal) {
        let Some(redrive) = &self.subscription.options.redrive else { return };
        let text = |name: &str, value: String| (name.to_owned(), "String".to_owned(), value);
        let attributes = vec![
            text("RequestID", ids::uuid()),
            text("ErrorCode", format!("{:?}", refusal.reason)),
            text("ErrorMessage", refusal.detail.clone()),
        ];
        let (queue, body) = (redrive.target.clone(), self.envelope(signer));
        let leg = Leg { hop: Hop::Queue, to: queue.clone(), ..self.leg() };
        let (delivery, dead_letter) = (self.clone(), leg.clone());
        let make = move || {
            let result = delivery.send(&dead_letter.to, body.clone(), attributes.clone());
            let metric = match result {
                Ok(_) => "NumberOfNotificationsRedrivenToDlq",
                Err(_) => "NumberOfNotificationsFailedToRedriveToDlq",
            };
            delivery.sender.count(&delivery.cloud, metric);
            delivery.cloud.deliveries.log(dead_letter.clone(), &result);
        };
        self.cloud.faults.deliver(&self.cloud.deliveries, || leg, (Hop::Queue, &queue), make);
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
