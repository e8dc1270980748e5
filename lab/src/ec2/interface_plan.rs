//! An interface that a call is about to make: where it will be, what it will wear, which addresses it will have.
//! `RunInstances` and `CreateNetworkInterface` make theirs alike.

use std::net::Ipv4Addr;

use super::interface::{MOST_GROUPS, NetworkInterface};
use super::private_address::Addresses;
use super::region::Region;
use super::subnet::Subnet;
use crate::gateway::error::AwsError;
use crate::ids;

/// An interface whose parameters are checked.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) subnet: Subnet,
    pub(super) groups: Vec<String>,
    pub(super) description: String,
    pub(super) addresses: Addresses,
    /// Whether it gets a public address with its instance.
    pub(super) is_public: bool,
}

impl Plan {
    /// The interface, attached to nothing; none if the subnet has no address left. `reserved` are addresses that others
    /// of the same call are to have.
    pub(super) fn make(&self, region: &Region, reserved: &[Ipv4Addr]) -> Option<NetworkInterface> {
        let (address, secondary) = self.addresses.pick(&self.subnet, region, reserved)?;
        let mac: Vec<String> = (0..5).map(|_| ids::hex(2)).collect();
        Some(NetworkInterface {
            id: ids::ec2("eni"),
            subnet_id: self.subnet.id.clone(),
            vpc_id: self.subnet.vpc_id.clone(),
            zone: self.subnet.zone.clone(),
            description: self.description.clone(),
            address,
            secondary,
            public_address: None,
            wants_public_address: self.is_public,
            mac: format!("02:{}", mac.join(":")),
            groups: self.groups.clone(),
            source_dest_check: true,
            attachment: None,
            requester_id: None,
        })
    }
}

/// The groups of an interface: those that are named, which must be usable in its VPC, or the VPC's default group.
pub(super) fn worn_in(region: &Region, ids: &[String], subnet: &Subnet) -> Result<Vec<String>, AwsError> {
    let mut groups: Vec<String> = Vec::with_capacity(ids.len());
    for id in ids {
        if !region.is_usable_in(region.group(id)?, &subnet.vpc_id) {
            let message = format!("Security group {id} and subnet {} belong to different networks.", subnet.id);
            return Err(AwsError::bad_request("InvalidParameter", message));
        }
        if !groups.contains(id) {
            groups.push(id.clone());
        }
    }
    if groups.is_empty() {
        let of_vpc = region.groups.values().find(|group| group.vpc_id == subnet.vpc_id && group.is_default());
        groups.extend(of_vpc.map(|group| group.id.clone()));
    }
    check_group_count(&groups)?;
    Ok(groups)
}

/// Refuses more groups than an interface can wear.
pub(super) fn check_group_count(groups: &[String]) -> Result<(), AwsError> {
    if groups.len() <= MOST_GROUPS {
        return Ok(());
    }
    let message = "The maximum number of security groups per interface has been reached.";
    Err(AwsError::bad_request("SecurityGroupsPerInterfaceLimitExceeded", message))
}
