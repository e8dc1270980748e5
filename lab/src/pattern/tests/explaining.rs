//! What people read when an event does not match.

use serde_json::{Value, json};

use crate::pattern::{Explanation, Found, NearMiss, Pattern};

fn explain(pattern: &Value, event: &Value) -> Explanation {
    Pattern::parse(&pattern.to_string()).unwrap().explain(event)
}

fn event() -> Value {
    json!({
        "source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": "ec2.amazonaws.com", "eventName": "ModifySecurityGroupRules", "port": 22, "tags": []}
    })
}

/// A row: the pattern, and the line that is read.
#[test]
fn each_miss_is_named() {
    for (pattern, line) in [
        (
            json!({"detail": {"eventName": ["AuthorizeSecurityGroupIngress", "DeleteSecurityGroup"]}}),
            r#"detail.eventName is "ModifySecurityGroupRules"; wanted: "AuthorizeSecurityGroupIngress" or "DeleteSecurityGroup" ("ModifySecurityGroupRules" is not among the 2 names of the pattern)"#,
        ),
        (
            json!({"source": ["AWS.EC2"]}),
            r#"source is "aws.ec2"; wanted: "AWS.EC2" (only letter case differs: "AWS.EC2" and "aws.ec2")"#,
        ),
        (
            json!({"source": ["ec2.amazonaws.com"]}),
            r#"source is "aws.ec2"; wanted: "ec2.amazonaws.com" (the event has that at detail.eventSource)"#,
        ),
        (
            json!({"detail-type": ["AWS Console Sign In via CloudTrail"]}),
            r#"detail-type is "AWS API Call via CloudTrail"; wanted: "AWS Console Sign In via CloudTrail" (the event is of another kind: "AWS API Call via CloudTrail")"#,
        ),
        (
            json!({"eventName": ["ModifySecurityGroupRules"]}),
            r#"eventName is absent; wanted: "ModifySecurityGroupRules" (the event has that at detail.eventName)"#,
        ),
        (
            json!({"detail": {"eventname": [{"prefix": "Modify"}]}}),
            r#"detail.eventname is absent; wanted: a string that begins with "Modify" (the event has detail.eventName: only the letter case of the path differs)"#,
        ),
        (
            json!({"detail": {"eventName": ["ModifySecurityGroupRule"]}}),
            r#"detail.eventName is "ModifySecurityGroupRules"; wanted: "ModifySecurityGroupRule" (a slip? the pattern says "ModifySecurityGroupRule", the event "ModifySecurityGroupRules")"#,
        ),
        (
            json!({"detail": {"port": ["22"]}}),
            r#"detail.port is 22; wanted: "22" (the type differs: the event has 22, which is not "22")"#,
        ),
        (
            json!({"detail": {"port": [{"numeric": [">", 22, "<=", 80]}]}}),
            "detail.port is 22; wanted: a number > 22 and <= 80",
        ),
        (json!({"detail": [{"exists": true}]}), "detail is an object, which matchers do not see; wanted: any value"),
        (
            json!({"detail": {"tags": [{"anything-but": ["a", "b"]}]}}),
            r#"detail.tags is an empty array, which matchers do not see; wanted: anything but "a" or "b""#,
        ),
        (json!({"detail": {"port": [{"exists": false}]}}), "detail.port is 22; wanted: no such field"),
    ] {
        let explanation = explain(&pattern, &event());
        assert_eq!(explanation.to_string(), format!("the event does not match\n- {line}"), "{pattern}");
    }
}

#[test]
fn every_path_that_fails_is_listed_and_none_that_holds() {
    let pattern = json!({"source": ["aws.s3"], "detail": {"eventName": ["X"], "port": [22]}});
    let explanation = explain(&pattern, &event());
    let paths: Vec<&str> = explanation.failures.iter().map(|failure| failure.path.as_str()).collect();
    assert_eq!(paths, ["detail.eventName", "source"]);
}

#[test]
fn values_of_different_elements_are_told_apart() {
    let pattern = json!({"items": {"cidr": ["0.0.0.0/0"], "port": [22]}});
    let event = json!({"items": [{"cidr": "0.0.0.0/0", "port": 443}, {"cidr": "10.0.0.0/8", "port": 22}]});
    let explanation = explain(&pattern, &event);
    assert_eq!(explanation.failures[0].found, Found::OtherElement { with: vec!["items.cidr".to_owned()] });
    assert!(
        explanation.to_string().contains("items.port is the number 22, but in another array element than items.cidr"),
        "{explanation}"
    );
}

#[test]
fn with_or_the_nearest_alternative_is_explained() {
    let pattern = json!({"source": ["aws.ec2"], "$or": [{"a": [1], "b": [2]}, {"detail": {"port": [443]}}]});
    let explanation = explain(&pattern, &event());
    assert_eq!((explanation.alternatives, explanation.failures.len()), (2, 1));
    assert_eq!(explanation.failures[0].path, "detail.port");
}

#[test]
fn white_space_at_the_ends_is_seen() {
    let explanation = explain(&json!({"source": ["aws.ec2 "]}), &event());
    assert!(matches!(explanation.failures[0].near_miss, Some(NearMiss::WhiteSpace { .. })), "{explanation}");
}

#[test]
fn an_explanation_is_json_too() {
    let explanation = explain(&json!({"source": ["AWS.EC2"]}), &event());
    assert_eq!(
        serde_json::to_value(&explanation).unwrap(),
        json!({
            "matched": false, "alternatives": 1,
            "failures": [{
                "path": "source", "found": {"state": "values", "values": ["aws.ec2"], "more": 0}, "wanted": ["\"AWS.EC2\""],
                "near_miss": {"kind": "letter_case", "wanted": "AWS.EC2", "found": "aws.ec2"}
            }]
        })
    );
    assert_eq!(explain(&json!({"source": ["aws.ec2"]}), &event()).to_string(), "the event matches");
}
