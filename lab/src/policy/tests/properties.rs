//! What holds for every policy.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

fn condition() -> impl Strategy<Value = Value> {
    let operators = [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "ArnLike",
        "ArnNotEquals",
        "StringEqualsIfExists",
        "ForAllValues:StringLike",
        "ForAnyValue:StringNotLike",
    ];
    let keys = vec!["aws:SourceArn", "AWS:SourceAccount", "aws:Missing"];
    let values = vec![RULE, OWNER, "*", "arn:aws:events:*:*:rule/*", "${aws:SourceAccount}", "${aws:Missing}"];
    (select(operators.to_vec()), select(keys), proptest::collection::vec(select(values), 0..3))
        .prop_map(|(operator, key, values)| json!({ operator: {key: values} }))
}

fn any_statement() -> impl Strategy<Value = Value> {
    let principals = vec![
        ("Principal", json!("*")),
        ("Principal", json!({"Service": "events.amazonaws.com"})),
        ("Principal", json!({"Service": "sns.amazonaws.com"})),
        ("NotPrincipal", json!({"AWS": OWNER})),
    ];
    let actions = vec![("Action", "sns:Publish"), ("Action", "SNS:*"), ("Action", "sqs:*"), ("NotAction", "sns:Sub*")];
    let resources = vec![("Resource", TOPIC), ("Resource", "*"), ("NotResource", TOPIC), ("Resource", "arn:aws:sqs")];
    let condition = proptest::option::of(condition());
    (select(vec!["Allow", "Deny"]), select(principals), select(actions), select(resources), condition).prop_map(
        |(effect, principal, action, resource, condition)| {
            let mut statement = json!({"Effect": effect, action.0: action.1, resource.0: resource.1});
            statement[principal.0] = principal.1;
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        },
    )
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = vec![
        "Version",
        "Statement",
        "Effect",
        "Allow",
        "Principal",
        "AWS",
        "*",
        "Action",
        "sns:*",
        "Resource",
        "Condition",
        "StringLike",
        "aws:SourceArn",
        "${aws:SourceArn",
        "Null",
        "true",
        "é:ü",
        "ForAllValues:",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(words.clone()).prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let key = select(words.clone()).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_explicit_deny_always_wins(statements in proptest::collection::vec(any_statement(), 0..5), at in 0usize..5) {
        let mut statements = statements;
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
        statements.insert(at.min(statements.len()), deny);
        let decision = policy(json!(statements)).evaluate(&publish());
        prop_assert!(matches!(decision, Decision::ExplicitDeny(_)), "{}", decision);
    }

    #[test]
    fn the_order_of_statements_never_matters(statements in proptest::collection::vec(any_statement(), 1..5)) {
        let forward = policy(json!(statements)).evaluate(&publish());
        let backward: Vec<Value> = statements.into_iter().rev().collect();
        let backward = policy(json!(backward)).evaluate(&publish());
        prop_assert_eq!(std::mem::discriminant(&forward), std::mem::discriminant(&backward));
    }

    #[test]
    fn the_explanation_agrees_with_the_decision(statements in proptest::collection::vec(any_statement(), 1..5)) {
        let policy = policy(json!(statements));
        let decision = policy.evaluate(&publish());
        let explanation = decision.explanation();
        prop_assert_eq!(explanation.statements().len(), policy.statements().len());
        let applied = |effect| explanation.statements().iter().any(|s| s.applied() && s.effect == effect);
        let expected = match (applied(Effect::Deny), applied(Effect::Allow)) {
            (true, _) => Outcome::ExplicitDeny,
            (false, true) => Outcome::Allow,
            (false, false) => Outcome::ImplicitDeny,
        };
        prop_assert_eq!(explanation.outcome(), expected);
        prop_assert_eq!(decision.is_allowed(), expected == Outcome::Allow);
        // A policy of one statement decides as the statement's own elements do.
        for report in explanation.statements() {
            let statement = &policy.statements()[report.index];
            let covers = statement.principal().is_some_and(|element| element.covers(&publish().principal).is_some())
                && statement.action().covers("sns:Publish")
                && statement.resource().is_some_and(|resource| resource.covers(&publish()))
                && statement.conditions().iter().all(|condition| condition.holds(&publish()));
            prop_assert_eq!(report.applied(), covers);
        }
        prop_assert!(!explanation.headline().is_empty());
    }

    #[test]
    fn no_json_makes_it_panic(value in any_json()) {
        if let Ok(policy) = Policy::parse(&value.to_string()) {
            let _ = policy.evaluate(&publish()).to_string();
        }
        let _ = PolicyDocument::from_json(&value.to_string());
    }

    #[test]
    fn no_condition_makes_it_panic(operator in "(ForA[nl]{2}Values?:)?[A-Za-zé]{0,12}(IfExists)?", value in any_json()) {
        let statement = allow_if(json!({ operator: {"aws:Key": value} }));
        if let Ok(policy) = Policy::parse(&json!({"Version": "2012-10-17", "Statement": statement}).to_string()) {
            let _ = policy.evaluate(&publish().key("aws:Key", "é")).to_string();
        }
    }
}
