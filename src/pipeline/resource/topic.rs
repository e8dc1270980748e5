//! The topic.

use super::{Listing, Resource, found, gone, if_of, run_of};
use crate::sdk;
use crate::target::Clients;

const NOT_FOUND: &[&str] = &["NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"];

pub(super) async fn all(clients: &Clients) -> Result<Listing, String> {
    let mut listing = clients.sns.list_topics().into_paginator().items().send();
    let mut all = Listing::default();
    while let Some(topic) = listing.next().await {
        let topic = topic.map_err(|error| sdk::reason(&error))?;
        let Some(arn) = topic.topic_arn() else { continue };
        let name = arn.rsplit(':').next().unwrap_or_default();
        all.enter(Resource::Topic(arn.to_owned()), name, arn, made_by(clients, arn).await?);
    }
    Ok(all)
}

pub(super) async fn of_run(clients: &Clients, arn: &str, run_id: &str) -> Result<Vec<String>, String> {
    Ok(if_of(run_id, made_by(clients, arn).await?, arn))
}

async fn made_by(clients: &Clients, arn: &str) -> Result<Option<String>, String> {
    let answer = found(clients.sns.list_tags_for_resource().resource_arn(arn).send().await, NOT_FOUND)?;
    Ok(answer.and_then(|answer| run_of(answer.tags().iter().map(|tag| (tag.key(), tag.value())))))
}

pub(super) async fn remove(clients: &Clients, arn: &str) -> Result<(), String> {
    gone(clients.sns.delete_topic().topic_arn(arn).send().await, NOT_FOUND)
}
