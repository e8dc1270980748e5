//! Groups that are used in another VPC than their own, and which groups can be used in one.
//!
//! Source: "Associate security groups with multiple VPCs" in the Amazon VPC user guide.

use serde::{Deserialize, Serialize};

use super::filter::{Described, Filter, select};
use super::group::SecurityGroup;
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::Tag;
use super::{dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// A group in another VPC than its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Association {
    pub(super) group_id: String,
    pub(super) vpc_id: String,
    /// What answers are ordered by.
    order: String,
}

impl Association {
    fn new(group_id: &str, vpc_id: &str) -> Self {
        Self { group_id: group_id.to_owned(), vpc_id: vpc_id.to_owned(), order: format!("{group_id}/{vpc_id}") }
    }
}

impl Described for Association {
    const FILTERS: &'static [&'static str] = &["group-id", "group-owner-id", "state", "vpc-id", "vpc-owner-id"];

    fn id(&self) -> &str {
        &self.order
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        vec![match filter {
            "group-id" => self.group_id.clone(),
            "vpc-id" => self.vpc_id.clone(),
            "state" => "associated".to_owned(),
            _ => region.scope.account.clone(),
        }]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    group_id: String,
    vpc_id: String,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
struct Output {
    state: &'static str,
}

/// `AssociateSecurityGroupVpc`.
pub(super) fn associate(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let (group, vpc) = (region.group(&input.group_id)?, region.vpc(&input.vpc_id)?);
    if group.is_default() {
        return Err(invalid_value("You can't associate a default security group with another VPC."));
    }
    if group.vpc_id == vpc.id {
        return Err(invalid_value(format!("The security group '{}' is in the VPC '{}' already", group.id, vpc.id)));
    }
    dry_run_ends(input.dry_run)?;
    let association = Association::new(&group.id, &vpc.id);
    if !region.associations.contains(&association) {
        region.associations.push(association);
    }
    call.reply(&Output { state: "associating" })
}

/// `DisassociateSecurityGroupVpc`: refused while an interface in the VPC wears the group.
pub(super) fn disassociate(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let (group, vpc) = (region.group(&input.group_id)?, region.vpc(&input.vpc_id)?);
    let association = Association::new(&group.id, &vpc.id);
    if !region.associations.contains(&association) {
        let message = format!("The security group '{}' is not associated with the VPC '{}'", group.id, vpc.id);
        return Err(AwsError::bad_request("InvalidSecurityGroupVpcAssociation.NotFound", message));
    }
    dry_run_ends(input.dry_run)?;
    if region.interfaces.values().any(|one| one.vpc_id == vpc.id && one.groups.contains(&group.id)) {
        let message = format!("resource {} has a dependent object", group.id);
        return Err(AwsError::bad_request("DependencyViolation", message));
    }
    region.associations.retain(|one| *one != association);
    call.reply(&Output { state: "disassociating" })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    security_group_vpc_association_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    group_id: String,
    vpc_id: String,
    vpc_owner_id: String,
    state: &'static str,
    group_owner_id: String,
}

/// `DescribeSecurityGroupVpcAssociations`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let associations = select(region, region.associations.iter(), &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(associations, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let item = |one: &Association| Item {
        group_id: one.group_id.clone(),
        vpc_id: one.vpc_id.clone(),
        vpc_owner_id: region.scope.account.clone(),
        state: "associated",
        group_owner_id: region.scope.account.clone(),
    };
    let security_group_vpc_association_set = page.items.into_iter().map(item).collect();
    call.reply(&DescribeOutput { security_group_vpc_association_set, next_token: page.next_token })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ForVpcInput {
    vpc_id: String,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ForVpcOutput {
    security_group_for_vpc_set: Vec<ForVpcItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ForVpcItem {
    description: String,
    group_name: String,
    owner_id: String,
    group_id: String,
    tag_set: Vec<Tag>,
    primary_vpc_id: String,
}

/// `GetSecurityGroupsForVpc`: the VPC's own groups and those that are associated with it.
pub(super) fn of_vpc(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: ForVpcInput = call.input()?;
    let vpc = region.vpc(&input.vpc_id)?;
    let groups = region.groups.values().filter(|group| region.is_usable_in(group, &vpc.id));
    let groups = select(region, groups, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(groups, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let item = |group: &SecurityGroup| ForVpcItem {
        description: group.description.clone(),
        group_name: group.name.clone(),
        owner_id: region.scope.account.clone(),
        group_id: group.id.clone(),
        tag_set: region.tags.of(&group.id).to_vec(),
        primary_vpc_id: group.vpc_id.clone(),
    };
    let security_group_for_vpc_set = page.items.into_iter().map(item).collect();
    call.reply(&ForVpcOutput { security_group_for_vpc_set, next_token: page.next_token })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ReferencesInput {
    #[serde(default)]
    group_id: Vec<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReferencesOutput {
    security_group_reference_set: [(); 0],
}

/// `DescribeSecurityGroupReferences`: the other sides of peering connections, of which the lab has none.
pub(super) fn references(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: ReferencesInput = call.input()?;
    if input.group_id.is_empty() {
        return Err(super::missing("GroupId"));
    }
    Kind::Group.check_all(&input.group_id)?;
    for id in &input.group_id {
        region.group(id)?;
    }
    dry_run_ends(input.dry_run)?;
    call.reply(&ReferencesOutput { security_group_reference_set: [] })
}
