//! `AuthorizeSecurityGroupIngress` and `AuthorizeSecurityGroupEgress`: opening.

use serde::Serialize;

use super::dry_run_ends;
use super::group::SecurityGroup;
use super::peer::Peer;
use super::permission::{RulesInput, unknown};
use super::region::Region;
use super::resource_id::Kind;
use super::rule::{Rule, RuleItem, duplicate};
use super::tag;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The default quota "Inbound or outbound rules per security group". It holds for IPv4 and for IPv6 by themselves; a
/// rule that names a group or a prefix list counts for both.
pub(super) const MOST_RULES: usize = 60;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    #[serde(rename = "return")]
    done: bool,
    security_group_rule_set: Vec<RuleItem>,
}

/// `AuthorizeSecurityGroupIngress`.
pub(super) fn ingress(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    authorize(call, region, false)
}

/// `AuthorizeSecurityGroupEgress`.
pub(super) fn egress(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    authorize(call, region, true)
}

fn authorize(call: &Call, region: &mut Region, is_egress: bool) -> Result<Reply, AwsError> {
    let input: RulesInput = call.input()?;
    if !input.security_group_rule_id.is_empty() {
        return Err(unknown("SecurityGroupRuleId"));
    }
    let tags = tag::of_specification(&input.tag_specification, Kind::Rule.resource_type())?;
    let group = input.group(region, is_egress)?;
    let permissions = input.permissions(call, region, group, is_egress)?;
    dry_run_ends(input.dry_run)?;

    let mut added = Vec::with_capacity(permissions.len());
    for permission in permissions {
        if group.rules_of(is_egress).any(|rule| rule.allows(&permission.traffic, &permission.peer)) {
            return Err(duplicate(&permission.traffic, &permission.peer));
        }
        let mut rule = Rule::new(&group.id, is_egress, permission.traffic, permission.peer);
        rule.description = permission.description;
        added.push(rule);
    }
    check_limit(region, group, is_egress, &added)?;

    let group_id = group.id.clone();
    if let Some(group) = region.groups.get_mut(&group_id) {
        group.rules.extend(added.iter().cloned());
    }
    for rule in &added {
        region.tags.put(&rule.id, &tags);
    }
    let security_group_rule_set = added.iter().map(|rule| RuleItem::of(rule, region).just_made()).collect();
    call.reply(&Output { done: true, security_group_rule_set })
}

fn check_limit(region: &Region, group: &SecurityGroup, is_egress: bool, added: &[Rule]) -> Result<(), AwsError> {
    if weight(region, group.rules_of(is_egress).chain(added)) <= MOST_RULES {
        return Ok(());
    }
    let message = "The maximum number of rules per security group has been reached.";
    Err(AwsError::bad_request("RulesPerSecurityGroupLimitExceeded", message))
}

/// As how many rules these count, of the kind of addresses of which there are more. A rule with a prefix list counts as
/// many times as the list weighs.
pub(super) fn weight<'a>(region: &Region, rules: impl Iterator<Item = &'a Rule>) -> usize {
    let (mut of_ipv4, mut of_ipv6) = (0, 0);
    for rule in rules {
        let (ipv4, ipv6) = match &rule.peer {
            Peer::Ipv4(_) => (1, 0),
            Peer::Ipv6(_) => (0, 1),
            Peer::Group(_) => (1, 1),
            Peer::PrefixList(id) => {
                let weight = region.weight_of_prefix_list(id);
                (weight, weight)
            }
        };
        of_ipv4 += ipv4;
        of_ipv6 += ipv6;
    }
    of_ipv4.max(of_ipv6)
}
