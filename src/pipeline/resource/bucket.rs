//! The trail's bucket.

use super::{Found, Resource, gone, run_of};
use crate::sdk;
use crate::target::Clients;

/// How often a bucket is emptied: a trail that was just deleted may still deliver.
const EMPTYINGS: usize = 5;

pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let region = clients.region();
    let mut listing = clients.s3.list_buckets().bucket_region(&region).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = listing.next().await {
        for name in page.map_err(|error| sdk::reason(&error))?.buckets().iter().filter_map(|bucket| bucket.name()) {
            if let Some(run_id) = made_by(clients, name).await? {
                found.push(Found { resource: Resource::Bucket(name.to_owned()), id: name.to_owned(), run_id });
            }
        }
    }
    Ok(found)
}

/// An emulator may not know the tags that a bucket is made with. The end of the run's id in the name says the same.
pub(super) async fn of_run(clients: &Clients, name: &str, run_id: &str) -> Result<Vec<String>, String> {
    match made_by(clients, name).await? {
        Some(made_by) => Ok(super::if_of(run_id, Some(made_by), name)),
        None => {
            let end: String = run_id.chars().filter(|c| *c != '-').collect();
            let is_named = name.rsplit('-').next().is_some_and(|last| last.len() >= 8 && end.ends_with(last));
            let stands = gone_or_there(clients, name).await?;
            Ok(if is_named && stands { vec![name.to_owned()] } else { Vec::new() })
        }
    }
}

async fn gone_or_there(clients: &Clients, name: &str) -> Result<bool, String> {
    match clients.s3.head_bucket().bucket(name).send().await {
        Ok(_) => Ok(true),
        // The answer to a HEAD has no body, and so no code.
        Err(error) if error.raw_response().is_some_and(|answer| answer.status().as_u16() == 404) => Ok(false),
        Err(error) => Err(sdk::reason(&error)),
    }
}

async fn made_by(clients: &Clients, name: &str) -> Result<Option<String>, String> {
    match clients.s3.get_bucket_tagging().bucket(name).send().await {
        Ok(answer) => Ok(run_of(answer.tag_set().iter().map(|tag| (tag.key(), tag.value())))),
        // Another's bucket may be closed to the caller; none of ours is.
        Err(error) => match sdk::code(&error) {
            Some("NoSuchTagSet" | "NoSuchBucket" | "AccessDenied") => Ok(None),
            _ => Err(sdk::reason(&error)),
        },
    }
}

pub(super) async fn remove(clients: &Clients, name: &str) -> Result<(), String> {
    let mut refused = String::new();
    for _ in 0..EMPTYINGS {
        if !empty(clients, name).await? {
            return Ok(());
        }
        match clients.s3.delete_bucket().bucket(name).send().await {
            Err(error) if sdk::code(&error) == Some("BucketNotEmpty") => refused = sdk::reason(&error),
            deleted => return gone(deleted, &["NoSuchBucket"]),
        }
    }
    Err(refused)
}

/// Deletes every object; says whether there is a bucket at all.
async fn empty(clients: &Clients, name: &str) -> Result<bool, String> {
    loop {
        let page = match clients.s3.list_objects_v2().bucket(name).send().await {
            Ok(page) => page,
            Err(error) if sdk::code(&error) == Some("NoSuchBucket") => return Ok(false),
            Err(error) => return Err(sdk::reason(&error)),
        };
        for key in page.contents().iter().filter_map(|object| object.key()) {
            gone(clients.s3.delete_object().bucket(name).key(key).send().await, &["NoSuchKey", "NoSuchBucket"])?;
        }
        if page.is_truncated() != Some(true) {
            return Ok(true);
        }
    }
}
