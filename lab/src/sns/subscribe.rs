//! Subscribing, and the lists of subscriptions.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::endpoint::Protocol;
use super::error::{invalid, no_topic};
use super::fanout::Sender;
use super::listing::page;
use super::subscription::{Options, Setter, Subscription};
use super::{Sns, arn, confirmation, permission};
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// How long a confirmation token is, in hexadecimal digits.
const TOKEN_DIGITS: usize = 192;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Subscribe {
    topic_arn: String,
    protocol: String,
    #[serde(default)]
    endpoint: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    return_subscription_arn: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Subscribed {
    subscription_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListSubscriptions {
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListSubscriptionsByTopic {
    topic_arn: String,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    subscription_arn: String,
    owner: String,
    protocol: &'static str,
    endpoint: String,
    topic_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    subscriptions: Vec<Entry>,
    next_token: Option<String>,
}

impl Entry {
    fn of(subscription: &Subscription, topic_arn: &str) -> Self {
        Self {
            subscription_arn: subscription.shown_arn(),
            owner: subscription.owner.clone(),
            protocol: subscription.protocol.name(),
            endpoint: subscription.endpoint.clone(),
            topic_arn: topic_arn.to_owned(),
        }
    }
}

impl Sns {
    pub(super) fn subscribe(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let input: Subscribe = call.input()?;
        let protocol = Protocol::parse(&input.protocol)?;
        let account = &call.identity.account;
        let is_own = protocol.is_own(&input.endpoint, account);
        if protocol == Protocol::Lambda && !is_own {
            return Err(AwsError::unsupported("a subscription of another account's function"));
        }
        let options = Options::of(protocol, &input.attributes)?;
        let (scope, name) = arn::topic_of(call, &input.topic_arn)?;
        let (sender, subscription) = self.topics.with(&scope, |topics| {
            // AWS looks for the topic before it looks at the endpoint.
            let topic = topics.get_mut(&name).ok_or_else(no_topic)?;
            protocol.check(&input.endpoint)?;
            let keys = [("sns:Protocol", protocol.name()), ("sns:Endpoint", input.endpoint.as_str())];
            permission::allows_call(topic, call, &keys)?;
            protocol.check_kind(topic.settings.fifo.is_some(), &input.endpoint)?;
            options.check(Setter::Subscribe, &topic.arn, &input.endpoint)?;
            let same = topic
                .subscriptions
                .iter()
                .find(|subscription| subscription.protocol == protocol && subscription.endpoint == input.endpoint);
            let subscription = match same {
                Some(known) if !known.options.agree(&options, input.attributes.keys()) => {
                    return Err(invalid("Attributes Reason: Subscription already exists with different attributes"));
                }
                Some(known) => known.clone(),
                None => {
                    let subscription = Subscription {
                        arn: format!("{}:{}", topic.arn, ids::uuid()),
                        owner: account.clone(),
                        principal: call.identity.arn(),
                        protocol,
                        endpoint: input.endpoint,
                        confirmed: is_own,
                        authenticated: is_own,
                        unsigned_unsubscribe: true,
                        token: ids::hex(TOKEN_DIGITS),
                        options,
                    };
                    topic.subscriptions.push(subscription.clone());
                    subscription
                }
            };
            Ok((Sender::of(topic), subscription))
        })?;
        if !subscription.confirmed {
            confirmation::ask(cloud, &sender, &subscription);
        }
        let subscription_arn = match subscription.confirmed || input.return_subscription_arn {
            true => subscription.arn,
            false => "pending confirmation".to_owned(),
        };
        call.reply(&Subscribed { subscription_arn })
    }

    /// The subscriptions of the caller's account in the Region, whichever account's topics they are of.
    pub(super) fn list_subscriptions(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ListSubscriptions = call.input()?;
        let mut all = Vec::new();
        self.topics.for_each(|scope, topics| {
            if scope.region != call.scope.region {
                return;
            }
            for topic in topics.values() {
                let own = topic.subscriptions.iter().filter(|one| one.owner == call.scope.account);
                all.extend(own.map(|subscription| Entry::of(subscription, &topic.arn)));
            }
        });
        all.sort_by(|a, b| a.topic_arn.cmp(&b.topic_arn));
        let (subscriptions, next_token) = page(all, input.next_token.as_deref())?;
        call.reply(&Listed { subscriptions, next_token })
    }

    pub(super) fn list_subscriptions_by_topic(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ListSubscriptionsByTopic = call.input()?;
        let all = self.on_topic(call, &input.topic_arn, |topic| {
            Ok(topic.subscriptions.iter().map(|subscription| Entry::of(subscription, &topic.arn)).collect())
        })?;
        let (subscriptions, next_token) = page(all, input.next_token.as_deref())?;
        call.reply(&Listed { subscriptions, next_token })
    }
}
