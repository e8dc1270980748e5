//! The rules that a call adds, removes or changes.

use serde_json::Value;

use super::json::{field, items, number, text, texts_with_prefix};

/// Which way the traffic of a rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Inbound.
    Ingress,
    /// Outbound.
    Egress,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An IPv4 or IPv6 range.
    Cidr(String),
    /// Another security group, by id or name.
    Group(String),
    /// A prefix list.
    PrefixList(String),
}

/// One rule, as far as the record tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Which way; `None` if the record does not say.
    pub direction: Option<Direction>,
    /// `tcp`, `udp`, `icmp`, a number, or `-1` for all traffic.
    pub protocol: Option<String>,
    /// The first port, or the ICMP type.
    pub from_port: Option<i64>,
    /// The last port, or the ICMP code.
    pub to_port: Option<i64>,
    /// The other side.
    pub peer: Option<Peer>,
    /// What the person who wrote the rule wrote about it.
    pub description: Option<String>,
    /// The rule's id.
    pub id: Option<String>,
}

impl Peer {
    /// Whether this is every address of the Internet. CloudTrail logs a range as it was sent, and EC2 reads any range
    /// of length zero so.
    #[must_use]
    pub fn is_everyone(&self) -> bool {
        matches!(self, Self::Cidr(cidr) if cidr.trim().ends_with("/0"))
    }
}

/// The rules of a record. What EC2 answered comes first, because it names each rule alone and completely; a refused
/// call and an older record have only what was asked.
pub(super) fn rules(record: &Value, event_name: &str) -> Vec<Rule> {
    let request = &record["requestParameters"];
    let response = &record["responseElements"];
    let direction = match event_name {
        name if name.contains("Ingress") => Some(Direction::Ingress),
        name if name.contains("Egress") => Some(Direction::Egress),
        _ => None,
    };
    let answered: Vec<_> = ["securityGroupRuleSet", "revokedSecurityGroupRuleSet"]
        .into_iter()
        .flat_map(|set| items(response.get(set)))
        .map(|rule| single(rule, direction))
        .collect();
    if !answered.is_empty() {
        return answered;
    }
    let mut rules: Vec<_> =
        items(request.get("ipPermissions")).into_iter().flat_map(|permission| array(permission, direction)).collect();
    if rules.is_empty() && (field(request, "ipProtocol").is_some() || field(request, "cidrIp").is_some()) {
        rules.extend(array(request, direction));
    }
    if let Some(wrapper) = field(request, "modifySecurityGroupRulesRequest") {
        rules.extend(items(field(wrapper, "securityGroupRule")).into_iter().map(|change| modified(change, direction)));
    }
    if rules.is_empty() {
        let ids = request.get("securityGroupRuleIds").or_else(|| request.get("securityGroupRuleIdSet"));
        let ids = ids.map(|ids| texts_with_prefix(ids, "sgr-")).unwrap_or_default();
        rules.extend(ids.into_iter().map(|id| Rule { direction, id: Some(id), ..Rule::default() }));
    }
    rules
}

/// A rule that stands alone: an element of `securityGroupRuleSet`, or the inner `SecurityGroupRule`.
fn single(rule: &Value, direction: Option<Direction>) -> Rule {
    let direction = match field(rule, "isEgress").and_then(Value::as_bool) {
        Some(true) => Some(Direction::Egress),
        Some(false) => Some(Direction::Ingress),
        None => direction,
    };
    let cidr = text(rule, "cidrIpv4").or_else(|| text(rule, "cidrIpv6")).map(Peer::Cidr);
    let group = || {
        let nested = || text(field(rule, "referencedGroupInfo")?, "groupId");
        text(rule, "referencedGroupId").or_else(nested).map(Peer::Group)
    };
    let peer = cidr.or_else(group).or_else(|| text(rule, "prefixListId").map(Peer::PrefixList));
    Rule {
        peer,
        description: text(rule, "description"),
        id: text(rule, "securityGroupRuleId"),
        ..head(rule, direction)
    }
}

/// An element of `ModifySecurityGroupRulesRequest.SecurityGroupRule`: the id outside, the new rule inside.
fn modified(change: &Value, direction: Option<Direction>) -> Rule {
    let inner = field(change, "securityGroupRule").unwrap_or(&Value::Null);
    Rule { id: text(change, "securityGroupRuleId"), ..single(inner, direction) }
}

/// An IP permission: one protocol and port range, many peers. The flat form has the same names beside each other.
fn array(permission: &Value, direction: Option<Direction>) -> Vec<Rule> {
    let head = head(permission, direction);
    let mut rules = Vec::new();
    let mut add = |peer: Option<Peer>, of: &Value| {
        if peer.is_some() {
            rules.push(Rule { peer, description: text(of, "description"), ..head.clone() });
        }
    };
    for range in items(field(permission, "ipRanges")) {
        add(text(range, "cidrIp").map(Peer::Cidr), range);
    }
    for range in items(field(permission, "ipv6Ranges")) {
        add(text(range, "cidrIpv6").map(Peer::Cidr), range);
    }
    for group in items(field(permission, "groups")) {
        add(text(group, "groupId").or_else(|| text(group, "groupName")).map(Peer::Group), group);
    }
    for list in items(field(permission, "prefixListIds")) {
        add(text(list, "prefixListId").map(Peer::PrefixList), list);
    }
    add(text(permission, "cidrIp").map(Peer::Cidr), permission);
    add(text(permission, "sourceSecurityGroupName").map(Peer::Group), permission);
    if rules.is_empty() {
        rules.push(head);
    }
    rules
}

fn head(value: &Value, direction: Option<Direction>) -> Rule {
    Rule {
        direction,
        protocol: text(value, "ipProtocol"),
        from_port: number(value, "fromPort"),
        to_port: number(value, "toPort"),
        ..Rule::default()
    }
}
