//! Access keys of users. A call that is signed with one is its user's.

use serde::{Deserialize, Serialize};

use super::credentials::{KeyOwner, secret};
use super::page::ListInput;
use super::user::named_or_caller;
use super::{AccessKey, Iam, name, no_such_entity};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::time;

/// How many keys a user has at most.
const MOST_KEYS: usize = 2;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    user_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyOutput {
    user_name: String,
    access_key_id: String,
    status: &'static str,
    /// Only in the answer to the call that makes the key.
    secret_access_key: Option<String>,
    create_date: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateOutput {
    access_key: KeyOutput,
}

pub(super) fn create(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    let name = named_or_caller(call, input.user_name)?;
    let account = &call.scope.account;
    let access_key = iam.with(|state| {
        let user = state.accounts.entry(account.clone()).or_default().user(&name)?;
        if user.keys.len() == MOST_KEYS {
            return Err(super::over_quota("AccessKeysPerUser", MOST_KEYS));
        }
        let key = AccessKey { id: ids::iam("AKIA")[..20].to_owned(), created: call.time, is_active: true };
        user.keys.push(key.clone());
        let owner = KeyOwner::User { account: account.clone(), principal: user.principal() };
        let user_name = user.name.clone();
        state.keys.insert(key.id.clone(), owner);
        Ok(KeyOutput {
            user_name,
            access_key_id: key.id,
            status: "Active",
            secret_access_key: Some(secret()),
            create_date: time::seconds(key.created),
        })
    })?;
    call.reply(&CreateOutput { access_key })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOutput {
    access_key_metadata: Vec<KeyOutput>,
    is_truncated: bool,
    marker: Option<String>,
}

pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let name = named_or_caller(call, input.user_name.clone())?;
    let keys = iam.on_account(call, |account| {
        let user = account.user(&name)?;
        let mut keys: Vec<KeyOutput> = Vec::with_capacity(user.keys.len());
        keys.extend(user.keys.iter().map(|key| KeyOutput {
            user_name: user.name.clone(),
            access_key_id: key.id.clone(),
            status: if key.is_active { "Active" } else { "Inactive" },
            secret_access_key: None,
            create_date: time::seconds(key.created),
        }));
        Ok::<_, AwsError>(keys)
    })?;
    let mut keys = keys;
    keys.sort_by(|a, b| a.access_key_id.cmp(&b.access_key_id));
    let (access_key_metadata, marker) = input.page(keys, |key| key.access_key_id.clone())?;
    call.reply(&ListOutput { access_key_metadata, is_truncated: marker.is_some(), marker })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    user_name: Option<String>,
    access_key_id: String,
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: DeleteInput = call.input()?;
    let name = named_or_caller(call, input.user_name)?;
    let id = input.access_key_id;
    iam.with(|state| {
        let user = state.accounts.entry(call.scope.account.clone()).or_default().user(&name)?;
        let position = user.keys.iter().position(|key| key.id == id);
        let missing = || no_such_entity(format!("The Access Key with id {id} cannot be found."));
        user.keys.remove(position.ok_or_else(missing)?);
        let principal = user.principal();
        state.keys.insert(id.clone(), KeyOwner::Nobody { account: call.scope.account.clone(), principal });
        Ok(())
    })?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateInput {
    user_name: Option<String>,
    access_key_id: String,
    status: String,
}

/// Activates or deactivates a key. A call that is signed with an inactive one is refused.
pub(super) fn update(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: UpdateInput = call.input()?;
    let name = named_or_caller(call, input.user_name)?;
    let is_active = match input.status.as_str() {
        "Active" => true,
        "Inactive" => false,
        other => {
            let constraint = "Member must satisfy enum value set: [Active, Inactive]";
            return Err(name::violated(other, "status", constraint));
        }
    };
    let key_id = input.access_key_id;
    iam.with(|state| {
        let account = call.scope.account.clone();
        let user = state.accounts.entry(account.clone()).or_default().user(&name)?;
        let principal = user.principal();
        let key = user.keys.iter_mut().find(|key| key.id == key_id);
        let missing = || no_such_entity(format!("The Access Key with id {key_id} cannot be found."));
        key.ok_or_else(missing)?.is_active = is_active;
        let owner =
            if is_active { KeyOwner::User { account, principal } } else { KeyOwner::Nobody { account, principal } };
        state.keys.insert(key_id.clone(), owner);
        Ok::<_, AwsError>(())
    })?;
    call.done()
}
