//! Which users are in which groups.

use serde::Deserialize;

use super::Iam;
use super::group::{GroupOutput, GroupsOutput};
use super::page::ListInput;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    group_name: String,
    user_name: String,
}

pub(super) fn add(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let Input { group_name, user_name } = call.input()?;
    iam.on_account(call, |account| {
        account.user(&user_name)?;
        account.group(&group_name)?.members.insert(user_name.to_ascii_lowercase());
        Ok::<_, AwsError>(())
    })?;
    call.done()
}

/// A user that was not in the group is removed with success, as in AWS.
pub(super) fn remove(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let Input { group_name, user_name } = call.input()?;
    iam.on_account(call, |account| {
        account.user(&user_name)?;
        account.group(&group_name)?.members.remove(&user_name.to_ascii_lowercase());
        Ok::<_, AwsError>(())
    })?;
    call.done()
}

pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let name = input.user_name()?;
    let groups: Vec<GroupOutput> = iam.on_account(call, |account| {
        account.user(name)?;
        let of_user = account.groups.values().filter(|group| group.members.contains(&name.to_ascii_lowercase()));
        Ok::<_, AwsError>(of_user.map(|group| group.output(&call.scope.account)).collect())
    })?;
    let (groups, marker) = input.page(groups, |group| group.group_name.to_ascii_lowercase())?;
    call.reply(&GroupsOutput { groups, is_truncated: marker.is_some(), marker })
}
