//! Who may do what to a bucket: its policy, and whose it is.
//!
//! Source: *How Amazon S3 authorizes a request* in the S3 user guide, and *Troubleshoot access denied (403 Forbidden)
//! errors in Amazon S3* for the words.

use super::{Bucket, S3, policy};
use crate::cloud::Deliverer;
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::identity::Caller;
use crate::policy::{Decision, Policy, Principal, RequestContext, authorize};

/// The actions that the root user of the owner keeps whatever the policy says, so that nobody can lock themselves out.
const ROOT_KEEPS: [&str; 3] = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];

/// The ARN of a bucket, or of an object of it.
pub(super) fn arn(bucket: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("arn:aws:s3:::{bucket}/{key}"),
        None => format!("arn:aws:s3:::{bucket}"),
    }
}

/// Whether the caller may do `action` on the bucket, or on the object `key` of it.
pub(super) fn check(bucket: &Bucket, call: &Call, action: &str, key: Option<&str>) -> Result<(), AwsError> {
    let owner = &bucket.scope.account;
    let principal = principal(call);
    let is_owner = matches!(&principal, Principal::Aws { account, .. } if account == owner);
    if is_owner && call.identity.principal == Caller::Root && ROOT_KEEPS.contains(&action) {
        return Ok(());
    }
    if !is_owner && blocks_strangers(bucket) {
        return Err(denied("Access Denied"));
    }
    let resource = arn(&bucket.name, key);
    let request = RequestContext::new(principal, action, &resource)
        .key("aws:SourceIp", call.source_ip.to_string())
        .key("aws:SecureTransport", "true")
        .key("aws:UserAgent", &call.user_agent)
        .key("aws:CurrentTime", crate::time::seconds(call.time))
        .key("aws:EpochTime", call.time.as_second().to_string())
        .key_values("s3:prefix", call.query("prefix"))
        .key_values("s3:delimiter", call.query("delimiter"))
        .key_values("s3:max-keys", call.query("max-keys"))
        .key_values("s3:x-amz-acl", call.header("x-amz-acl"));
    match authorize(bucket.policy.as_ref(), &request, owner, true) {
        Decision::Allow(_) => Ok(()),
        // To another account AWS gives no reasons.
        _ if !is_owner => Err(denied("Access Denied")),
        Decision::ExplicitDeny(_) | Decision::ImplicitDeny(_) => Err(denied(format!(
            "User: {} is not authorized to perform: {action} on resource: \"{resource}\" with an explicit deny in a \
             resource-based policy",
            call.identity.arn()
        ))),
    }
}

/// The policy's answer to a service, which has nothing but the policy.
pub(super) fn check_service(
    bucket: Option<&Bucket>,
    name: &str,
    deliverer: &Deliverer,
    action: &str,
    key: Option<&str>,
    keys: &[(&str, &str)],
) -> Result<(), Refusal> {
    let bucket = bucket.ok_or_else(|| Refusal::new(Reason::NotFound, format!("there is no bucket {name}")))?;
    let Some(policy) = &bucket.policy else {
        let detail = format!("bucket {name} has no policy, so nothing allows {} to {action}", deliverer.service);
        return Err(Refusal::new(Reason::PolicyDenied, detail));
    };
    let request = RequestContext::new(Principal::service(deliverer.service), action, arn(name, key))
        .key("aws:SourceArn", &deliverer.source_arn)
        .key("aws:SourceAccount", &deliverer.source_account)
        .key("aws:SecureTransport", "true");
    let request = keys.iter().fold(request, |request, (name, value)| request.key(name, *value));
    match policy.evaluate(&request) {
        Decision::Allow(_) => Ok(()),
        Decision::ExplicitDeny(why) | Decision::ImplicitDeny(why) => {
            Err(Refusal::new(Reason::PolicyDenied, why.headline()).explained(&why))
        }
    }
}

impl S3 {
    /// The policy of a bucket, and the account that owns it; none where there is no such bucket.
    pub(crate) fn policy_of(&self, bucket: &str) -> Option<(Option<Policy>, String)> {
        self.store.with(|buckets| {
            let bucket = buckets.get(bucket)?;
            Some((bucket.policy.clone(), bucket.scope.account.clone()))
        })
    }
}

/// Who calls, as a policy sees it. A call that is not signed has no access key.
fn principal(call: &Call) -> Principal {
    match call.identity.access_key.as_str() {
        "" => Principal::Anonymous,
        _ => Principal::Aws { arn: call.identity.arn(), account: call.identity.account.clone() },
    }
}

/// Whether `RestrictPublicBuckets` keeps everyone but the owner's account and services out.
fn blocks_strangers(bucket: &Bucket) -> bool {
    let restricts = bucket.public_access_block.as_ref().and_then(|block| block.restrict_public_buckets);
    restricts == Some(true) && bucket.policy.as_ref().is_some_and(policy::is_public)
}

/// Whether a policy may be put on the bucket as far as `BlockPublicPolicy` goes.
pub(super) fn check_not_public(bucket: &Bucket, policy: &Policy, call: &Call) -> Result<(), AwsError> {
    let blocks = bucket.public_access_block.as_ref().and_then(|block| block.block_public_policy);
    if blocks != Some(true) || !policy::is_public(policy) {
        return Ok(());
    }
    Err(denied(format!(
        "User: {} is not authorized to perform: s3:PutBucketPolicy on resource: \"{}\" because public policies are \
         prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
        call.identity.arn(),
        arn(&bucket.name, None)
    )))
}

pub(super) fn denied(message: impl Into<String>) -> AwsError {
    AwsError::new(403, "AccessDenied", message)
}
