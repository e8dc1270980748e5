//! A role's identity policies: attached by ARN, or put inline. They are kept and handed back; see the module above.

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::{Iam, document, name, no_such_entity};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::PolicyKind;

/// How many managed policies a role takes, by AWS's default quota.
const MOST_ATTACHED: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttachInput {
    role_name: String,
    policy_arn: String,
}

pub(super) fn attach(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let AttachInput { role_name, policy_arn } = call.input()?;
    check_attachable(&policy_arn)?;
    iam.on_role(call, &role_name, |role| {
        if role.attached.contains(&policy_arn) {
            return Ok(());
        }
        if role.attached.len() == MOST_ATTACHED {
            let message = format!("Cannot exceed quota for PoliciesPerRole: {MOST_ATTACHED}");
            return Err(AwsError::new(409, "LimitExceeded", message));
        }
        role.attached.push(policy_arn);
        Ok(())
    })?;
    call.done()
}

/// AWS's own policies are taken by the form of their ARN; the lab makes no others.
fn check_attachable(arn: &str) -> Result<(), AwsError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let policy = match parts.as_slice() {
        ["arn", "aws", "iam", "", owner, entity] => entity.strip_prefix("policy/").map(|path| (*owner, path)),
        _ => None,
    };
    let well_formed =
        |path: &str| !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c));
    match policy {
        Some(("aws", path)) if well_formed(path) => Ok(()),
        Some((_, path)) if well_formed(path) => {
            Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")))
        }
        _ => Err(AwsError::bad_request("InvalidInput", format!("ARN {arn} is not valid."))),
    }
}

pub(super) fn detach(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let AttachInput { role_name, policy_arn } = call.input()?;
    iam.on_role(call, &role_name, |role| {
        let position = role.attached.iter().position(|attached| *attached == policy_arn);
        let position = position.ok_or_else(|| no_such_entity(format!("Policy {policy_arn} was not found.")))?;
        role.attached.remove(position);
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
    let input: ListInput = call.input()?;
    let mut arns = iam.on_role(call, input.role_name()?, |role| Ok(role.attached.clone()))?;
    arns.sort_unstable();
    let policies = arns.into_iter().map(|policy_arn| AttachedPolicy {
        policy_name: policy_arn.rsplit('/').next().unwrap_or_default().to_owned(),
        policy_arn,
    });
    let (attached_policies, marker) = input.page(policies, |policy| policy.policy_arn.clone())?;
    call.reply(&AttachedOutput { attached_policies, is_truncated: marker.is_some(), marker })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutInput {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

pub(super) fn put(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: PutInput = call.input()?;
    name::check(&input.policy_name, "policyName", 1..=128)?;
    document::parse(&input.policy_document, PolicyKind::Identity)?;
    iam.on_role(call, &input.role_name, |role| {
        role.inline.insert(input.policy_name, input.policy_document);
        Ok(())
    })?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyInput {
    role_name: String,
    policy_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyOutput {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

fn not_found(name: &str) -> AwsError {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

pub(super) fn get(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let PolicyInput { role_name, policy_name } = call.input()?;
    let policy_document = iam.on_role(call, &role_name, |role| {
        let text = role.inline.get(&policy_name).ok_or_else(|| not_found(&policy_name))?;
        Ok(document::encoded(text))
    })?;
    call.reply(&PolicyOutput { role_name, policy_name, policy_document })
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let PolicyInput { role_name, policy_name } = call.input()?;
    iam.on_role(call, &role_name, |role| {
        role.inline.remove(&policy_name).map(|_| ()).ok_or_else(|| not_found(&policy_name))
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
    let input: ListInput = call.input()?;
    let names: Vec<String> = iam.on_role(call, input.role_name()?, |role| Ok(role.inline.keys().cloned().collect()))?;
    let (policy_names, marker) = input.page(names, String::clone)?;
    call.reply(&PolicyNamesOutput { policy_names, is_truncated: marker.is_some(), marker })
}
