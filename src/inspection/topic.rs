//! The topic: its policy, its key, its subscriptions, and the rules that send to it.

use super::{
    Fact, Filter, Key, KeyFacts, Names, RuleFacts, SubscriptionFacts, TopicAttributes, TopicFacts, answered, found,
};
use crate::target::Target;

/// What SNS shows in the place of the ARN of a subscription that nobody has confirmed.
const PENDING: &str = "PendingConfirmation";

pub(super) async fn read(target: &Target, names: &Names, rule: Option<&RuleFacts>) -> TopicFacts {
    let named = format!("arn:aws:sns:{}:{}:{}", target.region, target.account, names.topic);
    let targets = rule.and_then(|rule| rule.targets.as_ref().ok()).map(Vec::as_slice).unwrap_or_default();
    let topics = || targets.iter().filter(|target| target.is_topic()).map(|target| target.arn.as_str());
    // Of several, the one of the name.
    let targeted = topics().find(|arn| *arn == named).or_else(|| topics().next());
    let arn = targeted.unwrap_or(&named).to_owned();
    let is_targeted = targeted.is_some();
    let (attributes, subscriptions, rules) =
        tokio::join!(attributes(target, &arn), subscriptions(target, &arn), rules(target, &arn));
    let key = match &attributes {
        Ok(Some(TopicAttributes { key_id: Some(id), .. })) => Some(key(target, id).await),
        _ => None,
    };
    // A rule that sends to nobody: is the topic of the name there, which it should send to?
    let heard = !subscriptions.as_ref().is_ok_and(Vec::is_empty);
    let meant = match targeted {
        Some(arn) if arn != named && !heard => {
            let there = self::attributes(target, &named).await.is_ok_and(|attributes| attributes.is_some());
            there.then_some(named)
        }
        _ => None,
    };
    TopicFacts { meant, targeted: is_targeted, attributes, key, subscriptions, rules, arn }
}

async fn attributes(target: &Target, arn: &str) -> Fact<Option<TopicAttributes>> {
    let got = target.clients.sns.get_topic_attributes().topic_arn(arn).send().await;
    let got = found("sns:GetTopicAttributes", got, &["NotFound"])?;
    Ok(got.map(|got| {
        let attribute = |name: &str| got.attributes()?.get(name).filter(|value| !value.is_empty()).cloned();
        TopicAttributes { policy: attribute("Policy"), key_id: attribute("KmsMasterKeyId") }
    }))
}

async fn rules(target: &Target, arn: &str) -> Fact<Vec<String>> {
    let named = target.clients.events.list_rule_names_by_target().target_arn(arn).send().await;
    Ok(answered("events:ListRuleNamesByTarget", named)?.rule_names.unwrap_or_default())
}

async fn key(target: &Target, id: &str) -> KeyFacts {
    let kms = &target.clients.kms;
    let described = found("kms:DescribeKey", kms.describe_key().key_id(id).send().await, &["NotFoundException"]);
    let key = described.map(|described| {
        described.and_then(|described| described.key_metadata).map(|key| Key {
            arn: key.arn().unwrap_or_default().to_owned(),
            state: key.key_state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
            by_aws: key.key_manager() == Some(&aws_sdk_kms::types::KeyManagerType::Aws),
        })
    });
    // GetKeyPolicy takes no alias.
    let policy_of = key.as_ref().ok().and_then(Option::as_ref).map_or(id, |key| key.arn.as_str());
    let policy = kms.get_key_policy().key_id(policy_of).policy_name("default").send().await;
    let policy = answered("kms:GetKeyPolicy", policy).map(|got| got.policy.unwrap_or_default());
    KeyFacts { id: id.to_owned(), key, policy }
}

async fn subscriptions(target: &Target, arn: &str) -> Fact<Vec<SubscriptionFacts>> {
    const LIST: &str = "sns:ListSubscriptionsByTopic";
    let mut listed = Vec::new();
    let mut next = None;
    loop {
        let page = target.clients.sns.list_subscriptions_by_topic().topic_arn(arn).set_next_token(next).send().await;
        let Some(page) = found(LIST, page, &["NotFound"])? else { break };
        listed.extend(page.subscriptions.unwrap_or_default());
        next = page.next_token;
        if next.is_none() {
            break;
        }
    }
    let mut subscriptions = Vec::with_capacity(listed.len());
    for subscription in listed {
        let arn = subscription.subscription_arn.filter(|arn| arn != PENDING && arn != "Deleted");
        let filter = match &arn {
            Some(arn) => filter(target, arn).await,
            None => Ok(None),
        };
        subscriptions.push(SubscriptionFacts {
            arn,
            protocol: subscription.protocol.unwrap_or_default(),
            endpoint: subscription.endpoint.unwrap_or_default(),
            filter,
        });
    }
    Ok(subscriptions)
}

async fn filter(target: &Target, arn: &str) -> Fact<Option<Filter>> {
    let got = target.clients.sns.get_subscription_attributes().subscription_arn(arn).send().await;
    let Some(got) = found("sns:GetSubscriptionAttributes", got, &["NotFound"])? else { return Ok(None) };
    let attribute = |name: &str| got.attributes()?.get(name).filter(|value| !value.is_empty()).cloned();
    Ok(attribute("FilterPolicy").map(|policy| Filter {
        policy,
        scope: attribute("FilterPolicyScope").unwrap_or_else(|| "MessageAttributes".to_owned()),
    }))
}
