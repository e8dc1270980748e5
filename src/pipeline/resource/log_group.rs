//! The function's log group. The run makes it, so that it carries the run's tag and Lambda makes none without.

use super::{Found, Resource, found, gone, if_of, run_of};
use crate::sdk;
use crate::target::Clients;

const NOT_FOUND: &[&str] = &["ResourceNotFoundException"];

pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let listing = clients.logs.describe_log_groups().log_group_name_prefix("/aws/lambda/");
    let mut listing = listing.into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(group) = listing.next().await {
        let group = group.map_err(|error| sdk::reason(&error))?;
        let (Some(name), Some(arn)) = (group.log_group_name(), plain_arn(&group)) else { continue };
        if let Some(run_id) = made_by(clients, &arn).await? {
            all.push(Found { resource: Resource::LogGroup(name.to_owned()), id: name.to_owned(), run_id });
        }
    }
    Ok(all)
}

pub(super) async fn of_run(clients: &Clients, name: &str, run_id: &str) -> Result<Vec<String>, String> {
    let listing = clients.logs.describe_log_groups().log_group_name_prefix(name);
    let mut listing = listing.into_paginator().items().send();
    while let Some(group) = listing.next().await {
        let group = group.map_err(|error| sdk::reason(&error))?;
        if group.log_group_name() == Some(name)
            && let Some(arn) = plain_arn(&group)
        {
            return Ok(if_of(run_id, made_by(clients, &arn).await?, name));
        }
    }
    Ok(Vec::new())
}

/// The tagging calls take the ARN without the `:*` that `arn` ends with.
fn plain_arn(group: &aws_sdk_cloudwatchlogs::types::LogGroup) -> Option<String> {
    let arn = group.log_group_arn().or(group.arn())?;
    Some(arn.strip_suffix(":*").unwrap_or(arn).to_owned())
}

async fn made_by(clients: &Clients, arn: &str) -> Result<Option<String>, String> {
    let tags = found(clients.logs.list_tags_for_resource().resource_arn(arn).send().await, NOT_FOUND)?;
    let tags = tags.as_ref().and_then(|answer| answer.tags());
    Ok(tags.and_then(|tags| run_of(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))))
}

pub(super) async fn remove(clients: &Clients, name: &str) -> Result<(), String> {
    gone(clients.logs.delete_log_group().log_group_name(name).send().await, NOT_FOUND)
}
