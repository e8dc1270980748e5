//! SNS: standard topics, their policies and subscriptions, and the fan-out of a message.
//!
//! What makes a topic silent in AWS makes it silent here: a topic policy without `events.amazonaws.com`, a queue or
//! function policy without `sns.amazonaws.com`, a filter policy, a subscription that nobody confirmed, a key that AWS
//! manages. [`Deliveries`](crate::deliveries::Deliveries) says which of them it was; AWS does not.
//!
//! What differs from AWS:
//! - A failed HTTP delivery is retried twice, at once: three attempts in all, where AWS's default policy goes on for an
//!   hour. Deliveries to queues and functions are not retried, as the lab's own services are always there.
//! - `Signature` is the word `EXAMPLE`, not a signature: a client that verifies it refuses the message.
//! - Refused by name: FIFO topics, SMS, mobile push, Firehose, HTTPS endpoints, delivery policies, delivery status
//!   logging, data protection, archives, and keys of the customer's.
//!
//! Source: the Amazon SNS API Reference and Developer Guide.

mod arn;
mod confirmation;
mod endpoint;
mod envelope;
mod error;
mod fanout;
mod http;
mod letter;
mod listing;
mod message;
mod permission;
mod publish;
mod settings;
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

use self::fanout::Sender;
use self::message::Publication;
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
        let publication = Publication::plain(message, Timestamp::now())
            .map_err(|error| Refusal::new(Reason::Invalid, format!("the topic {topic_arn} refuses it: {error}")))?;
        let (sender, subscriptions) = self.topics.with(&scope, |topics| {
            let topic = topics.get(&name).ok_or_else(gone)?;
            permission::allows_service(topic, deliverer)?;
            Ok((Sender::of(topic), topic.subscriptions.clone()))
        })?;
        let id = publication.id.clone();
        fanout::start(cloud, sender, subscriptions, publication, carried);
        Ok(id)
    }
}
