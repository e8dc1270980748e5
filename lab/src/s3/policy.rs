//! Bucket policies: what S3 takes and what it refuses, and whether one is public.
//!
//! Source: *Bucket policies for Amazon S3*, *The meaning of "public"* in *Blocking public access to your Amazon S3
//! storage*, and the actions of *Actions, resources, and condition keys for Amazon S3* in the service authorization
//! reference.

use s3s::dto;

use super::{Store, access};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::policy::{Condition, Effect, Fault, Policy, PrincipalPattern, Statement};

/// The largest policy that S3 takes, in bytes.
const LARGEST: usize = 20 * 1024;

/// The beginnings of the names of actions on objects; every other action is one on a bucket.
const OBJECT_ACTIONS: [&str; 8] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:RestoreObject",
    "s3:BypassGovernanceRetention",
    "s3:Replicate",
];

/// Actions on the whole bucket whose names begin like an object's.
const NOT_OBJECT_ACTIONS: [&str; 1] = ["s3:PutObjectLockConfiguration"];

/// The condition keys that make a statement for everyone one for a known few, if their values are fixed.
const NARROWING_KEYS: [&str; 12] = [
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "s3:dataaccesspointaccount",
];

pub(super) fn put(
    store: &Store,
    call: &Call,
    input: dto::PutBucketPolicyInput,
) -> Result<dto::PutBucketPolicyOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:PutBucketPolicy", None), |bucket| {
        let policy = parse(&input.policy, &bucket.name)?;
        access::check_not_public(bucket, &policy, call)?;
        bucket.policy = Some(policy);
        Ok(dto::PutBucketPolicyOutput {})
    })
}

pub(super) fn get(
    store: &Store,
    call: &Call,
    input: dto::GetBucketPolicyInput,
) -> Result<dto::GetBucketPolicyOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:GetBucketPolicy", None), |bucket| {
        let policy = bucket.policy.as_ref().ok_or_else(none)?;
        Ok(dto::GetBucketPolicyOutput { policy: Some(policy.text().to_owned()) })
    })
}

pub(super) fn delete(
    store: &Store,
    call: &Call,
    input: dto::DeleteBucketPolicyInput,
) -> Result<dto::DeleteBucketPolicyOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:DeleteBucketPolicy", None), |bucket| {
        bucket.policy = None;
        Ok(dto::DeleteBucketPolicyOutput {})
    })
}

pub(super) fn status(
    store: &Store,
    call: &Call,
    input: dto::GetBucketPolicyStatusInput,
) -> Result<dto::GetBucketPolicyStatusOutput, AwsError> {
    store.on_bucket(call, &input.bucket, ("s3:GetBucketPolicyStatus", None), |bucket| {
        let is_public = Some(is_public(bucket.policy.as_ref().ok_or_else(none)?));
        Ok(dto::GetBucketPolicyStatusOutput { policy_status: Some(dto::PolicyStatus { is_public }) })
    })
}

fn none() -> AwsError {
    AwsError::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
}

/// The policy, if S3 would take it for this bucket.
fn parse(text: &str, bucket: &str) -> Result<Policy, AwsError> {
    if text.len() > LARGEST {
        let message = format!("Normalized policy document exceeds the maximum allowed size of {LARGEST} bytes.");
        return Err(malformed(message));
    }
    if !text.trim_start().starts_with('{') {
        return Err(malformed("Policies must be valid JSON and the first byte must be '{'"));
    }
    let policy = Policy::parse(text).map_err(|error| {
        malformed(match error.fault() {
            Fault::Json => "This policy contains invalid Json",
            Fault::Version => "The policy must contain a valid version string",
            Fault::Principal => "Invalid principal in policy",
            Fault::Action => "Policy has invalid action",
            Fault::Resource => "Policy has invalid resource",
            Fault::Condition => "Policy has an invalid condition key",
            Fault::Syntax => "Invalid policy syntax.",
            // `Missing required field Effect`, `Unknown field Efect`, `Invalid Condition type : StringEqual`.
            Fault::Missing | Fault::Unknown | Fault::Operator => error.message(),
            Fault::Effect => return malformed(error.message().split(" (").next().unwrap_or_default()),
        })
    })?;
    policy.statements().iter().try_for_each(|statement| check_statement(statement, bucket))?;
    Ok(policy)
}

fn check_statement(statement: &Statement, bucket: &str) -> Result<(), AwsError> {
    let resources = statement.resource().map(|element| element.patterns()).unwrap_or_default();
    let within = |arn: &str| {
        let rest = arn.strip_prefix("arn:aws:s3:::").and_then(|name| name.strip_prefix(bucket));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']))
    };
    if !resources.iter().all(|arn| within(arn)) {
        return Err(malformed("Policy has invalid resource"));
    }
    // What a statement leaves out may be anything.
    let listed = statement.action().name() == "Action" && statement.resource().is_some_and(|r| r.name() == "Resource");
    for action in statement.action().patterns() {
        let known = action == "*" || action.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("s3:"));
        if !known {
            return Err(malformed("Policy has invalid action"));
        }
        if listed && !resources.iter().any(|arn| applies(action, arn)) {
            return Err(malformed("Action does not apply to any resource(s) in statement"));
        }
    }
    Ok(())
}

/// Whether an action can be one on what the ARN names: an object, a bucket, or with wildcards either.
fn applies(action: &str, arn: &str) -> bool {
    if action.contains(['*', '?']) {
        return true;
    }
    let begins = |prefix: &&str| action.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let on_objects =
        OBJECT_ACTIONS.iter().any(begins) && !NOT_OBJECT_ACTIONS.iter().any(|name| action.eq_ignore_ascii_case(name));
    let names_objects = arn.contains('/');
    (arn.ends_with('*') && !names_objects) || on_objects == names_objects
}

/// Whether a policy is public: a statement allows everyone, and no condition narrows that to fixed values.
pub(super) fn is_public(policy: &Policy) -> bool {
    policy.statements().iter().any(|statement| {
        let everyone = statement.principal().is_some_and(|element| {
            element.name() == "NotPrincipal" || element.patterns().contains(&PrincipalPattern::Everyone)
        });
        statement.effect() == Effect::Allow && everyone && !statement.conditions().iter().any(narrows)
    })
}

fn narrows(condition: &Condition) -> bool {
    let fixed = |value: &str| !value.contains(['*', '?']) && !value.contains("${") && !value.ends_with("/0");
    let known = NARROWING_KEYS.iter().any(|key| condition.key().eq_ignore_ascii_case(key));
    known && !condition.operator().is_negated() && condition.wanted().into_iter().all(fixed)
}

fn malformed(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("MalformedPolicy", message)
}
