//! The instance that a group of a run's own is attached to.

use std::time::Duration;

use aws_sdk_ec2::client::Waiters as _;
use aws_sdk_ec2::types::{Filter, Instance, InstanceStateName};

use super::{Found, Resource, gone, run_of};
use crate::pipeline::RUN_TAG;
use crate::sdk;
use crate::target::Clients;

/// How long an instance may take to terminate. AWS takes up to a minute or two.
const TERMINATION: Duration = Duration::from_secs(300);

pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let made = |instance: Instance| {
        let run_id = run_of(instance.tags().iter().filter_map(|tag| Some((tag.key()?, tag.value()?))))?;
        let id = instance.instance_id()?.to_owned();
        let token = instance.client_token().unwrap_or_default().to_owned();
        Some(Found { resource: Resource::Instance(token), id, run_id })
    };
    Ok(matching(clients, "tag-key", RUN_TAG).await?.into_iter().filter_map(made).collect())
}

pub(super) async fn of_run(clients: &Clients, token: &str, run_id: &str) -> Result<Vec<String>, String> {
    let instances = matching(clients, &format!("tag:{RUN_TAG}"), run_id).await?.into_iter();
    // An emulator may not tell the token again.
    let of_token =
        instances.filter(|instance| instance.client_token().is_none_or(|own| own.is_empty() || own == token));
    Ok(of_token.filter_map(|instance| instance.instance_id).collect())
}

/// The instances that this filter names, without those that have ended: AWS shows them for an hour.
async fn matching(clients: &Clients, name: &str, value: &str) -> Result<Vec<Instance>, String> {
    let filter = Filter::builder().name(name).values(value).build();
    let mut listing = clients.ec2.describe_instances().filters(filter).into_paginator().send();
    let mut instances = Vec::new();
    while let Some(page) = listing.next().await {
        let page = page.map_err(|error| sdk::reason(&error))?;
        instances.extend(page.reservations().iter().flat_map(|reservation| reservation.instances().to_vec()));
    }
    let ended = |instance: &Instance| {
        instance.state().and_then(|state| state.name()).is_some_and(|name| *name == InstanceStateName::Terminated)
    };
    instances.retain(|instance| !ended(instance));
    Ok(instances)
}

pub(super) async fn remove(clients: &Clients, id: &str) -> Result<(), String> {
    gone(clients.ec2.terminate_instances().instance_ids(id).send().await, &["InvalidInstanceID.NotFound"])?;
    // The instance's group cannot be deleted before this. A target that terminates at once answers at once.
    match clients.ec2.wait_until_instance_terminated().instance_ids(id).wait(TERMINATION).await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("it is not terminated: {error}")),
    }
}
