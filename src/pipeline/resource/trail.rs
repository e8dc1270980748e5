//! The trail.

use super::{Found, Resource, found, gone, if_of, run_of};
use crate::sdk;
use crate::target::Clients;

const NOT_FOUND: &[&str] = &["TrailNotFoundException", "ResourceNotFoundException"];

pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let region = clients.region();
    let mut listing = clients.cloudtrail.list_trails().into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(trail) = listing.next().await {
        let trail = trail.map_err(|error| sdk::reason(&error))?;
        // A run makes its trail in its own Region; the others are shown here too.
        let (Some(name), Some(arn), true) =
            (trail.name(), trail.trail_arn(), trail.home_region() == Some(region.as_str()))
        else {
            continue;
        };
        if let Some(run_id) = made_by(clients, arn).await? {
            all.push(Found { resource: Resource::Trail(name.to_owned()), id: name.to_owned(), run_id });
        }
    }
    Ok(all)
}

pub(super) async fn of_run(clients: &Clients, name: &str, run_id: &str) -> Result<Vec<String>, String> {
    let standing = found(clients.cloudtrail.get_trail().name(name).send().await, NOT_FOUND)?;
    let arn = standing.and_then(|answer| answer.trail).and_then(|trail| trail.trail_arn);
    let Some(arn) = arn else { return Ok(Vec::new()) };
    Ok(if_of(run_id, made_by(clients, &arn).await?, name))
}

async fn made_by(clients: &Clients, arn: &str) -> Result<Option<String>, String> {
    let answer = found(clients.cloudtrail.list_tags().resource_id_list(arn).send().await, NOT_FOUND)?;
    let tags = answer.iter().flat_map(|answer| answer.resource_tag_list()).flat_map(|resource| resource.tags_list());
    Ok(run_of(tags.map(|tag| (tag.key(), tag.value().unwrap_or_default()))))
}

pub(super) async fn remove(clients: &Clients, name: &str) -> Result<(), String> {
    gone(clients.cloudtrail.delete_trail().name(name).send().await, NOT_FOUND)
}
