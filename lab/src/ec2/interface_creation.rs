//! `CreateNetworkInterface` and `DeleteNetworkInterface`: interfaces without an instance, at first.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::interface::{InterfaceItem, NetworkInterface};
use super::interface_plan::{Plan, worn_in};
use super::private_address::{AddressInput, Addresses};
use super::region::Region;
use super::resource_id::Kind;
use super::tag::{self, TagSpecification};
use super::{Done, dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;

/// A creation that had a client token.
#[derive(Clone, Debug)]
pub(super) struct Creation {
    params: Node,
    interface: NetworkInterface,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    subnet_id: String,
    description: Option<String>,
    private_ip_address: Option<Ipv4Addr>,
    #[serde(default)]
    private_ip_addresses: Vec<AddressInput>,
    secondary_private_ip_address_count: Option<i64>,
    #[serde(default)]
    security_group_id: Vec<String>,
    interface_type: Option<String>,
    client_token: Option<String>,
    #[serde(default)]
    tag_specification: Vec<TagSpecification>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateOutput {
    network_interface: InterfaceItem,
    client_token: Option<String>,
}

/// `CreateNetworkInterface`; IPv4 only.
pub(super) fn create(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    let id = &input.subnet_id;
    Kind::Subnet.check(id)?;
    let subnet = region.subnets.get(id).ok_or_else(|| Kind::Subnet.not_found(id))?.clone();
    if input.interface_type.as_deref().is_some_and(|kind| kind != "interface") {
        return Err(call.unsupported_parameter("InterfaceType"));
    }
    if !input.description.as_deref().unwrap_or_default().is_ascii() {
        return Err(invalid_value("Invalid value for description. Character sets beyond ASCII are not supported."));
    }
    let groups = worn_in(region, &input.security_group_id, &subnet)?;
    let addresses =
        Addresses::of(input.private_ip_address, &input.private_ip_addresses, input.secondary_private_ip_address_count)?;
    let tags = tag::of_specification(&input.tag_specification, Kind::Interface.resource_type())?;
    dry_run_ends(input.dry_run)?;
    if let Some(earlier) = input.client_token.as_ref().and_then(|token| region.creations.get(token)) {
        if earlier.params != call.params {
            let message = "Arguments on this idempotent request are inconsistent with arguments used in previous \
                           request(s).";
            return Err(AwsError::bad_request("IdempotentParameterMismatch", message));
        }
        let interface = region.interfaces.get(&earlier.interface.id).unwrap_or(&earlier.interface);
        return answer(call, region, interface, input.client_token.as_ref());
    }
    addresses.check(&subnet, region)?;
    let plan = Plan { subnet, groups, description: input.description.unwrap_or_default(), addresses, is_public: false };
    let mut interface = plan.make(region, &[]).ok_or_else(|| {
        let message = format!("{} does not have enough free addresses to satisfy the request.", plan.subnet.id);
        AwsError::bad_request("InsufficientFreeAddressesInSubnet", message)
    })?;
    interface.requester_id = Some(call.identity.principal_id());
    region.tags.put(&interface.id, &tags);
    let reply = answer(call, region, &interface, input.client_token.as_ref());
    if let Some(token) = input.client_token {
        region.creations.insert(token, Creation { params: call.params.clone(), interface: interface.clone() });
    }
    region.interfaces.insert(interface.id.clone(), interface);
    reply
}

/// The answer of a creation, which shows the interface while it is being made.
fn answer(
    call: &Call,
    region: &Region,
    interface: &NetworkInterface,
    token: Option<&String>,
) -> Result<Reply, AwsError> {
    call.reply(&CreateOutput {
        network_interface: InterfaceItem::of(interface, region).just_made(),
        client_token: token.cloned(),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    network_interface_id: String,
    dry_run: Option<bool>,
}

/// `DeleteNetworkInterface`: refused while the interface is attached.
pub(super) fn delete(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: DeleteInput = call.input()?;
    let id = &input.network_interface_id;
    let interface = region.interface(id)?;
    dry_run_ends(input.dry_run)?;
    if interface.attachment.is_some() {
        return Err(invalid_value(format!("Network interface '{id}' is currently in use.")));
    }
    region.interfaces.remove(id);
    region.tags.forget(id);
    call.reply(&Done::YES)
}
