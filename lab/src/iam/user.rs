//! Users.

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::tags::Tag;
use super::{Account, Iam, UserState, already_exists, delete_conflict, name, no_such_entity, tags};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::identity::Caller;
use crate::ids;
use crate::time;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserOutput {
    path: String,
    user_name: String,
    user_id: String,
    arn: String,
    create_date: String,
    tags: Option<Vec<Tag>>,
}

impl UserState {
    fn output(&self, account: &str) -> UserOutput {
        UserOutput {
            path: self.path.clone(),
            user_name: self.name.clone(),
            user_id: self.id.clone(),
            arn: format!("arn:aws:iam::{account}:user{}{}", self.path, self.name),
            create_date: time::seconds(self.created),
            tags: Some(tags::to_output(&self.tags)).filter(|tags| !tags.is_empty()),
        }
    }
}

impl Account {
    /// A user of the account.
    pub(super) fn user(&mut self, name: &str) -> Result<&mut UserState, AwsError> {
        let user = self.users.get_mut(&name.to_ascii_lowercase());
        user.ok_or_else(|| no_such_entity(format!("The user with name {name} cannot be found.")))
    }
}

/// The user that a call names, or else the caller.
pub(super) fn named_or_caller(call: &Call, name: Option<String>) -> Result<String, AwsError> {
    match (name, &call.identity.principal) {
        (Some(name), _) => Ok(name),
        (None, Caller::User { name, .. }) => Ok(name.clone()),
        (None, Caller::Root | Caller::AssumedRole { .. }) => Err(AwsError::bad_request(
            "ValidationError",
            "Must specify userName when calling with non-User credentials",
        )),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneUser {
    user: UserOutput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    user_name: String,
    path: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    name::check(&input.user_name, "userName", 1..=64)?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    name::check_path(&path)?;
    let user = UserState {
        name: input.user_name,
        id: ids::iam("AIDA"),
        path,
        created: call.time,
        tags: tags::from_input(input.tags)?,
        keys: Vec::new(),
    };
    let output = user.output(&call.scope.account);
    iam.on_account(call, |account| {
        let key = user.name.to_ascii_lowercase();
        if account.users.contains_key(&key) {
            return Err(already_exists(format!("User with name {} already exists.", user.name)));
        }
        account.users.insert(key, user);
        Ok(())
    })?;
    call.reply(&OneUser { user: output })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NameInput {
    user_name: Option<String>,
}

pub(super) fn get(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: NameInput = call.input()?;
    let name = named_or_caller(call, input.user_name)?;
    let user = iam.on_account(call, |account| Ok::<_, AwsError>(account.user(&name)?.output(&call.scope.account)))?;
    call.reply(&OneUser { user })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UsersOutput {
    users: Vec<UserOutput>,
    is_truncated: bool,
    marker: Option<String>,
}

pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let users: Vec<UserOutput> = iam.on_account(call, |account| {
        let within = account.users.values().filter(|user| user.path.starts_with(prefix));
        within.map(|user| UserOutput { tags: None, ..user.output(&call.scope.account) }).collect()
    });
    let (users, marker) = input.page(users, |user| user.user_name.to_ascii_lowercase())?;
    call.reply(&UsersOutput { users, is_truncated: marker.is_some(), marker })
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: NameInput = call.input()?;
    let name =
        input.user_name.ok_or_else(|| AwsError::bad_request("ValidationError", "The parameter UserName is missing"))?;
    iam.on_account(call, |account| {
        if !account.user(&name)?.keys.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must delete access keys first."));
        }
        account.users.remove(&name.to_ascii_lowercase());
        Ok(())
    })?;
    call.done()
}
