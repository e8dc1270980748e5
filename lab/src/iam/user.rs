//! Users.

use serde::{Deserialize, Serialize};

use super::boundary::AttachedBoundary;
use super::page::{self, ListInput};
use super::tags::Tag;
use super::{
    Account, Iam, PolicySet, UserState, already_exists, boundary, carrier, delete_conflict, name, no_such_entity, tags,
};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::identity::Caller;
use crate::ids;
use crate::time;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UserOutput {
    path: String,
    pub(super) user_name: String,
    user_id: String,
    arn: String,
    create_date: String,
    permissions_boundary: Option<AttachedBoundary>,
    tags: Option<Vec<Tag>>,
}

impl UserOutput {
    /// As listings have it: without tags and boundary.
    pub(super) fn in_short(mut self) -> Self {
        self.permissions_boundary = None;
        self.tags = None;
        self
    }
}

impl UserState {
    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:user{}{}", self.path, self.name)
    }

    /// The user as a caller.
    pub(super) fn principal(&self) -> Caller {
        Caller::User { name: self.name.clone(), id: self.id.clone(), path: self.path.clone() }
    }

    pub(super) fn output(&self, account: &str) -> UserOutput {
        UserOutput {
            path: self.path.clone(),
            user_name: self.name.clone(),
            user_id: self.id.clone(),
            arn: self.arn(account),
            create_date: time::seconds(self.created),
            permissions_boundary: boundary::output(self.boundary.as_ref()),
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
    permissions_boundary: Option<String>,
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
        policies: PolicySet::default(),
        boundary: input.permissions_boundary,
    };
    let output = user.output(&call.scope.account);
    iam.on_account(call, |account| {
        if let Some(boundary) = &user.boundary {
            carrier::check_attachable(account, boundary)?;
        }
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
        within.map(|user| user.output(&call.scope.account).in_short()).collect()
    });
    let (users, marker) = input.page(users, |user| user.user_name.to_ascii_lowercase())?;
    call.reply(&UsersOutput { users, is_truncated: marker.is_some(), marker })
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: NameInput = call.input()?;
    let name = input.user_name.ok_or_else(|| page::missing("UserName"))?;
    iam.on_account(call, |account| {
        let user = account.user(&name)?;
        if !user.keys.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must delete access keys first."));
        }
        carrier::check_bare(&user.policies)?;
        let key = name.to_ascii_lowercase();
        if account.groups.values().any(|group| group.members.contains(&key)) {
            return Err(delete_conflict("Cannot delete entity, must remove users from group first."));
        }
        account.users.remove(&key);
        Ok(())
    })?;
    call.done()
}
