//! What an account has in a Region, and how a call finds it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Serialize;
use serde_json::{Value, json};

use super::group::SecurityGroup;
use super::image;
use super::instance::{Instance, Reservation};
use super::interface::NetworkInterface;
use super::interface_creation::Creation;
use super::key_pair::KeyPair;
use super::launch::Launch;
use super::prefix_list::PrefixList;
use super::resource_id::Kind;
use super::subnet::Subnet;
use super::tag::Tags;
use super::vpc::Vpc;
use super::vpc_association::Association;
use super::{combination, missing};
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// The EC2 resources of one account in one Region, each by its id.
#[derive(Debug, Serialize)]
pub(super) struct Region {
    #[serde(skip)]
    pub(super) scope: Scope,
    pub(super) vpcs: BTreeMap<String, Vpc>,
    pub(super) subnets: BTreeMap<String, Subnet>,
    pub(super) groups: BTreeMap<String, SecurityGroup>,
    pub(super) interfaces: BTreeMap<String, NetworkInterface>,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) reservations: BTreeMap<String, Reservation>,
    /// The launches that had a client token, by it.
    #[serde(skip)]
    pub(super) launches: BTreeMap<String, Launch>,
    /// The interfaces that were created with a client token, by it.
    #[serde(skip)]
    pub(super) creations: BTreeMap<String, Creation>,
    /// By name.
    pub(super) key_pairs: BTreeMap<String, KeyPair>,
    pub(super) associations: Vec<Association>,
    /// The account's own.
    pub(super) prefix_lists: BTreeMap<String, PrefixList>,
    /// The lists that were created with a client token, by it.
    #[serde(skip)]
    pub(super) prefix_list_tokens: BTreeMap<String, String>,
    pub(super) tags: Tags,
    /// What a snapshot showed when the Region was new.
    #[serde(skip)]
    at_start: Value,
}

impl Region {
    /// A Region as a new account finds it: with the default VPC, its subnets and its default group.
    pub(super) fn new(scope: &Scope) -> Self {
        let mut region = Self {
            scope: scope.clone(),
            vpcs: BTreeMap::new(),
            subnets: BTreeMap::new(),
            groups: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            instances: BTreeMap::new(),
            reservations: BTreeMap::new(),
            launches: BTreeMap::new(),
            creations: BTreeMap::new(),
            key_pairs: BTreeMap::new(),
            associations: Vec::new(),
            prefix_lists: BTreeMap::new(),
            prefix_list_tokens: BTreeMap::new(),
            tags: Tags::default(),
            at_start: Value::Null,
        };
        region.add_default_vpc(Vpc::default_one());
        region.at_start = region.shown();
        region
    }

    /// What a snapshot shows; nothing of a Region as a new account finds it, or a call that only looks would show.
    pub(super) fn snapshot(&self) -> Value {
        let shown = self.shown();
        if shown == self.at_start { json!({}) } else { shown }
    }

    fn shown(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Adds a default VPC with a subnet in each zone.
    pub(super) fn add_default_vpc(&mut self, vpc: Vpc) {
        for subnet in Subnet::default_ones(&vpc.id, &self.scope.region) {
            self.subnets.insert(subnet.id.clone(), subnet);
        }
        self.add_vpc(vpc);
    }

    /// Adds a VPC with its default group.
    pub(super) fn add_vpc(&mut self, vpc: Vpc) {
        let group = SecurityGroup::default_of(&vpc.id);
        self.groups.insert(group.id.clone(), group);
        self.vpcs.insert(vpc.id.clone(), vpc);
    }

    /// The ARN of a resource.
    pub(super) fn arn(&self, kind: Kind, id: &str) -> String {
        self.scope.arn("ec2", format_args!("{}/{id}", kind.resource_type()))
    }

    /// The default VPC, unless it was deleted.
    pub(super) fn default_vpc(&self) -> Result<&Vpc, AwsError> {
        let found = self.vpcs.values().find(|vpc| vpc.is_default);
        let message = "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.";
        found.ok_or_else(|| AwsError::bad_request("VPCIdNotSpecified", message))
    }

    /// A VPC by its id.
    pub(super) fn vpc(&self, id: &str) -> Result<&Vpc, AwsError> {
        Kind::Vpc.check(id)?;
        self.vpcs.get(id).ok_or_else(|| Kind::Vpc.not_found(id))
    }

    /// An interface by its id.
    pub(super) fn interface(&self, id: &str) -> Result<&NetworkInterface, AwsError> {
        Kind::Interface.check(id)?;
        self.interfaces.get(id).ok_or_else(|| Kind::Interface.not_found(id))
    }

    /// The interface of a subnet that has an address.
    pub(super) fn holder_of(&self, subnet_id: &str, address: Ipv4Addr) -> Option<&NetworkInterface> {
        self.interfaces.values().find(|one| one.subnet_id == subnet_id && one.addresses().any(|held| held == address))
    }

    /// A group by its id.
    pub(super) fn group(&self, id: &str) -> Result<&SecurityGroup, AwsError> {
        Kind::Group.check(id)?;
        self.groups.get(id).ok_or_else(|| Kind::Group.not_found(id))
    }

    /// A group by its name, which only the default VPC's groups can be found by.
    pub(super) fn group_named(&self, name: &str) -> Result<&SecurityGroup, AwsError> {
        let vpc = &self.default_vpc()?.id;
        let found = self.groups.values().find(|group| group.vpc_id == *vpc && group.name == name);
        found.ok_or_else(|| {
            let message = format!("The security group '{name}' does not exist in default VPC '{vpc}'");
            AwsError::bad_request("InvalidGroup.NotFound", message)
        })
    }

    /// Whether an interface in a VPC can wear a group: one of the VPC's own, or one that is associated with it.
    pub(super) fn is_usable_in(&self, group: &SecurityGroup, vpc_id: &str) -> bool {
        let is_associated = |one: &Association| one.group_id == group.id && one.vpc_id == vpc_id;
        group.vpc_id == vpc_id || self.associations.iter().any(is_associated)
    }

    /// The group that a call names by id or by name.
    pub(super) fn group_of(&self, id: Option<&str>, name: Option<&str>) -> Result<&SecurityGroup, AwsError> {
        match (id, name) {
            (Some(_), Some(_)) => Err(combination("The parameter groupName cannot be used with the parameter groupId")),
            (Some(id), None) => self.group(id),
            (None, Some(name)) => self.group_named(name),
            (None, None) => Err(missing("groupName or groupId")),
        }
    }

    /// The instances of a call, all of them or a refusal that names those that are not there.
    pub(super) fn check_instances(&self, ids: &[String]) -> Result<(), AwsError> {
        Kind::Instance.check_all(ids)?;
        let absent: Vec<&str> = ids.iter().map(String::as_str).filter(|id| !self.instances.contains_key(*id)).collect();
        if absent.is_empty() { Ok(()) } else { Err(Kind::Instance.none_found(&absent)) }
    }

    /// Whether there is a resource that tags can hang on.
    pub(super) fn exists(&self, kind: Kind, id: &str) -> bool {
        match kind {
            Kind::Group => self.groups.contains_key(id),
            Kind::Rule => self.groups.values().any(|group| group.rules.iter().any(|rule| rule.id == id)),
            Kind::Instance => self.instances.contains_key(id),
            Kind::Interface => self.interfaces.contains_key(id),
            Kind::Image => image::find(&self.scope.region, id).is_some(),
            Kind::Vpc => self.vpcs.contains_key(id),
            Kind::Subnet => self.subnets.contains_key(id),
            Kind::PrefixList => self.prefix_lists.contains_key(id),
            Kind::KeyPair => self.key_pairs.values().any(|pair| pair.id == id),
            Kind::RouteTable => self.vpcs.values().any(|vpc| vpc.route_table_id == id),
            Kind::NetworkAcl => self.vpcs.values().any(|vpc| vpc.network_acl_id == id),
            Kind::Volume => {
                self.instances.values().any(|instance| instance.volumes.iter().any(|volume| volume.id == id))
            }
        }
    }
}
