//! The roles and users, as a snapshot shows them.

use serde_json::{Value, json};

use super::{Account, Iam, RoleState, UserState};
use crate::snapshot::by_name;

impl Iam {
    /// All accounts. Sessions are left out: they come and go with each invocation of a function.
    pub(crate) fn snapshot(&self) -> Value {
        self.with(|state| {
            let has_something = |account: &Account| !account.roles.is_empty() || !account.users.is_empty();
            let accounts = state.accounts.iter().filter(|(_, account)| has_something(account));
            Value::Object(by_name(accounts.map(|(id, account)| (id, of_account(account)))))
        })
    }
}

fn of_account(account: &Account) -> Value {
    json!({
        "roles": by_name(account.roles.values().map(|role| (&role.name, of_role(role)))),
        "users": by_name(account.users.values().map(|user| (&user.name, of_user(user)))),
    })
}

fn of_role(role: &RoleState) -> Value {
    json!({
        "attached_policies": role.attached,
        "description": role.description,
        "id": role.id,
        "inline_policies": role.inline,
        "max_session_seconds": role.max_session_seconds,
        "path": role.path,
        "tags": role.tags,
        "trust_policy": role.trust.text(),
    })
}

fn of_user(user: &UserState) -> Value {
    json!({
        "access_keys": user.keys.iter().map(|key| &key.id).collect::<Vec<_>>(),
        "id": user.id,
        "path": user.path,
        "tags": user.tags,
    })
}
