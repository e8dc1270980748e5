//! IAM and STS: who calls, what their policies let them do, and the roles that services and other principals take on.
//!
//! Trust policies decide who may assume a role, always. **Identity policies are kept, and enforced only in a lab that was
//! started so** (`LabBuilder::enforce_iam`): [`authorization`] then holds every caller that the lab issued a key for to
//! its policies, its permissions boundary, its session's policies and the resource's policy.
//!
//! Keys that the lab issues identify their user or session; every other key is the one user of the account that it names
//! ([`of_unknown_key`](crate::identity::Identity::of_unknown_key)), and may do everything in it, as a test expects that does not care for IAM. A key that
//! was deleted or deactivated, and a session that has expired, are refused, as in AWS.
//!
//! The policies of AWS's own are those in [`managed`]; any other is refused by its name, for the lab cannot know what it
//! would allow.
//!
//! Source: the IAM and STS API references.

mod access_key;
mod account;
pub(crate) mod authorization;
mod boundary;
mod carrier;
mod credentials;
mod document;
mod grammar;
mod group;
mod instance_profile;
mod managed;
mod membership;
mod name;
mod page;
mod permissions;
mod policy;
mod policy_version;
mod role;
mod service_linked;
mod simulate;
mod snapshot;
mod sts;
mod tags;
#[cfg(test)]
mod tests;
mod user;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

pub(crate) use self::credentials::Credentials;
use self::credentials::KeyOwner;
use self::policy::ManagedPolicy;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
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
    groups: BTreeMap<String, GroupState>,
    profiles: BTreeMap<String, InstanceProfile>,
    /// The account's own managed policies.
    policies: BTreeMap<String, ManagedPolicy>,
    alias: Option<String>,
}

/// The policies that a user, a group or a role carries.
#[derive(Clone, Debug, Default)]
struct PolicySet {
    /// The ARNs of attached managed policies.
    attached: Vec<String>,
    /// Inline policies by name, each with its text.
    inline: BTreeMap<String, String>,
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
    policies: PolicySet,
    /// The ARN of the policy that is the permissions boundary.
    boundary: Option<String>,
}

#[derive(Debug)]
struct UserState {
    name: String,
    id: String,
    path: String,
    created: Timestamp,
    tags: BTreeMap<String, String>,
    keys: Vec<AccessKey>,
    policies: PolicySet,
    /// The ARN of the policy that is the permissions boundary.
    boundary: Option<String>,
}

#[derive(Debug)]
struct GroupState {
    name: String,
    id: String,
    path: String,
    created: Timestamp,
    /// The names of its users, in lower case.
    members: BTreeSet<String>,
    policies: PolicySet,
}

#[derive(Debug)]
struct InstanceProfile {
    name: String,
    id: String,
    path: String,
    created: Timestamp,
    tags: BTreeMap<String, String>,
    /// The name of its role, in lower case; a profile has at most one.
    role: Option<String>,
}

#[derive(Clone, Debug)]
struct AccessKey {
    id: String,
    created: Timestamp,
    is_active: bool,
}

impl Iam {
    operations! { OPERATIONS =
        pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateRole" => role::create(self, call),
            "GetRole" => role::get(self, call),
            "ListRoles" => role::list(self, call),
            "DeleteRole" => role::delete(self, call),
            "UpdateRole" => role::update(self, call),
            "UpdateRoleDescription" => role::update_description(self, call),
            "UpdateAssumeRolePolicy" => role::update_trust(self, call),
            "CreateServiceLinkedRole" => service_linked::create(self, call),
            "DeleteServiceLinkedRole" => service_linked::delete(self, call),
            "GetServiceLinkedRoleDeletionStatus" => service_linked::deletion_status(call),
            "AttachRolePolicy" | "AttachUserPolicy" | "AttachGroupPolicy" => carrier::attach(self, call),
            "DetachRolePolicy" | "DetachUserPolicy" | "DetachGroupPolicy" => carrier::detach(self, call),
            "ListAttachedRolePolicies" | "ListAttachedUserPolicies" | "ListAttachedGroupPolicies" => {
                carrier::list_attached(self, call)
            },
            "PutRolePolicy" | "PutUserPolicy" | "PutGroupPolicy" => carrier::put(self, call),
            "GetRolePolicy" | "GetUserPolicy" | "GetGroupPolicy" => carrier::get(self, call),
            "DeleteRolePolicy" | "DeleteUserPolicy" | "DeleteGroupPolicy" => carrier::delete(self, call),
            "ListRolePolicies" | "ListUserPolicies" | "ListGroupPolicies" => carrier::list(self, call),
            "PutRolePermissionsBoundary" | "PutUserPermissionsBoundary" => boundary::put(self, call),
            "DeleteRolePermissionsBoundary" | "DeleteUserPermissionsBoundary" => boundary::delete(self, call),
            "TagRole" | "TagUser" | "TagPolicy" | "TagInstanceProfile" => tags::tag(self, call),
            "UntagRole" | "UntagUser" | "UntagPolicy" | "UntagInstanceProfile" => tags::untag(self, call),
            "ListRoleTags" | "ListUserTags" | "ListPolicyTags" | "ListInstanceProfileTags" => tags::list(self, call),
            "CreateUser" => user::create(self, call),
            "GetUser" => user::get(self, call),
            "ListUsers" => user::list(self, call),
            "DeleteUser" => user::delete(self, call),
            "CreateAccessKey" => access_key::create(self, call),
            "ListAccessKeys" => access_key::list(self, call),
            "UpdateAccessKey" => access_key::update(self, call),
            "DeleteAccessKey" => access_key::delete(self, call),
            "CreateGroup" => group::create(self, call),
            "GetGroup" => group::get(self, call),
            "ListGroups" => group::list(self, call),
            "DeleteGroup" => group::delete(self, call),
            "AddUserToGroup" => membership::add(self, call),
            "RemoveUserFromGroup" => membership::remove(self, call),
            "ListGroupsForUser" => membership::list(self, call),
            "CreatePolicy" => policy::create(self, call),
            "GetPolicy" => policy::get(self, call),
            "ListPolicies" => policy::list(self, call),
            "DeletePolicy" => policy::delete(self, call),
            "ListEntitiesForPolicy" => policy::list_entities(self, call),
            "CreatePolicyVersion" => policy_version::create(self, call),
            "GetPolicyVersion" => policy_version::get(self, call),
            "ListPolicyVersions" => policy_version::list(self, call),
            "SetDefaultPolicyVersion" => policy_version::set_default(self, call),
            "DeletePolicyVersion" => policy_version::delete(self, call),
            "CreateInstanceProfile" => instance_profile::create(self, call),
            "GetInstanceProfile" => instance_profile::get(self, call),
            "ListInstanceProfiles" => instance_profile::list(self, call),
            "ListInstanceProfilesForRole" => instance_profile::list_for_role(self, call),
            "DeleteInstanceProfile" => instance_profile::delete(self, call),
            "AddRoleToInstanceProfile" => instance_profile::add_role(self, call),
            "RemoveRoleFromInstanceProfile" => instance_profile::remove_role(self, call),
            "GetAccountSummary" => account::summary(self, call),
            "ListAccountAliases" => account::list_aliases(self, call),
            "CreateAccountAlias" => account::create_alias(self, call),
            "DeleteAccountAlias" => account::delete_alias(self, call),
            "SimulatePrincipalPolicy" => simulate::principal(self, call),
            "SimulateCustomPolicy" => simulate::custom(self, call),
            refused "CreateOpenIDConnectProvider", "CreateSAMLProvider", "CreateVirtualMFADevice",
        }
    }

    operations! { STS_OPERATIONS =
        pub(crate) fn call_sts(&self, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "GetCallerIdentity" => sts::caller_identity(call),
            "AssumeRole" => sts::assume_role(self, call),
            "GetSessionToken" => sts::session_token(self, call),
            "GetAccessKeyInfo" => sts::access_key_info(self, call),
            "DecodeAuthorizationMessage" => sts::decode_authorization_message(call),
            refused "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetFederationToken",
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
        self.on_account(call, |account| f(account.role(name)?))
    }
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

/// A quota that is used up.
fn over_quota(quota: &str, most: usize) -> AwsError {
    AwsError::new(409, "LimitExceeded", format!("Cannot exceed quota for {quota}: {most}"))
}
