//! `CreateDefaultVpc` and `CreateDefaultSubnet`: what an account has from the start, for those who deleted it.

use serde::{Deserialize, Serialize};

use super::region::Region;
use super::subnet::{Subnet, SubnetItem};
use super::vpc::{Vpc, VpcItem};
use super::zone::zones_of;
use super::{dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct VpcInput {
    dry_run: Option<bool>,
}

#[derive(Serialize)]
struct VpcOutput {
    vpc: VpcItem,
}

/// `CreateDefaultVpc`, with a subnet in each zone.
pub(super) fn create_vpc(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: VpcInput = call.input()?;
    dry_run_ends(input.dry_run)?;
    if region.default_vpc().is_ok() {
        let message = "A Default VPC already exists for this account in this region.";
        return Err(AwsError::bad_request("DefaultVpcAlreadyExists", message));
    }
    let vpc = Vpc::default_one();
    let output = VpcOutput { vpc: VpcItem::of(&vpc, region, "pending") };
    region.add_default_vpc(vpc);
    call.reply(&output)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SubnetInput {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
struct SubnetOutput {
    subnet: SubnetItem,
}

/// `CreateDefaultSubnet`: in a zone of the default VPC that has none.
pub(super) fn create_subnet(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: SubnetInput = call.input()?;
    let (by_name, by_id) = (input.availability_zone.as_ref(), input.availability_zone_id.as_ref());
    let wanted = by_name.or(by_id).ok_or_else(|| super::missing("availabilityZone"))?;
    let zone = zones_of(&region.scope.region).into_iter().find(|zone| zone.name == *wanted || zone.id == *wanted);
    let zone =
        zone.ok_or_else(|| invalid_value(format!("Value ({wanted}) for parameter availabilityZone is invalid.")))?;
    let vpc = region.vpcs.values().find(|vpc| vpc.is_default).ok_or_else(|| {
        let message = "No default VPC exists for this account in this region.";
        AwsError::bad_request("DefaultVpcDoesNotExist", message)
    })?;
    dry_run_ends(input.dry_run)?;
    let of_vpc = || region.subnets.values().filter(|subnet| subnet.vpc_id == vpc.id);
    if let Some(there) = of_vpc().find(|subnet| subnet.is_default && subnet.zone == zone.name) {
        let message = format!("'{}' is already the default subnet in {}.", there.id, zone.name);
        return Err(AwsError::bad_request("DefaultSubnetAlreadyExistsInAvailabilityZone", message));
    }
    let free = |one: &Subnet| !of_vpc().any(|other| other.overlaps(&one.cidr));
    let made = Subnet::default_ranges(&vpc.id, zone).find(free).ok_or_else(|| {
        AwsError::bad_request("InsufficientCidrBlocks", "The default VPC has no range left for a default subnet.")
    })?;
    let output = SubnetOutput { subnet: SubnetItem::of(&made, region) };
    region.subnets.insert(made.id.clone(), made);
    call.reply(&output)
}
