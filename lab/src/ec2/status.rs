//! `DescribeInstanceStatus`: an instance of the lab is healthy as soon as it runs.

use serde::{Deserialize, Serialize};

use super::filter::{Described, Filter, select};
use super::instance::{State, StateItem};
use super::page::page;
use super::region::Region;
use super::{combination, dry_run_ends};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    instance_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    include_all_instances: Option<bool>,
    max_results: Option<i64>,
    next_token: Option<String>,
    #[serde(rename = "IncludeManagedResources")]
    _include_managed_resources: Option<bool>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    instance_status_set: Vec<StatusItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusItem {
    instance_id: String,
    availability_zone: String,
    instance_state: StateItem,
    system_status: Checks,
    instance_status: Checks,
}

#[derive(Serialize)]
struct Checks {
    status: &'static str,
    details: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    status: &'static str,
}

impl Checks {
    fn of(state: State) -> Self {
        match state {
            State::Running => Self { status: "ok", details: vec![Check { name: "reachability", status: "passed" }] },
            _ => Self { status: "not-applicable", details: Vec::new() },
        }
    }
}

/// `DescribeInstanceStatus`: of the running instances, or of all.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let wanted = &input.instance_id;
    if !wanted.is_empty() && input.max_results.is_some() {
        return Err(combination("The parameter instancesSet cannot be used with the parameter maxResults"));
    }
    region.check_instances(wanted)?;
    let (of_checks, rest): (Vec<_>, Vec<_>) = input.filter.into_iter().partition(|filter| {
        filter.name().starts_with("instance-status.") || filter.name().starts_with("system-status.")
    });
    let all = input.include_all_instances == Some(true);
    let instances = region.instances.values().filter(|one| wanted.is_empty() || wanted.contains(&one.id));
    let instances = instances.filter(|one| all || one.state == State::Running);
    let mut instances = select(region, instances, &rest)?;
    instances.retain(|one| {
        let checks = Checks::of(one.state);
        of_checks.iter().all(|filter| match filter.name().rsplit_once('.') {
            Some((_, "status")) => filter.is_met_by(&[checks.status.to_owned()]),
            Some((_, "reachability")) => {
                filter.is_met_by(&checks.details.iter().map(|check| check.status.to_owned()).collect::<Vec<_>>())
            }
            _ => false,
        })
    });
    dry_run_ends(input.dry_run)?;
    let page = page(instances, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let items = page.items.into_iter().map(|one| StatusItem {
        instance_id: one.id().to_owned(),
        availability_zone: one.zone.clone(),
        instance_state: one.state.into(),
        system_status: Checks::of(one.state),
        instance_status: Checks::of(one.state),
    });
    call.reply(&Output { instance_status_set: items.collect(), next_token: page.next_token })
}
