//! The security group of a run's own.

use aws_sdk_ec2::types::{Filter, SecurityGroup};

use super::{Found, Resource, gone, run_of};
use crate::pipeline::{RUN_TAG, lease};
use crate::sdk;
use crate::target::Clients;

/// Groups of runs, and groups of others that a run has its lease on.
pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let mut all = Vec::new();
    // Without a filter: the key of a lease's tag ends with the run's id.
    for group in matching(clients, &[]).await? {
        let (Some(id), Some(name)) = (group.group_id(), group.group_name()) else { continue };
        let made_by = run_of(tags(&group));
        if let Some(run_id) = made_by {
            all.push(Found { resource: Resource::Group(name.to_owned()), id: id.to_owned(), run_id });
            continue;
        }
        for claim in lease::claims(tags(&group)) {
            let resource = Resource::Lease { group_id: id.to_owned(), run_id: claim.run_id.clone() };
            all.push(Found { resource, id: id.to_owned(), run_id: claim.run_id });
        }
    }
    Ok(all)
}

pub(super) async fn of_run(clients: &Clients, name: &str, run_id: &str) -> Result<Vec<String>, String> {
    let filters = [("group-name".to_owned(), name), (format!("tag:{RUN_TAG}"), run_id)];
    let groups = matching(clients, &filters).await?;
    Ok(groups.iter().filter_map(|group| group.group_id()).map(str::to_owned).collect())
}

pub(super) async fn matching(clients: &Clients, filters: &[(String, &str)]) -> Result<Vec<SecurityGroup>, String> {
    let filters = filters.iter().map(|(name, value)| Filter::builder().name(name).values(*value).build()).collect();
    let filters = Some(filters).filter(|filters: &Vec<Filter>| !filters.is_empty());
    let groups = clients.ec2.describe_security_groups().set_filters(filters).into_paginator().items().send();
    groups.collect::<Result<Vec<_>, _>>().await.map_err(|error| sdk::reason(&error))
}

fn tags(group: &SecurityGroup) -> impl Iterator<Item = (&str, &str)> {
    group.tags().iter().filter_map(|tag| Some((tag.key()?, tag.value()?)))
}

pub(super) async fn remove(clients: &Clients, id: &str) -> Result<(), String> {
    gone(clients.ec2.delete_security_group().group_id(id).send().await, &["InvalidGroup.NotFound"])
}
