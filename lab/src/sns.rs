//! SNS: topics, their policies and subscriptions, and the fan-out of a message.
//!
//! What makes a topic silent in AWS makes it silent here: a topic policy without `events.amazonaws.com`, a queue or
//! function policy without `sns.amazonaws.com`, a filter policy, a subscription that nobody confirmed, a key whose policy
//! leaves the sender out. [`Deliveries`](crate::deliveries::Deliveries) says which of them it was; AWS does not.
//!
//! What differs from AWS:
//! - A failed HTTP delivery is retried as often as its delivery policy says, a hundred times as soon. Deliveries to queues
//!   and functions are not retried, as the lab's own services are always there.
//! - Signatures are right, and the certificate is the lab's own: see [`signature`].
//! - HTTPS endpoints may have certificates of authorities that the lab was told to trust: see [`trust`](crate::trust).
//! - A subscription waits for its confirmation as long as the lab runs; AWS gives up after two days.
//! - Refused by name: SMS, mobile push, Firehose, throttle policies, data protection, archives and tracing.
//!
//! Source: the Amazon SNS API Reference and Developer Guide.

mod arn;
mod confirmation;
mod delivery_policy;
mod endpoint;
mod envelope;
mod error;
mod fanout;
mod feedback;
mod fifo;
mod http;
mod letter;
mod listing;
mod message;
mod permission;
mod publish;
mod settings;
mod signature;
mod snapshot;
mod subscribe;
mod subscription;
mod summary;
mod tag;
#[cfg(test)]
mod tests;
mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use self::message::Draft;
use self::topic::Topic;
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::scope::Scoped;

/// The topics of every account and Region, each with its subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Sns {
    topics: Scoped<Topics>,
}

/// The topics of one account and Region, by name.
type Topics = BTreeMap<String, Topic>;

impl Sns {
    operations! { OPERATIONS =
        pub(crate) async fn call(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateTopic" => self.create_topic(call),
            "DeleteTopic" => self.delete_topic(call),
            "ListTopics" => self.list_topics(call),
            "GetTopicAttributes" => self.get_topic_attributes(call),
            "SetTopicAttributes" => self.set_topic_attributes(call),
            "AddPermission" => self.add_permission(call),
            "RemovePermission" => self.remove_permission(call),
            "Subscribe" => self.subscribe(cloud, call),
            "ConfirmSubscription" => self.confirm_subscription(call),
            "Unsubscribe" => self.unsubscribe(cloud, call),
            "ListSubscriptions" => self.list_subscriptions(call),
            "ListSubscriptionsByTopic" => self.list_subscriptions_by_topic(call),
            "GetSubscriptionAttributes" => self.get_subscription_attributes(call),
            "SetSubscriptionAttributes" => self.set_subscription_attributes(call),
            "Publish" => self.publish(cloud, call),
            "PublishBatch" => self.publish_batch(cloud, call),
            "TagResource" => self.tag_resource(call),
            "UntagResource" => self.untag_resource(call),
            "ListTagsForResource" => self.list_tags_for_resource(call),
            refused "CreatePlatformApplication", "PutDataProtectionPolicy", "SetSMSAttributes",
        }
    }

    /// Publishes to a topic on behalf of a service, such as EventBridge for a rule; the topic's policy decides.
    ///
    /// Returns the message id once the topic has taken the message; the subscribers are served in tasks of their own.
    pub(crate) fn publish_as_service(
        &self,
        cloud: &Arc<Cloud>,
        deliverer: &Deliverer,
        topic_arn: &str,
        message: String,
        carried: &Carried,
    ) -> Result<String, Refusal> {
        let gone = || Refusal::new(Reason::NotFound, format!("there is no topic {topic_arn}"));
        let (scope, name) = arn::topic(topic_arn).map_err(|_| gone())?;
        let draft = Draft { message, ..Draft::default() };
        self.topics.with(&scope, |topics| {
            let topic = topics.get_mut(&name).ok_or_else(gone)?;
            permission::allows_service(&cloud.kms, topic, deliverer)?;
            let published = draft
                .publish(topic.fifo(), Timestamp::now())
                .map_err(|error| Refusal::new(Reason::Invalid, format!("the topic {topic_arn} refuses it: {error}")))?;
            let (id, _) = published.receipt();
            fanout::start(cloud, topic, published, carried);
            Ok(id)
        })
    }

    /// The certificate that signatures are verified with, where `path` is its address.
    pub(crate) async fn certificate(&self, path: &str) -> Option<String> {
        if !path.starts_with("/SimpleNotificationService-") {
            return None;
        }
        let signer = signature::signer().await;
        (path == signer.certificate_path()).then(|| signer.certificate_pem().to_owned())
    }
}
