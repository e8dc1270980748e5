//! EC2 as far as an alarm on security groups needs it: groups and their rules, and the instances that wear them.
//!
//! Every account has in every Region what AWS gives it: a default VPC (172.31.0.0/16) with a subnet in each zone, and the
//! VPC's default group. Parameters, ids and states are checked as EC2 checks them and refused with its codes and words;
//! operations and parameters that EC2 has and the lab does not are refused by name.
//!
//! - **Dry runs**: parameters and ids are checked, then a well-formed call answers 412 `DryRunOperation`; what depends on
//!   the state of the resource (a duplicate rule, a group in use) is not looked at, and nothing changes.
//! - **States**: an answer shows a transition (`pending`, `shutting-down`), and the next call sees its end. A terminated
//!   instance stays visible, as it does in AWS for an hour, but holds no group any more.
//! - **Atomicity**: a call with several rules of which one is refused changes nothing.
//!
//! Source: the Amazon EC2 API reference (version 2016-11-15) and its "Error codes for the Amazon EC2 API".

mod account;
mod attribute;
mod authorize;
mod aws_prefix_list;
mod block_device;
mod cpu;
mod description;
mod filter;
mod filter_names;
mod group;
mod image;
mod instance;
mod instance_type;
mod interface;
mod interface_attachment;
mod interface_attribute;
mod interface_creation;
mod interface_plan;
mod key_pair;
mod launch;
mod launch_interface;
mod lifecycle;
mod lookup;
mod metadata;
mod modify;
mod page;
mod peer;
mod permission;
mod prefix_list;
mod prefix_list_change;
mod private_address;
mod protocol;
mod region;
mod resource_id;
mod revoke;
mod route_table;
mod rule;
mod status;
mod subnet;
mod subnet_change;
mod summary;
mod tag;
#[cfg(test)]
mod tests;
mod user_data;
mod volume;
mod vpc;
mod vpc_association;
mod vpc_attribute;
mod vpc_default;
mod zone;

use serde::Serialize;
use serde_json::Value;

use self::region::Region;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::scope::Scoped;

/// The service: one [`Region`] for each account and Region.
#[derive(Debug, Default)]
pub(crate) struct Ec2 {
    regions: Scoped<Region>,
}

impl Ec2 {
    /// Serves one call.
    pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> {
        self.regions.with_or(&call.scope, Region::new, |region| dispatch(call, region))
    }

    /// Every Region that differs from what AWS gives an account, with all that is in it.
    pub(crate) fn snapshot(&self) -> Value {
        self.regions.snapshot(Region::snapshot)
    }
}

operations! { OPERATIONS =
    fn dispatch(call: &Call, region: &mut Region) -> Result<Reply, AwsError> match call.operation {
        "CreateSecurityGroup" => group::create(call, region),
        "DescribeSecurityGroups" => group::describe(call, region),
        "DeleteSecurityGroup" => group::delete(call, region),
        "AuthorizeSecurityGroupIngress" => authorize::ingress(call, region),
        "AuthorizeSecurityGroupEgress" => authorize::egress(call, region),
        "RevokeSecurityGroupIngress" => revoke::ingress(call, region),
        "RevokeSecurityGroupEgress" => revoke::egress(call, region),
        "DescribeSecurityGroupRules" => rule::describe(call, region),
        "ModifySecurityGroupRules" => modify::modify(call, region),
        "UpdateSecurityGroupRuleDescriptionsIngress" => description::update(call, region, false),
        "UpdateSecurityGroupRuleDescriptionsEgress" => description::update(call, region, true),
        "RunInstances" => launch::run(call, region),
        "DescribeInstances" => instance::describe(call, region),
        "DescribeInstanceStatus" => status::describe(call, region),
        "StartInstances" => lifecycle::start(call, region),
        "StopInstances" => lifecycle::stop(call, region),
        "RebootInstances" => lifecycle::reboot(call, region),
        "TerminateInstances" => lifecycle::terminate(call, region),
        "ModifyInstanceAttribute" => attribute::modify(call, region),
        "ModifyInstanceMetadataOptions" => metadata::modify(call, region),
        "DescribeInstanceAttribute" => attribute::describe(call, region),
        "ModifyNetworkInterfaceAttribute" => interface_attribute::modify(call, region),
        "CreateNetworkInterface" => interface_creation::create(call, region),
        "DeleteNetworkInterface" => interface_creation::delete(call, region),
        "AttachNetworkInterface" => interface_attachment::attach(call, region),
        "DetachNetworkInterface" => interface_attachment::detach(call, region),
        "AssignPrivateIpAddresses" => private_address::assign(call, region),
        "UnassignPrivateIpAddresses" => private_address::unassign(call, region),
        "DescribeNetworkInterfaceAttribute" => interface_attribute::describe(call, region),
        "DescribeNetworkInterfaces" => interface::describe(call, region),
        "DescribeImages" => image::describe(call),
        "CreateDefaultVpc" => vpc_default::create_vpc(call, region),
        "CreateDefaultSubnet" => vpc_default::create_subnet(call, region),
        "CreateVpc" => vpc::create(call, region),
        "DeleteVpc" => vpc::delete(call, region),
        "DescribeVpcs" => vpc::describe(call, region),
        "DescribeSubnets" => subnet::describe(call, region),
        "DescribeRegions" => zone::describe_regions(call),
        "DescribeAvailabilityZones" => zone::describe_zones(call),
        "DescribeAccountAttributes" => account::describe(call, region),
        "DescribeVpcAttribute" => vpc_attribute::describe(call, region),
        "ModifyVpcAttribute" => vpc_attribute::modify(call, region),
        "CreateSubnet" => subnet_change::create(call, region),
        "DeleteSubnet" => subnet_change::delete(call, region),
        "ModifySubnetAttribute" => subnet_change::modify(call, region),
        "DescribeRouteTables" => route_table::describe(call, region),
        "DescribeNetworkAcls" => route_table::describe_acls(call, region),
        "DescribeVolumes" => volume::describe(call, region),
        "DescribeInstanceTypes" => instance_type::describe(call, region),
        "DescribeInstanceCreditSpecifications" => instance_type::describe_credits(call, region),
        "DescribePrefixLists" => prefix_list::describe_gateways(call, region),
        "DescribeManagedPrefixLists" => prefix_list::describe_managed(call, region),
        "GetManagedPrefixListEntries" => prefix_list::entries(call, region),
        "GetManagedPrefixListAssociations" => prefix_list::associations(call, region),
        "CreateManagedPrefixList" => prefix_list_change::create(call, region),
        "ModifyManagedPrefixList" => prefix_list_change::modify(call, region),
        "RestoreManagedPrefixListVersion" => prefix_list_change::restore(call, region),
        "DeleteManagedPrefixList" => prefix_list_change::delete(call, region),
        "AssociateSecurityGroupVpc" => vpc_association::associate(call, region),
        "DisassociateSecurityGroupVpc" => vpc_association::disassociate(call, region),
        "DescribeSecurityGroupVpcAssociations" => vpc_association::describe(call, region),
        "GetSecurityGroupsForVpc" => vpc_association::of_vpc(call, region),
        "DescribeSecurityGroupReferences" => vpc_association::references(call, region),
        "CreateKeyPair" => key_pair::create(call, region),
        "ImportKeyPair" => key_pair::import(call, region),
        "DeleteKeyPair" => key_pair::delete(call, region),
        "DescribeKeyPairs" => key_pair::describe(call, region),
        "CreateTags" => tag::create(call, region),
        "DeleteTags" => tag::delete(call, region),
        "DescribeTags" => tag::describe(call, region),
        refused "AllocateAddress", "CreateFlowLogs", "CreateLaunchTemplate", "CreateNetworkAcl",
    }
}

/// The answer of the calls that have nothing to say.
#[derive(Serialize)]
struct Done {
    #[serde(rename = "return")]
    done: bool,
}

impl Done {
    const YES: Self = Self { done: true };
}

/// Ends a dry run: what comes after it would change something.
fn dry_run_ends(dry_run: Option<bool>) -> Result<(), AwsError> {
    if dry_run != Some(true) {
        return Ok(());
    }
    Err(AwsError::new(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."))
}

/// A parameter that a call cannot do without.
fn missing(name: &str) -> AwsError {
    AwsError::bad_request("MissingParameter", format!("The request must contain the parameter {name}"))
}

/// A value that EC2 does not take.
fn invalid_value(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterValue", message)
}

/// Parameters that exclude each other.
fn combination(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterCombination", message)
}

/// A value of an enumeration, the first where none is given.
fn one_of(name: &str, value: Option<&str>, known: &[&str]) -> Result<String, AwsError> {
    match value {
        None => Ok(known.first().copied().unwrap_or_default().to_owned()),
        Some(value) if known.contains(&value) => Ok(value.to_owned()),
        Some(value) => Err(invalid_value(format!("Value ({value}) for parameter {name} is invalid."))),
    }
}
