//! The private addresses of an interface: the primary one, and any number beside it.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::region::Region;
use super::resource_id::Kind;
use super::subnet::Subnet;
use super::{Done, combination, invalid_value, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// `PrivateIpAddresses.N`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct AddressInput {
    private_ip_address: Option<Ipv4Addr>,
    primary: Option<bool>,
}

/// The addresses that a call asks for: those that it names, and how many more it leaves to EC2.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    primary: Option<Ipv4Addr>,
    secondary: Vec<Ipv4Addr>,
    more: usize,
}

impl Addresses {
    /// Reads the three parameters that speak of addresses: `PrivateIpAddress`, `PrivateIpAddresses` and
    /// `SecondaryPrivateIpAddressCount`.
    pub(super) fn of(primary: Option<Ipv4Addr>, listed: &[AddressInput], more: Option<i64>) -> Result<Self, AwsError> {
        if !listed.is_empty() && more.is_some() {
            return Err(combination(
                "The parameter privateIpAddresses cannot be used with the parameter secondaryPrivateIpAddressCount",
            ));
        }
        let more = usize::try_from(more.unwrap_or(0))
            .map_err(|_| invalid_value("The secondary private IP address count must not be negative"))?;
        let mut wanted = Self { primary, secondary: Vec::new(), more };
        for one in listed {
            let address = one.private_ip_address.ok_or_else(|| missing("privateIpAddress"))?;
            if one.primary != Some(true) {
                wanted.secondary.push(address);
            } else if wanted.primary.replace(address).is_some() {
                return Err(combination("Only one primary private IP address can be specified"));
            }
        }
        Ok(wanted)
    }

    /// How many addresses there will be.
    pub(super) fn count(&self) -> usize {
        1 + self.secondary.len() + self.more
    }

    /// The addresses that the call names.
    pub(super) fn named(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        self.primary.iter().chain(&self.secondary).copied()
    }

    /// Refuses addresses that are not the subnet's, that somebody has, or that are named twice.
    pub(super) fn check(&self, subnet: &Subnet, region: &Region) -> Result<(), AwsError> {
        let mut seen = BTreeSet::new();
        for address in self.named() {
            if !subnet.has(address) {
                let message = format!("Address {address} does not fall within the subnet's address range");
                return Err(invalid_value(message));
            }
            if !seen.insert(address) || region.holder_of(&subnet.id, address).is_some() {
                return Err(in_use(address));
            }
        }
        Ok(())
    }

    /// The primary address and the others; none if the subnet has too few.
    pub(super) fn pick(
        &self,
        subnet: &Subnet,
        region: &Region,
        reserved: &[Ipv4Addr],
    ) -> Option<(Ipv4Addr, Vec<Ipv4Addr>)> {
        let named: Vec<Ipv4Addr> = self.named().chain(reserved.iter().copied()).collect();
        let mut free = subnet.free_addresses(region).filter(|address| !named.contains(address));
        let primary = self.primary.or_else(|| free.next())?;
        let mut secondary = self.secondary.clone();
        for _ in 0..self.more {
            secondary.push(free.next()?);
        }
        Some((primary, secondary))
    }
}

/// The refusal of an address that somebody has.
pub(super) fn in_use(address: Ipv4Addr) -> AwsError {
    AwsError::bad_request("InvalidIPAddress.InUse", format!("Address {address} is in use."))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AssignInput {
    network_interface_id: String,
    #[serde(default)]
    private_ip_address: Vec<Ipv4Addr>,
    secondary_private_ip_address_count: Option<i64>,
    allow_reassignment: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssignOutput {
    network_interface_id: String,
    assigned_private_ip_addresses_set: Vec<Assigned>,
    #[serde(rename = "return")]
    done: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Assigned {
    private_ip_address: Ipv4Addr,
}

/// `AssignPrivateIpAddresses`: the interface gets secondary addresses, from another one of the subnet if the call allows it.
pub(super) fn assign(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: AssignInput = call.input()?;
    let id = &input.network_interface_id;
    let interface = region.interface(id)?;
    let count = match (input.private_ip_address.is_empty(), input.secondary_private_ip_address_count) {
        (true, None) => return Err(missing("secondaryPrivateIpAddressCount or privateIpAddress")),
        (false, Some(_)) => {
            return Err(combination(
                "The parameter privateIpAddress cannot be used with the parameter secondaryPrivateIpAddressCount",
            ));
        }
        (_, count) => usize::try_from(count.unwrap_or(0))
            .map_err(|_| invalid_value("The secondary private IP address count must not be negative"))?,
    };
    let subnet =
        region.subnets.get(&interface.subnet_id).ok_or_else(|| Kind::Subnet.not_found(&interface.subnet_id))?;
    let mut assigned = input.private_ip_address;
    for address in &assigned {
        if !subnet.has(*address) {
            return Err(invalid_value(format!("Address {address} does not fall within the subnet's address range")));
        }
        let Some(holder) = region.holder_of(&subnet.id, *address) else { continue };
        let may_move = input.allow_reassignment == Some(true) && holder.address != *address;
        if holder.id != *id && !may_move {
            return Err(in_use(*address));
        }
    }
    assigned.extend(subnet.free_addresses(region).take(count));
    if count > 0 && assigned.len() < count {
        let message = format!("{} does not have enough free addresses to satisfy the request.", subnet.id);
        return Err(AwsError::bad_request("InsufficientFreeAddressesInSubnet", message));
    }
    let subnet_id = subnet.id.clone();
    for other in region.interfaces.values_mut().filter(|one| one.subnet_id == subnet_id) {
        other.secondary.retain(|address| !assigned.contains(address));
    }
    if let Some(interface) = region.interfaces.get_mut(id) {
        let primary = interface.address;
        interface.secondary.extend(assigned.iter().copied().filter(|address| *address != primary));
    }
    call.reply(&AssignOutput {
        network_interface_id: id.clone(),
        assigned_private_ip_addresses_set: assigned
            .into_iter()
            .map(|private_ip_address| Assigned { private_ip_address })
            .collect(),
        done: true,
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UnassignInput {
    network_interface_id: String,
    #[serde(default)]
    private_ip_address: Vec<Ipv4Addr>,
}

/// `UnassignPrivateIpAddresses`: all of the call's addresses or none; the primary one stays.
pub(super) fn unassign(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: UnassignInput = call.input()?;
    let id = &input.network_interface_id;
    let interface = region.interface(id)?;
    if input.private_ip_address.is_empty() {
        return Err(missing("privateIpAddress"));
    }
    let is_absent = |address: &&Ipv4Addr| !interface.secondary.contains(address);
    if input.private_ip_address.iter().any(|address| is_absent(&address)) {
        let message = format!("Some of the specified addresses are not assigned to interface {id}");
        return Err(invalid_value(message));
    }
    if let Some(interface) = region.interfaces.get_mut(id) {
        interface.secondary.retain(|address| !input.private_ip_address.contains(address));
    }
    call.reply(&Done::YES)
}
