//! Security groups: create, describe, delete.

use serde::{Deserialize, Serialize};

use super::filter::{Described, Filter, select};
use super::page::page;
use super::peer::Peer;
use super::permission::PermissionItem;
use super::protocol::Traffic;
use super::region::Region;
use super::resource_id::Kind;
use super::rule::{Rule, is_description};
use super::tag::{self, Tag, TagSpecification};
use super::{dry_run_ends, invalid_value, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// The name of the group that every VPC has and nobody can delete.
const DEFAULT: &str = "default";

/// A security group with its rules, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SecurityGroup {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) vpc_id: String,
    pub(super) rules: Vec<Rule>,
}

impl SecurityGroup {
    /// A new group: it lets everything out and nothing in.
    fn new(name: &str, description: &str, vpc_id: &str) -> Self {
        let id = ids::ec2("sg");
        let everyone = Peer::Ipv4(ipnet::Ipv4Net::default());
        let out = Rule::new(&id, true, Traffic::ALL, everyone);
        let (name, description, vpc_id) = (name.to_owned(), description.to_owned(), vpc_id.to_owned());
        Self { id, name, description, vpc_id, rules: vec![out] }
    }

    /// A VPC's default group: its members may talk to each other.
    pub(super) fn default_of(vpc_id: &str) -> Self {
        let mut group = Self::new(DEFAULT, "default VPC security group", vpc_id);
        let members = Peer::Group(group.id.clone());
        group.rules.insert(0, Rule::new(&group.id, false, Traffic::ALL, members));
        group
    }

    /// Whether the group is the default group of its VPC.
    pub(super) fn is_default(&self) -> bool {
        self.name == DEFAULT
    }

    /// The rules of one direction.
    pub(super) fn rules_of(&self, is_egress: bool) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.is_egress == is_egress)
    }

    fn values_of_rules(&self, filter: &str, is_egress: bool, region: &Region) -> Vec<String> {
        let peers = |wanted: fn(&Peer) -> bool| {
            let rules = self.rules_of(is_egress).filter(move |rule| wanted(&rule.peer));
            rules.map(|rule| rule.peer.to_string()).collect::<Vec<_>>()
        };
        let ports = |end: fn((i32, i32)) -> i32| {
            self.rules_of(is_egress).filter_map(|rule| rule.traffic.ports).map(|ports| end(ports).to_string()).collect()
        };
        let groups = || peers(|peer| matches!(peer, Peer::Group(_)));
        match filter {
            "cidr" => peers(|peer| matches!(peer, Peer::Ipv4(_))),
            "ipv6-cidr" => peers(|peer| matches!(peer, Peer::Ipv6(_))),
            "prefix-list-id" => peers(|peer| matches!(peer, Peer::PrefixList(_))),
            "group-id" => groups(),
            "group-name" => {
                groups().iter().filter_map(|id| region.groups.get(id)).map(|group| group.name.clone()).collect()
            }
            "user-id" => groups().iter().map(|_| region.scope.account.clone()).collect(),
            "from-port" => ports(|(from, _)| from),
            "to-port" => ports(|(_, to)| to),
            _ => self.rules_of(is_egress).map(|rule| rule.traffic.protocol.to_string()).collect(),
        }
    }
}

impl Described for SecurityGroup {
    const FILTERS: &'static [&'static str] = &[
        "description",
        "egress.ip-permission.cidr",
        "egress.ip-permission.from-port",
        "egress.ip-permission.group-id",
        "egress.ip-permission.group-name",
        "egress.ip-permission.ipv6-cidr",
        "egress.ip-permission.prefix-list-id",
        "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
        "egress.ip-permission.user-id",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.group-name",
        "ip-permission.ipv6-cidr",
        "ip-permission.prefix-list-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "ip-permission.user-id",
        "owner-id",
        "vpc-id",
    ];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        if let Some(name) = filter.strip_prefix("egress.ip-permission.") {
            return self.values_of_rules(name, true, region);
        }
        if let Some(name) = filter.strip_prefix("ip-permission.") {
            return self.values_of_rules(name, false, region);
        }
        let value = match filter {
            "description" => &self.description,
            "group-id" => &self.id,
            "group-name" => &self.name,
            "owner-id" => &region.scope.account,
            _ => &self.vpc_id,
        };
        vec![value.clone()]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    group_name: String,
    group_description: String,
    vpc_id: Option<String>,
    #[serde(default)]
    tag_specification: Vec<TagSpecification>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateOutput {
    #[serde(rename = "return")]
    done: bool,
    group_id: String,
    tag_set: Option<Vec<Tag>>,
    security_group_arn: String,
}

/// `CreateSecurityGroup`: in the default VPC unless the call names another.
pub(super) fn create(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    check_text("GroupName", "name", &input.group_name)?;
    check_text("GroupDescription", "description", &input.group_description)?;
    if input.group_name == DEFAULT {
        return Err(invalid_value(format!("Cannot use reserved security group name: {DEFAULT}")));
    }
    if input.group_name.starts_with("sg-") {
        return Err(invalid_value("Invalid security group name. Group names may not be in the format sg-*."));
    }
    let tags = tag::of_specification(&input.tag_specification, Kind::Group.resource_type())?;
    let vpc = match &input.vpc_id {
        Some(id) => region.vpc(id)?,
        None => region
            .default_vpc()
            .map_err(|_| AwsError::bad_request("VPCIdNotSpecified", "No default VPC for this user"))?,
    };
    dry_run_ends(input.dry_run)?;
    if region.groups.values().any(|group| group.vpc_id == vpc.id && group.name == input.group_name) {
        let message = format!("The security group '{}' already exists for VPC '{}'", input.group_name, vpc.id);
        return Err(AwsError::bad_request("InvalidGroup.Duplicate", message));
    }
    let group = SecurityGroup::new(&input.group_name, &input.group_description, &vpc.id);
    region.tags.put(&group.id, &tags);
    let output = CreateOutput {
        done: true,
        group_id: group.id.clone(),
        tag_set: (!tags.is_empty()).then(|| region.tags.of(&group.id).to_vec()),
        security_group_arn: region.arn(Kind::Group, &group.id),
    };
    region.groups.insert(group.id.clone(), group);
    call.reply(&output)
}

fn check_text(parameter: &str, what: &str, text: &str) -> Result<(), AwsError> {
    if text.is_empty() {
        return Err(missing(parameter));
    }
    if !text.is_ascii() {
        let message = format!(
            "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported."
        );
        return Err(invalid_value(message));
    }
    if !is_description(text) {
        let message = format!(
            "Invalid security group {what}. Valid {what}s are strings less than 256 characters from the following set:  \
             a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
        );
        return Err(invalid_value(message));
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    group_id: Vec<String>,
    #[serde(default)]
    group_name: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    security_group_info: Vec<GroupItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupItem {
    owner_id: String,
    group_id: String,
    group_name: String,
    group_description: String,
    vpc_id: String,
    ip_permissions: Vec<PermissionItem>,
    ip_permissions_egress: Vec<PermissionItem>,
    tag_set: Option<Vec<Tag>>,
    security_group_arn: String,
}

impl GroupItem {
    fn of(group: &SecurityGroup, region: &Region) -> Self {
        let account = &region.scope.account;
        let tags = region.tags.of(&group.id);
        Self {
            owner_id: account.clone(),
            group_id: group.id.clone(),
            group_name: group.name.clone(),
            group_description: group.description.clone(),
            vpc_id: group.vpc_id.clone(),
            ip_permissions: PermissionItem::of_rules(group.rules_of(false), account),
            ip_permissions_egress: PermissionItem::of_rules(group.rules_of(true), account),
            tag_set: (!tags.is_empty()).then(|| tags.to_vec()),
            security_group_arn: region.arn(Kind::Group, &group.id),
        }
    }
}

/// `DescribeSecurityGroups`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    Kind::Group.check_all(&input.group_id)?;
    let absent: Vec<&str> =
        input.group_id.iter().map(String::as_str).filter(|id| !region.groups.contains_key(*id)).collect();
    if !absent.is_empty() {
        return Err(Kind::Group.none_found(&absent));
    }
    let mut wanted = input.group_id;
    for name in &input.group_name {
        wanted.push(region.group_named(name)?.id.clone());
    }
    let groups = region.groups.values().filter(|group| wanted.is_empty() || wanted.contains(&group.id));
    let groups = select(region, groups, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(groups, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let security_group_info = page.items.into_iter().map(|group| GroupItem::of(group, region)).collect();
    call.reply(&DescribeOutput { security_group_info, next_token: page.next_token })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    group_id: Option<String>,
    group_name: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeleteOutput {
    #[serde(rename = "return")]
    done: bool,
    group_id: String,
}

/// `DeleteSecurityGroup`: refused while an interface wears the group or another group's rule names it.
pub(super) fn delete(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: DeleteInput = call.input()?;
    let group = region.group_of(input.group_id.as_deref(), input.group_name.as_deref())?;
    dry_run_ends(input.dry_run)?;
    let id = group.id.clone();
    if group.is_default() {
        let message = format!("the specified group: \"{id}\" name: \"{DEFAULT}\" cannot be deleted by a user");
        return Err(AwsError::bad_request("CannotDelete", message));
    }
    let is_worn = region.interfaces.values().any(|interface| interface.groups.contains(&id));
    let named = Peer::Group(id.clone());
    let is_named =
        region.groups.values().any(|other| other.id != id && other.rules.iter().any(|rule| rule.peer == named));
    if is_worn || is_named {
        let message = format!("resource {id} has a dependent object");
        return Err(AwsError::bad_request("DependencyViolation", message));
    }
    remove(region, &id);
    call.reply(&DeleteOutput { done: true, group_id: id })
}

/// Takes a group away, with its rules and the tags of both.
pub(super) fn remove(region: &mut Region, id: &str) {
    region.tags.forget(id);
    region.associations.retain(|association| association.group_id != id);
    for rule in region.groups.remove(id).into_iter().flat_map(|group| group.rules) {
        region.tags.forget(&rule.id);
    }
}
