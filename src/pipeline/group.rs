//! The security group that drills open and close, and the instance that it is attached to.

use aws_sdk_ec2::types::{InstanceType, ResourceType, Tag, TagSpecification};

use super::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site};

/// A group of a run's own, attached to an instance of the run's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillGroup {
    /// The group's id.
    pub id: String,
    /// The group's name.
    pub name: String,
    /// The instance's id.
    pub instance_id: String,
}

impl DrillGroup {
    /// Makes a group of this name in the default VPC, and an instance that it is attached to.
    pub async fn provision(site: Site<'_>, name: String) -> Result<Self, ProvisionError> {
        let Site { target, scenario, run_id, ledger, .. } = site;
        let (group, instance) = (&scenario.pipeline.group, &scenario.pipeline.instance);
        let ec2 = &target.clients.ec2;
        let created = ec2
            .create_security_group()
            .group_name(&name)
            .description(group.description.as_str())
            .tag_specifications(tags(ResourceType::SecurityGroup, &name, run_id, scenario.name.as_str()))
            .send()
            .await
            .map_err(|error| ProvisionError::refused("ec2:CreateSecurityGroup", &name, &error))?;
        let id = created
            .group_id()
            .ok_or_else(|| ProvisionError::without("ec2:CreateSecurityGroup", &name, "groupId"))?
            .to_owned();
        ledger.enter(Resource::Group(id.clone()));
        site.go_on()?;
        let launched = ec2
            .run_instances()
            .image_id(instance.image.as_str())
            .instance_type(InstanceType::from(instance.instance_type.as_str()))
            .min_count(1)
            .max_count(1)
            .security_group_ids(&id)
            .tag_specifications(tags(ResourceType::Instance, instance.name.as_str(), run_id, scenario.name.as_str()))
            .send()
            .await
            .map_err(|error| ProvisionError::refused("ec2:RunInstances", &instance.name, &error))?;
        let instance_id = launched
            .instances()
            .first()
            .and_then(|instance| instance.instance_id())
            .ok_or_else(|| ProvisionError::without("ec2:RunInstances", &instance.name, "instanceId"))?
            .to_owned();
        ledger.enter(Resource::Instance(instance_id.clone()));
        Ok(Self { id, name, instance_id })
    }
}

fn tags(kind: ResourceType, name: &str, run_id: &str, scenario: &str) -> TagSpecification {
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    TagSpecification::builder()
        .resource_type(kind)
        .tags(tag("Name", name))
        .tags(tag(RUN_TAG, run_id))
        .tags(tag(SCENARIO_TAG, scenario))
        .build()
}
