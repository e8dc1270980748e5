//! The versions of a managed policy, of which one is in force.

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::policy::{ManagedPolicy, Version, check_arn, check_document};
use super::{Iam, delete_conflict, document, managed, no_such_entity};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::time;

/// How many versions a policy has at most.
const MOST_VERSIONS: usize = 5;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionOutput {
    /// Only in the answer to the call that asks for this version.
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    create_date: String,
}

impl VersionOutput {
    fn new(policy: &ManagedPolicy, number: u32, version: &Version) -> Self {
        Self {
            document: None,
            version_id: format!("v{number}"),
            is_default_version: policy.default == number,
            create_date: time::seconds(version.created),
        }
    }

    fn of_aws(document: Option<&str>) -> Self {
        Self {
            document: document.map(document::encoded),
            version_id: managed::VERSION.to_owned(),
            is_default_version: true,
            create_date: managed::CREATED.to_owned(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneVersion {
    policy_version: VersionOutput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    policy_arn: String,
    policy_document: String,
    set_as_default: Option<bool>,
}

pub(super) fn create(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    check_document(&input.policy_document)?;
    let policy_version = iam.on_account(call, |account| {
        let policy = account.policy_to_change(&input.policy_arn)?;
        if policy.versions.len() == MOST_VERSIONS {
            let message = format!(
                "A managed policy can have up to {MOST_VERSIONS} versions. Before you create a new version, you must \
                 delete an existing version."
            );
            return Err(AwsError::new(409, "LimitExceeded", message));
        }
        let version = Version { text: input.policy_document, created: call.time };
        policy.latest += 1;
        if input.set_as_default == Some(true) {
            policy.default = policy.latest;
            policy.updated = call.time;
        }
        let output = VersionOutput::new(policy, policy.latest, &version);
        policy.versions.insert(policy.latest, version);
        Ok(output)
    })?;
    call.reply(&OneVersion { policy_version })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct VersionInput {
    policy_arn: String,
    version_id: String,
}

impl VersionInput {
    fn missing(&self) -> AwsError {
        let Self { policy_arn, version_id } = self;
        no_such_entity(format!("Policy {policy_arn} version {version_id} does not exist or is not attachable."))
    }

    /// The number of a version that the policy has.
    fn number(&self, policy: &ManagedPolicy) -> Result<u32, AwsError> {
        let number = self.version_id.strip_prefix('v').and_then(|number| number.parse().ok());
        number.filter(|number| policy.versions.contains_key(number)).ok_or_else(|| self.missing())
    }
}

pub(super) fn get(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: VersionInput = call.input()?;
    check_arn(&input.policy_arn)?;
    let policy_version = iam.on_account(call, |account| match account.policies.get(&input.policy_arn) {
        Some(policy) => {
            let number = input.number(policy)?;
            let version = policy.versions.get(&number).ok_or_else(|| input.missing())?;
            let document = Some(document::encoded(&version.text));
            Ok(VersionOutput { document, ..VersionOutput::new(policy, number, version) })
        }
        None if input.policy_arn.starts_with(managed::PREFIX) => {
            let policy = managed::find(&input.policy_arn)?;
            if input.version_id != managed::VERSION {
                return Err(input.missing());
            }
            Ok(VersionOutput::of_aws(Some(policy.document)))
        }
        None => Err(no_such_entity(format!("Policy {} was not found.", input.policy_arn))),
    })?;
    call.reply(&OneVersion { policy_version })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionsOutput {
    versions: Vec<VersionOutput>,
    is_truncated: bool,
    marker: Option<String>,
}

/// The newest first, as AWS lists them.
pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let arn = input.policy_arn()?;
    check_arn(arn)?;
    let versions: Vec<VersionOutput> = iam.on_account(call, |account| match account.policies.get(arn) {
        Some(policy) => {
            let versions = policy.versions.iter().rev();
            Ok(versions.map(|(number, version)| VersionOutput::new(policy, *number, version)).collect())
        }
        None if arn.starts_with(managed::PREFIX) => managed::find(arn).map(|_| vec![VersionOutput::of_aws(None)]),
        None => Err(no_such_entity(format!("Policy {arn} was not found."))),
    })?;
    // There are five at most, so that a page holds them all.
    call.reply(&VersionsOutput { versions, is_truncated: false, marker: None })
}

pub(super) fn set_default(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: VersionInput = call.input()?;
    iam.on_account(call, |account| {
        let policy = account.policy_to_change(&input.policy_arn)?;
        policy.default = input.number(policy)?;
        policy.updated = call.time;
        Ok::<_, AwsError>(())
    })?;
    call.done()
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: VersionInput = call.input()?;
    iam.on_account(call, |account| {
        let policy = account.policy_to_change(&input.policy_arn)?;
        let number = input.number(policy)?;
        if number == policy.default {
            return Err(delete_conflict("Cannot delete the default version of a policy."));
        }
        policy.versions.remove(&number);
        Ok(())
    })?;
    call.done()
}
