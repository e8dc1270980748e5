//! The account as a whole: its alias, and how much of everything it has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::page::ListInput;
use super::{Iam, already_exists, name, no_such_entity};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SummaryOutput {
    summary_map: BTreeMap<&'static str, usize>,
}

/// The quotas are AWS's defaults, those of them that the lab knows.
pub(super) fn summary(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let summary_map = iam.on_account(call, |account| {
        let versions = account.policies.values().map(|policy| policy.versions.len()).sum();
        BTreeMap::from([
            ("AccessKeysPerUserQuota", 2),
            ("AccountAccessKeysPresent", 0),
            ("AccountMFAEnabled", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("AssumeRolePolicySizeQuota", 2048),
            ("AttachedPoliciesPerGroupQuota", 10),
            ("AttachedPoliciesPerRoleQuota", 10),
            ("AttachedPoliciesPerUserQuota", 10),
            ("GroupPolicySizeQuota", 5120),
            ("GlobalEndpointTokenVersion", 1),
            ("Groups", account.groups.len()),
            ("GroupsPerUserQuota", 10),
            ("GroupsQuota", 300),
            ("InstanceProfiles", account.profiles.len()),
            ("InstanceProfilesQuota", 1000),
            ("MFADevices", 0),
            ("MFADevicesInUse", 0),
            ("Policies", account.policies.len()),
            ("PoliciesQuota", 1500),
            ("PolicySizeQuota", 6144),
            ("PolicyVersionsInUse", versions),
            ("PolicyVersionsInUseQuota", 10_000),
            ("Providers", 0),
            ("RolePolicySizeQuota", 10_240),
            ("Roles", account.roles.len()),
            ("RolesQuota", 1000),
            ("ServerCertificates", 0),
            ("ServerCertificatesQuota", 20),
            ("SigningCertificatesPerUserQuota", 2),
            ("UserPolicySizeQuota", 2048),
            ("Users", account.users.len()),
            ("UsersQuota", 5000),
            ("VersionsPerPolicyQuota", 5),
        ])
    });
    call.reply(&SummaryOutput { summary_map })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasesOutput {
    account_aliases: Vec<String>,
    is_truncated: bool,
}

pub(super) fn list_aliases(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let alias = iam.on_account(call, |account| account.alias.clone());
    let (account_aliases, _) = input.page(alias, String::clone)?;
    call.reply(&AliasesOutput { account_aliases, is_truncated: false })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AliasInput {
    account_alias: String,
}

/// An account has one alias at most: a new one replaces it.
pub(super) fn create_alias(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let AliasInput { account_alias: alias } = call.input()?;
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let well_formed = (3..=63).contains(&alias.len())
        && alias.chars().all(|c| letter(c) || c == '-')
        && alias.starts_with(letter)
        && alias.ends_with(letter)
        && !alias.contains("--");
    if !well_formed {
        let constraint = "Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";
        return Err(name::violated(&alias, "accountAlias", constraint));
    }
    iam.with(|state| {
        let own = &call.scope.account;
        // Aliases are unique among all accounts.
        if state.accounts.iter().any(|(id, account)| id != own && account.alias.as_ref() == Some(&alias)) {
            return Err(already_exists(format!("The account alias {alias} already exists.")));
        }
        state.accounts.entry(own.clone()).or_default().alias = Some(alias);
        Ok(())
    })?;
    call.done()
}

pub(super) fn delete_alias(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let AliasInput { account_alias: alias } = call.input()?;
    iam.on_account(call, |account| {
        if account.alias.as_ref() != Some(&alias) {
            return Err(no_such_entity(format!("The account alias {alias} cannot be found.")));
        }
        account.alias = None;
        Ok(())
    })?;
    call.done()
}
