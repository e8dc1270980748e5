//! The security group that drills open and close, and the instance that it is attached to.

use aws_sdk_ec2::types::{InstanceType, ResourceType, Tag, TagSpecification};
use uuid::Uuid;

use super::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site, lease};

/// A group of a run's own, attached to an instance of the run's own; or one that stands, in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillGroup {
    /// The group's id.
    pub id: String,
    /// The group's name.
    pub name: String,
    /// The instance that was launched with it; none where the group is somebody's own.
    pub instance: Option<DrillInstance>,
}

/// An instance of a run's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillInstance {
    /// The instance's id.
    pub id: String,
    /// The token of the call that launched it.
    pub token: String,
}

impl DrillGroup {
    /// Makes a group of this name in the default VPC, and an instance that it is attached to.
    pub async fn provision(site: Site<'_>, name: String) -> Result<Self, ProvisionError> {
        let mut group = Self::make(site, name).await?;
        site.go_on()?;
        group.launch(site).await?;
        Ok(group)
    }

    /// Makes a group of this name in the default VPC, with the run's lease on it. EC2 makes no second one of the name.
    pub(crate) async fn make(site: Site<'_>, name: String) -> Result<Self, ProvisionError> {
        let Site { target, scenario, run_id, ledger, .. } = site;
        let entry = Resource::Group(name.clone());
        ledger.intend(entry.clone())?;
        let tags = tags(ResourceType::SecurityGroup, &name, run_id, scenario.name.as_str());
        let created = target
            .clients
            .ec2
            .create_security_group()
            .group_name(&name)
            .description(scenario.pipeline.group.description.as_str())
            .tag_specifications(tags.tags(lease::new_tag(run_id, &target.clients.clock)).build())
            .send()
            .await
            .map_err(|error| ProvisionError::refused("ec2:CreateSecurityGroup", &name, &error))?;
        let id = created
            .group_id()
            .ok_or_else(|| ProvisionError::without("ec2:CreateSecurityGroup", &name, "groupId"))?
            .to_owned();
        ledger.made(&entry, &id);
        Ok(Self { id, name, instance: None })
    }

    /// Launches an instance that the group is attached to.
    pub(crate) async fn launch(&mut self, site: Site<'_>) -> Result<(), ProvisionError> {
        let Site { target, scenario, run_id, ledger, .. } = site;
        let instance = &scenario.pipeline.instance;
        // EC2 launches one instance for a token, however often it is asked.
        let token = format!("alert-drill-{}", Uuid::now_v7());
        let entry = Resource::Instance(token.clone());
        ledger.intend(entry.clone())?;
        let tags = tags(ResourceType::Instance, instance.name.as_str(), run_id, scenario.name.as_str());
        let launched = target
            .clients
            .ec2
            .run_instances()
            .image_id(instance.image.as_str())
            .instance_type(InstanceType::from(instance.instance_type.as_str()))
            .min_count(1)
            .max_count(1)
            .security_group_ids(&self.id)
            .client_token(&token)
            .tag_specifications(tags.build())
            .send()
            .await
            .map_err(|error| ProvisionError::refused("ec2:RunInstances", &instance.name, &error))?;
        let id = launched
            .instances()
            .first()
            .and_then(|instance| instance.instance_id())
            .ok_or_else(|| ProvisionError::without("ec2:RunInstances", &instance.name, "instanceId"))?
            .to_owned();
        ledger.made(&entry, &id);
        self.instance = Some(DrillInstance { id, token });
        Ok(())
    }
}

fn tags(
    kind: ResourceType,
    name: &str,
    run_id: &str,
    scenario: &str,
) -> aws_sdk_ec2::types::builders::TagSpecificationBuilder {
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    TagSpecification::builder()
        .resource_type(kind)
        .tags(tag("Name", name))
        .tags(tag(RUN_TAG, run_id))
        .tags(tag(SCENARIO_TAG, scenario))
}
