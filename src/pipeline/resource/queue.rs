//! A probe's queue.

use super::{Listing, Resource, found, gone, if_of, run_of};
use crate::sdk;
use crate::target::Clients;

const NOT_FOUND: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

/// What the names of all queues of runs begin with.
const PREFIX: &str = "alert-drill-";

pub(super) async fn all(clients: &Clients) -> Result<Listing, String> {
    let mut listing = clients.sqs.list_queues().queue_name_prefix(PREFIX).into_paginator().items().send();
    let mut all = Listing::default();
    while let Some(url) = listing.next().await {
        let url = url.map_err(|error| sdk::reason(&error))?;
        let name = url.rsplit('/').next().unwrap_or_default();
        all.enter(Resource::Queue(name.to_owned()), name, &url, made_by(clients, &url).await?);
    }
    Ok(all)
}

pub(super) async fn of_run(clients: &Clients, name: &str, run_id: &str) -> Result<Vec<String>, String> {
    let answer = found(clients.sqs.get_queue_url().queue_name(name).send().await, NOT_FOUND)?;
    let Some(url) = answer.and_then(|answer| answer.queue_url) else { return Ok(Vec::new()) };
    Ok(if_of(run_id, made_by(clients, &url).await?, &url))
}

/// The run that made the queue of this name.
pub(super) async fn run_of_queue(clients: &Clients, name: &str) -> Result<Option<String>, String> {
    let answer = found(clients.sqs.get_queue_url().queue_name(name).send().await, NOT_FOUND)?;
    match answer.and_then(|answer| answer.queue_url) {
        Some(url) => made_by(clients, &url).await,
        None => Ok(None),
    }
}

async fn made_by(clients: &Clients, url: &str) -> Result<Option<String>, String> {
    let tags = found(clients.sqs.list_queue_tags().queue_url(url).send().await, NOT_FOUND)?;
    let tags = tags.as_ref().and_then(|answer| answer.tags());
    Ok(tags.and_then(|tags| run_of(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))))
}

pub(super) async fn remove(clients: &Clients, url: &str) -> Result<(), String> {
    gone(clients.sqs.delete_queue().queue_url(url).send().await, NOT_FOUND)
}
