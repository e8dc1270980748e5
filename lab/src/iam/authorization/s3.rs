//! S3, whose actions have names of their own.
//!
//! Source: *Actions, resources, and condition keys for Amazon S3* in the Service Authorization Reference.

use percent_encoding::percent_decode_str;

use super::Need;
use crate::gateway::call::Call;

/// The actions of sub-resources: parameter, and the noun of the action.
const SUBRESOURCES: &[(&str, &str)] = &[
    ("policyStatus", "BucketPolicyStatus"),
    ("policy", "BucketPolicy"),
    ("location", "BucketLocation"),
    ("acl", "BucketAcl"),
    ("versioning", "BucketVersioning"),
    ("encryption", "EncryptionConfiguration"),
    ("publicAccessBlock", "BucketPublicAccessBlock"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("tagging", "BucketTagging"),
    ("lifecycle", "LifecycleConfiguration"),
    ("logging", "BucketLogging"),
    ("notification", "BucketNotification"),
    ("replication", "ReplicationConfiguration"),
    ("cors", "BucketCORS"),
    ("website", "BucketWebsite"),
    ("object-lock", "BucketObjectLockConfiguration"),
];

pub(super) fn needs(call: &Call) -> Vec<Need> {
    let path = percent_decode_str(call.uri.path()).decode_utf8_lossy().into_owned();
    let path = path.trim_start_matches('/');
    let (bucket, key) = match path.split_once('/') {
        Some((bucket, key)) if !key.is_empty() => (bucket, Some(key)),
        Some((bucket, _)) => (bucket, None),
        None => (path, None),
    };
    if bucket.is_empty() {
        return vec![Need::new("s3:ListAllMyBuckets", "*")];
    }
    let arn = format!("arn:aws:s3:::{bucket}");
    match key {
        Some(key) => of_object(call, &format!("{arn}/{key}")),
        None => of_bucket(call, &arn),
    }
}

fn of_object(call: &Call, arn: &str) -> Vec<Need> {
    let acl = call.query("acl").is_some();
    let tagging = call.query("tagging").is_some();
    let action = match call.method.as_str() {
        "GET" if acl => "s3:GetObjectAcl",
        "GET" if tagging => "s3:GetObjectTagging",
        "GET" | "HEAD" => "s3:GetObject",
        "DELETE" if tagging => "s3:DeleteObjectTagging",
        "DELETE" => "s3:DeleteObject",
        _ if acl => "s3:PutObjectAcl",
        _ if tagging => "s3:PutObjectTagging",
        _ => "s3:PutObject",
    };
    let mut needs = vec![Need::new(action, arn).key("s3:x-amz-acl", call.header("x-amz-acl"))];
    if let Some(source) = call.header("x-amz-copy-source") {
        let source = percent_decode_str(source).decode_utf8_lossy();
        let source = source.split('?').next().unwrap_or_default();
        needs.push(Need::new("s3:GetObject", format!("arn:aws:s3:::{}", source.trim_start_matches('/'))));
    }
    needs
}

fn of_bucket(call: &Call, arn: &str) -> Vec<Need> {
    let listing = |action: &str| {
        Need::new(action, arn)
            .key("s3:prefix", call.query("prefix"))
            .key("s3:delimiter", call.query("delimiter"))
            .key("s3:max-keys", call.query("max-keys"))
    };
    if let Some((_, noun)) = SUBRESOURCES.iter().find(|(name, _)| call.query(name).is_some()) {
        let verb = match (call.method.as_str(), *noun) {
            ("GET", _) => "Get",
            // What takes a setting away is allowed by what sets it, but for these two.
            ("DELETE", "BucketPolicy" | "BucketWebsite") => "Delete",
            _ => "Put",
        };
        return vec![Need::new(format!("s3:{verb}{noun}"), arn)];
    }
    match call.method.as_str() {
        "PUT" => vec![Need::new("s3:CreateBucket", arn).key("s3:x-amz-acl", call.header("x-amz-acl"))],
        "DELETE" => vec![Need::new("s3:DeleteBucket", arn)],
        "POST" => {
            keys_to_delete(call).into_iter().map(|key| Need::new("s3:DeleteObject", format!("{arn}/{key}"))).collect()
        }
        _ if call.query("versions").is_some() => vec![listing("s3:ListBucketVersions")],
        _ if call.query("uploads").is_some() => vec![Need::new("s3:ListBucketMultipartUploads", arn)],
        _ => vec![listing("s3:ListBucket")],
    }
}

/// The keys in the body of `DeleteObjects`.
fn keys_to_delete(call: &Call) -> Vec<String> {
    let body = String::from_utf8_lossy(&call.body);
    let keys = body.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
    keys.map(|(key, _)| quick_xml::escape::unescape(key).map_or_else(|_| key.to_owned(), |key| key.into_owned()))
        .collect()
}
