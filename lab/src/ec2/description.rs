//! `UpdateSecurityGroupRuleDescriptionsIngress` and `…Egress`: a description left out is taken away.

use serde::Deserialize;

use super::permission::{IpPermission, of_permissions};
use super::region::Region;
use super::resource_id::Kind;
use super::rule::{self, description};
use super::{Done, combination, dry_run_ends, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    group_id: Option<String>,
    group_name: Option<String>,
    #[serde(default)]
    ip_permissions: Vec<IpPermission>,
    #[serde(default)]
    security_group_rule_description: Vec<RuleDescription>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RuleDescription {
    security_group_rule_id: Option<String>,
    description: Option<String>,
}

/// Both operations: they differ in the direction of the rules only.
pub(super) fn update(call: &Call, region: &mut Region, is_egress: bool) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let group = region.group_of(input.group_id.as_deref(), input.group_name.as_deref())?;
    if !input.ip_permissions.is_empty() && !input.security_group_rule_description.is_empty() {
        return Err(combination(
            "The parameter securityGroupRuleDescriptions cannot be used with the parameter ipPermissions",
        ));
    }
    let mut changes: Vec<(String, Option<String>)> = Vec::new();
    for permission in of_permissions(call, region, group, input.ip_permissions.iter())? {
        let found = group.rules_of(is_egress).find(|rule| rule.allows(&permission.traffic, &permission.peer));
        let rule = found.ok_or_else(rule::not_found)?;
        changes.push((rule.id.clone(), permission.description));
    }
    for change in &input.security_group_rule_description {
        let id = change.security_group_rule_id.as_ref().ok_or_else(|| missing("SecurityGroupRuleId"))?;
        Kind::Rule.check(id)?;
        if !group.rules_of(is_egress).any(|rule| rule.id == *id) {
            return Err(Kind::Rule.not_found(id));
        }
        changes.push((id.clone(), description(change.description.as_deref())?));
    }
    if changes.is_empty() {
        return Err(missing("ipPermissions or securityGroupRuleDescriptions"));
    }
    dry_run_ends(input.dry_run)?;
    let group_id = group.id.clone();
    if let Some(group) = region.groups.get_mut(&group_id) {
        for (id, description) in changes {
            if let Some(rule) = group.rules.iter_mut().find(|rule| rule.id == id) {
                rule.description = description;
            }
        }
    }
    call.reply(&Done::YES)
}
