//! KMS, as far as an encrypted topic or queue needs it: symmetric keys, their policies, aliases, and what they encrypt.
//!
//! Encryption is one of the quietest ways to lose an alarm. What surprises people:
//! - **The key that AWS manages cannot be used by another service.** The policy of `alias/aws/sns` lets in the account's own
//!   identities, by way of SNS, and cannot be changed. A rule that publishes to a topic encrypted with it fails, and only
//!   `FailedInvocations` says so. The same is true of SNS and a queue encrypted with `alias/aws/sqs`.
//! - **A key's policy is the whole answer.** The default one names the account, so that its identities may use the key; a
//!   service is let in by a statement that names it, with `kms:GenerateDataKey*` and `kms:Decrypt`.
//! - **EventBridge brings no source.** Its requests to KMS have neither `aws:SourceArn` nor `aws:SourceAccount`: a statement
//!   with a condition on them, as for a topic's policy, lets nothing through.
//! - **Nobody looks when the key is set.** A topic or a queue takes any key's name, one that does not exist too; what is
//!   wrong shows when a message is to be encrypted.
//!
//! What differs from AWS: a key that waits for its deletion is never deleted, as nobody lets the lab run for a week; a
//! data key is not reused, so that a change of a policy is seen at once where AWS may take five minutes. Refused by name:
//! asymmetric and HMAC keys, grants, key stores, imported material, replicas.
//!
//! Source: the AWS KMS API Reference; "Key policies" and "AWS managed keys" in the AWS KMS Developer Guide; "Key
//! management" in the Amazon SNS and the Amazon SQS Developer Guide.

mod alias;
mod cipher;
mod client;
mod data;
mod error;
mod key;
mod name;
mod page;
mod permission;
mod policy;
mod snapshot;
mod state;
mod tag;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::alias::Alias;
pub(crate) use self::client::{Denial, Purpose};
use self::key::Key;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::scope::Scoped;

/// The keys of every account and Region.
#[derive(Debug, Default)]
pub(crate) struct Kms {
    rings: Scoped<Ring>,
}

/// The keys of one account and Region, by id, and their aliases, by name.
#[derive(Debug, Default)]
struct Ring {
    keys: BTreeMap<String, Key>,
    aliases: BTreeMap<String, Alias>,
}

impl Kms {
    operations! { OPERATIONS =
        pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateKey" => self.create_key(call),
            "DescribeKey" => self.describe_key(call),
            "ListKeys" => self.list_keys(call),
            "UpdateKeyDescription" => self.update_key_description(call),
            "EnableKey" => self.enable_key(call),
            "DisableKey" => self.disable_key(call),
            "ScheduleKeyDeletion" => self.schedule_key_deletion(call),
            "CancelKeyDeletion" => self.cancel_key_deletion(call),
            "EnableKeyRotation" => self.enable_key_rotation(call),
            "DisableKeyRotation" => self.disable_key_rotation(call),
            "GetKeyRotationStatus" => self.get_key_rotation_status(call),
            "GetKeyPolicy" => self.get_key_policy(call),
            "PutKeyPolicy" => self.put_key_policy(call),
            "ListKeyPolicies" => self.list_key_policies(call),
            "CreateAlias" => self.create_alias(call),
            "UpdateAlias" => self.update_alias(call),
            "DeleteAlias" => self.delete_alias(call),
            "ListAliases" => self.list_aliases(call),
            "TagResource" => self.tag_resource(call),
            "UntagResource" => self.untag_resource(call),
            "ListResourceTags" => self.list_resource_tags(call),
            "Encrypt" => self.encrypt(call),
            "Decrypt" => self.decrypt(call),
            "ReEncrypt" => self.re_encrypt(call),
            "GenerateDataKey" => self.generate_data_key(call, true),
            "GenerateDataKeyWithoutPlaintext" => self.generate_data_key(call, false),
            "GenerateRandom" => data::generate_random(call),
            refused "CreateCustomKeyStore", "CreateGrant", "GenerateDataKeyPair", "GenerateMac", "GetPublicKey",
                "ImportKeyMaterial", "ListGrants", "ReplicateKey", "RetireGrant", "RevokeGrant", "RotateKeyOnDemand", "Sign",
                "Verify",
        }
    }
}
