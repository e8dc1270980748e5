//! Groups of users.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::user::UserOutput;
use super::{Account, GroupState, Iam, PolicySet, already_exists, carrier, delete_conflict, name, no_such_entity};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::time;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupOutput {
    path: String,
    pub(super) group_name: String,
    pub(super) group_id: String,
    arn: String,
    create_date: String,
}

impl GroupState {
    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:group{}{}", self.path, self.name)
    }

    pub(super) fn output(&self, account: &str) -> GroupOutput {
        GroupOutput {
            path: self.path.clone(),
            group_name: self.name.clone(),
            group_id: self.id.clone(),
            arn: self.arn(account),
            create_date: time::seconds(self.created),
        }
    }
}

impl Account {
    /// A group of the account.
    pub(super) fn group(&mut self, name: &str) -> Result<&mut GroupState, AwsError> {
        let group = self.groups.get_mut(&name.to_ascii_lowercase());
        group.ok_or_else(|| no_such_entity(format!("The group with name {name} cannot be found.")))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    group_name: String,
    path: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneGroup {
    group: GroupOutput,
}

pub(super) fn create(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    name::check(&input.group_name, "groupName", 1..=128)?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    name::check_path(&path)?;
    let group = GroupState {
        name: input.group_name,
        id: ids::iam("AGPA"),
        path,
        created: call.time,
        members: BTreeSet::new(),
        policies: PolicySet::default(),
    };
    let output = group.output(&call.scope.account);
    iam.on_account(call, |account| {
        let key = group.name.to_ascii_lowercase();
        if account.groups.contains_key(&key) {
            return Err(already_exists(format!("Group with name {} already exists.", group.name)));
        }
        account.groups.insert(key, group);
        Ok(())
    })?;
    call.reply(&OneGroup { group: output })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetOutput {
    group: GroupOutput,
    users: Vec<UserOutput>,
    is_truncated: bool,
    marker: Option<String>,
}

pub(super) fn get(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let (group, users) = iam.on_account(call, |account| {
        let group = account.group(input.group_name()?)?;
        let (output, members) = (group.output(&call.scope.account), group.members.clone());
        let users = members.iter().filter_map(|member| account.users.get(member));
        let users: Vec<_> = users.map(|user| user.output(&call.scope.account).in_short()).collect();
        Ok::<_, AwsError>((output, users))
    })?;
    let (users, marker) = input.page(users, |user| user.user_name.to_ascii_lowercase())?;
    call.reply(&GetOutput { group, users, is_truncated: marker.is_some(), marker })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupsOutput {
    pub(super) groups: Vec<GroupOutput>,
    pub(super) is_truncated: bool,
    pub(super) marker: Option<String>,
}

pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let groups: Vec<GroupOutput> = iam.on_account(call, |account| {
        let within = account.groups.values().filter(|group| group.path.starts_with(prefix));
        within.map(|group| group.output(&call.scope.account)).collect()
    });
    let (groups, marker) = input.page(groups, |group| group.group_name.to_ascii_lowercase())?;
    call.reply(&GroupsOutput { groups, is_truncated: marker.is_some(), marker })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NameInput {
    group_name: String,
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let NameInput { group_name } = call.input()?;
    iam.on_account(call, |account| {
        let group = account.group(&group_name)?;
        if !group.members.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must remove users from group first."));
        }
        carrier::check_bare(&group.policies)?;
        account.groups.remove(&group_name.to_ascii_lowercase());
        Ok(())
    })?;
    call.done()
}
