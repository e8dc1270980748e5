//! The function.

use super::{Found, Resource, found, function_url, gone, if_of, run_of, webhook};
use crate::sdk;
use crate::target::Clients;

pub(super) const NOT_FOUND: &[&str] = &["ResourceNotFoundException"];

/// Functions of runs with their public URLs, and functions of others whose webhook a run has changed.
pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let mut listing = clients.lambda.list_functions().into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = listing.next().await {
        for function in page.map_err(|error| sdk::reason(&error))?.functions() {
            let (Some(name), Some(arn)) = (function.function_name(), function.function_arn()) else { continue };
            let variables = function.environment().and_then(|environment| environment.variables());
            if let Some(run_id) = variables.and_then(webhook::changed_by) {
                all.push(Found { resource: Resource::Webhook(name.to_owned()), id: name.to_owned(), run_id });
            }
            if let Some(run_id) = made_by(clients, arn).await? {
                all.extend(function_url::of(clients, name, &run_id).await?);
                all.push(Found { resource: Resource::Function(name.to_owned()), id: name.to_owned(), run_id });
            }
        }
    }
    Ok(all)
}

pub(super) async fn of_run(clients: &Clients, name: &str, run_id: &str) -> Result<Vec<String>, String> {
    let standing = clients.lambda.get_function_configuration().function_name(name).send().await;
    let Some(standing) = found(standing, NOT_FOUND)? else { return Ok(Vec::new()) };
    Ok(if_of(run_id, made_by(clients, standing.function_arn().unwrap_or(name)).await?, name))
}

async fn made_by(clients: &Clients, arn: &str) -> Result<Option<String>, String> {
    let tags = found(clients.lambda.list_tags().resource(arn).send().await, NOT_FOUND)?;
    let tags = tags.as_ref().and_then(|answer| answer.tags());
    Ok(tags.and_then(|tags| run_of(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))))
}

pub(super) async fn remove(clients: &Clients, name: &str) -> Result<(), String> {
    gone(clients.lambda.delete_function().function_name(name).send().await, NOT_FOUND)
}
