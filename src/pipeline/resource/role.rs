//! The role that a function runs under.

use super::{Found, Resource, found, gone, if_of, run_of};
use crate::pipeline::capture;
use crate::sdk;
use crate::target::Clients;

const NOT_FOUND: &[&str] = &["NoSuchEntity"];

/// What the names of all roles of runs end with: a run names its role after the function.
pub(super) const SUFFIX: &str = "-role";

pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let mut listing = clients.iam.list_roles().into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(role) = listing.next().await {
        let role = role.map_err(|error| sdk::reason(&error))?;
        let name = role.role_name();
        if name.ends_with(SUFFIX)
            && let Some(run_id) = made_by(clients, name).await?
        {
            all.push(Found { resource: Resource::Role(name.to_owned()), id: name.to_owned(), run_id });
        }
    }
    Ok(all)
}

pub(super) async fn of_run(clients: &Clients, name: &str, run_id: &str) -> Result<Vec<String>, String> {
    Ok(if_of(run_id, made_by(clients, name).await?, name))
}

async fn made_by(clients: &Clients, name: &str) -> Result<Option<String>, String> {
    let answer = found(clients.iam.list_role_tags().role_name(name).send().await, NOT_FOUND)?;
    let tags = answer.map(|answer| answer.tags).unwrap_or_default();
    Ok(run_of(tags.iter().map(|tag| (tag.key(), tag.value()))))
}

/// IAM deletes a role only once it has no policy. The one of a function that catches has one of its own, whose name is known, and
/// no other.
pub(super) async fn remove(clients: &Clients, name: &str) -> Result<(), String> {
    if name.starts_with(capture::CAPTURE_PREFIX) {
        let deleted = clients.iam.delete_role_policy().role_name(name).policy_name(capture::POLICY).send().await;
        gone(deleted, NOT_FOUND)?;
        return gone(clients.iam.delete_role().role_name(name).send().await, NOT_FOUND);
    }
    let listed = found(clients.iam.list_attached_role_policies().role_name(name).send().await, NOT_FOUND)?;
    let Some(listed) = listed else { return Ok(()) };
    let attached = listed.attached_policies.unwrap_or_default();
    for arn in attached.iter().filter_map(|policy| policy.policy_arn()) {
        gone(clients.iam.detach_role_policy().role_name(name).policy_arn(arn).send().await, NOT_FOUND)?;
    }
    gone(clients.iam.delete_role().role_name(name).send().await, NOT_FOUND)
}
