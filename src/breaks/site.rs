//! The standing pipeline: the clients, the names, and the ARNs that follow from them.

use aws_config::Region;
use aws_sdk_sns::types::Subscription;
use serde_json::Value;

use super::BreakError;
use crate::inspection::Names;
use crate::target::Clients;

/// Where somebody looks in vain who forgot to choose the Region: the console's own default, and another for those who
/// work there.
const ELSEWHERE: [&str; 2] = ["us-east-1", "us-west-2"];

/// A pipeline that stands, and the break that is to be made in it.
pub(super) struct Site<'a> {
    pub(super) clients: &'a Clients,
    pub(super) names: &'a Names,
    pub(super) account: String,
    pub(super) region: String,
    /// The name of the break.
    break_name: &'static str,
}

impl<'a> Site<'a> {
    pub(super) async fn open(
        clients: &'a Clients,
        names: &'a Names,
        break_name: &'static str,
    ) -> Result<Self, BreakError> {
        let refused = |reason: &str| BreakError::invalid("sts:GetCallerIdentity", "the caller", reason);
        let caller = clients.sts.get_caller_identity().send().await;
        let caller = caller.map_err(|error| BreakError::refused("sts:GetCallerIdentity", "the caller", &error))?;
        let account = caller.account().ok_or_else(|| refused("the answer names no account"))?.to_owned();
        let region = clients.events.config().region().ok_or_else(|| refused("the clients have no Region"))?.to_string();
        Ok(Self { clients, names, account, region, break_name })
    }

    /// What is looked for, in the words of an error: `rule NAME in ap-northeast-2`.
    pub(super) fn what(&self, kind: &str, name: &str) -> String {
        format!("{kind} {name} in {}", self.region)
    }

    /// The Region that is not the pipeline's.
    pub(super) fn elsewhere(&self) -> Region {
        let [first, second] = ELSEWHERE;
        Region::new(if self.region == first { second } else { first })
    }

    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    pub(super) fn topic_arn(&self) -> String {
        self.arn("sns", &self.names.topic)
    }

    pub(super) fn rule_arn(&self) -> String {
        self.arn("events", &format!("rule/{}", self.names.rule))
    }

    pub(super) fn topic(&self) -> String {
        self.what("topic", &self.names.topic)
    }

    pub(super) fn already<T>(&self, what: impl Into<String>) -> Result<T, BreakError> {
        Err(BreakError::AlreadyBroken { name: self.break_name, what: what.into() })
    }

    pub(super) fn missing(what: impl Into<String>) -> BreakError {
        BreakError::NotThere { what: what.into() }
    }

    /// The topic's subscriptions of one protocol; never none.
    pub(super) async fn subscriptions(&self, protocol: &str) -> Result<Vec<Subscription>, BreakError> {
        let list = self.clients.sns.list_subscriptions_by_topic().topic_arn(self.topic_arn());
        let pages = list.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let mut found =
            pages.map_err(|error| BreakError::refused("sns:ListSubscriptionsByTopic", self.topic(), &error))?;
        found.retain(|subscription| {
            // One that waits for its confirmation has no ARN, so that nothing can be done to it.
            let has_arn = subscription.subscription_arn().is_some_and(|arn| arn.starts_with("arn:"));
            has_arn && subscription.protocol() == Some(protocol)
        });
        if found.is_empty() {
            return Err(Self::missing(format!("{protocol} subscription of the {}", self.topic())));
        }
        Ok(found)
    }

    pub(super) async fn unsubscribe(&self, subscriptions: &[Subscription]) -> Result<(), BreakError> {
        for subscription in subscriptions {
            let arn = subscription.subscription_arn().unwrap_or_default();
            let unsubscribed = self.clients.sns.unsubscribe().subscription_arn(arn).send().await;
            unsubscribed.map_err(|error| BreakError::refused("sns:Unsubscribe", arn, &error))?;
        }
        Ok(())
    }

    pub(super) async fn subscribe(&self, protocol: &str, endpoint: &str) -> Result<(), BreakError> {
        let subscribe = self.clients.sns.subscribe().topic_arn(self.topic_arn()).protocol(protocol);
        let subscribed = subscribe.endpoint(endpoint).send().await;
        subscribed.map(|_| ()).map_err(|error| BreakError::refused("sns:Subscribe", endpoint, &error))
    }
}

/// A filter policy that drops what EventBridge sends.
#[derive(Debug)]
pub(super) enum Filter {
    /// On message attributes, of which EventBridge sends none.
    Attributes,
    /// On the message's body, which has another value there.
    Body,
}

impl Filter {
    fn parts(&self) -> (&'static str, &'static str) {
        match self {
            Self::Attributes => ("MessageAttributes", r#"{"eventName":["AuthorizeSecurityGroupIngress"]}"#),
            Self::Body => ("MessageBody", r#"{"detail":{"eventName":["AuthorizeSecurityGroupIngres"]}}"#),
        }
    }

    /// Puts the filter on the topic's subscriptions of one protocol.
    pub(super) async fn put(&self, site: &Site<'_>, protocol: &str) -> Result<(), BreakError> {
        let (scope, policy) = self.parts();
        let sns = &site.clients.sns;
        let mut new = false;
        for subscription in site.subscriptions(protocol).await? {
            let arn = subscription.subscription_arn().unwrap_or_default();
            let standing = sns.get_subscription_attributes().subscription_arn(arn).send().await;
            let standing =
                standing.map_err(|error| BreakError::refused("sns:GetSubscriptionAttributes", arn, &error))?;
            let filter = standing.attributes().and_then(|attributes| attributes.get("FilterPolicy"));
            new |= !filter.is_some_and(|filter| same_json(filter, policy));
            // In this order: AWS tries the policy against the scope that it finds.
            for (name, value) in [("FilterPolicyScope", scope), ("FilterPolicy", policy)] {
                let set = sns.set_subscription_attributes().subscription_arn(arn);
                let set = set.attribute_name(name).attribute_value(value).send().await;
                set.map_err(|error| BreakError::refused("sns:SetSubscriptionAttributes", arn, &error))?;
            }
        }
        if new { Ok(()) } else { site.already(format!("the filter policy {policy}")) }
    }
}

/// Whether two texts are the same JSON, however they are written.
pub(super) fn same_json(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || read(one).is_some_and(|one| Some(one) == read(other))
}
