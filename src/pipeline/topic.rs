//! The topic, its policy, and the e-mail subscription.

use aws_sdk_sns::types::Tag;
use serde_json::json;

use super::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site};
use crate::grant;

/// Makes the topic with a policy that lets the scenario's rule publish, and subscribes the e-mail address. Returns the
/// topic's ARN.
pub(super) async fn provision(site: Site<'_>) -> Result<String, ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let topic = &scenario.pipeline.topic;
    let sns = &target.clients.sns;
    let entry = Resource::Topic(format!("arn:aws:sns:{}:{}:{}", target.region, target.account, topic.name));
    ledger.intend(entry.clone())?;
    let created = sns
        .create_topic()
        .name(topic.name.as_str())
        .tags(tag(RUN_TAG, run_id)?)
        .tags(tag(SCENARIO_TAG, scenario.name.as_str())?)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("sns:CreateTopic", &topic.name, &error))?;
    let arn = created
        .topic_arn()
        .ok_or_else(|| ProvisionError::without("sns:CreateTopic", &topic.name, "TopicArn"))?
        .to_owned();
    ledger.made(&entry, &arn);
    site.go_on()?;
    sns.set_topic_attributes()
        .topic_arn(&arn)
        .attribute_name("Policy")
        .attribute_value(policy(site, &arn))
        .send()
        .await
        .map_err(|error| ProvisionError::refused("sns:SetTopicAttributes", &topic.name, &error))?;
    if let Some(email) = &topic.email {
        site.go_on()?;
        sns.subscribe()
            .topic_arn(&arn)
            .protocol("email")
            .endpoint(email.as_str())
            .send()
            .await
            .map_err(|error| ProvisionError::refused("sns:Subscribe", email, &error))?;
        confirm(site, &arn, email.as_str()).await?;
    }
    Ok(arn)
}

/// Opens the confirmation link as a person would, where the mailbox can be read. Elsewhere it stays pending, and the
/// `mail` hop says so.
async fn confirm(site: Site<'_>, topic_arn: &str, email: &str) -> Result<(), ProvisionError> {
    let Some(lab) = site.target.own_lab() else { return Ok(()) };
    let refused =
        |reason: String| ProvisionError::Refused { call: "sns:ConfirmSubscription", what: email.to_owned(), reason };
    let link = lab.confirmation_link(topic_arn, email);
    let link = link.ok_or_else(|| refused("no confirmation mail arrived in the lab's mailbox".to_owned()))?;
    crate::target::open_link(&link).await.map_err(refused)
}

fn tag(key: &str, value: &str) -> Result<Tag, ProvisionError> {
    let tag = Tag::builder().key(key).value(value).build();
    tag.map_err(|error| ProvisionError::invalid("sns:CreateTopic", key, error))
}

/// The owner's own statement as SNS makes it, and the one that the console adds for a rule's target.
fn policy(site: Site<'_>, topic_arn: &str) -> String {
    let Site { target, scenario, .. } = site;
    let rule_arn = format!("arn:aws:events:{}:{}:rule/{}", target.region, target.account, scenario.pipeline.rule.name);
    let owner = json!({
        "Sid": "OwnerOnly",
        "Effect": "Allow",
        "Principal": { "AWS": "*" },
        "Action": [
            "SNS:GetTopicAttributes",
            "SNS:SetTopicAttributes",
            "SNS:AddPermission",
            "SNS:RemovePermission",
            "SNS:DeleteTopic",
            "SNS:Subscribe",
            "SNS:ListSubscriptionsByTopic",
            "SNS:Publish",
        ],
        "Resource": topic_arn,
        "Condition": { "StringEquals": { "AWS:SourceOwner": target.account } },
    });
    grant::policy([owner, grant::publish(topic_arn, &rule_arn)])
}
