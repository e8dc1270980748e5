//! Breaks of the topic's key: SNS encrypts with it in the name of the service that publishes.

use serde_json::json;

use super::{BreakError, Site, topic};

/// Which key the topic gets.
#[derive(Debug)]
pub(super) enum Change {
    /// The one that AWS manages for SNS.
    OfAws,
    /// One of the customer's, with KMS's default policy.
    WithoutEvents,
    /// One of the customer's that EventBridge may use, disabled.
    Disabled,
}

const ATTRIBUTE: &str = "KmsMasterKeyId";

pub(super) async fn apply(site: &Site<'_>, change: &Change) -> Result<(), BreakError> {
    // By alias, so that the same break is known again.
    let alias = match change {
        Change::OfAws => "alias/aws/sns".to_owned(),
        Change::WithoutEvents => format!("alias/{}", site.names.topic),
        Change::Disabled => format!("alias/{}-disabled", site.names.topic),
    };
    let topic_arn = site.topic_arn();
    if topic::attribute(&site.clients.sns, &topic_arn, ATTRIBUTE).await? == alias {
        return site.already(format!("the {} is encrypted with {alias}", site.topic()));
    }
    let root = json!({
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", site.account) },
        "Action": "kms:*",
        "Resource": "*",
    });
    let events = json!({
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    });
    let key = match change {
        Change::OfAws => None,
        Change::WithoutEvents => Some(make(site, &alias, &[root]).await?),
        Change::Disabled => Some(make(site, &alias, &[root, events]).await?),
    };
    topic::set(&site.clients.sns, &topic_arn, ATTRIBUTE, &alias).await?;
    if let (Change::Disabled, Some(key)) = (change, key) {
        let disabled = site.clients.kms.disable_key().key_id(&key).send().await;
        disabled.map_err(|error| BreakError::refused("kms:DisableKey", key, &error))?;
    }
    Ok(())
}

/// A key of this policy, under this alias.
async fn make(site: &Site<'_>, alias: &str, statements: &[serde_json::Value]) -> Result<String, BreakError> {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    let kms = &site.clients.kms;
    let created = kms.create_key().policy(policy.to_string()).send().await;
    let created = created.map_err(|error| BreakError::refused("kms:CreateKey", alias, &error))?;
    let key = created.key_metadata().map(|key| key.key_id().to_owned());
    let key = key.ok_or_else(|| BreakError::invalid("kms:CreateKey", alias, "the answer has no KeyMetadata"))?;
    let named = kms.create_alias().alias_name(alias).target_key_id(&key).send().await;
    named.map_err(|error| BreakError::refused("kms:CreateAlias", alias, &error))?;
    Ok(key)
}
