//! The roles and users, as a snapshot shows them.

use serde_json::{Value, json};

use super::policy::ManagedPolicy;
use super::{Account, GroupState, Iam, InstanceProfile, RoleState, UserState};
use crate::snapshot::by_name;

impl Iam {
    /// All accounts. Sessions are left out: they come and go with each invocation of a function.
    pub(crate) fn snapshot(&self) -> Value {
        self.with(|state| {
            let has_something = |account: &Account| of_account(account) != of_account(&Account::default());
            let accounts = state.accounts.iter().filter(|(_, account)| has_something(account));
            Value::Object(by_name(accounts.map(|(id, account)| (id, of_account(account)))))
        })
    }
}

fn of_account(account: &Account) -> Value {
    json!({
        "alias": account.alias,
        "groups": by_name(account.groups.values().map(|group| (&group.name, of_group(group)))),
        "instance_profiles": by_name(account.profiles.values().map(|profile| (&profile.name, of_profile(profile)))),
        "policies": by_name(account.policies.values().map(|policy| (&policy.name, of_policy(policy)))),
        "roles": by_name(account.roles.values().map(|role| (&role.name, of_role(role)))),
        "users": by_name(account.users.values().map(|user| (&user.name, of_user(user)))),
    })
}

fn of_role(role: &RoleState) -> Value {
    json!({
        "attached_policies": role.policies.attached,
        "boundary": role.boundary,
        "description": role.description,
        "id": role.id,
        "inline_policies": role.policies.inline,
        "max_session_seconds": role.max_session_seconds,
        "path": role.path,
        "tags": role.tags,
        "trust_policy": role.trust.text(),
    })
}

fn of_user(user: &UserState) -> Value {
    json!({
        "access_keys": by_name(user.keys.iter().map(|key| (&key.id, json!({ "is_active": key.is_active })))),
        "attached_policies": user.policies.attached,
        "boundary": user.boundary,
        "id": user.id,
        "inline_policies": user.policies.inline,
        "path": user.path,
        "tags": user.tags,
    })
}

fn of_group(group: &GroupState) -> Value {
    json!({
        "attached_policies": group.policies.attached,
        "id": group.id,
        "inline_policies": group.policies.inline,
        "members": group.members,
        "path": group.path,
    })
}

fn of_profile(profile: &InstanceProfile) -> Value {
    json!({ "id": profile.id, "path": profile.path, "role": profile.role, "tags": profile.tags })
}

fn of_policy(policy: &ManagedPolicy) -> Value {
    json!({
        "default_version": policy.default,
        "description": policy.description,
        "id": policy.id,
        "path": policy.path,
        "tags": policy.tags,
        "versions": by_name(policy.versions.iter().map(|(number, version)| (number, &version.text))),
    })
}
