//! `RevokeSecurityGroupIngress` and `RevokeSecurityGroupEgress`: closing.
//!
//! A rule that is not there makes the call fail in any VPC but the default one. There, and for ingress and egress alike,
//! the call succeeds, revokes what it finds, and says in `unknownIpPermissionSet` what it did not find.
//!
//! Source: `RevokeSecurityGroupIngress` in the EC2 API reference.

use serde::Serialize;

use super::peer::Peer;
use super::permission::{Permission, PermissionItem, RulesInput, unknown};
use super::region::Region;
use super::resource_id::Kind;
use super::rule::{self, Rule};
use super::{combination, dry_run_ends};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    #[serde(rename = "return")]
    done: bool,
    unknown_ip_permission_set: Option<Vec<PermissionItem>>,
    revoked_security_group_rule_set: Vec<RevokedItem>,
}

/// A rule that is gone: `RevokedSecurityGroupRule`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevokedItem {
    security_group_rule_id: String,
    group_id: String,
    is_egress: bool,
    ip_protocol: String,
    from_port: i32,
    to_port: i32,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
    referenced_group_id: Option<String>,
    description: Option<String>,
}

impl RevokedItem {
    fn of(rule: &Rule) -> Self {
        let (from_port, to_port) = rule.traffic.shown_ports();
        let peer = Some(rule.peer.to_string());
        Self {
            security_group_rule_id: rule.id.clone(),
            group_id: rule.group_id.clone(),
            is_egress: rule.is_egress,
            ip_protocol: rule.traffic.protocol.to_string(),
            from_port,
            to_port,
            cidr_ipv4: peer.clone().filter(|_| matches!(rule.peer, Peer::Ipv4(_))),
            cidr_ipv6: peer.clone().filter(|_| matches!(rule.peer, Peer::Ipv6(_))),
            prefix_list_id: peer.clone().filter(|_| matches!(rule.peer, Peer::PrefixList(_))),
            referenced_group_id: peer.filter(|_| matches!(rule.peer, Peer::Group(_))),
            description: rule.description.clone(),
        }
    }
}

/// `RevokeSecurityGroupIngress`.
pub(super) fn ingress(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    revoke(call, region, false)
}

/// `RevokeSecurityGroupEgress`.
pub(super) fn egress(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    revoke(call, region, true)
}

fn revoke(call: &Call, region: &mut Region, is_egress: bool) -> Result<Reply, AwsError> {
    let input: RulesInput = call.input()?;
    if !input.tag_specification.is_empty() {
        return Err(unknown("TagSpecification"));
    }
    let group = input.group(region, is_egress)?;
    let ids = &input.security_group_rule_id;
    let mut absent = Vec::new();
    let revoked: Vec<Rule> = if ids.is_empty() {
        let permissions = input.permissions(call, region, group, is_egress)?;
        dry_run_ends(input.dry_run)?;
        let find = |permission: &Permission| {
            group.rules_of(is_egress).find(|rule| rule.allows(&permission.traffic, &permission.peer)).cloned()
        };
        let (found, missed): (Vec<_>, Vec<_>) = permissions
            .into_iter()
            .map(|permission| (find(&permission), permission))
            .partition(|(rule, _)| rule.is_some());
        absent.extend(missed.into_iter().map(|(_, permission)| permission));
        if !absent.is_empty() && !region.vpc(&group.vpc_id)?.is_default {
            return Err(rule::not_found());
        }
        found.into_iter().filter_map(|(rule, _)| rule).collect()
    } else {
        if input.has_permissions() {
            return Err(combination(
                "The parameter securityGroupRuleIds cannot be used with the parameter ipPermissions",
            ));
        }
        Kind::Rule.check_all(ids)?;
        let find = |id: &String| group.rules_of(is_egress).find(|rule| rule.id == *id).cloned();
        // An id that is given twice is one rule.
        let ids: std::collections::BTreeSet<&String> = ids.iter().collect();
        let found: Result<Vec<_>, _> = ids.iter().map(|id| find(id).ok_or_else(|| Kind::Rule.not_found(id))).collect();
        let found = found?;
        dry_run_ends(input.dry_run)?;
        found
    };

    let group_id = group.id.clone();
    if let Some(group) = region.groups.get_mut(&group_id) {
        group.rules.retain(|rule| revoked.iter().all(|gone| gone.id != rule.id));
    }
    for rule in &revoked {
        region.tags.forget(&rule.id);
    }
    let unknown = (!absent.is_empty()).then(|| PermissionItem::of_permissions(&absent, &region.scope.account));
    call.reply(&Output {
        done: true,
        unknown_ip_permission_set: unknown,
        revoked_security_group_rule_set: revoked.iter().map(RevokedItem::of).collect(),
    })
}
