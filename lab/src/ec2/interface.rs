//! Network interfaces: what wears security groups. They come with instances, or are made by themselves.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dry_run_ends;
use super::filter::{Described, Filter, select};
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::Tag;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::time;

/// The most groups that an interface can wear, by AWS's default quota.
pub(super) const MOST_GROUPS: usize = 5;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct NetworkInterface {
    pub(super) id: String,
    pub(super) subnet_id: String,
    pub(super) vpc_id: String,
    pub(super) zone: String,
    pub(super) description: String,
    /// The primary address.
    pub(super) address: Ipv4Addr,
    pub(super) secondary: Vec<Ipv4Addr>,
    pub(super) public_address: Option<Ipv4Addr>,
    /// Whether it gets a public address whenever its instance starts.
    pub(super) wants_public_address: bool,
    pub(super) mac: String,
    /// The ids of the groups that it wears.
    pub(super) groups: Vec<String>,
    pub(super) source_dest_check: bool,
    pub(super) attachment: Option<Attachment>,
    /// The unique id of the principal that made it by itself.
    pub(super) requester_id: Option<String>,
}

/// An interface's place at an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Attachment {
    pub(super) id: String,
    pub(super) instance_id: String,
    pub(super) device_index: u32,
    pub(super) delete_on_termination: bool,
    pub(super) attached: Timestamp,
}

/// A public address, out of the range for benchmarks (RFC 2544), which belongs to nobody.
pub(super) fn public_address() -> Ipv4Addr {
    Ipv4Addr::new(198, 18 + rand::random::<u8>() % 2, rand::random(), rand::random())
}

/// The name of a private address inside the VPC.
pub(super) fn private_dns_name(address: Ipv4Addr, region: &str) -> String {
    let host = address.to_string().replace('.', "-");
    match region {
        "us-east-1" => format!("ip-{host}.ec2.internal"),
        region => format!("ip-{host}.{region}.compute.internal"),
    }
}

/// The name of a public address.
pub(super) fn public_dns_name(address: Ipv4Addr, region: &str) -> String {
    let host = address.to_string().replace('.', "-");
    match region {
        "us-east-1" => format!("ec2-{host}.compute-1.amazonaws.com"),
        region => format!("ec2-{host}.{region}.compute.amazonaws.com"),
    }
}

/// A group as interfaces and instances show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WornGroup {
    pub(super) group_id: String,
    pub(super) group_name: String,
}

/// The groups with these ids.
pub(super) fn worn_groups(ids: &[String], region: &Region) -> Vec<WornGroup> {
    let group = |id: &String| {
        let group_name = region.groups.get(id).map(|group| group.name.clone()).unwrap_or_default();
        WornGroup { group_id: id.clone(), group_name }
    };
    ids.iter().map(group).collect()
}

impl Described for NetworkInterface {
    const FILTERS: &'static [&'static str] = &[
        "addresses.association.ip-owner-id",
        "addresses.association.owner-id",
        "addresses.association.public-ip",
        "addresses.primary",
        "addresses.private-dns-name",
        "addresses.private-ip-address",
        "association.allocation-id",
        "association.association-id",
        "association.ip-owner-id",
        "association.public-dns-name",
        "association.public-ip",
        "attachment.attach-time",
        "attachment.attachment-id",
        "attachment.delete-on-termination",
        "attachment.device-index",
        "attachment.instance-id",
        "attachment.instance-owner-id",
        "attachment.status",
        "availability-zone",
        "description",
        "group-id",
        "group-name",
        "interface-type",
        "ipv6-addresses.ipv6-address",
        "mac-address",
        "network-interface-id",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "requester-id",
        "requester-managed",
        "source-dest-check",
        "status",
        "subnet-id",
        "vpc-id",
    ];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        let attached = |value: fn(&Attachment) -> String| self.attachment.iter().map(value).collect::<Vec<_>>();
        let public = self.public_address.iter();
        let value = match filter {
            "addresses.association.ip-owner-id" | "association.ip-owner-id" => {
                return public.map(|_| "amazon".to_owned()).collect();
            }
            "addresses.association.public-ip" | "association.public-ip" => {
                return public.map(Ipv4Addr::to_string).collect();
            }
            "addresses.association.public-dns-name" | "association.public-dns-name" | "public-dns-name" => {
                return public.map(|address| public_dns_name(*address, &region.scope.region)).collect();
            }
            "attachment.attach-time" => return attached(|one| time::millis(one.attached)),
            "attachment.network-card-index" => return attached(|_| "0".to_owned()),
            "attachment.attachment-id" => return attached(|one| one.id.clone()),
            "attachment.delete-on-termination" => return attached(|one| one.delete_on_termination.to_string()),
            "attachment.device-index" => return attached(|one| one.device_index.to_string()),
            "attachment.instance-id" => return attached(|one| one.instance_id.clone()),
            "attachment.instance-owner-id" => {
                return self.attachment.iter().map(|_| region.scope.account.clone()).collect();
            }
            "attachment.status" => return attached(|_| "attached".to_owned()),
            "group-id" => return self.groups.clone(),
            "group-name" => {
                return worn_groups(&self.groups, region).into_iter().map(|group| group.group_name).collect();
            }
            "requester-id" => return self.requester_id.iter().cloned().collect(),
            "addresses.primary" => {
                return self.addresses().map(|address| (address == self.address).to_string()).collect();
            }
            "addresses.private-ip-address" => return self.addresses().map(|address| address.to_string()).collect(),
            "addresses.private-dns-name" => {
                return self.addresses().map(|address| private_dns_name(address, &region.scope.region)).collect();
            }
            "private-ip-address" => self.address.to_string(),
            "availability-zone" => self.zone.clone(),
            "description" => self.description.clone(),
            "interface-type" => "interface".to_owned(),
            "mac-address" => self.mac.clone(),
            "network-interface-id" => self.id.clone(),
            "owner-id" => region.scope.account.clone(),
            "private-dns-name" => private_dns_name(self.address, &region.scope.region),
            "requester-managed" => "false".to_owned(),
            "source-dest-check" => self.source_dest_check.to_string(),
            "status" => self.status().to_owned(),
            "subnet-id" => self.subnet_id.clone(),
            "vpc-id" => self.vpc_id.clone(),
            _ => return Vec::new(),
        };
        vec![value]
    }
}

impl NetworkInterface {
    /// All private addresses, the primary one first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        std::iter::once(self.address).chain(self.secondary.iter().copied())
    }

    fn status(&self) -> &'static str {
        if self.attachment.is_some() { "in-use" } else { "available" }
    }
}

/// An interface as EC2 shows it, alone and at its instance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InterfaceItem {
    network_interface_id: String,
    subnet_id: String,
    vpc_id: String,
    /// Not shown at an instance, which has a zone of its own.
    availability_zone: Option<String>,
    description: String,
    owner_id: String,
    requester_id: Option<String>,
    requester_managed: Option<bool>,
    status: &'static str,
    mac_address: String,
    private_ip_address: String,
    private_dns_name: String,
    source_dest_check: bool,
    group_set: Vec<WornGroup>,
    attachment: Option<AttachmentItem>,
    association: Option<AssociationItem>,
    private_ip_addresses_set: Vec<AddressItem>,
    ipv6_addresses_set: Vec<String>,
    interface_type: &'static str,
    tag_set: Vec<Tag>,
}

/// An interface's place at an instance as EC2 shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttachmentItem {
    attachment_id: String,
    /// Not shown at the instance itself, nor its owner.
    instance_id: Option<String>,
    instance_owner_id: Option<String>,
    device_index: u32,
    network_card_index: u32,
    status: &'static str,
    attach_time: String,
    delete_on_termination: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociationItem {
    public_ip: String,
    public_dns_name: String,
    ip_owner_id: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressItem {
    private_ip_address: String,
    private_dns_name: String,
    primary: bool,
    association: Option<AssociationItem>,
}

impl InterfaceItem {
    /// What EC2 shows of an interface.
    pub(super) fn of(interface: &NetworkInterface, region: &Region) -> Self {
        let region_name = &region.scope.region;
        let private_dns_name = private_dns_name(interface.address, region_name);
        let association = interface.public_address.map(|address| AssociationItem {
            public_ip: address.to_string(),
            public_dns_name: public_dns_name(address, region_name),
            ip_owner_id: "amazon",
        });
        let attachment = interface.attachment.as_ref().map(|attachment| AttachmentItem {
            attachment_id: attachment.id.clone(),
            instance_id: Some(attachment.instance_id.clone()),
            instance_owner_id: Some(region.scope.account.clone()),
            device_index: attachment.device_index,
            network_card_index: 0,
            status: "attached",
            attach_time: time::millis(attachment.attached),
            delete_on_termination: attachment.delete_on_termination,
        });
        Self {
            network_interface_id: interface.id.clone(),
            subnet_id: interface.subnet_id.clone(),
            vpc_id: interface.vpc_id.clone(),
            availability_zone: Some(interface.zone.clone()),
            description: interface.description.clone(),
            owner_id: region.scope.account.clone(),
            requester_id: interface.requester_id.clone(),
            requester_managed: Some(false),
            status: interface.status(),
            mac_address: interface.mac.clone(),
            private_ip_address: interface.address.to_string(),
            private_dns_name,
            source_dest_check: interface.source_dest_check,
            group_set: worn_groups(&interface.groups, region),
            attachment,
            association: association.clone(),
            private_ip_addresses_set: interface
                .addresses()
                .map(|address| AddressItem {
                    private_ip_address: address.to_string(),
                    private_dns_name: self::private_dns_name(address, region_name),
                    primary: address == interface.address,
                    association: association.clone().filter(|_| address == interface.address),
                })
                .collect(),
            ipv6_addresses_set: Vec::new(),
            interface_type: "interface",
            tag_set: region.tags.of(&interface.id).to_vec(),
        }
    }

    /// Its place at an instance.
    pub(super) fn into_attachment(self) -> Option<AttachmentItem> {
        self.attachment
    }

    /// The same in the answer that makes it.
    pub(super) fn just_made(mut self) -> Self {
        self.status = "pending";
        self
    }

    /// The same at an instance that is starting.
    pub(super) fn just_attached(mut self) -> Self {
        self.association = None;
        self.private_ip_addresses_set.iter_mut().for_each(|address| address.association = None);
        if let Some(attachment) = &mut self.attachment {
            attachment.status = "attaching";
        }
        self
    }

    /// The same without what only the interface alone shows.
    pub(super) fn at_instance(mut self) -> Self {
        self.availability_zone = None;
        self.requester_id = None;
        self.requester_managed = None;
        if let Some(attachment) = &mut self.attachment {
            attachment.instance_id = None;
            attachment.instance_owner_id = None;
        }
        self
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    network_interface_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    #[serde(rename = "IncludeManagedResources")]
    _include_managed_resources: Option<bool>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    network_interface_set: Vec<InterfaceItem>,
    next_token: Option<String>,
}

/// `DescribeNetworkInterfaces`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let wanted = &input.network_interface_id;
    Kind::Interface.check_all(wanted)?;
    if let Some(absent) = wanted.iter().find(|id| !region.interfaces.contains_key(*id)) {
        return Err(Kind::Interface.not_found(absent));
    }
    let interfaces = region.interfaces.values().filter(|one| wanted.is_empty() || wanted.contains(&one.id));
    let interfaces = select(region, interfaces, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(interfaces, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let network_interface_set = page.items.into_iter().map(|one| InterfaceItem::of(one, region)).collect();
    call.reply(&DescribeOutput { network_interface_set, next_token: page.next_token })
}
