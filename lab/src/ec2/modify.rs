//! `ModifySecurityGroupRules`: what the console calls when a person edits a rule that is there.
//!
//! The rule keeps its id and its type of peer; everything else becomes what the call says, the description included.
//!
//! Source: `ModifySecurityGroupRules` and `SecurityGroupRuleRequest` in the EC2 API reference.

use serde::Deserialize;

use super::peer::Peer;
use super::protocol::{Traffic, no_protocol};
use super::region::Region;
use super::resource_id::Kind;
use super::rule::{Rule, description, duplicate};
use super::{Done, combination, dry_run_ends, invalid_value, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    group_id: String,
    #[serde(default)]
    security_group_rule: Vec<Update>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Update {
    security_group_rule_id: String,
    security_group_rule: Option<Wanted>,
}

/// `SecurityGroupRuleRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Wanted {
    ip_protocol: Option<String>,
    from_port: Option<i32>,
    to_port: Option<i32>,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
    referenced_group_id: Option<String>,
    description: Option<String>,
}

impl Wanted {
    fn peer(&self, region: &Region, vpc_id: &str) -> Result<Peer, AwsError> {
        let referenced = |id: &String| {
            let group = region.group(id)?;
            if group.vpc_id != vpc_id {
                let message = "You have specified two resources that belong to different networks.";
                return Err(AwsError::bad_request("InvalidGroup.NotFound", message));
            }
            Ok(Peer::Group(id.clone()))
        };
        let given = [
            self.cidr_ipv4.as_deref().map(Peer::ipv4),
            self.cidr_ipv6.as_deref().map(Peer::ipv6),
            self.prefix_list_id.as_deref().map(|id| Peer::prefix_list(id, region)),
            self.referenced_group_id.as_ref().map(referenced),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(peer), None) => peer,
            (None, _) => {
                let message =
                    "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId";
                Err(AwsError::bad_request("MissingParameter", message))
            }
            (Some(_), Some(_)) => {
                Err(combination("Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified"))
            }
        }
    }

    /// The rule as it is to become.
    fn applied_to(&self, rule: &Rule, region: &Region, vpc_id: &str) -> Result<Rule, AwsError> {
        let protocol = self.ip_protocol.as_deref().ok_or_else(no_protocol)?;
        let traffic = Traffic::parse(protocol, self.from_port, self.to_port)?;
        let peer = self.peer(region, vpc_id)?;
        if !peer.is_like(&rule.peer) {
            let message =
                format!("The type of the source or destination of security group rule '{}' cannot be changed", rule.id);
            return Err(invalid_value(message));
        }
        Ok(Rule { traffic, peer, description: description(self.description.as_deref())?, ..rule.clone() })
    }
}

/// `ModifySecurityGroupRules`.
pub(super) fn modify(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let group = region.group(&input.group_id)?;
    if input.security_group_rule.is_empty() {
        return Err(missing("SecurityGroupRule"));
    }
    let mut rules = group.rules.clone();
    let mut changed: Vec<String> = Vec::new();
    for update in &input.security_group_rule {
        let id = &update.security_group_rule_id;
        Kind::Rule.check(id)?;
        let wanted =
            update.security_group_rule.as_ref().ok_or_else(|| missing("SecurityGroupRule.SecurityGroupRule"))?;
        let rule = rules.iter_mut().find(|rule| rule.id == *id).ok_or_else(|| Kind::Rule.not_found(id))?;
        if changed.contains(id) {
            return Err(invalid_value(format!("The security group rule '{id}' must not appear multiple times")));
        }
        *rule = wanted.applied_to(rule, region, &group.vpc_id)?;
        changed.push(id.clone());
    }
    dry_run_ends(input.dry_run)?;
    for (position, rule) in rules.iter().enumerate() {
        let is_same = |other: &Rule| other.is_egress == rule.is_egress && other.allows(&rule.traffic, &rule.peer);
        if rules[..position].iter().any(is_same) {
            return Err(duplicate(&rule.traffic, &rule.peer));
        }
    }
    if let Some(group) = region.groups.get_mut(&input.group_id) {
        group.rules = rules;
    }
    call.reply(&Done::YES)
}
