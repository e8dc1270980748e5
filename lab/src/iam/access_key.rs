//! Access keys of users. A call that is signed with one is its user's.

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::user::named_or_caller;
use super::{AccessKey, Iam, KeyOwner, no_such_entity, secret};
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
            let message = format!("Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}");
            return Err(AwsError::new(409, "LimitExceeded", message));
        }
        let key = AccessKey { id: ids::iam("AKIA")[..20].to_owned(), created: call.time };
        user.keys.push(key.clone());
        let owner = KeyOwner::User { account: account.clone(), name: user.name.clone(), id: user.id.clone() };
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
            status: "Active",
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
        state.keys.remove(&id);
        Ok(())
    })?;
    call.done()
}
