//! The policies that AWS's pages give for each hop of the alert chain, and what each lets through.

use super::*;

const TRAIL: &str = "arn:aws:cloudtrail:ap-northeast-2:111122223333:trail/ct-securitygroup";
const BUCKET: &str = "arn:aws:s3:::ct-securitygroup-bucket";
const QUEUE: &str = "arn:aws:sqs:ap-northeast-2:111122223333:probe";
const FUNCTION: &str = "arn:aws:lambda:ap-northeast-2:111122223333:function:lambda-securitygroup-alarm";

fn call(service: &str, action: &str, resource: &str, source: &str) -> RequestContext {
    let request = RequestContext::new(Principal::service(service), action, resource);
    request.key("aws:SourceArn", source).key("aws:SourceAccount", OWNER)
}

/// AWS CloudTrail User Guide, *Amazon S3 bucket policy for CloudTrail*.
#[test]
fn cloudtrail_to_its_bucket() {
    let policy = policy(json!([
        {"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
         "Action": "s3:GetBucketAcl", "Resource": BUCKET, "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}}},
        {"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
         "Action": "s3:PutObject", "Resource": format!("{BUCKET}/AWSLogs/{OWNER}/*"),
         "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}}},
    ]));
    let key = format!("{BUCKET}/AWSLogs/{OWNER}/CloudTrail/ap-northeast-2/2026/11/24/a.json.gz");
    let put = |key: &str, trail| call("cloudtrail.amazonaws.com", "s3:PutObject", key, trail);
    let acl = "bucket-owner-full-control";
    let other = "arn:aws:cloudtrail:ap-northeast-2:111122223333:trail/other";
    assert!(policy.evaluate(&call("cloudtrail.amazonaws.com", "s3:GetBucketAcl", BUCKET, TRAIL)).is_allowed());
    assert!(policy.evaluate(&put(&key, TRAIL).key("s3:x-amz-acl", acl)).is_allowed());
    for refused in [
        put(&key, TRAIL),
        put(&key, other).key("s3:x-amz-acl", acl),
        put(&format!("{BUCKET}/prefix/AWSLogs/{OWNER}/a"), TRAIL).key("s3:x-amz-acl", acl),
    ] {
        let decision = policy.evaluate(&refused);
        assert!(!decision.is_allowed());
        let near = decision.explanation().nearest_miss().unwrap();
        assert_eq!(near.sid.as_deref(), Some("AWSCloudTrailWrite20150319"), "{decision}");
    }
}

/// Amazon EventBridge User Guide, *Using resource-based policies*: Amazon SNS and Amazon SQS permissions.
#[test]
fn eventbridge_to_its_targets() {
    let topic = policy(json!([{
        "Sid": "PublishEventsToMyTopic", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish", "Resource": TOPIC,
    }]));
    assert!(topic.evaluate(&publish()).is_allowed());
    assert!(!topic.evaluate(&call("sns.amazonaws.com", "sns:Publish", TOPIC, RULE)).is_allowed());
    let queue = policy(json!([{
        "Sid": "EventsToMyQueue", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": QUEUE, "Condition": {"ArnEquals": {"aws:SourceArn": RULE}},
    }]));
    assert!(queue.evaluate(&call("events.amazonaws.com", "sqs:SendMessage", QUEUE, RULE)).is_allowed());
    let other = RULE.replace("rule/", "rule/other-bus/");
    assert!(!queue.evaluate(&call("events.amazonaws.com", "sqs:SendMessage", QUEUE, &other)).is_allowed());
}

/// Amazon SNS Developer Guide, *Fanout to Amazon SQS queues* and *Fanout to Lambda functions*.
#[test]
fn sns_to_its_subscribers() {
    let queue = policy(json!({
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": QUEUE, "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
    }));
    assert!(queue.evaluate(&call("sns.amazonaws.com", "sqs:SendMessage", QUEUE, TOPIC)).is_allowed());
    // The older form of the same page: everyone, if on behalf of the topic.
    let older = policy(json!({
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "SQS:SendMessage", "Resource": QUEUE,
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:sns-*"}},
    }));
    assert!(older.evaluate(&call("sns.amazonaws.com", "sqs:SendMessage", QUEUE, TOPIC)).is_allowed());
    let mut document = PolicyDocument::lambda_base();
    let invoke = "lambda:InvokeFunction";
    document.add(&Grant::lambda_permission("sns", "sns.amazonaws.com", invoke, FUNCTION, None, Some(TOPIC))).unwrap();
    let function = Policy::parse(&document.to_json()).unwrap();
    assert!(function.evaluate(&call("sns.amazonaws.com", invoke, FUNCTION, TOPIC)).is_allowed());
    let decision = function.evaluate(&call("sns.amazonaws.com", invoke, FUNCTION, &format!("{TOPIC}-2")));
    assert_eq!(
        decision.explanation().headline(),
        format!(
            "no statement allows sns.amazonaws.com to lambda:InvokeFunction: statement `sns` wants AWS:SourceArn \
             {TOPIC}, the request has {TOPIC}-2"
        )
    );
}

/// Amazon SNS Developer Guide, *Managing encryption keys and costs*: compatibility between AWS services and encrypted
/// topics. The key's default policy names only the account, and a service is of no account.
#[test]
fn eventbridge_and_an_encrypted_topic() {
    let account = json!({"Sid": "Enable IAM policies", "Effect": "Allow", "Principal": {"AWS": OWNER},
                         "Action": "kms:*", "Resource": "*"});
    let events = json!({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"});
    let key = "arn:aws:kms:ap-northeast-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let generate = call("events.amazonaws.com", "kms:GenerateDataKey", key, RULE);
    let default = policy(json!([account])).evaluate(&generate);
    assert_eq!(
        default.explanation().headline(),
        "no statement allows events.amazonaws.com to kms:GenerateDataKey: statement `Enable IAM policies` wants \
         principal account 111122223333, the request is from events.amazonaws.com"
    );
    assert!(policy(json!([account, events])).evaluate(&generate).is_allowed());
}
