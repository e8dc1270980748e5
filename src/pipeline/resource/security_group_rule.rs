//! The rules that a drill adds to a group. Their description names the run and the drill.

use aws_sdk_ec2::types::{Filter, SecurityGroupRule};
use uuid::Uuid;

use super::{Found, Resource, gone};
use crate::sdk;
use crate::target::Clients;

const NOT_FOUND: &[&str] = &["InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"];

/// What the description of every rule begins with.
const MARK: &str = "alert-drill ";

/// The description of the rules of a run's drill: `alert-drill RUN_ID/3`.
pub(crate) fn description(run_id: &str, drill: usize) -> String {
    format!("{MARK}{run_id}/{drill}")
}

/// The run that a description names; none where a person wrote it.
fn run_of(description: &str) -> Option<String> {
    let (run_id, drill) = description.strip_prefix(MARK)?.split_once('/')?;
    (Uuid::try_parse(run_id).is_ok() && drill.parse::<usize>().is_ok()).then(|| run_id.to_owned())
}

pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let mut all: Vec<Found> = Vec::new();
    for rule in matching(clients, None).await? {
        let (Some(group_id), Some(description)) = (rule.group_id(), rule.description()) else { continue };
        let Some(run_id) = run_of(description) else { continue };
        let resource =
            Resource::SecurityGroupRule { group_id: group_id.to_owned(), description: description.to_owned() };
        let id = rule.security_group_rule_id().unwrap_or(description).to_owned();
        // A drill may have added more than one, which go together.
        if !all.iter().any(|known| known.resource == resource) {
            all.push(Found { resource, id, run_id });
        }
    }
    Ok(all)
}

pub(super) async fn of_run(clients: &Clients, group_id: &str, description: &str) -> Result<Vec<String>, String> {
    let rules = described(clients, group_id, description).await?;
    Ok(rules.first().and_then(|rule| rule.security_group_rule_id.clone()).into_iter().collect())
}

/// The rules of a group with this description. A group that is gone has none.
async fn described(clients: &Clients, group_id: &str, description: &str) -> Result<Vec<SecurityGroupRule>, String> {
    let mut rules = matching(clients, Some(group_id)).await?;
    rules.retain(|rule| rule.description() == Some(description));
    Ok(rules)
}

async fn matching(clients: &Clients, group_id: Option<&str>) -> Result<Vec<SecurityGroupRule>, String> {
    let filters = group_id.map(|id| vec![Filter::builder().name("group-id").values(id).build()]);
    let rules = clients.ec2.describe_security_group_rules().set_filters(filters).into_paginator().items().send();
    match rules.collect::<Result<Vec<_>, _>>().await {
        Ok(rules) => Ok(rules),
        Err(error) if sdk::code(&error).is_some_and(|code| NOT_FOUND.contains(&code)) => Ok(Vec::new()),
        Err(error) => Err(sdk::reason(&error)),
    }
}

pub(super) async fn remove(clients: &Clients, group_id: &str, description: &str) -> Result<(), String> {
    let rules = described(clients, group_id, description).await?;
    let ids = |egress: bool| -> Vec<String> {
        let of_way = rules.iter().filter(|rule| rule.is_egress() == Some(egress));
        of_way.filter_map(|rule| rule.security_group_rule_id.clone()).collect()
    };
    // Inbound first: that is what lets somebody in.
    let (inbound, outbound) = (ids(false), ids(true));
    if !inbound.is_empty() {
        let revoke = clients.ec2.revoke_security_group_ingress().group_id(group_id);
        gone(revoke.set_security_group_rule_ids(Some(inbound)).send().await, NOT_FOUND)?;
    }
    if !outbound.is_empty() {
        let revoke = clients.ec2.revoke_security_group_egress().group_id(group_id);
        gone(revoke.set_security_group_rule_ids(Some(outbound)).send().await, NOT_FOUND)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_names_its_run_and_what_people_write_names_none() {
        let run_id = Uuid::now_v7().to_string();
        assert_eq!(run_of(&description(&run_id, 2)), Some(run_id.clone()));
        for written in ["alert-drill of last week/1", "alert-drill", &run_id, &format!("alert-drill {run_id}")] {
            assert_eq!(run_of(written), None, "{written}");
        }
    }
}
