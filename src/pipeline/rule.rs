//! The EventBridge rule and its target.

use aws_sdk_eventbridge::types::{Tag, Target};

use super::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site};

/// Makes the rule on the default bus with the topic as its target. Returns the rule's ARN.
pub(super) async fn provision(site: Site<'_>, topic_arn: &str) -> Result<String, ProvisionError> {
    is_free(site).await?;
    site.go_on()?;
    let rule = &site.scenario.pipeline.rule;
    put(site, rule.name.as_str(), site.scenario.event_pattern.text(), topic_arn).await
}

/// Makes sure that there is no rule of the pipeline's name: PutRule would replace it, and the clean-up would remove it.
pub(super) async fn is_free(site: Site<'_>) -> Result<(), ProvisionError> {
    let name = site.scenario.pipeline.rule.name.as_str();
    match site.target.clients.events.describe_rule().name(name).send().await {
        Ok(_) => Err(ProvisionError::AlreadyThere { what: "rule", name: name.to_owned() }),
        Err(error) if crate::sdk::code(&error) == Some("ResourceNotFoundException") => Ok(()),
        Err(error) => Err(ProvisionError::refused("events:DescribeRule", name, &error)),
    }
}

/// Makes a rule on the default bus with one target. The probes' tap is such a rule too.
pub(crate) async fn put(
    site: Site<'_>,
    name: &str,
    event_pattern: &str,
    target_arn: &str,
) -> Result<String, ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let events = &target.clients.events;
    let entry = Resource::Rule(name.to_owned());
    ledger.intend(entry.clone())?;
    let put = events
        .put_rule()
        .name(name)
        .event_pattern(event_pattern)
        .tags(tag(RUN_TAG, run_id)?)
        .tags(tag(SCENARIO_TAG, scenario.name.as_str())?)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("events:PutRule", name, &error))?;
    ledger.made(&entry, name);
    let arn = put.rule_arn().ok_or_else(|| ProvisionError::without("events:PutRule", name, "RuleArn"))?.to_owned();
    site.go_on()?;
    let target = Target::builder().id("1").arn(target_arn).build();
    let target = target.map_err(|error| ProvisionError::invalid("events:PutTargets", target_arn, error))?;
    let targets = events
        .put_targets()
        .rule(name)
        .targets(target)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("events:PutTargets", name, &error))?;
    // This call succeeds even where an entry of it was refused.
    match targets.failed_entries().first() {
        None => Ok(arn),
        Some(entry) => {
            let (code, message) = (entry.error_code().unwrap_or("?"), entry.error_message().unwrap_or("?"));
            Err(ProvisionError::invalid("events:PutTargets", target_arn, format_args!("{code}: {message}")))
        }
    }
}

fn tag(key: &str, value: &str) -> Result<Tag, ProvisionError> {
    let tag = Tag::builder().key(key).value(value).build();
    tag.map_err(|error| ProvisionError::invalid("events:PutRule", key, error))
}
