//! VPCs, as far as groups live in them.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::filter::{Described, Filter, select};
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::{self, Tag, TagSpecification};
use super::vpc_attribute::Attributes;
use super::{Done, dry_run_ends, group, invalid_value, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// The range of every default VPC: 172.31.0.0/16.
pub(super) const DEFAULT_CIDR: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 31, 0, 0), 16);

/// A virtual network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Vpc {
    pub(super) id: String,
    pub(super) is_default: bool,
    pub(super) cidr: Ipv4Net,
    pub(super) attributes: Attributes,
    pub(super) route_table_id: String,
    pub(super) route_association_id: String,
    pub(super) network_acl_id: String,
    association_id: String,
    dhcp_options_id: String,
    tenancy: String,
}

impl Vpc {
    fn new(cidr: Ipv4Net, tenancy: &str) -> Self {
        Self {
            id: ids::ec2("vpc"),
            is_default: false,
            cidr,
            attributes: Attributes::new(false),
            route_table_id: ids::ec2("rtb"),
            route_association_id: ids::ec2("rtbassoc"),
            network_acl_id: ids::ec2("acl"),
            association_id: ids::ec2("vpc-cidr-assoc"),
            dhcp_options_id: ids::ec2("dopt"),
            tenancy: tenancy.to_owned(),
        }
    }

    /// The VPC that an account has in a Region from the start.
    pub(super) fn default_one() -> Self {
        Self { is_default: true, attributes: Attributes::new(true), ..Self::new(DEFAULT_CIDR, "default") }
    }
}

impl Described for Vpc {
    const FILTERS: &'static [&'static str] = &[
        "cidr",
        "cidr-block-association.association-id",
        "cidr-block-association.cidr-block",
        "cidr-block-association.state",
        "dhcp-options-id",
        "is-default",
        // The name of older clients, which EC2 still takes.
        "isDefault",
        "owner-id",
        "state",
        "vpc-id",
    ];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        vec![match filter {
            "cidr" | "cidr-block-association.cidr-block" => self.cidr.to_string(),
            "cidr-block-association.association-id" => self.association_id.clone(),
            "cidr-block-association.state" => "associated".to_owned(),
            "dhcp-options-id" => self.dhcp_options_id.clone(),
            "is-default" | "isDefault" => self.is_default.to_string(),
            "owner-id" => region.scope.account.clone(),
            "state" => "available".to_owned(),
            _ => self.id.clone(),
        }]
    }
}

/// A VPC as EC2 shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VpcItem {
    vpc_id: String,
    owner_id: String,
    state: &'static str,
    cidr_block: String,
    cidr_block_association_set: Vec<Association>,
    ipv6_cidr_block_association_set: [(); 0],
    dhcp_options_id: String,
    instance_tenancy: String,
    is_default: bool,
    tag_set: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    association_id: String,
    cidr_block: String,
    cidr_block_state: AssociationState,
}

#[derive(Serialize)]
struct AssociationState {
    state: &'static str,
}

impl VpcItem {
    /// What EC2 shows of a VPC.
    pub(super) fn of(vpc: &Vpc, region: &Region, state: &'static str) -> Self {
        Self {
            vpc_id: vpc.id.clone(),
            owner_id: region.scope.account.clone(),
            state,
            cidr_block: vpc.cidr.to_string(),
            cidr_block_association_set: vec![Association {
                association_id: vpc.association_id.clone(),
                cidr_block: vpc.cidr.to_string(),
                cidr_block_state: AssociationState { state: "associated" },
            }],
            ipv6_cidr_block_association_set: [],
            dhcp_options_id: vpc.dhcp_options_id.clone(),
            instance_tenancy: vpc.tenancy.clone(),
            is_default: vpc.is_default,
            tag_set: Some(region.tags.of(&vpc.id).to_vec()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    cidr_block: Option<String>,
    instance_tenancy: Option<String>,
    amazon_provided_ipv6_cidr_block: Option<bool>,
    #[serde(default)]
    tag_specification: Vec<TagSpecification>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
struct CreateOutput {
    vpc: VpcItem,
}

/// `CreateVpc`, with a default group of its own; IPv4 only.
pub(super) fn create(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    if input.amazon_provided_ipv6_cidr_block == Some(true) {
        return Err(call.unsupported_parameter("AmazonProvidedIpv6CidrBlock"));
    }
    let text = input.cidr_block.ok_or_else(|| missing("cidrBlock"))?;
    let malformed = || {
        let message = format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.");
        invalid_value(message)
    };
    let cidr = text.parse::<Ipv4Net>().map_err(|_| malformed())?.trunc();
    if !(16..=28).contains(&cidr.prefix_len()) {
        return Err(AwsError::bad_request("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let tenancy = input.instance_tenancy.as_deref().unwrap_or("default");
    if !["default", "dedicated"].contains(&tenancy) {
        return Err(invalid_value(format!("Value ({tenancy}) for parameter instanceTenancy is invalid.")));
    }
    let tags = tag::of_specification(&input.tag_specification, Kind::Vpc.resource_type())?;
    dry_run_ends(input.dry_run)?;
    let vpc = Vpc::new(cidr, tenancy);
    region.tags.put(&vpc.id, &tags);
    let mut item = VpcItem::of(&vpc, region, "pending");
    // A new VPC's answer does not speak of tags where there are none.
    item.tag_set = item.tag_set.filter(|tags| !tags.is_empty());
    let output = CreateOutput { vpc: item };
    region.add_vpc(vpc);
    call.reply(&output)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    vpc_id: String,
    dry_run: Option<bool>,
}

/// `DeleteVpc`: refused while there are subnets or groups in it; its default group goes with it.
pub(super) fn delete(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: DeleteInput = call.input()?;
    let id = region.vpc(&input.vpc_id)?.id.clone();
    dry_run_ends(input.dry_run)?;
    let has_subnets = region.subnets.values().any(|subnet| subnet.vpc_id == id);
    let has_groups = region.groups.values().any(|group| group.vpc_id == id && !group.is_default());
    if has_subnets || has_groups {
        let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        return Err(AwsError::bad_request("DependencyViolation", message));
    }
    let groups: Vec<String> =
        region.groups.values().filter(|group| group.vpc_id == id).map(|group| group.id.clone()).collect();
    for group in groups {
        group::remove(region, &group);
    }
    region.associations.retain(|association| association.vpc_id != id);
    region.tags.forget(&id);
    region.vpcs.remove(&id);
    call.reply(&Done::YES)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    vpc_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    vpc_set: Vec<VpcItem>,
    next_token: Option<String>,
}

/// `DescribeVpcs`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    for id in &input.vpc_id {
        region.vpc(id)?;
    }
    let vpcs = region.vpcs.values().filter(|vpc| input.vpc_id.is_empty() || input.vpc_id.contains(&vpc.id));
    let vpcs = select(region, vpcs, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(vpcs, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let vpc_set = page.items.into_iter().map(|vpc| VpcItem::of(vpc, region, "available")).collect();
    call.reply(&DescribeOutput { vpc_set, next_token: page.next_token })
}
