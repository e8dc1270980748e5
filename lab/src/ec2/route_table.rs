//! The route table and the network ACL that every VPC has. Nothing travels in the lab: they are here to be read, as
//! Terraform reads them.

use serde::{Deserialize, Serialize};

use super::dry_run_ends;
use super::filter::{Described, Filter, select};
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::Tag;
use super::vpc::Vpc;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    route_table_id: Vec<String>,
    #[serde(default)]
    network_acl_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

/// The main route table of a VPC.
struct RouteTable<'a> {
    id: &'a str,
    vpc: &'a Vpc,
}

impl<'a> RouteTable<'a> {
    fn of(vpc: &'a Vpc) -> Self {
        Self { id: &vpc.route_table_id, vpc }
    }
}

impl Described for RouteTable<'_> {
    const FILTERS: &'static [&'static str] = &[
        "association.main",
        "association.route-table-association-id",
        "association.route-table-id",
        "association.subnet-id",
        "owner-id",
        "route-table-id",
        "route.destination-cidr-block",
        "route.gateway-id",
        "route.origin",
        "route.state",
        "vpc-id",
    ];

    fn id(&self) -> &str {
        self.id
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        vec![match filter {
            "association.main" => "true".to_owned(),
            "association.route-table-association-id" => self.vpc.route_association_id.clone(),
            // Subnets use the main table without being associated with it.
            "association.subnet-id" => return Vec::new(),
            "owner-id" => region.scope.account.clone(),
            "route.destination-cidr-block" => self.vpc.cidr.to_string(),
            "route.gateway-id" => "local".to_owned(),
            "route.origin" => "CreateRouteTable".to_owned(),
            "route.state" => "active".to_owned(),
            "vpc-id" => self.vpc.id.clone(),
            _ => self.id.to_owned(),
        }]
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TablesOutput {
    route_table_set: Vec<TableItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TableItem {
    route_table_id: String,
    vpc_id: String,
    owner_id: String,
    route_set: [RouteItem; 1],
    association_set: [AssociationItem; 1],
    propagating_vgw_set: [(); 0],
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RouteItem {
    destination_cidr_block: String,
    gateway_id: &'static str,
    state: &'static str,
    origin: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociationItem {
    route_table_association_id: String,
    route_table_id: String,
    main: bool,
    association_state: StateItem,
}

#[derive(Serialize)]
struct StateItem {
    state: &'static str,
}

/// `DescribeRouteTables`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let tables: Vec<RouteTable<'_>> = region.vpcs.values().map(RouteTable::of).collect();
    let wanted = &input.route_table_id;
    if let Some(absent) = wanted.iter().find(|id| tables.iter().all(|table| table.id() != id.as_str())) {
        return Err(Kind::RouteTable.not_found(absent));
    }
    let tables = tables.iter().filter(|table| wanted.is_empty() || wanted.iter().any(|id| id == table.id()));
    let tables = select(region, tables, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(tables, input.max_results, input.next_token.as_deref(), (5, 100))?;
    let item = |table: &RouteTable<'_>| TableItem {
        route_table_id: table.vpc.route_table_id.clone(),
        vpc_id: table.vpc.id.clone(),
        owner_id: region.scope.account.clone(),
        route_set: [RouteItem {
            destination_cidr_block: table.vpc.cidr.to_string(),
            gateway_id: "local",
            state: "active",
            origin: "CreateRouteTable",
        }],
        association_set: [AssociationItem {
            route_table_association_id: table.vpc.route_association_id.clone(),
            route_table_id: table.vpc.route_table_id.clone(),
            main: true,
            association_state: StateItem { state: "associated" },
        }],
        propagating_vgw_set: [],
        tag_set: region.tags.of(table.id()).to_vec(),
    };
    let route_table_set = page.items.into_iter().map(item).collect();
    call.reply(&TablesOutput { route_table_set, next_token: page.next_token })
}

/// The default network ACL of a VPC, which lets everything through.
struct NetworkAcl<'a> {
    id: &'a str,
    vpc: &'a Vpc,
}

impl<'a> NetworkAcl<'a> {
    fn of(vpc: &'a Vpc) -> Self {
        Self { id: &vpc.network_acl_id, vpc }
    }
}

impl Described for NetworkAcl<'_> {
    const FILTERS: &'static [&'static str] =
        &["association.subnet-id", "default", "network-acl-id", "owner-id", "vpc-id"];

    fn id(&self) -> &str {
        self.id
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        vec![match filter {
            "association.subnet-id" => {
                let subnets = region.subnets.values().filter(|subnet| subnet.vpc_id == self.vpc.id);
                return subnets.map(|subnet| subnet.id.clone()).collect();
            }
            "default" => "true".to_owned(),
            "owner-id" => region.scope.account.clone(),
            "vpc-id" => self.vpc.id.clone(),
            _ => self.id.to_owned(),
        }]
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AclsOutput {
    network_acl_set: Vec<AclItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AclItem {
    network_acl_id: String,
    vpc_id: String,
    owner_id: String,
    default: bool,
    entry_set: Vec<EntryItem>,
    association_set: Vec<AclAssociation>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryItem {
    rule_number: u16,
    protocol: &'static str,
    rule_action: &'static str,
    egress: bool,
    cidr_block: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AclAssociation {
    network_acl_association_id: String,
    network_acl_id: String,
    subnet_id: String,
}

/// `DescribeNetworkAcls`.
pub(super) fn describe_acls(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let acls: Vec<NetworkAcl<'_>> = region.vpcs.values().map(NetworkAcl::of).collect();
    let wanted = &input.network_acl_id;
    if let Some(absent) = wanted.iter().find(|id| acls.iter().all(|acl| acl.id() != id.as_str())) {
        return Err(Kind::NetworkAcl.not_found(absent));
    }
    let acls = acls.iter().filter(|acl| wanted.is_empty() || wanted.iter().any(|id| id == acl.id()));
    let acls = select(region, acls, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(acls, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let entry = |rule_number, rule_action, egress| EntryItem {
        rule_number,
        protocol: "-1",
        rule_action,
        egress,
        cidr_block: "0.0.0.0/0",
    };
    let item = |acl: &NetworkAcl<'_>| AclItem {
        network_acl_id: acl.vpc.network_acl_id.clone(),
        vpc_id: acl.vpc.id.clone(),
        owner_id: region.scope.account.clone(),
        default: true,
        entry_set: vec![
            entry(100, "allow", true),
            entry(32767, "deny", true),
            entry(100, "allow", false),
            entry(32767, "deny", false),
        ],
        association_set: region
            .subnets
            .values()
            .filter(|subnet| subnet.vpc_id == acl.vpc.id)
            .map(|subnet| AclAssociation {
                network_acl_association_id: subnet.id.replacen("subnet", "aclassoc", 1),
                network_acl_id: acl.vpc.network_acl_id.clone(),
                subnet_id: subnet.id.clone(),
            })
            .collect(),
        tag_set: region.tags.of(acl.id()).to_vec(),
    };
    let network_acl_set = page.items.into_iter().map(item).collect();
    call.reply(&AclsOutput { network_acl_set, next_token: page.next_token })
}
