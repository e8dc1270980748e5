//! `DescribeVpcAttribute` and `ModifyVpcAttribute`: names of hosts, and metrics of addresses.

use serde::{Deserialize, Serialize};

use super::region::Region;
use super::resource_id::Kind;
use super::{Done, combination, dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The attributes of a VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Attributes {
    dns_support: bool,
    dns_hostnames: bool,
    address_metrics: bool,
}

impl Attributes {
    /// Those of a new VPC. The default one names its hosts, others do not.
    pub(super) const fn new(is_default: bool) -> Self {
        Self { dns_support: true, dns_hostnames: is_default, address_metrics: false }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase"), deny_unknown_fields)]
struct Flag {
    value: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    vpc_id: String,
    attribute: String,
    dry_run: Option<bool>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    vpc_id: String,
    enable_dns_support: Option<Flag>,
    enable_dns_hostnames: Option<Flag>,
    enable_network_address_usage_metrics: Option<Flag>,
}

/// `DescribeVpcAttribute`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let vpc = region.vpc(&input.vpc_id)?;
    let mut output = DescribeOutput { vpc_id: vpc.id.clone(), ..DescribeOutput::default() };
    let flag = |value| Some(Flag { value });
    match input.attribute.as_str() {
        "enableDnsSupport" => output.enable_dns_support = flag(vpc.attributes.dns_support),
        "enableDnsHostnames" => output.enable_dns_hostnames = flag(vpc.attributes.dns_hostnames),
        "enableNetworkAddressUsageMetrics" => {
            output.enable_network_address_usage_metrics = flag(vpc.attributes.address_metrics);
        }
        other => return Err(invalid_value(format!("Value ({other}) for parameter attribute is invalid."))),
    }
    dry_run_ends(input.dry_run)?;
    call.reply(&output)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ModifyInput {
    vpc_id: String,
    enable_dns_support: Option<Flag>,
    enable_dns_hostnames: Option<Flag>,
    enable_network_address_usage_metrics: Option<Flag>,
}

/// `ModifyVpcAttribute`: one attribute at a time.
pub(super) fn modify(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: ModifyInput = call.input()?;
    region.vpc(&input.vpc_id)?;
    let (support, names) = (input.enable_dns_support, input.enable_dns_hostnames);
    let metrics = input.enable_network_address_usage_metrics;
    match [support, names, metrics].into_iter().flatten().count() {
        1 => {}
        0 => return Err(combination("No attributes specified.")),
        _ => {
            return Err(combination(
                "Fields for multiple attribute types specified: only one may be modified at a time",
            ));
        }
    }
    let vpc = region.vpcs.get_mut(&input.vpc_id).ok_or_else(|| Kind::Vpc.not_found(&input.vpc_id))?;
    let set = |attribute: &mut bool, flag: Option<Flag>| *attribute = flag.map_or(*attribute, |flag| flag.value);
    set(&mut vpc.attributes.dns_support, support);
    set(&mut vpc.attributes.dns_hostnames, names);
    set(&mut vpc.attributes.address_metrics, metrics);
    call.reply(&Done::YES)
}
