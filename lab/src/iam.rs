//! IAM and STS: who calls, and the roles that services and other principals take on.
//!
//! Trust policies decide who may assume a role. **Identity policies are kept, not enforced**: the lab hands back what was
//! attached or put, but every principal may call everything in its own account. A managed policy of AWS is known by the
//! form of its ARN; whether AWS has one of that name, the lab does not know.
//!
//! Keys that the lab issues identify their user or session; every other key is the one user of the account that it names
//! ([`Identity::of_unknown_key`]). Sessions do not expire while the lab runs.
//!
//! Source: the IAM and STS API references.

mod access_key;
mod document;
mod name;
mod page;
mod policies;
mod role;
mod snapshot;
mod sts;
mod tags;
#[cfg(test)]
mod tests;
mod user;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::identity::{Caller, Identity};
use crate::ids;
use crate::policy::Policy;

/// A role as other services see it.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) id: String,
    /// The trust policy, which says who may take on the role.
    pub(crate) trust_policy: String,
}

/// Temporary credentials of a role's session.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) session_token: String,
}

/// The lab's IAM and STS.
#[derive(Debug, Default)]
pub(crate) struct Iam {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    accounts: BTreeMap<String, Account>,
    /// The keys that the lab issued.
    keys: HashMap<String, KeyOwner>,
}

/// What an account has in IAM. Names are unique without regard to case, so they are found by their lower-case form.
#[derive(Debug, Default)]
struct Account {
    roles: BTreeMap<String, RoleState>,
    users: BTreeMap<String, UserState>,
}

#[derive(Debug)]
struct RoleState {
    name: String,
    id: String,
    path: String,
    trust: Policy,
    description: Option<String>,
    max_session_seconds: i32,
    created: Timestamp,
    tags: BTreeMap<String, String>,
    /// The ARNs of attached managed policies.
    attached: Vec<String>,
    /// Inline policies by name, each with its text.
    inline: BTreeMap<String, String>,
}

#[derive(Debug)]
struct UserState {
    name: String,
    id: String,
    path: String,
    created: Timestamp,
    tags: BTreeMap<String, String>,
    keys: Vec<AccessKey>,
}

#[derive(Clone, Debug)]
struct AccessKey {
    id: String,
    created: Timestamp,
}

/// Whom a key that the lab issued stands for.
#[derive(Clone, Debug)]
enum KeyOwner {
    User { account: String, name: String, id: String },
    Session { account: String, principal: Caller },
}

impl Iam {
    /// Who an access key stands for.
    pub(crate) fn identify(&self, access_key: Option<&str>) -> Identity {
        let access_key = access_key.unwrap_or_default();
        let owner = self.with(|state| state.keys.get(access_key).cloned());
        let (account, principal) = match owner {
            None => return Identity::of_unknown_key(access_key),
            Some(KeyOwner::User { account, name, id }) => (account, Caller::User { name, id }),
            Some(KeyOwner::Session { account, principal }) => (account, principal),
        };
        Identity { account, access_key: access_key.to_owned(), principal }
    }

    operations! { OPERATIONS =
        pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateRole" => role::create(self, call),
            "GetRole" => role::get(self, call),
            "ListRoles" => role::list(self, call),
            "DeleteRole" => role::delete(self, call),
            "UpdateRole" => role::update(self, call),
            "UpdateAssumeRolePolicy" => role::update_trust(self, call),
            "ListInstanceProfilesForRole" => role::instance_profiles(self, call),
            "AttachRolePolicy" => policies::attach(self, call),
            "DetachRolePolicy" => policies::detach(self, call),
            "ListAttachedRolePolicies" => policies::list_attached(self, call),
            "PutRolePolicy" => policies::put(self, call),
            "GetRolePolicy" => policies::get(self, call),
            "DeleteRolePolicy" => policies::delete(self, call),
            "ListRolePolicies" => policies::list(self, call),
            "TagRole" => tags::tag_role(self, call),
            "UntagRole" => tags::untag_role(self, call),
            "ListRoleTags" => tags::list_role(self, call),
            "CreateUser" => user::create(self, call),
            "GetUser" => user::get(self, call),
            "ListUsers" => user::list(self, call),
            "DeleteUser" => user::delete(self, call),
            "CreateAccessKey" => access_key::create(self, call),
            "ListAccessKeys" => access_key::list(self, call),
            "DeleteAccessKey" => access_key::delete(self, call),
            refused "CreateOpenIDConnectProvider", "CreateSAMLProvider", "CreateVirtualMFADevice",
        }
    }

    operations! { STS_OPERATIONS =
        pub(crate) fn call_sts(&self, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "GetCallerIdentity" => sts::caller_identity(call),
            "AssumeRole" => sts::assume_role(self, call),
            "GetSessionToken" => sts::session_token(self, call),
            refused "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "DecodeAuthorizationMessage",
        }
    }

    /// The role of an account by its ARN: its name, its unique id, and its trust policy.
    pub(crate) fn role(&self, arn: &str) -> Option<Role> {
        let (account, name) = role::account_and_name(arn)?;
        self.with(|state| {
            let role = state.accounts.get(account)?.roles.get(&name.to_ascii_lowercase())?;
            (role.arn(account) == arn).then(|| Role {
                account: account.to_owned(),
                name: role.name.clone(),
                id: role.id.clone(),
                trust_policy: role.trust.text().to_owned(),
            })
        })
    }

    /// Credentials of a session of a role, as a function's environment gets them; calls signed with them are the
    /// session's. None where the role is gone, or was made anew under its name.
    pub(crate) fn session(&self, role: &Role, session: &str) -> Option<Credentials> {
        self.with(|state| {
            let known = state.accounts.get(&role.account)?.roles.get(&role.name.to_ascii_lowercase())?;
            (known.id == role.id).then_some(())?;
            let principal = Caller::AssumedRole {
                role: role.name.clone(),
                id: role.id.clone(),
                session: session.to_owned(),
                created: Timestamp::now(),
            };
            Some(state.issue_session(&role.account, principal))
        })
    }

    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `f` on the caller's account.
    fn on_account<R>(&self, call: &Call, f: impl FnOnce(&mut Account) -> R) -> R {
        self.with(|state| f(state.accounts.entry(call.scope.account.clone()).or_default()))
    }

    /// Runs `f` on a role of the caller's account.
    fn on_role<R>(
        &self,
        call: &Call,
        name: &str,
        f: impl FnOnce(&mut RoleState) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.on_account(call, |account| {
            let role = account.roles.get_mut(&name.to_ascii_lowercase());
            f(role.ok_or_else(|| no_such_entity(format!("The role with name {name} cannot be found.")))?)
        })
    }
}

impl State {
    /// New temporary credentials, which stand for the principal from now on.
    fn issue_session(&mut self, account: &str, principal: Caller) -> Credentials {
        let access_key = ids::iam("ASIA")[..20].to_owned();
        self.keys.insert(access_key.clone(), KeyOwner::Session { account: account.to_owned(), principal });
        Credentials { access_key, secret_key: secret(), session_token: ids::hex(200) }
    }
}

/// The 40 characters of a secret key.
fn secret() -> String {
    ids::hex(40)
}

fn no_such_entity(message: impl Into<String>) -> AwsError {
    AwsError::new(404, "NoSuchEntity", message)
}

fn already_exists(message: impl Into<String>) -> AwsError {
    AwsError::new(409, "EntityAlreadyExists", message)
}

fn delete_conflict(message: &str) -> AwsError {
    AwsError::new(409, "DeleteConflict", message)
}
