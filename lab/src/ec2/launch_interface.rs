//! The interfaces of a launch: those that the call spells out, those that are there already, or one made of the call's own
//! parameters.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::Deserialize;

use super::interface::{Attachment, NetworkInterface, public_address};
use super::interface_attachment::in_use;
use super::interface_plan::{Plan, worn_in};
use super::private_address::{AddressInput, Addresses};
use super::region::Region;
use super::resource_id::Kind;
use super::subnet::Subnet;
use super::{combination, invalid_value};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::ids;

/// `NetworkInterface.N` of a launch.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    network_interface_id: Option<String>,
    device_index: Option<u32>,
    subnet_id: Option<String>,
    #[serde(default)]
    security_group_id: Vec<String>,
    description: Option<String>,
    private_ip_address: Option<Ipv4Addr>,
    #[serde(default)]
    private_ip_addresses: Vec<AddressInput>,
    secondary_private_ip_address_count: Option<i64>,
    delete_on_termination: Option<bool>,
    associate_public_ip_address: Option<bool>,
    interface_type: Option<String>,
    network_card_index: Option<u32>,
}

/// What the launch itself says of its one interface, when it spells out none.
pub(super) struct OfLaunch<'a> {
    pub(super) subnet_id: Option<&'a str>,
    pub(super) security_group_id: &'a [String],
    pub(super) security_group: &'a [String],
    pub(super) private_ip_address: Option<Ipv4Addr>,
    /// The zone that is asked for.
    pub(super) zone: Option<&'a str>,
}

/// The interfaces of each instance of a launch, their parameters checked; the primary one first.
pub(super) struct Interfaces(Vec<Wanted>);

struct Wanted {
    device_index: u32,
    delete_on_termination: bool,
    source: Source,
}

enum Source {
    /// One to be made.
    New(Plan),
    /// One that is there, which at most one instance can have.
    Existing(NetworkInterface),
}

impl Input {
    fn check_unsupported(&self, call: &Call) -> Result<(), AwsError> {
        if self.interface_type.as_deref().is_some_and(|kind| kind != "interface") {
            return Err(call.unsupported_parameter("NetworkInterface.InterfaceType"));
        }
        if self.network_card_index.is_some_and(|index| index != 0) {
            return Err(call.unsupported_parameter("NetworkInterface.NetworkCardIndex"));
        }
        Ok(())
    }

    fn wanted(&self, region: &Region, zone: Option<&str>) -> Result<Wanted, AwsError> {
        let device_index =
            self.device_index.ok_or_else(|| invalid_value("Each network interface requires a device index."))?;
        if let Some(id) = &self.network_interface_id {
            let interface = region.interface(id)?;
            let describes_another = self.subnet_id.is_some()
                || !self.security_group_id.is_empty()
                || self.private_ip_address.is_some()
                || !self.private_ip_addresses.is_empty()
                || self.associate_public_ip_address.is_some();
            if describes_another {
                return Err(combination(
                    "A network interface may not specify a network interface ID and what a new one would be made of",
                ));
            }
            if interface.attachment.is_some() {
                return Err(in_use(id));
            }
            let delete_on_termination = self.delete_on_termination.unwrap_or(false);
            return Ok(Wanted { device_index, delete_on_termination, source: Source::Existing(interface.clone()) });
        }
        let subnet = subnet(region, self.subnet_id.as_deref(), zone)?;
        let plan = Plan {
            groups: worn_in(region, &self.security_group_id, subnet)?,
            subnet: subnet.clone(),
            description: self.description.clone().unwrap_or_default(),
            addresses: Addresses::of(
                self.private_ip_address,
                &self.private_ip_addresses,
                self.secondary_private_ip_address_count,
            )?,
            is_public: self.associate_public_ip_address.unwrap_or(device_index == 0 && subnet.maps_public_addresses),
        };
        let delete_on_termination = self.delete_on_termination.unwrap_or(true);
        Ok(Wanted { device_index, delete_on_termination, source: Source::New(plan) })
    }
}

impl OfLaunch<'_> {
    fn wanted(&self, region: &Region) -> Result<Wanted, AwsError> {
        if self.subnet_id.is_some() && !self.security_group.is_empty() {
            return Err(combination("The parameter groupName cannot be used with the parameter subnet"));
        }
        let mut groups = self.security_group_id.to_vec();
        for name in self.security_group {
            groups.push(region.group_named(name)?.id.clone());
        }
        let subnet = subnet(region, self.subnet_id, self.zone)?;
        let plan = Plan {
            groups: worn_in(region, &groups, subnet)?,
            subnet: subnet.clone(),
            description: String::new(),
            addresses: Addresses::of(self.private_ip_address, &[], None)?,
            is_public: subnet.maps_public_addresses,
        };
        Ok(Wanted { device_index: 0, delete_on_termination: true, source: Source::New(plan) })
    }
}

/// The subnet that is named, or the default VPC's subnet in the zone that is asked for.
fn subnet<'a>(region: &'a Region, id: Option<&str>, zone: Option<&str>) -> Result<&'a Subnet, AwsError> {
    if let Some(id) = id {
        Kind::Subnet.check(id)?;
        let subnet = region.subnets.get(id).ok_or_else(|| Kind::Subnet.not_found(id))?;
        if zone.is_some_and(|zone| zone != subnet.zone) {
            let message = format!("The subnet '{id}' is not in the availability zone of the request");
            return Err(AwsError::bad_request("InvalidParameter", message));
        }
        return Ok(subnet);
    }
    let vpc = region.default_vpc()?;
    let mut subnets: Vec<&Subnet> = region.subnets.values().filter(|one| one.vpc_id == vpc.id).collect();
    subnets.sort_by(|a, b| a.zone.cmp(&b.zone));
    if subnets.is_empty() {
        let message = format!("No subnets found for the default VPC '{}'. Please specify a subnet.", vpc.id);
        return Err(AwsError::bad_request("MissingInput", message));
    }
    let found = subnets.into_iter().find(|one| zone.is_none_or(|zone| zone == one.zone));
    found.ok_or_else(|| invalid_value(format!("Invalid availability zone: [{}]", zone.unwrap_or_default())))
}

impl Interfaces {
    /// Reads and checks what a launch says of its interfaces.
    pub(super) fn of(call: &Call, region: &Region, inputs: &[Input], launch: &OfLaunch) -> Result<Self, AwsError> {
        if inputs.is_empty() {
            return Ok(Self(vec![launch.wanted(region)?]));
        }
        if launch.subnet_id.is_some() {
            return Err(combination(
                "Network interfaces and an instance-level subnet ID may not be specified on the same request",
            ));
        }
        if !launch.security_group_id.is_empty() || !launch.security_group.is_empty() {
            return Err(combination(
                "Network interfaces and an instance-level security groups may not be specified on the same request",
            ));
        }
        let mut all = Vec::with_capacity(inputs.len());
        for input in inputs {
            input.check_unsupported(call)?;
            all.push(input.wanted(region, launch.zone)?);
        }
        all.sort_by_key(|wanted| wanted.device_index);
        if all.iter().zip(0..).any(|(wanted, index)| wanted.device_index != index) {
            return Err(invalid_value("Each network interface requires a device index of its own, from 0 on."));
        }
        let mut existing = BTreeSet::new();
        for wanted in &all {
            if let Source::Existing(interface) = &wanted.source
                && !existing.insert(&interface.id)
            {
                return Err(in_use(&interface.id));
            }
        }
        let zones: BTreeSet<&str> = all.iter().map(Wanted::zone).collect();
        if zones.len() > 1 {
            return Err(combination("All network interfaces of an instance must be in the same availability zone"));
        }
        Ok(Self(all))
    }

    /// Zone, subnet and VPC of the primary interface, which are the instance's.
    pub(super) fn place(&self) -> (String, String, String) {
        let of = |zone: &String, subnet: &String, vpc: &String| (zone.clone(), subnet.clone(), vpc.clone());
        match self.0.first().map(|wanted| &wanted.source) {
            Some(Source::New(plan)) => of(&plan.subnet.zone, &plan.subnet.id, &plan.subnet.vpc_id),
            Some(Source::Existing(one)) => of(&one.zone, &one.subnet_id, &one.vpc_id),
            None => Default::default(),
        }
    }

    fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.0.iter().filter_map(|wanted| match &wanted.source {
            Source::New(plan) => Some(plan),
            Source::Existing(_) => None,
        })
    }

    /// How many instances there will be, out of `least` to `most`: as many as have addresses.
    pub(super) fn count(&self, region: &Region, (least, most): (usize, usize)) -> Result<usize, AwsError> {
        let mut count = most;
        let mut named = BTreeSet::new();
        for plan in self.plans() {
            plan.addresses.check(&plan.subnet, region)?;
            if most > 1 && plan.addresses.named().next().is_some() {
                return Err(combination("The parameter privateIpAddress cannot be used with more than one instance"));
            }
            if let Some(twice) = plan.addresses.named().find(|address| !named.insert((&plan.subnet.id, *address))) {
                return Err(super::private_address::in_use(twice));
            }
            let sharing = self.plans().filter(|one| one.subnet.id == plan.subnet.id);
            let each: usize = sharing.map(|one| one.addresses.count()).sum();
            count = count.min(plan.subnet.free_addresses(region).take(most.saturating_mul(each)).count() / each.max(1));
        }
        if most > 1 && self.plans().count() < self.0.len() {
            return Err(combination("A network interface ID cannot be used with more than one instance"));
        }
        if count < least {
            let message = "The specified subnet does not have enough free addresses to satisfy the request.";
            return Err(AwsError::bad_request("InsufficientFreeAddressesInSubnet", message));
        }
        Ok(count)
    }

    /// Gives an instance its interfaces; their ids, the primary one first.
    pub(super) fn attach(&self, instance_id: &str, region: &mut Region, now: Timestamp) -> Vec<String> {
        let reserved: Vec<Ipv4Addr> = self.plans().flat_map(|plan| plan.addresses.named()).collect();
        let mut ids = Vec::with_capacity(self.0.len());
        for wanted in &self.0 {
            let made = match &wanted.source {
                // `count` made sure that there are addresses.
                Source::New(plan) => plan.make(region, &reserved),
                Source::Existing(interface) => Some(interface.clone()),
            };
            let Some(mut interface) = made else { continue };
            if interface.wants_public_address {
                interface.public_address = Some(public_address());
            }
            interface.attachment = Some(Attachment {
                id: ids::ec2("eni-attach"),
                instance_id: instance_id.to_owned(),
                device_index: wanted.device_index,
                delete_on_termination: wanted.delete_on_termination,
                attached: now,
            });
            ids.push(interface.id.clone());
            region.interfaces.insert(interface.id.clone(), interface);
        }
        ids
    }

    /// Whether an interface is one that the launch makes, and can tag.
    pub(super) fn makes(&self, id: &str) -> bool {
        !self.0.iter().any(|wanted| matches!(&wanted.source, Source::Existing(one) if one.id == id))
    }
}

impl Wanted {
    fn zone(&self) -> &str {
        match &self.source {
            Source::New(plan) => &plan.subnet.zone,
            Source::Existing(interface) => &interface.zone,
        }
    }
}
