//! What each service has to be allowed, as statements of resource policies: a pipeline is built with them, and a finding's
//! remedy adds the one that is missing.

use serde_json::{Value, json};

/// A policy of these statements.
pub(crate) fn policy(statements: impl IntoIterator<Item = Value>) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements.into_iter().collect::<Vec<_>>() }).to_string()
}

/// A rule may publish to a topic.
///
/// Source: "Amazon SNS permissions" in the EventBridge user guide.
pub(crate) fn publish(topic_arn: &str, rule_arn: &str) -> Value {
    json!({
        "Sid": "RuleMayPublish",
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": { "ArnEquals": { "aws:SourceArn": rule_arn } },
    })
}

/// A topic or a rule, whose service this is, may send to a queue.
///
/// Source: "Amazon SQS permissions" in the EventBridge user guide, "Subscribing an Amazon SQS queue" in the SNS developer
/// guide.
pub(crate) fn send(service: &str, queue_arn: &str, source_arn: &str) -> Value {
    json!({
        "Sid": "SourceMaySend",
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": { "ArnEquals": { "aws:SourceArn": source_arn } },
    })
}

/// EventBridge may encrypt for a topic. Its requests bring no source, so there is no condition on one.
///
/// Source: "Amazon SNS data protection", "Configuring AWS KMS permissions for Amazon SNS" in its developer guide.
pub(crate) fn encrypt() -> Value {
    json!({
        "Sid": "EventBridgeMayEncrypt",
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    })
}

/// The account may manage its key: without this nobody could change the key's policy again.
pub(crate) fn manage_key(account: &str) -> Value {
    json!({
        "Sid": "AccountMayManage",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
        "Action": "kms:*",
        "Resource": "*",
    })
}

/// CloudTrail may write an account's log files to a bucket; for this trail alone, where one is named.
///
/// Source: "Amazon S3 bucket policy for CloudTrail" in the CloudTrail user guide.
pub(crate) fn write_logs(bucket: &str, account: &str, trail_arn: Option<&str>) -> [Value; 2] {
    let principal = json!({ "Service": "cloudtrail.amazonaws.com" });
    let mut check = json!({
        "Sid": "AWSCloudTrailAclCheck",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetBucketAcl",
        "Resource": format!("arn:aws:s3:::{bucket}"),
    });
    let mut write = json!({
        "Sid": "AWSCloudTrailWrite",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:PutObject",
        "Resource": format!("arn:aws:s3:::{bucket}/AWSLogs/{account}/*"),
        "Condition": { "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } },
    });
    if let Some(trail_arn) = trail_arn {
        check["Condition"] = json!({ "StringEquals": { "aws:SourceArn": trail_arn } });
        write["Condition"]["StringEquals"]["aws:SourceArn"] = trail_arn.into();
    }
    [check, write]
}
