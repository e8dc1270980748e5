//! Buckets: making, finding and removing them.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use s3s::dto;
use sha2::{Digest, Sha256};

use super::{Bucket, Store, access, tags};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::scope::Scope;

const US_EAST_1: &str = "us-east-1";

pub(super) fn not_found() -> AwsError {
    AwsError::new(404, "NoSuchBucket", "The specified bucket does not exist")
}

/// The owner as S3 names it: 64 hexadecimal digits that an account keeps.
pub(super) fn owner(account: &str) -> dto::Owner {
    let digest = Sha256::digest(account.as_bytes());
    let id = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    dto::Owner { display_name: None, id: Some(id) }
}

/// S3's form of a time.
pub(super) fn timestamp(time: jiff::Timestamp) -> dto::Timestamp {
    let since = Duration::from_millis(u64::try_from(time.as_millisecond()).unwrap_or_default());
    dto::Timestamp::from(UNIX_EPOCH + since)
}

pub(super) fn create(
    store: &Store,
    call: &Call,
    input: dto::CreateBucketInput,
) -> Result<dto::CreateBucketOutput, AwsError> {
    refuse_unsupported(call, &input)?;
    let location = input.create_bucket_configuration.and_then(|configuration| configuration.location_constraint);
    let region = region(&call.scope.region, location.as_ref().map(dto::BucketLocationConstraint::as_str))?;
    let (name, tags) = (input.bucket, tags::checked(tags::of_creation(&call.body))?);
    store.with(|buckets| {
        match buckets.get(&name) {
            Some(taken) if taken.scope.account != call.scope.account => return Err(taken_by_another()),
            // In the oldest Region, making a bucket again is a success: the API reference says so for CreateBucket.
            Some(taken) if taken.scope.region == US_EAST_1 && region == US_EAST_1 => return Ok(()),
            Some(_) => return Err(taken_by_caller()),
            None => {}
        }
        let scope = Scope::new(&call.scope.account, region);
        buckets.insert(name.clone(), Bucket { tags, ..Bucket::new(name.clone(), scope, call.time) });
        Ok(())
    })?;
    let location = if region == US_EAST_1 { format!("/{name}") } else { format!("http://{name}.s3.amazonaws.com/") };
    Ok(dto::CreateBucketOutput { location: Some(location) })
}

fn taken_by_another() -> AwsError {
    AwsError::new(
        409,
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please \
         select a different name and try again.",
    )
}

fn taken_by_caller() -> AwsError {
    AwsError::new(
        409,
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
    )
}

/// The Region of a new bucket, from the endpoint's and the one that the request names.
fn region<'a>(endpoint: &'a str, constraint: Option<&'a str>) -> Result<&'a str, AwsError> {
    let illegal = |which: &str| {
        let message = format!(
            "The {which} location constraint is incompatible for the region specific endpoint this request was sent to."
        );
        AwsError::bad_request("IllegalLocationConstraintException", message)
    };
    match (endpoint, constraint.filter(|constraint| !constraint.is_empty())) {
        (US_EAST_1, Some(US_EAST_1)) => {
            let message = "The specified location-constraint is not valid";
            Err(AwsError::bad_request("InvalidLocationConstraint", message))
        }
        (US_EAST_1, constraint) => Ok(constraint.unwrap_or(US_EAST_1)),
        (endpoint, Some(constraint)) if endpoint == constraint => Ok(endpoint),
        (_, constraint) => Err(illegal(constraint.unwrap_or("unspecified"))),
    }
}

fn refuse_unsupported(call: &Call, input: &dto::CreateBucketInput) -> Result<(), AwsError> {
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(call.unsupported_parameter("ObjectLockEnabledForBucket"));
    }
    let enforced = dto::ObjectOwnership::BUCKET_OWNER_ENFORCED;
    if input.object_ownership.as_ref().is_some_and(|ownership| ownership.as_str() != enforced) {
        return Err(call.unsupported_parameter("ObjectOwnership"));
    }
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    let private = input.acl.as_ref().is_none_or(|acl| acl.as_str() == dto::BucketCannedACL::PRIVATE);
    if !private || grants.iter().any(|grant| grant.is_some()) {
        let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
        return Err(AwsError::bad_request("InvalidBucketAclWithObjectOwnership", message));
    }
    let configuration = input.create_bucket_configuration.as_ref();
    if configuration.is_some_and(|configuration| configuration.bucket.is_some() || configuration.location.is_some()) {
        return Err(call.unsupported_parameter("CreateBucketConfiguration.Location (directory buckets)"));
    }
    Ok(())
}

pub(super) fn head(store: &Store, call: &Call, input: dto::HeadBucketInput) -> Result<dto::HeadBucketOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:ListBucket", None), |bucket| {
        Ok(dto::HeadBucketOutput { bucket_region: Some(bucket.scope.region.clone()), ..Default::default() })
    })
}

pub(super) fn delete(
    store: &Store,
    call: &Call,
    input: dto::DeleteBucketInput,
) -> Result<dto::DeleteBucketOutput, AwsError> {
    store.with(|buckets| {
        let bucket = buckets.get(&input.bucket).ok_or_else(not_found)?;
        access::check(bucket, call, "s3:DeleteBucket", None)?;
        if !bucket.objects.is_empty() {
            return Err(AwsError::new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty"));
        }
        buckets.remove(&input.bucket);
        Ok(dto::DeleteBucketOutput {})
    })
}

pub(super) fn list(
    store: &Store,
    call: &Call,
    input: dto::ListBucketsInput,
) -> Result<dto::ListBucketsOutput, AwsError> {
    let limit = usize::try_from(input.max_buckets.unwrap_or(10_000)).unwrap_or_default().max(1);
    let prefix = input.prefix.clone().unwrap_or_default();
    let of_region = |bucket: &Bucket| input.bucket_region.as_ref().is_none_or(|region| region == &bucket.scope.region);
    store.with(|buckets| {
        let mut owned = buckets
            .values()
            .filter(|bucket| bucket.scope.account == call.scope.account && bucket.name.starts_with(&prefix))
            .filter(|bucket| of_region(bucket))
            .filter(|bucket| input.continuation_token.as_ref().is_none_or(|after| &bucket.name > after))
            .map(|bucket| dto::Bucket {
                bucket_region: Some(bucket.scope.region.clone()),
                creation_date: Some(timestamp(bucket.created)),
                name: Some(bucket.name.clone()),
            });
        let page: Vec<_> = owned.by_ref().take(limit).collect();
        let more = owned.next().is_some();
        Ok(dto::ListBucketsOutput {
            continuation_token: page.last().filter(|_| more).and_then(|last| last.name.clone()),
            buckets: Some(page),
            owner: Some(owner(&call.scope.account)),
            prefix: input.prefix,
        })
    })
}

impl Bucket {
    /// A bucket as AWS makes it since April 2023: no ACLs, no public access.
    fn new(name: String, scope: Scope, created: jiff::Timestamp) -> Self {
        let block = dto::PublicAccessBlockConfiguration {
            block_public_acls: Some(true),
            block_public_policy: Some(true),
            ignore_public_acls: Some(true),
            restrict_public_buckets: Some(true),
        };
        Self {
            name,
            scope,
            created,
            policy: None,
            public_access_block: Some(block),
            tags: BTreeMap::new(),
            objects: BTreeMap::new(),
        }
    }
}
