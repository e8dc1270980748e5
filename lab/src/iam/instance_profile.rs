//! Instance profiles: how a role gets onto an instance. A profile has one role at most.

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::role::RoleOutput;
use super::tags::Tag;
use super::{Account, Iam, InstanceProfile, already_exists, delete_conflict, name, no_such_entity, tags};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::time;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProfileOutput {
    path: String,
    instance_profile_name: String,
    instance_profile_id: String,
    arn: String,
    create_date: String,
    roles: Vec<RoleOutput>,
    tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneProfile {
    instance_profile: ProfileOutput,
}

impl Account {
    /// An instance profile of the account.
    pub(super) fn profile(&mut self, name: &str) -> Result<&mut InstanceProfile, AwsError> {
        self.profiles.get_mut(&name.to_ascii_lowercase()).ok_or_else(|| missing(name))
    }

    fn describe_profile(&self, profile: &InstanceProfile, account: &str) -> ProfileOutput {
        let role = profile.role.as_ref().and_then(|role| self.roles.get(role));
        ProfileOutput {
            path: profile.path.clone(),
            instance_profile_name: profile.name.clone(),
            instance_profile_id: profile.id.clone(),
            arn: profile.arn(account),
            create_date: time::seconds(profile.created),
            roles: role.map(|role| role.output(account)).into_iter().collect(),
            tags: Some(tags::to_output(&profile.tags)).filter(|tags| !tags.is_empty()),
        }
    }
}

impl InstanceProfile {
    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:instance-profile{}{}", self.path, self.name)
    }
}

fn missing(name: &str) -> AwsError {
    no_such_entity(format!("Instance Profile {name} cannot be found."))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    instance_profile_name: String,
    path: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    name::check(&input.instance_profile_name, "instanceProfileName", 1..=128)?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    name::check_path(&path)?;
    let profile = InstanceProfile {
        name: input.instance_profile_name,
        id: ids::iam("AIPA"),
        path,
        created: call.time,
        tags: tags::from_input(input.tags)?,
        role: None,
    };
    let instance_profile = iam.on_account(call, |account| {
        let key = profile.name.to_ascii_lowercase();
        if account.profiles.contains_key(&key) {
            return Err(already_exists(format!("Instance Profile {} already exists.", profile.name)));
        }
        let output = account.describe_profile(&profile, &call.scope.account);
        account.profiles.insert(key, profile);
        Ok(output)
    })?;
    call.reply(&OneProfile { instance_profile })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NameInput {
    instance_profile_name: String,
}

pub(super) fn get(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let NameInput { instance_profile_name: name } = call.input()?;
    let instance_profile = iam.on_account(call, |account| {
        let profile = account.profiles.get(&name.to_ascii_lowercase()).ok_or_else(|| missing(&name))?;
        Ok::<_, AwsError>(account.describe_profile(profile, &call.scope.account))
    })?;
    call.reply(&OneProfile { instance_profile })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProfilesOutput {
    instance_profiles: Vec<ProfileOutput>,
    is_truncated: bool,
    marker: Option<String>,
}

/// AWS leaves tags out of the listing.
pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let profiles: Vec<ProfileOutput> = iam.on_account(call, |account| {
        let within = account.profiles.values().filter(|profile| profile.path.starts_with(prefix));
        let output = |profile| ProfileOutput { tags: None, ..account.describe_profile(profile, &call.scope.account) };
        within.map(output).collect()
    });
    answer(call, &input, profiles)
}

pub(super) fn list_for_role(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let name = input.role_name()?;
    let profiles: Vec<ProfileOutput> = iam.on_account(call, |account| {
        account.role(name)?;
        let key = name.to_ascii_lowercase();
        let of_role = account.profiles.values().filter(|profile| profile.role.as_ref() == Some(&key));
        let output = |profile| ProfileOutput { tags: None, ..account.describe_profile(profile, &call.scope.account) };
        Ok::<_, AwsError>(of_role.map(output).collect())
    })?;
    answer(call, &input, profiles)
}

fn answer(call: &Call, input: &ListInput, profiles: Vec<ProfileOutput>) -> Result<Reply, AwsError> {
    let (instance_profiles, marker) =
        input.page(profiles, |profile| profile.instance_profile_name.to_ascii_lowercase())?;
    call.reply(&ProfilesOutput { instance_profiles, is_truncated: marker.is_some(), marker })
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let NameInput { instance_profile_name: name } = call.input()?;
    iam.on_account(call, |account| {
        if account.profile(&name)?.role.is_some() {
            return Err(delete_conflict("Cannot delete entity, must remove roles from instance profile first."));
        }
        account.profiles.remove(&name.to_ascii_lowercase());
        Ok(())
    })?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RoleInput {
    instance_profile_name: String,
    role_name: String,
}

pub(super) fn add_role(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let RoleInput { instance_profile_name, role_name } = call.input()?;
    iam.on_account(call, |account| {
        account.profile(&instance_profile_name)?;
        account.role(&role_name)?;
        let profile = account.profile(&instance_profile_name)?;
        if profile.role.is_some() {
            return Err(super::over_quota("InstanceSessionsPerInstanceProfile", 1));
        }
        profile.role = Some(role_name.to_ascii_lowercase());
        Ok(())
    })?;
    call.done()
}

pub(super) fn remove_role(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let RoleInput { instance_profile_name, role_name } = call.input()?;
    iam.on_account(call, |account| {
        let profile = account.profile(&instance_profile_name)?;
        if profile.role.as_ref() != Some(&role_name.to_ascii_lowercase()) {
            let message = format!("Role {role_name} in Instance Profile {instance_profile_name} cannot be found.");
            return Err(no_such_entity(message));
        }
        profile.role = None;
        Ok(())
    })?;
    call.done()
}
