//! The policy of a key: AWS's own, and the operations that show and change it.

use serde::Deserialize;
use serde_json::json;

use super::Kms;
use super::error::{not_found, validation};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::{Policy, Principal, RequestContext};
use crate::scope::Scope;

/// The one name that a key's policy can have.
const NAME: &str = "default";

/// The largest policy, in bytes.
const LARGEST: usize = 32_768;

/// The policy that a key gets when its maker gives none: the account's identities may use it as their own policies say.
/// No service is in it.
pub(super) fn default(account: &str) -> Result<Policy, AwsError> {
    let root = format!("arn:aws:iam::{account}:root");
    own(&json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": root },
            "Action": "kms:*",
            "Resource": "*",
        }],
    }))
}

/// The policy of a key that AWS manages for a service: who calls the service in the account may use it, by way of the
/// service. Another service has no account to call from, so that it is left out.
pub(super) fn of_managed_key(service: &str, in_words: &str, scope: &Scope) -> Result<Policy, AwsError> {
    let Scope { account, region } = scope;
    let purpose = format!(
        "Allow access through {in_words} for all principals in the account that are authorized to use {in_words}"
    );
    own(&json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-1"),
        "Statement": [
            {
                "Sid": purpose,
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:ListGrants", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": { "StringEquals": {
                    "kms:CallerAccount": account,
                    "kms:ViaService": format!("{service}.{region}.amazonaws.com"),
                } },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
                "Resource": "*",
            },
        ],
    }))
}

fn own(policy: &serde_json::Value) -> Result<Policy, AwsError> {
    Policy::parse(&policy.to_string())
        .map_err(|error| AwsError::new(500, "KMSInternalException", format!("the default policy: {error}")))
}

/// A policy that a caller gives. One that would keep the caller from changing it again is refused, unless told otherwise.
pub(super) fn checked(call: &Call, text: &str, is_safe: bool) -> Result<Policy, AwsError> {
    let malformed = |message: String| AwsError::bad_request("MalformedPolicyDocumentException", message);
    if text.len() > LARGEST {
        return Err(AwsError::bad_request("LimitExceededException", "The policy is longer than 32768 bytes."));
    }
    let policy = Policy::parse(text).map_err(|error| malformed(error.to_string()))?;
    let who = Principal::aws(call.identity.arn());
    let again = RequestContext::new(who, "kms:PutKeyPolicy", call.scope.arn("kms", "key/any"))
        .key("kms:CallerAccount", call.scope.account.clone());
    if !is_safe && !policy.evaluate(&again).is_allowed() {
        return Err(malformed(
            "The new key policy will not allow you to update the key policy in the future.".to_owned(),
        ));
    }
    Ok(policy)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
    policy: String,
    #[serde(default)]
    bypass_policy_lockout_safety_check: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListKeyPolicies {
    key_id: String,
    #[serde(rename = "Limit")]
    _limit: Option<i64>,
    #[serde(rename = "Marker")]
    _marker: Option<String>,
}

impl Kms {
    pub(super) fn get_key_policy(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: GetKeyPolicy = call.input()?;
        if input.policy_name.is_some_and(|name| name != NAME) {
            return Err(not_found("No such policy exists"));
        }
        let text = self.on_named_key(call, &input.key_id, |key| Ok(key.policy.text().to_owned()))?;
        call.reply(&json!({ "Policy": text, "PolicyName": NAME }))
    }

    pub(super) fn put_key_policy(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: PutKeyPolicy = call.input()?;
        if input.policy_name.is_some_and(|name| name != NAME) {
            return Err(validation("The only valid policy name is default."));
        }
        self.on_customer_key(call, &input.key_id, |key| {
            key.state.check_not_pending(&key.arn)?;
            key.policy = checked(call, &input.policy, input.bypass_policy_lockout_safety_check)?;
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn list_key_policies(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ListKeyPolicies = call.input()?;
        self.on_named_key(call, &input.key_id, |_| Ok(()))?;
        call.reply(&json!({ "PolicyNames": [NAME], "Truncated": false }))
    }
}
