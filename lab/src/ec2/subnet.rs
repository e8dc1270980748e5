//! Subnets: those of the default VPC, one in each zone, and those that callers add.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::dry_run_ends;
use super::filter::{Described, Filter, select};
use super::interface::NetworkInterface;
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::Tag;
use super::vpc;
use super::zone::{Zone, zones_of};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// AWS keeps the first four addresses of a subnet and the last.
const RESERVED: usize = 4;

/// A part of a VPC in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Subnet {
    pub(super) id: String,
    pub(super) vpc_id: String,
    pub(super) zone: String,
    zone_id: String,
    pub(super) cidr: Ipv4Net,
    pub(super) is_default: bool,
    pub(super) maps_public_addresses: bool,
    pub(super) names: LaunchNames,
}

impl Subnet {
    /// A subnet of a VPC of one's own: its instances have no public addresses.
    pub(super) fn new(vpc_id: &str, zone: Zone, cidr: Ipv4Net) -> Self {
        Self {
            id: ids::ec2("subnet"),
            vpc_id: vpc_id.to_owned(),
            zone: zone.name,
            zone_id: zone.id,
            cidr,
            is_default: false,
            maps_public_addresses: false,
            names: LaunchNames::default(),
        }
    }

    /// The subnets of a default VPC: a /20 for each zone.
    pub(super) fn default_ones(vpc_id: &str, region: &str) -> Vec<Self> {
        let ranges = vpc::DEFAULT_CIDR.subnets(20).into_iter().flatten();
        let zones = zones_of(region).into_iter();
        zones.zip(ranges).map(|(zone, cidr)| Self::default_one(vpc_id, zone, cidr)).collect()
    }

    /// What a default subnet of a zone may be: each /20 of a default VPC.
    pub(super) fn default_ranges(vpc_id: &str, zone: Zone) -> impl Iterator<Item = Self> {
        let ranges = vpc::DEFAULT_CIDR.subnets(20).into_iter().flatten();
        ranges.map(move |cidr| Self::default_one(vpc_id, zone.clone(), cidr))
    }

    fn default_one(vpc_id: &str, zone: Zone, cidr: Ipv4Net) -> Self {
        Self { is_default: true, maps_public_addresses: true, ..Self::new(vpc_id, zone, cidr) }
    }

    /// Whether a range has addresses of this subnet.
    pub(super) fn overlaps(&self, cidr: &Ipv4Net) -> bool {
        self.cidr.contains(&cidr.network()) || cidr.contains(&self.cidr.network())
    }

    /// Whether an interface can have an address of this subnet.
    pub(super) fn has(&self, address: Ipv4Addr) -> bool {
        self.cidr.contains(&address)
            && !self.cidr.hosts().take(RESERVED - 1).any(|taken| taken == address)
            && address != self.cidr.network()
            && address != self.cidr.broadcast()
    }

    /// The addresses that nobody has yet.
    pub(super) fn free_addresses<'a>(&'a self, region: &'a Region) -> impl Iterator<Item = Ipv4Addr> + 'a {
        let taken: std::collections::BTreeSet<Ipv4Addr> = region
            .interfaces
            .values()
            .filter(|one| one.subnet_id == self.id)
            .flat_map(NetworkInterface::addresses)
            .collect();
        self.cidr.hosts().skip(RESERVED - 1).filter(move |address| !taken.contains(address))
    }

    fn free_count(&self, region: &Region) -> usize {
        self.free_addresses(region).count()
    }
}

impl Described for Subnet {
    const FILTERS: &'static [&'static str] = &[
        "availability-zone",
        "availabilityZone",
        "availability-zone-id",
        "available-ip-address-count",
        "cidr",
        "cidr-block",
        "cidrBlock",
        "default-for-az",
        "defaultForAz",
        "map-public-ip-on-launch",
        "owner-id",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        vec![match filter {
            "availability-zone" | "availabilityZone" => self.zone.clone(),
            "availability-zone-id" => self.zone_id.clone(),
            "available-ip-address-count" => self.free_count(region).to_string(),
            "cidr" | "cidr-block" | "cidrBlock" => self.cidr.to_string(),
            "default-for-az" | "defaultForAz" => self.is_default.to_string(),
            "map-public-ip-on-launch" => self.maps_public_addresses.to_string(),
            "owner-id" => region.scope.account.clone(),
            "state" => "available".to_owned(),
            "subnet-arn" => region.arn(Kind::Subnet, &self.id),
            "subnet-id" => self.id.clone(),
            _ => self.vpc_id.clone(),
        }]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    subnet_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    subnet_set: Vec<SubnetItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubnetItem {
    subnet_id: String,
    subnet_arn: String,
    state: &'static str,
    vpc_id: String,
    owner_id: String,
    cidr_block: String,
    available_ip_address_count: usize,
    availability_zone: String,
    availability_zone_id: String,
    default_for_az: bool,
    map_public_ip_on_launch: bool,
    assign_ipv6_address_on_creation: bool,
    ipv6_cidr_block_association_set: [(); 0],
    ipv6_native: bool,
    map_customer_owned_ip_on_launch: bool,
    enable_dns64: bool,
    private_dns_name_options_on_launch: LaunchNames,
    tag_set: Vec<Tag>,
}

/// How the instances of a subnet are named inside the VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LaunchNames {
    pub(super) hostname_type: String,
    #[serde(rename = "enableResourceNameDnsARecord")]
    pub(super) a_record: bool,
    #[serde(rename = "enableResourceNameDnsAAAARecord")]
    pub(super) aaaa_record: bool,
}

impl Default for LaunchNames {
    fn default() -> Self {
        Self { hostname_type: "ip-name".to_owned(), a_record: false, aaaa_record: false }
    }
}

impl SubnetItem {
    pub(super) fn of(subnet: &Subnet, region: &Region) -> Self {
        Self {
            subnet_id: subnet.id.clone(),
            subnet_arn: region.arn(Kind::Subnet, &subnet.id),
            state: "available",
            vpc_id: subnet.vpc_id.clone(),
            owner_id: region.scope.account.clone(),
            cidr_block: subnet.cidr.to_string(),
            available_ip_address_count: subnet.free_count(region),
            availability_zone: subnet.zone.clone(),
            availability_zone_id: subnet.zone_id.clone(),
            default_for_az: subnet.is_default,
            map_public_ip_on_launch: subnet.maps_public_addresses,
            assign_ipv6_address_on_creation: false,
            ipv6_cidr_block_association_set: [],
            ipv6_native: false,
            map_customer_owned_ip_on_launch: false,
            enable_dns64: false,
            private_dns_name_options_on_launch: subnet.names.clone(),
            tag_set: region.tags.of(&subnet.id).to_vec(),
        }
    }
}

/// `DescribeSubnets`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    Kind::Subnet.check_all(&input.subnet_id)?;
    if let Some(absent) = input.subnet_id.iter().find(|id| !region.subnets.contains_key(*id)) {
        return Err(Kind::Subnet.not_found(absent));
    }
    let subnets = region.subnets.values();
    let subnets = subnets.filter(|subnet| input.subnet_id.is_empty() || input.subnet_id.contains(&subnet.id));
    let subnets = select(region, subnets, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(subnets, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let subnet_set = page.items.into_iter().map(|subnet| SubnetItem::of(subnet, region)).collect();
    call.reply(&DescribeOutput { subnet_set, next_token: page.next_token })
}
