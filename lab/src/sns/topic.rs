//! A topic, and the operations on topics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Sns;
use super::arn;
use super::error::{invalid, no_topic};
use super::fifo::{Fifo, Memory};
use super::listing::page;
use super::permission;
use super::settings::Settings;
use super::signature;
use super::subscription::Subscription;
use super::tag::{self, Tag};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// A topic with its subscriptions.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) scope: Scope,
    pub(super) settings: Settings,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) subscriptions: Vec<Subscription>,
    /// What a FIFO topic knows of earlier messages.
    pub(super) memory: Memory,
    /// How many subscriptions were ended.
    pub(super) deleted: usize,
}

impl Topic {
    /// The account that the topic belongs to.
    pub(super) fn owner(&self) -> &str {
        &self.scope.account
    }

    /// What a FIFO topic needs to take a message.
    pub(super) fn fifo(&mut self) -> Option<(&Fifo, &mut Memory)> {
        self.settings.fifo.as_ref().map(|fifo| (fifo, &mut self.memory))
    }

    pub(super) fn attributes(&self) -> BTreeMap<String, String> {
        const SETTINGS: &[&str] = &[
            "ContentBasedDeduplication",
            "DeliveryPolicy",
            "DisplayName",
            "EffectiveDeliveryPolicy",
            "FifoThroughputScope",
            "FifoTopic",
            "KmsMasterKeyId",
            "Policy",
            "SignatureVersion",
        ];
        let confirmed = self.subscriptions.iter().filter(|subscription| subscription.confirmed).count();
        let computed = [
            ("TopicArn", self.arn.clone()),
            ("Owner", self.owner().to_owned()),
            ("SubscriptionsConfirmed", confirmed.to_string()),
            ("SubscriptionsPending", (self.subscriptions.len() - confirmed).to_string()),
            ("SubscriptionsDeleted", self.deleted.to_string()),
        ];
        let set = SETTINGS.iter().filter_map(|name| Some((*name, self.settings.get(name)?)));
        let feedback = self.settings.feedback.names().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let named = computed.into_iter().chain(set).map(|(name, value)| (name.to_owned(), value));
        named.chain(feedback).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateTopic {
    name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    tags: Vec<Tag>,
    data_protection_policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OneTopic {
    topic_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SetTopicAttributes {
    topic_arn: String,
    attribute_name: String,
    #[serde(default)]
    attribute_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListTopics {
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TopicRef {
    topic_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    topics: Vec<TopicRef>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    attributes: BTreeMap<String, String>,
}

/// The name tells a FIFO topic from a standard one.
fn check_name(name: &str, is_fifo: bool) -> Result<(), AwsError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let stem = if is_fifo { name.strip_suffix(".fifo") } else { Some(name) };
    match stem {
        Some(stem) if !stem.is_empty() && name.len() <= 256 && stem.chars().all(is_plain) => Ok(()),
        _ => Err(invalid("Topic Name")),
    }
}

impl Sns {
    /// Runs `f` on a topic, once the topic's policy lets the caller do the operation.
    pub(super) fn on_topic<R>(
        &self,
        call: &Call,
        topic_arn: &str,
        f: impl FnOnce(&mut Topic) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        let (scope, name) = arn::topic_of(call, topic_arn)?;
        self.topics.with(&scope, |topics| {
            let topic = topics.get_mut(&name).ok_or_else(no_topic)?;
            permission::allows_call(topic, call, &[])?;
            f(topic)
        })
    }

    pub(super) fn create_topic(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: CreateTopic = call.input()?;
        if input.data_protection_policy.is_some() {
            return Err(call.unsupported_parameter("DataProtectionPolicy"));
        }
        let name = input.name;
        let (scope, topic_arn) = (call.scope.clone(), call.scope.arn("sns", &name));
        let mut settings = Settings::new(&topic_arn, &scope.account)?;
        settings.set_all(&input.attributes)?;
        check_name(&name, settings.fifo.is_some())?;
        let tags = tag::checked(BTreeMap::new(), input.tags)?;
        self.topics.with(&call.scope, |topics| match topics.get(&name) {
            Some(topic) => {
                if input.attributes.keys().any(|name| topic.settings.get(name) != settings.get(name)) {
                    return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
                }
                if tags.iter().any(|(key, value)| topic.tags.get(key) != Some(value)) {
                    return Err(invalid("Tags Reason: Topic already exists with different tags"));
                }
                Ok(())
            }
            None => {
                let topic = Topic {
                    name: name.clone(),
                    arn: topic_arn.clone(),
                    scope,
                    settings,
                    tags,
                    subscriptions: Vec::new(),
                    memory: Memory::default(),
                    deleted: 0,
                };
                topics.insert(name, topic);
                Ok(())
            }
        })?;
        signature::prepare();
        call.reply(&TopicRef { topic_arn })
    }

    /// A topic that is not there is deleted already, as in AWS.
    pub(super) fn delete_topic(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneTopic = call.input()?;
        let (scope, name) = arn::topic_of(call, &input.topic_arn)?;
        self.topics.with(&scope, |topics| {
            if let Some(topic) = topics.get(&name) {
                permission::allows_call(topic, call, &[])?;
                topics.remove(&name);
            }
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn list_topics(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ListTopics = call.input()?;
        let arns = self.topics.with(&call.scope, |topics| topics.values().map(|topic| topic.arn.clone()).collect());
        let (arns, next_token) = page(arns, input.next_token.as_deref())?;
        let topics = arns.into_iter().map(|topic_arn| TopicRef { topic_arn }).collect();
        call.reply(&Listed { topics, next_token })
    }

    pub(super) fn get_topic_attributes(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneTopic = call.input()?;
        let attributes = self.on_topic(call, &input.topic_arn, |topic| Ok(topic.attributes()))?;
        call.reply(&Attributes { attributes })
    }

    pub(super) fn set_topic_attributes(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: SetTopicAttributes = call.input()?;
        self.on_topic(call, &input.topic_arn, |topic| {
            topic.settings.set_one(&input.attribute_name, &input.attribute_value)
        })?;
        call.done()
    }
}
