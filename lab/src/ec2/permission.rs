//! The rules that a call is about: `IpPermissions`, or the flat parameters that came before them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::group::SecurityGroup;
use super::peer::Peer;
use super::protocol::{Traffic, no_protocol};
use super::region::Region;
use super::resource_id::Kind;
use super::rule::{Rule, description};
use super::tag::TagSpecification;
use super::{combination, invalid_value, missing};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;

/// The parameters of the four calls that authorize and revoke.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RulesInput {
    group_id: Option<String>,
    group_name: Option<String>,
    #[serde(default)]
    ip_permissions: Vec<IpPermission>,
    ip_protocol: Option<String>,
    from_port: Option<i32>,
    to_port: Option<i32>,
    cidr_ip: Option<String>,
    source_security_group_name: Option<String>,
    source_security_group_owner_id: Option<String>,
    #[serde(default)]
    pub(super) security_group_rule_id: Vec<String>,
    #[serde(default)]
    pub(super) tag_specification: Vec<TagSpecification>,
    pub(super) dry_run: Option<bool>,
}

/// `IpPermissions.N`: one kind of traffic and any number of peers.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct IpPermission {
    ip_protocol: Option<String>,
    from_port: Option<i32>,
    to_port: Option<i32>,
    #[serde(default, alias = "UserIdGroupPairs")]
    groups: Vec<GroupPair>,
    #[serde(default)]
    ip_ranges: Vec<IpRange>,
    #[serde(default)]
    ipv6_ranges: Vec<Ipv6Range>,
    #[serde(default)]
    prefix_list_ids: Vec<PrefixListId>,
}

/// `VpcId` and `PeeringStatus` are what describing calls show; callers send them back, and EC2 does not read them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GroupPair {
    description: Option<String>,
    user_id: Option<String>,
    group_name: Option<String>,
    group_id: Option<String>,
    #[serde(rename = "VpcId")]
    _vpc_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
    #[serde(rename = "PeeringStatus")]
    _peering_status: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct IpRange {
    description: Option<String>,
    cidr_ip: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Ipv6Range {
    description: Option<String>,
    cidr_ipv6: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PrefixListId {
    description: Option<String>,
    prefix_list_id: Option<String>,
}

/// What one rule allows: one kind of traffic, one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Permission {
    pub(super) traffic: Traffic,
    pub(super) peer: Peer,
    pub(super) description: Option<String>,
}

impl RulesInput {
    /// The group that the call is about. Only the ingress calls know groups by name.
    pub(super) fn group<'a>(&self, region: &'a Region, is_egress: bool) -> Result<&'a SecurityGroup, AwsError> {
        if is_egress {
            if self.group_name.is_some() {
                return Err(unknown("GroupName"));
            }
            return region.group(self.group_id.as_deref().ok_or_else(|| missing("groupId"))?);
        }
        region.group_of(self.group_id.as_deref(), self.group_name.as_deref())
    }

    /// Whether the call names rules by what they allow.
    pub(super) fn has_permissions(&self) -> bool {
        !self.ip_permissions.is_empty() || self.flat_parameter().is_some()
    }

    /// The first parameter of the flat form that the call has.
    fn flat_parameter(&self) -> Option<&'static str> {
        [
            ("ipProtocol", self.ip_protocol.is_some()),
            ("fromPort", self.from_port.is_some()),
            ("toPort", self.to_port.is_some()),
            ("cidrIp", self.cidr_ip.is_some()),
            ("sourceSecurityGroupName", self.source_security_group_name.is_some()),
            ("sourceSecurityGroupOwnerId", self.source_security_group_owner_id.is_some()),
        ]
        .into_iter()
        .find_map(|(name, is_there)| is_there.then_some(name))
    }

    /// What the call's rules allow, each checked, none twice.
    pub(super) fn permissions(
        &self,
        call: &Call,
        region: &Region,
        group: &SecurityGroup,
        is_egress: bool,
    ) -> Result<Vec<Permission>, AwsError> {
        let flat = match self.flat_parameter() {
            Some(name) if !self.ip_permissions.is_empty() => {
                let message = format!("The parameter '{name}' may not be used in combination with 'ipPermissions'");
                return Err(combination(message));
            }
            // "Not supported. Use IP permissions instead", says the reference of the egress calls.
            Some(_) if is_egress => return Err(missing("ipPermissions")),
            Some(_) => self.flat()?,
            None if self.ip_permissions.is_empty() => return Err(missing("ipPermissions")),
            None => Vec::new(),
        };
        let permissions = of_permissions(call, region, group, flat.iter().chain(&self.ip_permissions))?;
        let mut seen = HashSet::with_capacity(permissions.len());
        if !permissions.iter().all(|permission| seen.insert((permission.traffic, &permission.peer))) {
            return Err(invalid_value("The same permission must not appear multiple times"));
        }
        Ok(permissions)
    }

    /// The flat form as permissions. A source group stands alone and means all of TCP, UDP and ICMP.
    fn flat(&self) -> Result<Vec<IpPermission>, AwsError> {
        let permission = |protocol: &str, from: Option<i32>, to: Option<i32>| IpPermission {
            ip_protocol: Some(protocol.to_owned()),
            from_port: from,
            to_port: to,
            groups: Vec::new(),
            ip_ranges: Vec::new(),
            ipv6_ranges: Vec::new(),
            prefix_list_ids: Vec::new(),
        };
        let Some(name) = &self.source_security_group_name else {
            let protocol = self.ip_protocol.as_deref().ok_or_else(no_protocol)?;
            let mut one = permission(protocol, self.from_port, self.to_port);
            one.ip_ranges
                .extend(self.cidr_ip.clone().map(|cidr_ip| IpRange { description: None, cidr_ip: Some(cidr_ip) }));
            return Ok(vec![one]);
        };
        if let Some(other) = self.flat_parameter().filter(|name| !name.starts_with("sourceSecurityGroup")) {
            let message = format!("The parameter sourceSecurityGroupName cannot be used with the parameter {other}");
            return Err(combination(message));
        }
        let pair = GroupPair {
            group_name: Some(name.clone()),
            user_id: self.source_security_group_owner_id.clone(),
            ..GroupPair::default()
        };
        let all = [("tcp", 0, 65535), ("udp", 0, 65535), ("icmp", -1, -1)];
        Ok(all
            .into_iter()
            .map(|(protocol, from, to)| IpPermission {
                groups: vec![pair.clone()],
                ..permission(protocol, Some(from), Some(to))
            })
            .collect())
    }
}

/// What `IpPermissions` allow, one for each peer, in their order.
pub(super) fn of_permissions<'a>(
    call: &Call,
    region: &Region,
    group: &SecurityGroup,
    permissions: impl Iterator<Item = &'a IpPermission>,
) -> Result<Vec<Permission>, AwsError> {
    let mut all = Vec::new();
    for permission in permissions {
        let protocol = permission.ip_protocol.as_deref().ok_or_else(no_protocol)?;
        let traffic = Traffic::parse(protocol, permission.from_port, permission.to_port)?;
        let before = all.len();
        let mut add = |peer, text: &Option<String>| {
            let description = description(text.as_deref())?;
            all.push(Permission { traffic, peer, description });
            Ok(())
        };
        for range in &permission.ip_ranges {
            let cidr = range.cidr_ip.as_deref().ok_or_else(|| missing("CidrIp"))?;
            add(Peer::ipv4(cidr)?, &range.description)?;
        }
        for range in &permission.ipv6_ranges {
            let cidr = range.cidr_ipv6.as_deref().ok_or_else(|| missing("CidrIpv6"))?;
            add(Peer::ipv6(cidr)?, &range.description)?;
        }
        for list in &permission.prefix_list_ids {
            let id = list.prefix_list_id.as_deref().ok_or_else(|| missing("PrefixListId"))?;
            add(Peer::prefix_list(id, region)?, &list.description)?;
        }
        for pair in &permission.groups {
            add(pair.peer(call, region, group)?, &pair.description)?;
        }
        if all.len() == before {
            return Err(AwsError::bad_request("MissingParameter", "Source group ID missing."));
        }
    }
    Ok(all)
}

impl GroupPair {
    /// The group that is meant: of the same account and the same VPC, for the lab has no peering connections.
    fn peer(&self, call: &Call, region: &Region, group: &SecurityGroup) -> Result<Peer, AwsError> {
        if self.vpc_peering_connection_id.is_some() {
            return Err(call.unsupported_parameter("IpPermissions.Groups.VpcPeeringConnectionId"));
        }
        let named = match (self.group_id.as_deref(), self.group_name.as_deref()) {
            // What describing calls show has both; the id says more.
            (Some(id), _) => {
                Kind::Group.check(id)?;
                if self.user_id.as_ref().is_some_and(|owner| *owner != region.scope.account) {
                    return Err(Kind::Group.not_found(id));
                }
                region.group(id)?
            }
            (None, Some(name)) => region.group_named(name)?,
            (None, None) => return Err(AwsError::bad_request("MissingParameter", "Source group ID missing.")),
        };
        if named.vpc_id != group.vpc_id {
            let message = "You have specified two resources that belong to different networks.";
            return Err(AwsError::bad_request("InvalidGroup.NotFound", message));
        }
        Ok(Peer::Group(named.id.clone()))
    }
}

/// The refusal of a parameter that the sibling of an operation has.
pub(super) fn unknown(name: &str) -> AwsError {
    AwsError::bad_request("UnknownParameter", format!("The parameter {name} is not recognized"))
}

/// A permission as EC2 shows it: `IpPermission`, the peers of one kind of traffic together.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PermissionItem {
    ip_protocol: String,
    from_port: Option<i32>,
    to_port: Option<i32>,
    groups: Vec<GroupItem>,
    ip_ranges: Vec<RangeItem>,
    ipv6_ranges: Vec<RangeItem>,
    prefix_list_ids: Vec<RangeItem>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupItem {
    user_id: String,
    group_id: String,
    description: Option<String>,
}

/// A peer that is not a group; one of the three is there.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct RangeItem {
    cidr_ip: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
    description: Option<String>,
}

impl PermissionItem {
    /// What rules allow, in the order in which their traffic first appears.
    pub(super) fn of_rules<'a>(rules: impl Iterator<Item = &'a Rule>, account: &str) -> Vec<Self> {
        Self::of(rules.map(|rule| (rule.traffic, &rule.peer, &rule.description)), account)
    }

    /// What permissions allow.
    pub(super) fn of_permissions(permissions: &[Permission], account: &str) -> Vec<Self> {
        Self::of(permissions.iter().map(|one| (one.traffic, &one.peer, &one.description)), account)
    }

    fn of<'a>(allowed: impl Iterator<Item = (Traffic, &'a Peer, &'a Option<String>)>, account: &str) -> Vec<Self> {
        let mut items: Vec<(Traffic, Self)> = Vec::new();
        for (traffic, peer, description) in allowed {
            let position = items.iter().position(|(other, _)| *other == traffic).unwrap_or_else(|| {
                items.push((traffic, Self::empty(traffic)));
                items.len() - 1
            });
            items[position].1.add(peer, description.clone(), account);
        }
        items.into_iter().map(|(_, item)| item).collect()
    }

    fn empty(traffic: Traffic) -> Self {
        Self {
            ip_protocol: traffic.protocol.to_string(),
            from_port: traffic.ports.map(|(from, _)| from),
            to_port: traffic.ports.map(|(_, to)| to),
            groups: Vec::new(),
            ip_ranges: Vec::new(),
            ipv6_ranges: Vec::new(),
            prefix_list_ids: Vec::new(),
        }
    }

    fn add(&mut self, peer: &Peer, description: Option<String>, account: &str) {
        let item = RangeItem { description: description.clone(), ..RangeItem::default() };
        match peer {
            Peer::Ipv4(net) => self.ip_ranges.push(RangeItem { cidr_ip: Some(net.to_string()), ..item }),
            Peer::Ipv6(net) => self.ipv6_ranges.push(RangeItem { cidr_ipv6: Some(net.to_string()), ..item }),
            Peer::PrefixList(id) => {
                self.prefix_list_ids.push(RangeItem { prefix_list_id: Some(id.clone()), ..item });
            }
            Peer::Group(id) => {
                self.groups.push(GroupItem { user_id: account.to_owned(), group_id: id.clone(), description });
            }
        }
    }
}
