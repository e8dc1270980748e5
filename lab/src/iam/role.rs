//! Roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::tags::Tag;
use super::{Iam, RoleState, already_exists, delete_conflict, document, name, tags};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::policy::PolicyKind;
use crate::time;

/// How long a session may last at most where the role does not say, in seconds.
const DEFAULT_MAX_SESSION: i32 = 3600;

impl RoleState {
    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role{}{}", self.path, self.name)
    }

    fn output(&self, account: &str) -> RoleOutput {
        RoleOutput {
            path: self.path.clone(),
            role_name: self.name.clone(),
            role_id: self.id.clone(),
            arn: self.arn(account),
            create_date: time::seconds(self.created),
            assume_role_policy_document: document::encoded(self.trust.text()),
            description: self.description.clone(),
            max_session_duration: self.max_session_seconds,
            tags: Some(tags::to_output(&self.tags)).filter(|tags| !tags.is_empty()),
        }
    }
}

/// The account and the name that a role's ARN has.
pub(super) fn account_and_name(arn: &str) -> Option<(&str, &str)> {
    let (account, path) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    Some((account, path.rsplit('/').next()?))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleOutput {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: String,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: i32,
    tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneRole {
    role: RoleOutput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    role_name: String,
    assume_role_policy_document: String,
    path: Option<String>,
    description: Option<String>,
    max_session_duration: Option<i32>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    name::check(&input.role_name, "roleName", 1..=64)?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    name::check_path(&path)?;
    let max_session_seconds = input.max_session_duration.unwrap_or(DEFAULT_MAX_SESSION);
    check_max_session(max_session_seconds)?;
    check_description(input.description.as_deref())?;
    let tags = tags::from_input(input.tags)?;
    let trust = document::parse(&input.assume_role_policy_document, PolicyKind::Trust)?;
    let role = RoleState {
        name: input.role_name,
        id: ids::iam("AROA"),
        path,
        trust,
        description: input.description,
        max_session_seconds,
        created: call.time,
        tags,
        attached: Vec::new(),
        inline: BTreeMap::new(),
    };
    let output = role.output(&call.scope.account);
    iam.on_account(call, |account| {
        let key = role.name.to_ascii_lowercase();
        if account.roles.contains_key(&key) {
            return Err(already_exists(format!("Role with name {} already exists.", role.name)));
        }
        account.roles.insert(key, role);
        Ok(())
    })?;
    call.reply(&OneRole { role: output })
}

fn check_max_session(seconds: i32) -> Result<(), AwsError> {
    let constraint = match seconds {
        3600..=43_200 => return Ok(()),
        ..3600 => "Member must have value greater than or equal to 3600",
        _ => "Member must have value less than or equal to 43200",
    };
    Err(name::violated(&seconds.to_string(), "maxSessionDuration", constraint))
}

fn check_description(description: Option<&str>) -> Result<(), AwsError> {
    match description {
        Some(text) if text.chars().count() > 1000 => {
            Err(name::violated(text, "description", "Member must have length less than or equal to 1000"))
        }
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NameInput {
    role_name: String,
}

pub(super) fn get(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: NameInput = call.input()?;
    let role = iam.on_role(call, &input.role_name, |role| Ok(role.output(&call.scope.account)))?;
    call.reply(&OneRole { role })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RolesOutput {
    roles: Vec<RoleOutput>,
    is_truncated: bool,
    marker: Option<String>,
}

/// AWS leaves tags out of the listing.
pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let roles: Vec<RoleOutput> = iam.on_account(call, |account| {
        let within = account.roles.values().filter(|role| role.path.starts_with(prefix));
        within.map(|role| RoleOutput { tags: None, ..role.output(&call.scope.account) }).collect()
    });
    let (roles, marker) = input.page(roles, |role| role.role_name.to_ascii_lowercase())?;
    call.reply(&RolesOutput { roles, is_truncated: marker.is_some(), marker })
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: NameInput = call.input()?;
    iam.on_role(call, &input.role_name, |role| match (role.attached.is_empty(), role.inline.is_empty()) {
        (false, _) => Err(delete_conflict("Cannot delete entity, must detach all policies first.")),
        (_, false) => Err(delete_conflict("Cannot delete entity, must delete policies first.")),
        (true, true) => Ok(()),
    })?;
    iam.on_account(call, |account| account.roles.remove(&input.role_name.to_ascii_lowercase()));
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateInput {
    role_name: String,
    description: Option<String>,
    max_session_duration: Option<i32>,
}

pub(super) fn update(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: UpdateInput = call.input()?;
    check_description(input.description.as_deref())?;
    if let Some(seconds) = input.max_session_duration {
        check_max_session(seconds)?;
    }
    iam.on_role(call, &input.role_name, |role| {
        role.description = input.description.or(role.description.take());
        role.max_session_seconds = input.max_session_duration.unwrap_or(role.max_session_seconds);
        Ok(())
    })?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateTrustInput {
    role_name: String,
    policy_document: String,
}

pub(super) fn update_trust(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: UpdateTrustInput = call.input()?;
    let trust = document::parse(&input.policy_document, PolicyKind::Trust)?;
    iam.on_role(call, &input.role_name, |role| {
        role.trust = trust;
        Ok(())
    })?;
    call.done()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceProfilesOutput {
    instance_profiles: Vec<String>,
    is_truncated: bool,
}

/// The lab makes no instance profiles, so no role is in one. Terraform asks before it deletes a role.
pub(super) fn instance_profiles(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    iam.on_role(call, input.role_name()?, |_| Ok(()))?;
    call.reply(&InstanceProfilesOutput { instance_profiles: Vec::new(), is_truncated: false })
}
