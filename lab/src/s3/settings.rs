//! A bucket's settings: location, ACL, public access block, versioning, encryption, tags.

use s3s::dto;

use super::bucket::owner;
use super::{Store, tags};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;

pub(super) fn location(
    store: &Store,
    call: &Call,
    input: dto::GetBucketLocationInput,
) -> Result<dto::GetBucketLocationOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:GetBucketLocation", None), |bucket| {
        // For the oldest Region the answer is empty.
        let region = Some(bucket.scope.region.clone()).filter(|region| region != "us-east-1");
        Ok(dto::GetBucketLocationOutput { location_constraint: region.map(dto::BucketLocationConstraint::from) })
    })
}

pub(super) fn acl(
    store: &Store,
    call: &Call,
    input: dto::GetBucketAclInput,
) -> Result<dto::GetBucketAclOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:GetBucketAcl", None), |bucket| {
        let owner = owner(&bucket.scope.account);
        let grantee = dto::Grantee {
            display_name: None,
            email_address: None,
            id: owner.id.clone(),
            type_: dto::Type::from_static(dto::Type::CANONICAL_USER),
            uri: None,
        };
        let permission = dto::Permission::from_static(dto::Permission::FULL_CONTROL);
        let grant = dto::Grant { grantee: Some(grantee), permission: Some(permission) };
        Ok(dto::GetBucketAclOutput { grants: Some(vec![grant]), owner: Some(owner) })
    })
}

pub(super) fn put_public_access_block(
    store: &Store,
    call: &Call,
    input: dto::PutPublicAccessBlockInput,
) -> Result<dto::PutPublicAccessBlockOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:PutBucketPublicAccessBlock", None), |bucket| {
        let given = input.public_access_block_configuration;
        let settings = [
            given.block_public_acls,
            given.block_public_policy,
            given.ignore_public_acls,
            given.restrict_public_buckets,
        ];
        if settings.iter().all(Option::is_none) {
            return Err(AwsError::bad_request("InvalidRequest", "Must specify at least one configuration."));
        }
        bucket.public_access_block = Some(dto::PublicAccessBlockConfiguration {
            block_public_acls: Some(given.block_public_acls.unwrap_or_default()),
            block_public_policy: Some(given.block_public_policy.unwrap_or_default()),
            ignore_public_acls: Some(given.ignore_public_acls.unwrap_or_default()),
            restrict_public_buckets: Some(given.restrict_public_buckets.unwrap_or_default()),
        });
        Ok(dto::PutPublicAccessBlockOutput {})
    })
}

pub(super) fn get_public_access_block(
    store: &Store,
    call: &Call,
    input: dto::GetPublicAccessBlockInput,
) -> Result<dto::GetPublicAccessBlockOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:GetBucketPublicAccessBlock", None), |bucket| {
        let block = bucket.public_access_block.clone().ok_or_else(|| {
            let message = "The public access block configuration was not found";
            AwsError::new(404, "NoSuchPublicAccessBlockConfiguration", message)
        })?;
        Ok(dto::GetPublicAccessBlockOutput { public_access_block_configuration: Some(block) })
    })
}

pub(super) fn delete_public_access_block(
    store: &Store,
    call: &Call,
    input: dto::DeletePublicAccessBlockInput,
) -> Result<dto::DeletePublicAccessBlockOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:PutBucketPublicAccessBlock", None), |bucket| {
        bucket.public_access_block = None;
        Ok(dto::DeletePublicAccessBlockOutput {})
    })
}

pub(super) fn get_versioning(
    store: &Store,
    call: &Call,
    input: dto::GetBucketVersioningInput,
) -> Result<dto::GetBucketVersioningOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:GetBucketVersioning", None), |_| {
        Ok(dto::GetBucketVersioningOutput::default())
    })
}

/// A bucket that was never versioned cannot be told from one that is so; everything else is refused by name.
pub(super) fn put_versioning(
    store: &Store,
    call: &Call,
    input: dto::PutBucketVersioningInput,
) -> Result<dto::PutBucketVersioningOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:PutBucketVersioning", None), |_| {
        match input.versioning_configuration.status.as_ref().map(dto::BucketVersioningStatus::as_str) {
            Some(status @ (dto::BucketVersioningStatus::ENABLED | dto::BucketVersioningStatus::SUSPENDED)) => {
                Err(call.unsupported_parameter(&format!("VersioningConfiguration.Status {status}")))
            }
            _ => Err(AwsError::bad_request(
                "IllegalVersioningConfigurationException",
                "The Versioning element must be specified",
            )),
        }
    })
}

pub(super) fn encryption(
    store: &Store,
    call: &Call,
    input: dto::GetBucketEncryptionInput,
) -> Result<dto::GetBucketEncryptionOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:GetEncryptionConfiguration", None), |_| {
        let by_default = dto::ServerSideEncryptionByDefault {
            kms_master_key_id: None,
            sse_algorithm: dto::ServerSideEncryption::from_static(dto::ServerSideEncryption::AES256),
        };
        let rule = dto::ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(by_default),
            bucket_key_enabled: Some(false),
        };
        Ok(dto::GetBucketEncryptionOutput {
            server_side_encryption_configuration: Some(dto::ServerSideEncryptionConfiguration { rules: vec![rule] }),
        })
    })
}

pub(super) fn put_tags(
    store: &Store,
    call: &Call,
    input: dto::PutBucketTaggingInput,
) -> Result<dto::PutBucketTaggingOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:PutBucketTagging", None), |bucket| {
        let pairs = input.tagging.tag_set.into_iter();
        let pairs = pairs.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()));
        bucket.tags = tags::checked(pairs)?;
        Ok(dto::PutBucketTaggingOutput {})
    })
}

pub(super) fn get_tags(
    store: &Store,
    call: &Call,
    input: dto::GetBucketTaggingInput,
) -> Result<dto::GetBucketTaggingOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:GetBucketTagging", None), |bucket| {
        if bucket.tags.is_empty() {
            return Err(AwsError::new(404, "NoSuchTagSet", "The TagSet does not exist"));
        }
        let tag = |(key, value): (&String, &String)| dto::Tag { key: Some(key.clone()), value: Some(value.clone()) };
        Ok(dto::GetBucketTaggingOutput { tag_set: bucket.tags.iter().map(tag).collect() })
    })
}

pub(super) fn delete_tags(
    store: &Store,
    call: &Call,
    input: dto::DeleteBucketTaggingInput,
) -> Result<dto::DeleteBucketTaggingOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:PutBucketTagging", None), |bucket| {
        bucket.tags.clear();
        Ok(dto::DeleteBucketTaggingOutput {})
    })
}
