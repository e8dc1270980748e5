//! Policies in the shape in which AWS writes them, compared with what its services return.

use super::*;

const FUNCTION: &str = "arn:aws:lambda:us-east-2:123456789012:function:my-function";

/// AWS Lambda Developer Guide, *Viewing resource-based IAM policies in Lambda*.
#[test]
fn lambda_add_permission() {
    let bucket = "arn:aws:s3:::amzn-s3-demo-bucket";
    let mut document = PolicyDocument::lambda_base();
    let grant = |principal, account, arn| {
        Grant::lambda_permission(
            "lambda-allow-s3-my-function",
            principal,
            "lambda:InvokeFunction",
            FUNCTION,
            account,
            arn,
        )
    };
    document.add(&grant("s3.amazonaws.com", Some("123456789012"), Some(bucket))).unwrap();
    assert_eq!(
        document.to_json(),
        format!(
            "{{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[{{\"Sid\":\"lambda-allow-s3-my-function\",\
             \"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"s3.amazonaws.com\"}},\"Action\":\"lambda:InvokeFunction\",\
             \"Resource\":\"{FUNCTION}\",\"Condition\":{{\"StringEquals\":{{\"AWS:SourceAccount\":\"123456789012\"}},\
             \"ArnLike\":{{\"AWS:SourceArn\":\"{bucket}\"}}}}}}]}}"
        )
    );
    let principal = |name| grant(name, None, None).to_value()["Principal"].clone();
    assert_eq!(principal("*"), json!("*"));
    assert_eq!(principal("123456789012"), json!({"AWS": "arn:aws:iam::123456789012:root"}));
    assert_eq!(principal("arn:aws:iam::123456789012:role/r"), json!({"AWS": "arn:aws:iam::123456789012:role/r"}));
}

/// What `GetTopicAttributes` returns for a new topic.
#[test]
fn sns_default() {
    let text = PolicyDocument::sns_default(TOPIC, OWNER).to_json();
    assert!(
        text.starts_with(
            "{\"Version\":\"2008-10-17\",\"Id\":\"__default_policy_ID\",\"Statement\":[{\"Sid\":\
             \"__default_statement_ID\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":[\
             \"SNS:GetTopicAttributes\",\"SNS:SetTopicAttributes\",\"SNS:AddPermission\",\"SNS:RemovePermission\",\
             \"SNS:DeleteTopic\",\"SNS:Subscribe\",\"SNS:ListSubscriptionsByTopic\",\"SNS:Publish\",\"SNS:Receive\"],"
        ),
        "{text}"
    );
    assert!(text.ends_with("\"Condition\":{\"StringEquals\":{\"AWS:SourceOwner\":\"111122223333\"}}}]}"), "{text}");
}

#[test]
fn account_permissions() {
    let one = Grant::account_permission("SQS", "send", &[OWNER], &["SendMessage"], "arn:aws:sqs:us-east-1:1:q");
    let expected = "{\"Sid\":\"send\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\
                    \"Action\":\"SQS:SendMessage\",\"Resource\":\"arn:aws:sqs:us-east-1:1:q\"}";
    assert_eq!(one.to_value().to_string(), expected);
    let accounts = [OWNER, "444455556666"];
    let many = Grant::account_permission("SNS", "use", &accounts, &["Publish", "Subscribe"], TOPIC).to_value();
    assert_eq!(many["Action"], json!(["SNS:Publish", "SNS:Subscribe"]));
    let roots = ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"];
    assert_eq!(many["Principal"], json!({"AWS": roots}));
}

#[test]
fn statements_come_and_go_by_sid() {
    let text = json!({"Version": "2012-10-17", "Statement": allow_if(json!({}))}).to_string();
    let mut document = PolicyDocument::from_json(&text).unwrap();
    let grant = Grant::new("rule").service("events.amazonaws.com").action("sns:Publish").resource(TOPIC);
    assert_eq!(document.add(&grant), Err(SidError::Exists("rule".to_owned())));
    document.remove("rule").unwrap();
    assert!(document.is_empty());
    assert_eq!(document.remove("rule"), Err(SidError::Missing("rule".to_owned())));
    document.add(&grant.source_arn(RULE).source_account(OWNER)).unwrap();
    assert!(Policy::parse(&document.to_json()).unwrap().evaluate(&publish()).is_allowed());
    assert!(PolicyDocument::from_json("[]").is_err());
}

#[test]
fn the_defaults_are_valid_policies() {
    let queue = "arn:aws:sqs:ap-northeast-2:111122223333:q";
    let policy = Policy::parse(&PolicyDocument::sqs_default(queue, OWNER).to_json()).unwrap();
    let send = |principal| RequestContext::new(principal, "sqs:SendMessage", queue);
    assert!(policy.evaluate(&send(Principal::aws("arn:aws:iam::111122223333:user/a"))).is_allowed());
    assert!(!policy.evaluate(&send(Principal::service("sns.amazonaws.com"))).is_allowed());
    let base = PolicyDocument::sqs_add_permission_base(queue).to_json();
    assert_eq!(base, format!("{{\"Version\":\"2008-10-17\",\"Id\":\"{queue}/SQSDefaultPolicy\",\"Statement\":[]}}"));
}
