//! A subscription, and its attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::delivery_policy::{SubscriptionPolicy, TopicPolicy};
use super::endpoint::Protocol;
use super::error::{invalid, invalid_attribute, no_subscription, not_authorized};
use super::settings::Wrong;
use super::topic::Topic;
use super::{Sns, arn};
use crate::filter::{self, FilterPolicy};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// One subscriber of a topic.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) arn: String,
    /// The account that subscribed.
    pub(super) owner: String,
    /// The ARN of the identity that subscribed.
    pub(super) principal: String,
    pub(super) protocol: Protocol,
    pub(super) endpoint: String,
    pub(super) confirmed: bool,
    /// Whether the confirmation was signed, or needed none.
    pub(super) authenticated: bool,
    /// Whether an unsigned link may end the subscription.
    pub(super) unsigned_unsubscribe: bool,
    /// What the confirmation link carries.
    pub(super) token: String,
    pub(super) options: Options,
}

/// The attributes of a subscription that can be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Options {
    pub(super) raw: bool,
    pub(super) filter: Option<Filter>,
    /// Chosen before there is a policy, or with one.
    scope: filter::Scope,
    pub(super) redrive: Option<Redrive>,
    pub(super) delivery: Option<SubscriptionPolicy>,
}

/// A filter policy with the text that it was given as.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) policy: FilterPolicy,
}

/// Where messages go that cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redrive {
    text: String,
    /// The ARN of the dead-letter queue.
    pub(super) target: String,
}

/// The operation that sets attributes: each has its own words around SNS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setter {
    Subscribe,
    SetSubscriptionAttributes,
}

impl Setter {
    fn refuse(self, reason: impl std::fmt::Display) -> AwsError {
        match self {
            Self::Subscribe => invalid_attribute(reason),
            Self::SetSubscriptionAttributes => invalid(reason),
        }
    }
}

impl Options {
    /// Those that `Subscribe` gives. The scope goes before the policy, which is read in it.
    pub(super) fn of(protocol: Protocol, given: &BTreeMap<String, String>) -> Result<Self, AwsError> {
        let mut options = Self::default();
        let scope_first = |name: &str| name != "FilterPolicyScope";
        let mut names: Vec<_> = given.iter().collect();
        names.sort_by_key(|(name, _)| scope_first(name));
        for (name, value) in names {
            options.set(Setter::Subscribe, protocol, name, value)?;
        }
        Ok(options)
    }

    /// Whether these are, in the attributes that a call names, those that it asks for.
    pub(super) fn agree<'a>(&self, wanted: &Self, mut names: impl Iterator<Item = &'a String>) -> bool {
        let text = |filter: &Option<Filter>| filter.as_ref().map(|filter| filter.text.clone());
        names.all(|name| match name.as_str() {
            "RawMessageDelivery" => self.raw == wanted.raw,
            "FilterPolicy" => text(&self.filter) == text(&wanted.filter),
            "FilterPolicyScope" => self.scope == wanted.scope,
            "RedrivePolicy" => self.redrive == wanted.redrive,
            "DeliveryPolicy" => self.delivery == wanted.delivery,
            _ => self == wanted,
        })
    }

    /// Whether a subscription of this topic can have them.
    pub(super) fn check(&self, by: Setter, topic_arn: &str, endpoint: &str) -> Result<(), AwsError> {
        self.redrive.as_ref().map_or(Ok(()), |redrive| redrive.check(by, topic_arn, endpoint))
    }

    pub(super) fn set(&mut self, by: Setter, protocol: Protocol, name: &str, value: &str) -> Result<(), AwsError> {
        match name {
            "RawMessageDelivery" => {
                let raw = value.parse().map_err(|_| {
                    by.refuse(format_args!("RawMessageDelivery: Invalid value [{value}]. Must be true or false."))
                })?;
                if raw && !protocol.takes_raw() {
                    let reason = format_args!("Delivery protocol [{protocol}] does not support raw message delivery.");
                    return Err(by.refuse(reason));
                }
                self.raw = raw;
            }
            "FilterPolicy" => self.filter = Filter::parse(by, value, self.scope)?,
            "FilterPolicyScope" => {
                let scope = value.parse().map_err(|_| {
                    by.refuse(format_args!(
                        "FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
                    ))
                })?;
                if let Some(filter) = &self.filter {
                    self.filter = Filter::parse(by, &filter.text, scope)?;
                }
                self.scope = scope;
            }
            "RedrivePolicy" => self.redrive = Redrive::parse(by, value)?,
            "DeliveryPolicy" if !protocol.posts() => {
                let reason = format_args!("Delivery protocol [{protocol}] does not support delivery policies.");
                return Err(by.refuse(reason));
            }
            "DeliveryPolicy" => {
                self.delivery = SubscriptionPolicy::parse(value).map_err(|wrong| match wrong {
                    Wrong::Value(why) => by.refuse(why),
                    Wrong::Unsupported(error) => error,
                    Wrong::Unknown => by.refuse("DeliveryPolicy"),
                })?;
            }
            "SubscriptionRoleArn" | "ReplayPolicy" => {
                return Err(AwsError::unsupported(format_args!("the subscription attribute {name}")));
            }
            _ => match by {
                Setter::Subscribe => return Err(invalid_attribute(format_args!("Unknown attribute: {name}"))),
                Setter::SetSubscriptionAttributes => return Err(invalid("AttributeName")),
            },
        }
        Ok(())
    }
}

impl Filter {
    fn parse(by: Setter, text: &str, scope: filter::Scope) -> Result<Option<Self>, AwsError> {
        let policy = FilterPolicy::parse(text, scope).map_err(|error| {
            let message = match by {
                Setter::Subscribe => error.in_subscribe(),
                Setter::SetSubscriptionAttributes => error.message(),
            };
            AwsError::bad_request(filter::InvalidFilterPolicy::CODE, message)
        })?;
        Ok((!text.trim().is_empty()).then(|| Self { text: text.to_owned(), policy }))
    }
}

impl Redrive {
    /// The empty text takes the policy away. Whether the queue is there shows when a message is sent to it.
    fn parse(by: Setter, text: &str) -> Result<Option<Self>, AwsError> {
        const TARGET: &str = "deadLetterTargetArn";
        if text.is_empty() {
            return Ok(None);
        }
        let policy: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| by.refuse("RedrivePolicy: failed to parse JSON."))?;
        if let Some(name) = policy.keys().find(|name| *name != TARGET) {
            return Err(by.refuse(format_args!("RedrivePolicy: invalid JSON. Attribute {name} is unknown.")));
        }
        let target = policy.get(TARGET).and_then(Value::as_str).unwrap_or_default().to_owned();
        Protocol::Sqs.check(&target).map_err(|_| by.refuse("RedrivePolicy: deadLetterTargetArn is an invalid arn"))?;
        Ok(Some(Self { text: text.to_owned(), target }))
    }

    /// Whether a subscription of this topic may send there: the queue is in the account and Region of the subscription, and
    /// what a FIFO topic could not put into a FIFO queue waits in a FIFO queue.
    fn check(&self, by: Setter, topic_arn: &str, endpoint: &str) -> Result<(), AwsError> {
        let queue = &self.target;
        if Scope::of_arn(queue) != Scope::of_arn(topic_arn) {
            return Err(
                by.refuse("RedrivePolicy: deadLetterTargetArn must be a queue in the account and Region of the topic")
            );
        }
        let fifo = |arn: &str| arn.ends_with(".fifo");
        match (fifo(topic_arn) && fifo(endpoint), fifo(queue)) {
            (true, false) => {
                Err(by.refuse("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."))
            }
            (false, true) => {
                Err(by.refuse("RedrivePolicy: must use a standard queue as DLQ for a standard Subscription."))
            }
            _ => Ok(()),
        }
    }
}

impl Subscription {
    /// The ARN as lists show it: one that is not confirmed has none yet.
    pub(super) fn shown_arn(&self) -> String {
        if self.confirmed { self.arn.clone() } else { "PendingConfirmation".to_owned() }
    }

    pub(super) fn attributes(&self, topic_arn: &str, topic_policy: &TopicPolicy) -> BTreeMap<&'static str, String> {
        let mut attributes = BTreeMap::from([
            ("SubscriptionArn", self.arn.clone()),
            ("TopicArn", topic_arn.to_owned()),
            ("Owner", self.owner.clone()),
            ("SubscriptionPrincipal", self.principal.clone()),
            ("Protocol", self.protocol.to_string()),
            ("Endpoint", self.endpoint.clone()),
            ("PendingConfirmation", (!self.confirmed).to_string()),
            ("ConfirmationWasAuthenticated", self.authenticated.to_string()),
            ("RawMessageDelivery", self.options.raw.to_string()),
        ]);
        if let Some(filter) = &self.options.filter {
            attributes.insert("FilterPolicy", filter.text.clone());
            attributes.insert("FilterPolicyScope", filter.policy.scope().to_string());
        }
        if let Some(redrive) = &self.options.redrive {
            attributes.insert("RedrivePolicy", redrive.text.clone());
        }
        if self.protocol.posts() {
            let own = self.options.delivery.as_ref();
            attributes.insert("EffectiveDeliveryPolicy", topic_policy.for_subscription(own).shown());
            if let Some(own) = own {
                attributes.insert("DeliveryPolicy", own.text.clone());
            }
        }
        attributes
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OneSubscription {
    subscription_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SetSubscriptionAttributes {
    subscription_arn: String,
    attribute_name: String,
    #[serde(default)]
    attribute_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    attributes: BTreeMap<&'static str, String>,
}

impl Sns {
    /// Runs `f` on a subscription, its topic's ARN and its topic's delivery policy, if it is the caller's or one of the caller's topic.
    pub(super) fn on_subscription<R>(
        &self,
        call: &Call,
        subscription_arn: &str,
        f: impl FnOnce(&mut Subscription, &str, &TopicPolicy) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        let (scope, name) = arn::subscription(call, subscription_arn)?;
        self.topics.with(&scope, |topics| {
            let Topic { arn: topic_arn, scope, settings, subscriptions, .. } =
                topics.get_mut(&name).ok_or_else(no_subscription)?;
            let subscription = subscriptions.iter_mut().find(|subscription| subscription.arn == subscription_arn);
            let subscription = subscription.ok_or_else(no_subscription)?;
            check_party(call, subscription, &scope.account)?;
            f(subscription, topic_arn, &settings.delivery)
        })
    }

    pub(super) fn get_subscription_attributes(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneSubscription = call.input()?;
        let arn = &input.subscription_arn;
        let attributes = self.on_subscription(call, arn, |subscription, topic_arn, policy| {
            Ok(subscription.attributes(topic_arn, policy))
        })?;
        call.reply(&Attributes { attributes })
    }

    pub(super) fn set_subscription_attributes(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: SetSubscriptionAttributes = call.input()?;
        let (name, value) = (&input.attribute_name, &input.attribute_value);
        let by = Setter::SetSubscriptionAttributes;
        self.on_subscription(call, &input.subscription_arn, |subscription, topic_arn, _| {
            let mut changed = subscription.options.clone();
            changed.set(by, subscription.protocol, name, value)?;
            changed.check(by, topic_arn, &subscription.endpoint)?;
            subscription.options = changed;
            Ok(())
        })?;
        call.done()
    }
}

/// A subscription is its owner's and its topic's owner's to look at and to end.
pub(super) fn check_party(call: &Call, subscription: &Subscription, topic_owner: &str) -> Result<(), AwsError> {
    let account = &call.identity.account;
    if *account == subscription.owner || account == topic_owner {
        return Ok(());
    }
    let action = format!("SNS:{}", call.operation);
    let because = "because no identity-based policy of the subscription's owner allows it";
    Err(not_authorized(&call.identity.arn(), &action, &subscription.arn, because))
}
