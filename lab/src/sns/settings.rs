//! The attributes of a topic that can be set.
//!
//! Source: "SetTopicAttributes" and "CreateTopic" in the Amazon SNS API Reference.

use std::collections::BTreeMap;

use super::error::{invalid, invalid_attribute};
use crate::gateway::error::AwsError;
use crate::policy::{Fault, Policy, PolicyDocument, SNS_TOPIC_ACTIONS};

/// The key that AWS manages for SNS. Its policy is AWS's own and lets no other service use it: a topic encrypted with it
/// is silent for EventBridge.
pub(super) const AWS_MANAGED_KEY: &str = "alias/aws/sns";

/// The delivery policy that AWS shows for a topic that has none of its own.
pub(super) const DEFAULT_DELIVERY_POLICY: &str = concat!(
    r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"#,
    r#""numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"#,
    r#""disableSubscriptionOverrides":false,"#,
    r#""defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#
);

/// What can be set on a topic.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) display_name: String,
    /// The policy as it was given.
    pub(super) policy_text: String,
    /// None once its last statement was removed.
    pub(super) policy: Option<Policy>,
    pub(super) key: Option<String>,
    pub(super) signature_version: String,
    explicit_signature_version: bool,
}

/// Attributes that AWS has and the lab does not.
fn is_unsupported(name: &str) -> bool {
    const NAMES: &[&str] = &["DeliveryPolicy", "ArchivePolicy", "DataProtectionPolicy", "FifoThroughputScope"];
    NAMES.contains(&name) || name.ends_with("FeedbackRoleArn") || name.ends_with("FeedbackSampleRate")
}

/// Why an attribute cannot be set.
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
        })
    }

    /// Sets the attributes of CreateTopic.
    pub(super) fn set_all(&mut self, given: &BTreeMap<String, String>) -> Result<(), AwsError> {
        for (name, value) in given {
            self.set(name, value).map_err(|wrong| match wrong {
                Wrong::Unknown => invalid_attribute(format_args!("Unknown attribute {name}")),
                Wrong::Value(why) => invalid_attribute(why),
                Wrong::Unsupported(error) => error,
            })?;
        }
        Ok(())
    }

    /// Sets the attribute of SetTopicAttributes.
    pub(super) fn set_one(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
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
            "KmsMasterKeyId" => match value {
                "" => self.key = None,
                AWS_MANAGED_KEY => self.key = Some(value.to_owned()),
                _ => return unsupported(format!("KmsMasterKeyId with a key other than {AWS_MANAGED_KEY}")),
            },
            "SignatureVersion" if matches!(value, "1" | "2") => {
                value.clone_into(&mut self.signature_version);
                self.explicit_signature_version = true;
            }
            "SignatureVersion" => {
                return Err(Wrong::Value(format!("SignatureVersion Reason: Invalid value [{value}]. Must be 1 or 2.")));
            }
            "TracingConfig" if value == "PassThrough" => {}
            "TracingConfig" => return unsupported(format!("TracingConfig {value}")),
            "FifoTopic" if value == "true" => return unsupported("FIFO topics".to_owned()),
            "FifoTopic" if value == "false" => {}
            name if is_unsupported(name) => return unsupported(format!("the topic attribute {name}")),
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
            "EffectiveDeliveryPolicy" => Some(DEFAULT_DELIVERY_POLICY.to_owned()),
            _ => None,
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
