//! Identity policies that IAM refuses, with its words, and some that it takes.

use serde_json::{Value, json};

use super::super::document;
use crate::policy::PolicyKind;

const BUCKET: &str = "arn:aws:s3:::example_bucket";

fn refusal(statement: Value) -> String {
    let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
    let refused = document::parse(&text, PolicyKind::Identity).err();
    refused
        .map(|error| {
            assert_eq!(error.code, "MalformedPolicyDocument");
            error.message
        })
        .unwrap_or_default()
}

fn with_action(action: Value) -> String {
    refusal(json!({ "Effect": "Allow", "Action": action, "Resource": BUCKET }))
}

fn with_resource(resource: Value) -> String {
    refusal(json!({ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": resource }))
}

fn with_condition(condition: Value) -> String {
    refusal(json!({ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET, "Condition": condition }))
}

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
const PREFACED: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

#[test]
fn actions() {
    for (action, words) in [
        (json!("s3:ListBucket"), ""),
        (json!("*"), ""),
        (json!("s3.s:ListBucket"), ""),
        (json!("iam: with spaces "), ""),
        (json!("invalid"), PREFACED),
        (json!(""), PREFACED),
        (json!("a a:ListBucket"), "Vendor a a is not valid"),
        (json!("s3:List:Bucket"), "Actions/Condition can contain only one colon."),
        (json!([]), "Policy statement must contain actions."),
        (json!({}), SYNTAX),
        (json!([[]]), SYNTAX),
    ] {
        assert_eq!(with_action(action.clone()), words, "{action}");
    }
    assert_eq!(refusal(json!({ "Effect": "Allow", "Action": "invalid" })), PREFACED, "before the missing resource");
    assert_eq!(refusal(json!({ "Effect": "Allow" })), "Policy statement must contain actions.");
}

#[test]
fn resources() {
    for (resource, words) in [
        (json!([BUCKET, "*"]), ""),
        (json!("arn:aws:fdsasf"), ""),
        (json!("arn:aws:iam::*:user/${aws:username}"), ""),
        (json!("arn:aws:ec2:us-east-1::x"), ""),
        (json!("invalid resource"), "Resource invalid resource must be in ARN format or \"*\"."),
        (json!(""), "Resource  must be in ARN format or \"*\"."),
        (json!("a:bsdfdsafsad"), "Partition \"bsdfdsafsad\" is not valid for resource \"arn:bsdfdsafsad:*:*:*:*\"."),
        (json!("a:b:cadfsdf"), "Partition \"b\" is not valid for resource \"arn:b:cadfsdf:*:*:*\"."),
        (json!("a:b:c:d:e:f:g:h"), "Partition \"b\" is not valid for resource \"arn:b:c:d:e:f:g:h\"."),
        (json!("arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes."),
        (json!("arn:aws:s3::example_bucket"), LEGACY),
        (json!("arn:aws::::example_bucket"), LEGACY),
        (json!("arn:aws:s3:us-east-1::x"), "Resource arn:aws:s3:us-east-1::x can not contain region information."),
        (json!("arn:aws:s3:us-east-1:111122223333:accesspoint/a/object/*"), ""),
        (json!("arn:aws:iam:us-east-1::x"), "IAM resource arn:aws:iam:us-east-1::x cannot contain region information."),
        (
            json!(["arn:error:s3:::x", "arn:error:s3::x"]),
            "Partition \"error\" is not valid for resource \"arn:error:s3:::x\".",
        ),
        (json!([]), "Policy statement must contain resources."),
        (json!({ "a": BUCKET }), SYNTAX),
    ] {
        assert_eq!(with_resource(resource.clone()), words, "{resource}");
    }
    assert!(
        with_resource(json!("arn:aws:iam:::x"))
            .starts_with("IAM resource path must either be \"*\" or start with user/")
    );
}

#[test]
fn conditions() {
    for (condition, words) in [
        (json!({}), ""),
        (json!({ "a": {} }), ""),
        (json!({ "DateGreaterThan": { "a": [] } }), ""),
        (json!({ "ForAnyValue:StringEqualsIfExists": { "a": "asf" } }), ""),
        (json!({ "DateLessThan": { "aws:CurrentTime": "2016-12-13T21:20:37.593194+00:00" } }), ""),
        (json!({ "DateLessThanEquals": { "a": "2016-12-13t2:00:00.593194+23" } }), ""),
        (json!({ "DateLessThan": { "a": "-292275054" } }), ""),
        (json!({ "DateLessThan": { "aws:CurrentTime": "01T" } }), ""),
        (json!({ "DateLessThanEquals": { "a": "2016-12-13t2:00:00.593194+1" } }), LEGACY),
        (json!({ "DateLessThanEquals": { "a": "2016-12-13t2:00:00.1999999999+10:59" } }), LEGACY),
        (json!({ "DateGreaterThan": { "a": "sdfdsf" } }), LEGACY),
        (json!({ "DateLessThanEquals": { "a": "234-13" } }), LEGACY),
        (json!({ "DateLessThan": { "a": "9223372036854775808" } }), LEGACY),
        (json!([]), SYNTAX),
        (json!({ "a": "b" }), SYNTAX),
        (json!({ "x": { "a": "1" } }), SYNTAX),
        (json!({ "ForAnyValue::StringEquals": { "a": "asf" } }), SYNTAX),
        (json!({ "DateGreaterThan": { "a": {} } }), SYNTAX),
    ] {
        assert_eq!(with_condition(condition.clone()), words, "{condition}");
    }
}

#[test]
fn the_rest_of_a_statement_and_the_document() {
    let allow = json!({ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET });
    let with = |field: &str, value: Value| {
        let mut statement = allow.clone();
        statement[field] = value;
        statement
    };
    let twice = json!([with("Sid", json!("a")), with("Sid", json!("a"))]);
    for (statement, words) in [
        (with("Effect", json!("invalid")), SYNTAX),
        (with("Effect", json!("allow")), LEGACY),
        (with("Principal", json!("*")), "Policy document should not specify a principal."),
        (with("Extra", json!("x")), SYNTAX),
        (with("NotResource", json!([])), SYNTAX),
        (with("Sid", json!({})), SYNTAX),
        (twice, "Statement IDs (SID) in a single policy must be unique."),
        (json!([]), SYNTAX),
        (json!(["a"]), SYNTAX),
    ] {
        assert_eq!(refusal(statement.clone()), words, "{statement}");
    }
    let document =
        |text: Value| document::parse(&text.to_string(), PolicyKind::Identity).map_err(|error| error.message);
    let old = "Policy document must be version 2012-10-17 or greater.";
    assert_eq!(document(json!({ "Statement": allow })).unwrap_err(), old);
    assert_eq!(document(json!({ "Version": "2008-10-17", "Statement": allow })).unwrap_err(), old);
    assert_eq!(document(json!({ "Version": "2013-10-17", "Statement": allow })).unwrap_err(), SYNTAX);
    assert_eq!(document(json!("no policy")).unwrap_err(), SYNTAX);
    assert!(document(json!({ "Version": "2012-10-17", "Id": "x", "Statement": [allow] })).is_ok());
}
