//! The attributes of a topic that can be set.
//!
//! Source: "SetTopicAttributes" and "CreateTopic" in the Amazon SNS API Reference.

use std::collections::BTreeMap;

use super::delivery_policy::TopicPolicy;
use super::error::{invalid, invalid_attribute};
use super::feedback::Feedback;
use super::fifo::{Fifo, flag};
use crate::gateway::error::AwsError;
use crate::policy::{Fault, Policy, PolicyDocument, SNS_TOPIC_ACTIONS};

/// What can be set on a topic.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) display_name: String,
    /// The policy as it was given.
    pub(super) policy_text: String,
    /// None once its last statement was removed.
    pub(super) policy: Option<Policy>,
    /// The key as it was named. SNS does not look whether there is one before it encrypts a message.
    pub(super) key: Option<String>,
    pub(super) signature_version: String,
    explicit_signature_version: bool,
    pub(super) delivery: TopicPolicy,
    pub(super) feedback: Feedback,
    /// None for a standard topic.
    pub(super) fifo: Option<Fifo>,
}

/// Attributes that AWS has and the lab does not.
const UNSUPPORTED: &[&str] = &["ArchivePolicy", "DataProtectionPolicy"];

/// Why an attribute cannot be set.
#[derive(Debug)]
pub(super) enum Wrong {
    /// There is no such attribute.
    Unknown,
    /// The value is not one of the attribute's: the end of SNS's sentence.
    Value(String),
    /// AWS has it, the lab does not.
    Unsupported(AwsError),
}

impl Settings {
    /// Those of a new topic: the owner's account, and nobody else, may use it.
    pub(super) fn new(topic_arn: &str, owner: &str) -> Result<Self, AwsError> {
        let policy_text = PolicyDocument::sns_default(topic_arn, owner).to_json();
        let policy = Policy::parse(&policy_text)
            .map_err(|error| AwsError::new(500, "InternalError", format!("the default policy: {error}")))?;
        Ok(Self {
            display_name: String::new(),
            policy_text,
            policy: Some(policy),
            key: None,
            signature_version: "1".to_owned(),
            explicit_signature_version: false,
            delivery: TopicPolicy::default(),
            feedback: Feedback::default(),
            fifo: None,
        })
    }

    /// Sets the attributes of CreateTopic.
    pub(super) fn set_all(&mut self, given: &BTreeMap<String, String>) -> Result<(), AwsError> {
        if given.get("FifoTopic").is_some_and(|value| flag(value) == Some(true)) {
            self.fifo = Some(Fifo::default());
        }
        for (name, value) in given {
            self.set(name, value).map_err(|wrong| match wrong {
                Wrong::Unknown => invalid_attribute(format_args!("Unknown attribute {name}")),
                Wrong::Value(why) => invalid_attribute(why),
                Wrong::Unsupported(error) => error,
            })?;
        }
        Ok(())
    }

    /// Sets the attribute of SetTopicAttributes. Which kind a topic is, is settled when it is made.
    pub(super) fn set_one(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
        if name == "FifoTopic" {
            return Err(invalid("AttributeName"));
        }
        self.set(name, value).map_err(|wrong| match wrong {
            Wrong::Unknown => invalid("AttributeName"),
            Wrong::Value(why) => invalid(why),
            Wrong::Unsupported(error) => error,
        })
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        let unsupported = |what: String| Err(Wrong::Unsupported(AwsError::unsupported(what)));
        match name {
            "DisplayName" if value.chars().count() > 100 || value.contains(char::is_control) => {
                return Err(Wrong::Value("DisplayName".to_owned()));
            }
            "DisplayName" => value.clone_into(&mut self.display_name),
            "Policy" => {
                self.policy = Some(policy(value)?);
                value.clone_into(&mut self.policy_text);
            }
            "KmsMasterKeyId" => self.key = Some(value.to_owned()).filter(|key| !key.is_empty()),
            "DeliveryPolicy" => self.delivery = TopicPolicy::parse(value)?,
            "SignatureVersion" if matches!(value, "1" | "2") => {
                value.clone_into(&mut self.signature_version);
                self.explicit_signature_version = true;
            }
            "SignatureVersion" => {
                return Err(Wrong::Value(format!("SignatureVersion Reason: Invalid value [{value}]. Must be 1 or 2.")));
            }
            "TracingConfig" if value == "PassThrough" => {}
            "TracingConfig" => return unsupported(format!("TracingConfig {value}")),
            "FifoTopic" if flag(value) == Some(self.fifo.is_some()) => {}
            "FifoTopic" => return Err(Wrong::Value("FifoTopic".to_owned())),
            "ContentBasedDeduplication" | "FifoThroughputScope" => match &mut self.fifo {
                Some(fifo) => fifo.set(name, value).map_err(Wrong::Value)?,
                None => return Err(Wrong::Value(format!("{name} Reason: {name} can only be set for FIFO topics"))),
            },
            name if UNSUPPORTED.contains(&name) => return unsupported(format!("the topic attribute {name}")),
            name if Feedback::has(name) => self.feedback.set(name, value).map_err(Wrong::Value)?,
            _ => return Err(Wrong::Unknown),
        }
        Ok(())
    }

    /// An attribute as GetTopicAttributes shows it; none where AWS shows none.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match name {
            "DisplayName" => Some(self.display_name.clone()),
            "Policy" => Some(self.policy_text.clone()),
            "KmsMasterKeyId" => self.key.clone(),
            "SignatureVersion" => self.explicit_signature_version.then(|| self.signature_version.clone()),
            "DeliveryPolicy" => self.delivery.text().map(str::to_owned),
            "EffectiveDeliveryPolicy" => Some(self.delivery.effective()),
            "FifoTopic" | "ContentBasedDeduplication" | "FifoThroughputScope" => {
                self.fifo.as_ref().and_then(|fifo| fifo.get(name))
            }
            _ => self.feedback.get(name),
        }
    }
}

fn policy(text: &str) -> Result<Policy, Wrong> {
    let policy = Policy::parse(text).map_err(|error| {
        // SNS names a principal that it cannot find, and of all else says no more than this.
        let what = if error.fault() == Fault::Principal { "PrincipalNotFound" } else { "null" };
        Wrong::Value(format!("Policy Error: {what}"))
    })?;
    policy.check_action_scope(&SNS_TOPIC_ACTIONS).map_err(|error| Wrong::Value(error.message().to_owned()))?;
    Ok(policy)
}
