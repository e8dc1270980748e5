//! Compared with another implementation, the crate `iam-rs`, where it follows AWS.

use super::*;
use iam_rs::{
    Arn, Context, ContextValue, Decision as Peer, IAMPolicy, IAMRequest, Principal as PeerPrincipal, PrincipalId,
};
use proptest::prelude::*;
use proptest::sample::select;

/// What `iam-rs` decides on the publish, with the keys of [`publish`].
fn peer(policy: &Policy) -> Peer {
    let mut context = Context::new();
    context.insert("aws:SourceArn".to_owned(), ContextValue::String(RULE.to_owned()));
    context.insert("aws:SourceAccount".to_owned(), ContextValue::String(OWNER.to_owned()));
    let principal = PeerPrincipal::Service(PrincipalId::String("events.amazonaws.com".to_owned()));
    let request = IAMRequest::new_with_context(principal, "sns:Publish", Arn::parse(TOPIC).unwrap(), context);
    iam_rs::evaluate_policy(&IAMPolicy::from_json(policy.text()).unwrap(), &request).unwrap()
}

fn agree(statements: Value) {
    let policy = policy(statements);
    let ours = policy.evaluate(&publish());
    let same = match peer(&policy) {
        Peer::Allow => matches!(ours, Decision::Allow(_)),
        Peer::Deny => matches!(ours, Decision::ExplicitDeny(_)),
        Peer::NotApplicable => matches!(ours, Decision::ImplicitDeny(_)),
    };
    assert!(same, "{}\n{ours}", policy.text());
}

#[test]
fn agrees_where_both_follow_aws() {
    let deny = json!({"Effect": "Deny", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish",
                      "Resource": TOPIC});
    agree(json!([allow_if(json!({})), deny]));
    for condition in [
        json!({}),
        json!({"StringEquals": {"aws:SourceAccount": OWNER}}),
        json!({"StringEquals": {"aws:SourceAccount": "444455556666"}}),
        json!({"StringNotEquals": {"aws:SourceAccount": "444455556666"}}),
        json!({"StringLike": {"aws:SourceArn": "arn:aws:events:*:rule/*"}}),
        json!({"StringNotLike": {"aws:SourceArn": "arn:aws:events:*"}}),
        json!({"ArnEquals": {"aws:SourceArn": RULE}}),
        json!({"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}),
        json!({"ArnLike": {"aws:SourceArn": "arn:aws:events:us-east-1:*:rule/*"}}),
        json!({"Null": {"aws:SourceArn": "false"}}),
        json!({"Null": {"aws:SourceIp": "true"}}),
        json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-example"}}),
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-example"}}),
    ] {
        agree(json!([allow_if(condition)]));
    }
}

/// The common form of a queue's policy. AWS: "The ArnEquals and ArnLike condition operators behave identically." The
/// other implementation compares ArnEquals letter by letter; should it learn, this test says so.
#[test]
fn arn_equals_takes_wildcards() {
    let policy = policy(json!([allow_if(json!({"ArnEquals": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}))]));
    assert!(policy.evaluate(&publish()).is_allowed());
    assert_eq!(peer(&policy), Peer::NotApplicable);
}

/// Conditions that both read alike: no ArnEquals with wildcards, no variables, no sets.
fn shared_condition() -> impl Strategy<Value = Value> {
    let operators = [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "ArnLike",
        "StringEqualsIfExists",
    ];
    let values =
        vec![RULE, OWNER, "444455556666", "arn:aws:events:*:*:rule/*", "arn:aws:events:us-east-1:*:rule/*", "*"];
    let key = select(vec!["aws:SourceArn", "aws:SourceAccount"]);
    (select(operators.to_vec()), key, select(values)).prop_map(|(operator, key, value)| {
        // The other implementation lets ARN operators compare what is no ARN, with what is none.
        let (key, value) = match operator {
            "ArnLike" if value.starts_with("arn:") => ("aws:SourceArn", value),
            "ArnLike" => ("aws:SourceArn", RULE),
            _ => (key, value),
        };
        json!({ operator: {key: value} })
    })
}

fn shared_statement() -> impl Strategy<Value = Value> {
    let principals = vec![
        json!("*"),
        json!({"Service": "events.amazonaws.com"}),
        json!({"Service": "sns.amazonaws.com"}),
        json!({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}),
    ];
    let actions = vec![json!("sns:Publish"), json!("sns:*"), json!("sqs:SendMessage"), json!(["sns:Get*", "sns:Pub*"])];
    let resources =
        vec![json!(TOPIC), json!("*"), json!("arn:aws:sns:*:*:other"), json!("arn:aws:sns:*:111122223333:*")];
    let condition = proptest::option::of(shared_condition());
    (select(vec!["Allow", "Allow", "Deny"]), select(principals), select(actions), select(resources), condition)
        .prop_map(|(effect, principal, action, resource, condition)| {
            let mut statement =
                json!({"Effect": effect, "Principal": principal, "Action": action, "Resource": resource});
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn agrees_on_random_policies(statements in proptest::collection::vec(shared_statement(), 1..4)) {
        agree(Value::from(statements));
    }
}
