//! A key, and the operations on keys as a whole.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::violated;
use super::page::{Listing, page};
use super::state::State;
use super::tag::{self, Tag};
use super::{Kms, cipher, policy};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::policy::Policy;
use crate::scope::Scope;
use crate::time;

/// A symmetric key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) account: String,
    pub(super) created: Timestamp,
    pub(super) description: String,
    pub(super) policy: Policy,
    pub(super) state: State,
    /// The alias of a key that AWS manages: `aws/sns`.
    pub(super) managed: Option<&'static str>,
    pub(super) tags: BTreeMap<String, String>,
    /// After how many days the material is to be rotated, if at all.
    pub(super) rotation_days: Option<u32>,
    pub(super) material: cipher::Material,
}

impl Key {
    pub(super) fn new(scope: &Scope, description: String, policy: Policy, managed: Option<&'static str>) -> Self {
        let id = ids::uuid();
        Self {
            arn: scope.arn("kms", format_args!("key/{id}")),
            id,
            account: scope.account.clone(),
            created: Timestamp::now(),
            description,
            policy,
            state: State::Enabled,
            managed,
            tags: BTreeMap::new(),
            rotation_days: managed.map(|_| 365),
            material: cipher::Material::random(),
        }
    }

    /// `KeyMetadata`.
    fn metadata(&self) -> Value {
        let mut metadata = json!({
            "AWSAccountId": self.account,
            "KeyId": self.id,
            "Arn": self.arn,
            "CreationDate": time::epoch(self.created),
            "Enabled": self.state == State::Enabled,
            "Description": self.description,
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": self.state.name(),
            "Origin": "AWS_KMS",
            "KeyManager": if self.managed.is_some() { "AWS" } else { "CUSTOMER" },
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": [cipher::ALGORITHM],
            "MultiRegion": false,
        });
        if let State::PendingDeletion { date } = self.state {
            metadata["DeletionDate"] = time::epoch(date).into();
        }
        metadata
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateKey {
    policy: Option<String>,
    #[serde(default)]
    description: String,
    key_usage: Option<String>,
    customer_master_key_spec: Option<String>,
    key_spec: Option<String>,
    origin: Option<String>,
    custom_key_store_id: Option<String>,
    #[serde(default)]
    bypass_policy_lockout_safety_check: bool,
    #[serde(default)]
    tags: Vec<Tag>,
    multi_region: Option<bool>,
    xks_key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeKey {
    key_id: String,
    #[serde(default)]
    grant_tokens: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateKeyDescription {
    key_id: String,
    description: String,
}

fn check_description(description: &str) -> Result<(), AwsError> {
    if description.chars().count() > 8192 {
        return Err(violated(description, "description", "Member must have length less than or equal to 8192"));
    }
    Ok(())
}

/// Only symmetric keys whose material KMS makes. The others are refused by what makes them different.
fn check_kind(call: &Call, input: &CreateKey) -> Result<(), AwsError> {
    let other = |name: &str, value: Option<&String>, ours: &str| match value {
        Some(value) if value != ours => Err(AwsError::unsupported(format_args!("keys with the {name} {value}"))),
        _ => Ok(()),
    };
    other("KeyUsage", input.key_usage.as_ref(), "ENCRYPT_DECRYPT")?;
    other("KeySpec", input.key_spec.as_ref(), "SYMMETRIC_DEFAULT")?;
    other("CustomerMasterKeySpec", input.customer_master_key_spec.as_ref(), "SYMMETRIC_DEFAULT")?;
    other("Origin", input.origin.as_ref(), "AWS_KMS")?;
    if input.custom_key_store_id.is_some() {
        return Err(call.unsupported_parameter("CustomKeyStoreId"));
    }
    if input.xks_key_id.is_some() {
        return Err(call.unsupported_parameter("XksKeyId"));
    }
    if input.multi_region == Some(true) {
        return Err(call.unsupported_parameter("MultiRegion"));
    }
    Ok(())
}

impl Kms {
    pub(super) fn create_key(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: CreateKey = call.input()?;
        check_kind(call, &input)?;
        check_description(&input.description)?;
        let tags = tag::checked(BTreeMap::new(), input.tags)?;
        let policy = match &input.policy {
            Some(text) => policy::checked(call, text, input.bypass_policy_lockout_safety_check)?,
            None => policy::default(&call.scope.account)?,
        };
        let mut key = Key::new(&call.scope, input.description, policy, None);
        key.tags = tags;
        let metadata = key.metadata();
        self.rings.with(&call.scope, |ring| ring.keys.insert(key.id.clone(), key));
        call.reply(&json!({ "KeyMetadata": metadata }))
    }

    pub(super) fn describe_key(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: DescribeKey = call.input()?;
        if !input.grant_tokens.is_empty() {
            return Err(call.unsupported_parameter("GrantTokens"));
        }
        let metadata = self.on_key(call, &input.key_id, |key| Ok(key.metadata()))?;
        call.reply(&json!({ "KeyMetadata": metadata }))
    }

    pub(super) fn list_keys(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Listing = call.input()?;
        let keys = self.rings.with(&call.scope, |ring| {
            ring.keys.values().map(|key| json!({ "KeyId": key.id, "KeyArn": key.arn })).collect()
        });
        call.reply(&page("Keys", keys, &input, 100, 1000)?)
    }

    pub(super) fn update_key_description(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: UpdateKeyDescription = call.input()?;
        check_description(&input.description)?;
        self.on_customer_key(call, &input.key_id, |key| {
            key.state.check_not_pending(&key.arn)?;
            key.description = input.description;
            Ok(())
        })?;
        call.done()
    }
}
