//! Roles.

use serde::{Deserialize, Serialize};

use super::boundary::AttachedBoundary;
use super::page::ListInput;
use super::tags::Tag;
use super::{
    Account, Iam, PolicySet, RoleState, already_exists, boundary, carrier, delete_conflict, document, name,
    no_such_entity, tags,
};
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

    /// Whether AWS alone may change the role.
    fn is_service_linked(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }

    pub(super) fn output(&self, account: &str) -> RoleOutput {
        RoleOutput {
            path: self.path.clone(),
            role_name: self.name.clone(),
            role_id: self.id.clone(),
            arn: self.arn(account),
            create_date: time::seconds(self.created),
            assume_role_policy_document: document::encoded(self.trust.text()),
            description: self.description.clone(),
            max_session_duration: self.max_session_seconds,
            permissions_boundary: boundary::output(self.boundary.as_ref()),
            tags: Some(tags::to_output(&self.tags)).filter(|tags| !tags.is_empty()),
            role_last_used: None,
        }
    }
}

impl Account {
    /// A role of the account.
    pub(super) fn role(&mut self, name: &str) -> Result<&mut RoleState, AwsError> {
        let role = self.roles.get_mut(&name.to_ascii_lowercase());
        role.ok_or_else(|| no_such_entity(format!("The role with name {name} cannot be found.")))
    }

    /// A role of the account whose policies, trust or settings are to change.
    pub(super) fn role_to_change(&mut self, name: &str) -> Result<&mut RoleState, AwsError> {
        let role = self.role(name)?;
        if role.is_service_linked() {
            let message = format!(
                "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                role.name
            );
            return Err(AwsError::bad_request("UnmodifiableEntity", message));
        }
        Ok(role)
    }
}

/// The account and the name that a role's ARN has.
pub(super) fn account_and_name(arn: &str) -> Option<(&str, &str)> {
    let (account, path) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    Some((account, path.rsplit('/').next()?))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RoleOutput {
    path: String,
    pub(super) role_name: String,
    role_id: String,
    arn: String,
    create_date: String,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: i32,
    permissions_boundary: Option<AttachedBoundary>,
    tags: Option<Vec<Tag>>,
    role_last_used: Option<LastUsed>,
}

/// When a role was last used, which the lab does not count. `GetRole` has an empty one for a role that never was.
#[derive(Serialize)]
struct LastUsed {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneRole {
    pub(super) role: RoleOutput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    role_name: String,
    assume_role_policy_document: String,
    path: Option<String>,
    description: Option<String>,
    max_session_duration: Option<i32>,
    permissions_boundary: Option<String>,
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
        policies: PolicySet::default(),
        boundary: input.permissions_boundary,
    };
    let output = role.output(&call.scope.account);
    iam.on_account(call, |account| {
        if let Some(boundary) = &role.boundary {
            carrier::check_attachable(account, boundary)?;
        }
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
    let mut role = iam.on_role(call, &input.role_name, |role| Ok(role.output(&call.scope.account)))?;
    role.role_last_used = Some(LastUsed {});
    call.reply(&OneRole { role })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RolesOutput {
    roles: Vec<RoleOutput>,
    is_truncated: bool,
    marker: Option<String>,
}

/// AWS leaves tags and boundaries out of the listing.
pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let roles: Vec<RoleOutput> = iam.on_account(call, |account| {
        let within = account.roles.values().filter(|role| role.path.starts_with(prefix));
        within
            .map(|role| RoleOutput { tags: None, permissions_boundary: None, ..role.output(&call.scope.account) })
            .collect()
    });
    let (roles, marker) = input.page(roles, |role| role.role_name.to_ascii_lowercase())?;
    call.reply(&RolesOutput { roles, is_truncated: marker.is_some(), marker })
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: NameInput = call.input()?;
    iam.on_account(call, |account| {
        carrier::check_bare(&account.role_to_change(&input.role_name)?.policies)?;
        let key = input.role_name.to_ascii_lowercase();
        if account.profiles.values().any(|profile| profile.role.as_ref() == Some(&key)) {
            return Err(delete_conflict("Cannot delete entity, must remove roles from instance profile first."));
        }
        account.roles.remove(&key);
        Ok(())
    })?;
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
    iam.on_account(call, |account| {
        let role = account.role_to_change(&input.role_name)?;
        role.description = input.description.or(role.description.take());
        role.max_session_seconds = input.max_session_duration.unwrap_or(role.max_session_seconds);
        Ok::<_, AwsError>(())
    })?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescriptionInput {
    role_name: String,
    description: String,
}

pub(super) fn update_description(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: DescriptionInput = call.input()?;
    check_description(Some(&input.description))?;
    let role = iam.on_account(call, |account| {
        let role = account.role_to_change(&input.role_name)?;
        role.description = Some(input.description);
        Ok::<_, AwsError>(role.output(&call.scope.account))
    })?;
    call.reply(&OneRole { role })
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
    iam.on_account(call, |account| {
        account.role_to_change(&input.role_name)?.trust = trust;
        Ok::<_, AwsError>(())
    })?;
    call.done()
}
