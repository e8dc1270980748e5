//! An EventBridge rule with its targets.

use super::{Listing, Resource, found, gone, if_of, run_of};
use crate::sdk;
use crate::target::Clients;

const NOT_FOUND: &[&str] = &["ResourceNotFoundException"];

pub(super) async fn all(clients: &Clients) -> Result<Listing, String> {
    let (mut all, mut next) = (Listing::default(), None);
    loop {
        let page = clients.events.list_rules().set_next_token(next).send().await;
        let page = page.map_err(|error| sdk::reason(&error))?;
        for rule in page.rules() {
            // A rule of a service's own cannot be changed by anybody else.
            let (Some(name), Some(arn), None) = (rule.name(), rule.arn(), rule.managed_by()) else { continue };
            all.enter(Resource::Rule(name.to_owned()), name, name, made_by(clients, arn).await?);
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(all);
        }
    }
}

pub(super) async fn of_run(clients: &Clients, name: &str, run_id: &str) -> Result<Vec<String>, String> {
    let described = found(clients.events.describe_rule().name(name).send().await, NOT_FOUND)?;
    let Some(arn) = described.and_then(|described| described.arn) else { return Ok(Vec::new()) };
    Ok(if_of(run_id, made_by(clients, &arn).await?, name))
}

async fn made_by(clients: &Clients, arn: &str) -> Result<Option<String>, String> {
    let answer = found(clients.events.list_tags_for_resource().resource_arn(arn).send().await, NOT_FOUND)?;
    Ok(answer.and_then(|answer| run_of(answer.tags().iter().map(|tag| (tag.key(), tag.value())))))
}

pub(super) async fn remove(clients: &Clients, name: &str) -> Result<(), String> {
    let listed = found(clients.events.list_targets_by_rule().rule(name).send().await, NOT_FOUND)?;
    let Some(listed) = listed else { return Ok(()) };
    let ids: Vec<String> = listed.targets().iter().map(|target| target.id().to_owned()).collect();
    if !ids.is_empty() {
        gone(clients.events.remove_targets().rule(name).set_ids(Some(ids)).send().await, NOT_FOUND)?;
    }
    gone(clients.events.delete_rule().name(name).send().await, NOT_FOUND)
}
