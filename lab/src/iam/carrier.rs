//! What carries policies: users, groups and roles, each with managed policies by their ARNs and inline ones by name.
//!
//! The operations of the three differ only in the name of the parameter that names the carrier.

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::{Account, Iam, PolicySet, document, managed, name, no_such_entity, over_quota};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::params::{ParamError, Problem};
use crate::policy::PolicyKind;

/// How many managed policies a carrier takes, by AWS's default quota.
const MOST_ATTACHED: usize = 10;

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
    Role,
}

impl Kind {
    /// By the operation's name: `AttachRolePolicy`, `ListGroupPolicies`.
    pub(super) fn of(call: &Call) -> Self {
        let operation = call.operation.as_str();
        if operation.contains("Role") {
            Self::Role
        } else if operation.contains("Group") {
            Self::Group
        } else {
            Self::User
        }
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    fn parameter(self) -> &'static str {
        match self {
            Self::User => "UserName",
            Self::Group => "GroupName",
            Self::Role => "RoleName",
        }
    }

    /// Checks that the call names one carrier, of this kind: the inputs below take the name under any of the three.
    pub(super) fn check(self, call: &Call) -> Result<(), AwsError> {
        for kind in [Self::User, Self::Group, Self::Role] {
            let parameter = kind.parameter();
            let problem = match (kind == self, call.params.text(parameter).is_some()) {
                (true, false) => ParamError::new(Problem::Missing, parameter, "is missing"),
                (false, true) => ParamError::new(Problem::Unknown, parameter, "is not recognized"),
                _ => continue,
            };
            return Err(call.bad_parameter(&problem));
        }
        Ok(())
    }

    /// How many characters the inline policies of a carrier may have together, white space apart.
    fn most_inline(self) -> usize {
        match self {
            Self::User => 2048,
            Self::Group => 5120,
            Self::Role => 10_240,
        }
    }
}

impl Account {
    /// The policies of a carrier, to look at.
    pub(super) fn policies_of(&self, kind: Kind, name: &str) -> Result<&PolicySet, AwsError> {
        let key = name.to_ascii_lowercase();
        let set = match kind {
            Kind::User => self.users.get(&key).map(|user| &user.policies),
            Kind::Group => self.groups.get(&key).map(|group| &group.policies),
            Kind::Role => self.roles.get(&key).map(|role| &role.policies),
        };
        set.ok_or_else(|| no_such_entity(format!("The {} with name {name} cannot be found.", kind.noun())))
    }

    /// The policies of a carrier, to change.
    fn policies_to_change(&mut self, kind: Kind, name: &str) -> Result<&mut PolicySet, AwsError> {
        match kind {
            Kind::User => Ok(&mut self.user(name)?.policies),
            Kind::Group => Ok(&mut self.group(name)?.policies),
            Kind::Role => Ok(&mut self.role_to_change(name)?.policies),
        }
    }
}

/// The parameters `UserName`, `GroupName` or `RoleName`: [`Kind::check`] has made sure that it is the right one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttachInput {
    #[serde(alias = "UserName", alias = "GroupName", alias = "RoleName")]
    name: String,
    policy_arn: String,
}

pub(super) fn attach(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let AttachInput { name, policy_arn } = call.input()?;
    iam.on_account(call, |account| {
        account.policies_of(kind, &name)?;
        check_attachable(account, &policy_arn)?;
        let set = account.policies_to_change(kind, &name)?;
        if set.attached.contains(&policy_arn) {
            return Ok(());
        }
        if set.attached.len() == MOST_ATTACHED {
            let quota = match kind {
                Kind::User => "PoliciesPerUser",
                Kind::Group => "PoliciesPerGroup",
                Kind::Role => "PoliciesPerRole",
            };
            return Err(over_quota(quota, MOST_ATTACHED));
        }
        set.attached.push(policy_arn);
        Ok(())
    })?;
    call.done()
}

/// Whether there is such a policy, of AWS's or of the account's own.
pub(super) fn check_attachable(account: &Account, arn: &str) -> Result<(), AwsError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let policy = match parts.as_slice() {
        ["arn", "aws", "iam", "", owner, entity] => entity.strip_prefix("policy/").map(|path| (*owner, path)),
        _ => None,
    };
    let well_formed =
        |path: &str| !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c));
    match policy {
        Some(("aws", path)) if well_formed(path) => managed::find(arn).map(|_| ()),
        Some((_, path)) if well_formed(path) && account.policies.contains_key(arn) => Ok(()),
        Some((_, path)) if well_formed(path) => {
            Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")))
        }
        _ => Err(AwsError::bad_request("InvalidInput", format!("ARN {arn} is not valid."))),
    }
}

pub(super) fn detach(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let AttachInput { name, policy_arn } = call.input()?;
    iam.on_account(call, |account| {
        let set = account.policies_to_change(kind, &name)?;
        let position = set.attached.iter().position(|attached| *attached == policy_arn);
        let position = position.ok_or_else(|| no_such_entity(format!("Policy {policy_arn} was not found.")))?;
        set.attached.remove(position);
        Ok(())
    })?;
    call.done()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedOutput {
    attached_policies: Vec<AttachedPolicy>,
    is_truncated: bool,
    marker: Option<String>,
}

pub(super) fn list_attached(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let input: ListInput = call.input()?;
    let name = input.carrier();
    let mut arns =
        iam.on_account(call, |account| Ok::<_, AwsError>(account.policies_of(kind, name)?.attached.clone()))?;
    arns.sort_unstable();
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let within = arns.into_iter().filter(|arn| managed::path(arn).starts_with(prefix));
    let policies = within.map(|policy_arn| AttachedPolicy {
        policy_name: policy_arn.rsplit('/').next().unwrap_or_default().to_owned(),
        policy_arn,
    });
    let (attached_policies, marker) = input.page(policies, |policy| policy.policy_arn.clone())?;
    call.reply(&AttachedOutput { attached_policies, is_truncated: marker.is_some(), marker })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutInput {
    #[serde(alias = "UserName", alias = "GroupName", alias = "RoleName")]
    name: String,
    policy_name: String,
    policy_document: String,
}

pub(super) fn put(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let input: PutInput = call.input()?;
    name::check(&input.policy_name, "policyName", 1..=128)?;
    document::parse(&input.policy_document, PolicyKind::Identity)?;
    iam.on_account(call, |account| {
        let set = account.policies_to_change(kind, &input.name)?;
        let others = set.inline.iter().filter(|(name, _)| **name != input.policy_name);
        let size: usize = others.map(|(_, text)| document::size(text)).sum();
        if size + document::size(&input.policy_document) > kind.most_inline() {
            let most = kind.most_inline();
            let message = format!("Maximum policy size of {most} bytes exceeded for {} {}", kind.noun(), input.name);
            return Err(AwsError::new(409, "LimitExceeded", message));
        }
        set.inline.insert(input.policy_name, input.policy_document);
        Ok(())
    })?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyInput {
    #[serde(alias = "UserName", alias = "GroupName", alias = "RoleName")]
    name: String,
    policy_name: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyOutput {
    user_name: Option<String>,
    group_name: Option<String>,
    role_name: Option<String>,
    policy_name: String,
    policy_document: String,
}

fn not_found(kind: Kind, name: &str) -> AwsError {
    no_such_entity(format!("The {} policy with name {name} cannot be found.", kind.noun()))
}

pub(super) fn get(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let PolicyInput { name, policy_name } = call.input()?;
    let policy_document = iam.on_account(call, |account| {
        let text = account.policies_of(kind, &name)?.inline.get(&policy_name);
        Ok::<_, AwsError>(document::encoded(text.ok_or_else(|| not_found(kind, &policy_name))?))
    })?;
    let output = PolicyOutput { policy_name, policy_document, ..PolicyOutput::default() };
    call.reply(&match kind {
        Kind::User => PolicyOutput { user_name: Some(name), ..output },
        Kind::Group => PolicyOutput { group_name: Some(name), ..output },
        Kind::Role => PolicyOutput { role_name: Some(name), ..output },
    })
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let PolicyInput { name, policy_name } = call.input()?;
    iam.on_account(call, |account| {
        let set = account.policies_to_change(kind, &name)?;
        set.inline.remove(&policy_name).map(|_| ()).ok_or_else(|| not_found(kind, &policy_name))
    })?;
    call.done()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyNamesOutput {
    policy_names: Vec<String>,
    is_truncated: bool,
    marker: Option<String>,
}

pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let input: ListInput = call.input()?;
    let names: Vec<String> = iam.on_account(call, |account| {
        Ok::<_, AwsError>(account.policies_of(kind, input.carrier())?.inline.keys().cloned().collect())
    })?;
    let (policy_names, marker) = input.page(names, String::clone)?;
    call.reply(&PolicyNamesOutput { policy_names, is_truncated: marker.is_some(), marker })
}

/// What keeps a carrier from being deleted.
pub(super) fn check_bare(set: &PolicySet) -> Result<(), AwsError> {
    match (set.attached.is_empty(), set.inline.is_empty()) {
        (false, _) => Err(super::delete_conflict("Cannot delete entity, must detach all policies first.")),
        (_, false) => Err(super::delete_conflict("Cannot delete entity, must delete policies first.")),
        (true, true) => Ok(()),
    }
}
