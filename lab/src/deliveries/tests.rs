use serde_json::json;

use super::*;
use crate::filter::{FilterPolicy, MessageAttribute, Scope as FilterScope};
use crate::policy::{Policy, Principal, RequestContext};

/// The JSON of `/_lab/deliveries` is the content alone: nothing in it tells that the types are an enum.
#[test]
fn an_explanation_is_written_without_a_tag() {
    let event = json!({ "source": "aws.ec2" });
    let pattern = Pattern::parse(r#"{"source": ["aws.s3"]}"#).unwrap().explain(&event);
    let policy = Policy::parse(
        r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}}"#,
    );
    let request = RequestContext::new(Principal::service("events.amazonaws.com"), "sns:Publish", "arn:aws:sns:::t");
    let policy = policy.unwrap().evaluate(&request);
    let filter = FilterPolicy::parse(r#"{"a": ["b"]}"#, FilterScope::MessageAttributes).unwrap();
    let filter = filter.explain(&[("a".to_owned(), MessageAttribute::string("c"))].into(), "");
    let failure = FunctionFailure { error: json!({ "errorType": "KeyError", "errorMessage": "'x'" }), log: "l".into() };

    let rows = [
        (json!(pattern), Explanation::from(pattern)),
        (json!(policy.explanation()), Explanation::from(policy.explanation())),
        (json!(filter), Explanation::from(filter)),
        (
            json!({ "error": { "errorType": "KeyError", "errorMessage": "'x'" }, "log": "l" }),
            Explanation::from(failure),
        ),
    ];
    for (wanted, explanation) in rows {
        assert!(wanted.is_object());
        assert_eq!(json!(explanation), wanted);
    }
}

#[test]
fn a_function_says_its_error_and_its_log() {
    let said = |error: Value, log: &str| FunctionFailure { error, log: log.to_owned() }.to_string();
    assert_eq!(
        said(json!({ "errorType": "KeyError", "errorMessage": "'x'" }), "at line 3"),
        "KeyError: 'x'\nat line 3"
    );
    assert_eq!(said(json!({ "errorMessage": "timed out" }), ""), "timed out");
    assert_eq!(said(Value::Null, ""), "the function failed without an error of its own");
}
