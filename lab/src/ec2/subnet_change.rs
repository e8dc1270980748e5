//! `CreateSubnet`, `DeleteSubnet` and `ModifySubnetAttribute`.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::region::Region;
use super::resource_id::Kind;
use super::subnet::{Subnet, SubnetItem};
use super::tag::{self, TagSpecification};
use super::zone::zones_of;
use super::{Done, combination, dry_run_ends, invalid_value, missing, one_of};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    vpc_id: String,
    cidr_block: Option<String>,
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    #[serde(default)]
    tag_specification: Vec<TagSpecification>,
    #[serde(alias = "dryRun")]
    dry_run: Option<bool>,
}

#[derive(Serialize)]
struct CreateOutput {
    subnet: SubnetItem,
}

/// `CreateSubnet`; IPv4 only.
pub(super) fn create(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    let vpc = region.vpc(&input.vpc_id)?;
    let text = input.cidr_block.ok_or_else(|| missing("cidrBlock"))?;
    let cidr = text.parse::<Ipv4Net>().map_err(|_| {
        invalid_value(format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."))
    })?;
    let cidr = cidr.trunc();
    if !vpc.cidr.contains(&cidr) || !(16..=28).contains(&cidr.prefix_len()) {
        return Err(AwsError::bad_request("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    if region.subnets.values().any(|subnet| subnet.vpc_id == vpc.id && subnet.overlaps(&cidr)) {
        let message = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(AwsError::bad_request("InvalidSubnet.Conflict", message));
    }
    let zones = zones_of(&region.scope.region);
    let (by_name, by_id) = (input.availability_zone.as_ref(), input.availability_zone_id.as_ref());
    let wanted = |name: &str, id: &str| by_name.is_none_or(|one| one == name) && by_id.is_none_or(|one| one == id);
    let zone = zones.into_iter().find(|zone| wanted(&zone.name, &zone.id)).ok_or_else(|| {
        let named = by_name.or(by_id).map(String::as_str).unwrap_or_default();
        let names: Vec<String> = zones_of(&region.scope.region).into_iter().map(|zone| zone.name).collect();
        let message = format!(
            "Value ({named}) for parameter availabilityZone is invalid. Subnets can currently only be created in the \
             following availability zones: {}.",
            names.join(", ")
        );
        invalid_value(message)
    })?;
    let tags = tag::of_specification(&input.tag_specification, Kind::Subnet.resource_type())?;
    dry_run_ends(input.dry_run)?;
    let subnet = Subnet::new(&vpc.id, zone, cidr);
    region.tags.put(&subnet.id, &tags);
    let output = CreateOutput { subnet: SubnetItem::of(&subnet, region) };
    region.subnets.insert(subnet.id.clone(), subnet);
    call.reply(&output)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    subnet_id: String,
    dry_run: Option<bool>,
}

/// `DeleteSubnet`: refused while an interface is in it.
pub(super) fn delete(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: DeleteInput = call.input()?;
    let id = &input.subnet_id;
    Kind::Subnet.check(id)?;
    if !region.subnets.contains_key(id) {
        return Err(Kind::Subnet.not_found(id));
    }
    dry_run_ends(input.dry_run)?;
    if region.interfaces.values().any(|interface| interface.subnet_id == *id) {
        let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
        return Err(AwsError::bad_request("DependencyViolation", message));
    }
    region.subnets.remove(id);
    region.tags.forget(id);
    call.reply(&Done::YES)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ModifyInput {
    #[serde(alias = "subnetId")]
    subnet_id: String,
    map_public_ip_on_launch: Option<Flag>,
    enable_resource_name_dns_a_record_on_launch: Option<Flag>,
    #[serde(rename = "EnableResourceNameDnsAAAARecordOnLaunch")]
    enable_resource_name_dns_aaaa_record_on_launch: Option<Flag>,
    private_dns_hostname_type_on_launch: Option<String>,
    assign_ipv6_address_on_creation: Option<Flag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Flag {
    value: bool,
}

/// `ModifySubnetAttribute`: whether its instances get public addresses, and how they are named; one at a time.
pub(super) fn modify(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: ModifyInput = call.input()?;
    let id = &input.subnet_id;
    Kind::Subnet.check(id)?;
    let subnet = region.subnets.get_mut(id).ok_or_else(|| Kind::Subnet.not_found(id))?;
    let given = [
        input.map_public_ip_on_launch.is_some(),
        input.enable_resource_name_dns_a_record_on_launch.is_some(),
        input.enable_resource_name_dns_aaaa_record_on_launch.is_some(),
        input.private_dns_hostname_type_on_launch.is_some(),
        input.assign_ipv6_address_on_creation.is_some(),
    ];
    match given.into_iter().filter(|is_given| *is_given).count() {
        1 => {}
        0 => return Err(combination("No attributes specified.")),
        _ => {
            return Err(combination(
                "Fields for multiple attribute types specified: only one may be modified at a time",
            ));
        }
    }
    // The lab's subnets have no IPv6 addresses to assign.
    if input.assign_ipv6_address_on_creation.is_some_and(|flag| flag.value) {
        return Err(call.unsupported_parameter("AssignIpv6AddressOnCreation"));
    }
    if let Some(flag) = input.map_public_ip_on_launch {
        subnet.maps_public_addresses = flag.value;
    }
    if let Some(flag) = input.enable_resource_name_dns_a_record_on_launch {
        subnet.names.a_record = flag.value;
    }
    if let Some(flag) = input.enable_resource_name_dns_aaaa_record_on_launch {
        subnet.names.aaaa_record = flag.value;
    }
    if let Some(kind) = input.private_dns_hostname_type_on_launch {
        subnet.names.hostname_type =
            one_of("privateDnsHostnameTypeOnLaunch", Some(&kind), &["ip-name", "resource-name"])?;
    }
    call.reply(&Done::YES)
}
