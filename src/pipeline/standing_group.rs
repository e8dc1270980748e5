//! A security group that stands in an account: whether a drill may open and close it.

use aws_sdk_ec2::types::{Filter, SecurityGroup, Tag};

use super::{DrillGroup, ProvisionError, SCENARIO_TAG, Site};
use crate::sdk;

impl DrillGroup {
    /// Makes sure that there is no group of the scenario's name in the default VPC, where a run makes its own.
    pub(super) async fn is_free(site: Site<'_>) -> Result<(), ProvisionError> {
        let name = site.scenario.pipeline.group.name.as_str();
        // Without a VPC, a name is one of the default VPC's.
        let described = site.target.clients.ec2.describe_security_groups().group_names(name).send().await;
        match described {
            Ok(_) => Err(ProvisionError::AlreadyThere { what: "security group", name: name.to_owned() }),
            Err(error) if sdk::code(&error) == Some("InvalidGroup.NotFound") => Ok(()),
            Err(error) => Err(ProvisionError::refused("ec2:DescribeSecurityGroups", name, &error)),
        }
    }

    /// Finds the group of this name, or of this id, and makes sure that it is the one that drills are meant for.
    ///
    /// # Errors
    /// There is none or more than one; it has neither the scenario's name nor the scenario's tag; it is attached to something
    /// else than the scenario's instance, unless `shared` allows that. Nothing is changed.
    pub(crate) async fn standing(site: Site<'_>, wanted: &str, shared: bool) -> Result<Self, ProvisionError> {
        let scenario = site.scenario;
        let by = if wanted.starts_with("sg-") { "group-id" } else { "group-name" };
        let describe = site.target.clients.ec2.describe_security_groups();
        let described = describe.filters(filter(by, wanted)).into_paginator().items().send();
        let groups: Vec<SecurityGroup> = described
            .collect::<Result<_, _>>()
            .await
            .map_err(|error| ProvisionError::refused("ec2:DescribeSecurityGroups", wanted, &error))?;
        let group = match groups.as_slice() {
            [] => return Err(ProvisionError::NothingThere { what: "security group", name: wanted.to_owned() }),
            [group] => group,
            several => {
                let ids: Vec<&str> = several.iter().filter_map(|group| group.group_id()).collect();
                let reason =
                    format!("there are {} groups of that name: name one by its id ({})", ids.len(), ids.join(", "));
                return Err(ProvisionError::NotForDrills { group: wanted.to_owned(), reason });
            }
        };
        let (id, name) = (group.group_id().unwrap_or_default(), group.group_name().unwrap_or_default());
        let own_name = scenario.pipeline.group.name.as_str();
        if name != own_name && tag(group.tags(), SCENARIO_TAG) != Some(scenario.name.as_str()) {
            return Err(ProvisionError::NotForDrills {
                group: format!("{id} ({name})"),
                reason: format!(
                    "it has neither the scenario's name ({own_name}) nor the tag {SCENARIO_TAG}={}, which says that \
                     drills may open it",
                    scenario.name
                ),
            });
        }
        if !shared && let Some(other) = attached_to_another(site, id).await? {
            return Err(ProvisionError::NotForDrills {
                group: format!("{id} ({name})"),
                reason: format!(
                    "it is attached to {other}, which a drill would open as well; --allow-shared-group says that it may"
                ),
            });
        }
        Ok(Self { id: id.to_owned(), name: name.to_owned(), instance: None })
    }
}

/// What the group is attached to besides the scenario's instance.
async fn attached_to_another(site: Site<'_>, group_id: &str) -> Result<Option<String>, ProvisionError> {
    let ec2 = &site.target.clients.ec2;
    let describe = ec2.describe_network_interfaces().filters(filter("group-id", group_id));
    let interfaces = describe.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let interfaces =
        interfaces.map_err(|error| ProvisionError::refused("ec2:DescribeNetworkInterfaces", group_id, &error))?;
    for interface in &interfaces {
        let id = interface.network_interface_id().unwrap_or("a network interface");
        let Some(instance_id) = interface.attachment().and_then(|attachment| attachment.instance_id()) else {
            let what = interface.description().filter(|text| !text.is_empty()).unwrap_or("no instance");
            return Ok(Some(format!("the network interface {id} ({what})")));
        };
        let described = ec2.describe_instances().instance_ids(instance_id).send().await.map_err(|error| {
            ProvisionError::Refused {
                call: "ec2:DescribeInstances",
                what: instance_id.to_owned(),
                reason: sdk::reason(&error),
            }
        })?;
        let instances = described.reservations().iter().flat_map(|reservation| reservation.instances());
        let is_scenarios = instances.into_iter().any(|instance| {
            tag(instance.tags(), "Name") == Some(site.scenario.pipeline.instance.name.as_str())
                || tag(instance.tags(), SCENARIO_TAG) == Some(site.scenario.name.as_str())
        });
        if !is_scenarios {
            return Ok(Some(format!("the instance {instance_id}")));
        }
    }
    Ok(None)
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn tag<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value())
}
