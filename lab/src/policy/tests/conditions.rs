//! Condition operators, set operators, missing keys and variables.

use super::*;

/// (operator, wanted, seen, holds)
fn check(rows: &[(&str, Value, &[&str], bool)]) {
    for (operator, wanted, seen, holds) in rows {
        let request = publish().key_values("aws:Key", seen.iter().copied());
        let condition = json!({ *operator: {"aws:Key": wanted} });
        assert_eq!(allows_if(condition, &request), *holds, "{operator} {wanted}, seen {seen:?}");
    }
}

/// IAM User Guide, *Condition operators*: String.
#[test]
fn strings() {
    check(&[
        ("StringEquals", json!("a"), &["a"], true),
        ("StringEquals", json!("a"), &["A"], false),
        ("StringEquals", json!("a*"), &["abc"], false),
        ("StringEquals", json!(["b", "a"]), &["a"], true),
        ("StringEquals", json!([]), &["a"], false),
        ("stringequals", json!("a"), &["a"], true),
        ("StringNotEquals", json!("a"), &["b"], true),
        ("StringNotEquals", json!("a"), &["a"], false),
        ("StringNotEquals", json!(["a", "b"]), &["b"], false),
        ("StringNotEquals", json!(["a", "b"]), &["c"], true),
        ("StringEqualsIgnoreCase", json!("JohnDoe"), &["johndoe"], true),
        ("StringNotEqualsIgnoreCase", json!("JohnDoe"), &["johndoe"], false),
        ("StringLike", json!("a*z"), &["a::z"], true),
        ("StringLike", json!("a?z"), &["az"], false),
        ("StringLike", json!("A*"), &["abc"], false),
        ("StringNotLike", json!("a*"), &["abc"], false),
        ("StringNotLike", json!("a*"), &["xyz"], true),
        ("StringEquals", json!(true), &["true"], true),
        ("StringEquals", json!(42), &["42"], true),
    ]);
}

/// IAM User Guide, *Condition operators*: Numeric, Date, Boolean, Binary.
#[test]
fn numbers_dates_booleans_and_bytes() {
    check(&[
        ("NumericEquals", json!(10), &["10.0"], true),
        ("NumericNotEquals", json!("10"), &["11"], true),
        ("NumericLessThan", json!(10), &["10"], false),
        ("NumericLessThanEquals", json!("10"), &["10"], true),
        ("NumericGreaterThan", json!(10), &["9.5"], false),
        ("NumericGreaterThanEquals", json!(10), &["11"], true),
        ("NumericEquals", json!(10), &["ten"], false),
        ("NumericNotEquals", json!(10), &["ten"], true),
        ("DateEquals", json!("2026-11-24T00:00:00Z"), &["2026-11-24T09:00:00+09:00"], true),
        ("DateNotEquals", json!("2026-11-24"), &["2026-11-24T00:00:01Z"], true),
        ("DateLessThan", json!("2026-11-24T03:00:00Z"), &["2026-11-24T02:59:59Z"], true),
        ("DateLessThanEquals", json!("2026"), &["2026-01-01T00:00:00Z"], true),
        ("DateGreaterThan", json!("2019-07-16T12:00:00Z"), &["1563278400"], false),
        ("DateGreaterThanEquals", json!(1_563_278_400), &["2019-07-16T12:00:00Z"], true),
        ("DateGreaterThan", json!("2026-11"), &["2026-11-24T00:00:00Z"], true),
        ("DateLessThan", json!("2026-11-24T03:00:00Z"), &["yesterday"], false),
        ("Bool", json!("true"), &["true"], true),
        ("Bool", json!(false), &["False"], true),
        ("Bool", json!("true"), &["false"], false),
        ("BinaryEquals", json!("QmluYXJ5VmFsdWVJbkJhc2U2NA=="), &["QmluYXJ5VmFsdWVJbkJhc2U2NA=="], true),
        ("BinaryEquals", json!("QmluYXJ5VmFsdWVJbkJhc2U2NA=="), &["ASIAIOSFODNN7EXAMPLE"], false),
    ]);
}

/// IAM User Guide, *Condition operators*: IP address.
#[test]
fn addresses() {
    check(&[
        ("IpAddress", json!("203.0.113.0/24"), &["203.0.113.7"], true),
        ("IpAddress", json!("203.0.113.0/24"), &["198.51.100.7"], false),
        ("IpAddress", json!("203.0.113.7"), &["203.0.113.7"], true),
        ("IpAddress", json!(["203.0.113.0/24", "2001:DB8:1234:5678::/64"]), &["2001:db8:1234:5678::1"], true),
        ("IpAddress", json!("203.0.113.0/24"), &["AWS Internal"], false),
        ("NotIpAddress", json!("203.0.113.0/24"), &["203.0.113.7"], false),
        ("NotIpAddress", json!("203.0.113.0/24"), &["198.51.100.7"], true),
    ]);
}

/// IAM User Guide, *Condition operators*: ARN. "Each of the six colon-delimited components of the ARN is checked
/// separately and each can include multi-character match wildcards (*) or single-character match wildcards (?)." and "The
/// ArnEquals and ArnLike condition operators behave identically."
#[test]
fn arns() {
    for equals in ["ArnEquals", "ArnLike"] {
        check(&[
            (equals, json!(RULE), &[RULE], true),
            (equals, json!("arn:aws:events:*:111122223333:rule/*"), &[RULE], true),
            (equals, json!("arn:aws:events:ap-northeast-?:111122223333:rule/*"), &[RULE], true),
            (equals, json!("arn:aws:events:us-east-1:111122223333:rule/*"), &[RULE], false),
            (equals, json!("arn:aws:events:*:rule/*"), &[RULE], false),
            (equals, json!("arn:aws:events:*"), &[RULE], false),
            (equals, json!("*:*:*:*:*:*"), &[RULE], true),
            (equals, json!("arn:aws:lambda:*:*:*"), &["arn:aws:lambda:us-east-1:111122223333:function:f:1"], true),
            (equals, json!(RULE.to_uppercase()), &[RULE], false),
            (equals, json!("arn:aws:s3:*:*:bucket"), &["arn:aws:s3:::bucket"], true),
            (equals, json!("*"), &["no arn"], false),
        ]);
    }
    for not in ["ArnNotEquals", "ArnNotLike"] {
        check(&[
            (not, json!("arn:aws:events:*:*:rule/*"), &[RULE], false),
            (not, json!("arn:aws:events:us-east-1:*:rule/*"), &[RULE], true),
        ]);
    }
}

/// IAM User Guide, *Condition operators*: "If the key that you specify in a policy condition is not present in the request
/// context, the values do not match and the condition is false", and true for the negated; *...IfExists*; *Null*.
#[test]
fn missing_keys() {
    check(&[
        ("StringEquals", json!("a"), &[], false),
        ("StringNotEquals", json!("a"), &[], true),
        ("StringEqualsIfExists", json!("a"), &[], true),
        ("StringEqualsIfExists", json!("a"), &["b"], false),
        ("StringNotEqualsIfExists", json!("a"), &[], true),
        ("NotIpAddress", json!("203.0.113.0/24"), &[], true),
        ("ArnNotLike", json!("arn:aws:s3:::a"), &[], true),
        ("ArnLikeIfExists", json!("arn:aws:s3:::a"), &[], true),
        ("BoolIfExists", json!("true"), &[], true),
        ("Bool", json!("false"), &[], false),
        ("NumericLessThanIfExists", json!("5"), &[], true),
        ("Null", json!("true"), &[], true),
        ("Null", json!(true), &["a"], false),
        ("Null", json!("false"), &["a"], true),
        ("Null", json!("false"), &[], false),
    ]);
}

/// IAM User Guide, *Single-valued vs. multivalued context keys*.
#[test]
fn set_operators() {
    check(&[
        ("ForAllValues:StringEquals", json!(["a", "b"]), &["a", "b"], true),
        ("ForAllValues:StringEquals", json!(["a", "b"]), &["a", "c"], false),
        ("ForAllValues:StringEquals", json!(["a", "b"]), &[], true),
        ("ForAnyValue:StringEquals", json!(["a", "b"]), &["c", "b"], true),
        ("ForAnyValue:StringEquals", json!(["a", "b"]), &["c"], false),
        ("ForAnyValue:StringEquals", json!(["a", "b"]), &[], false),
        ("ForAnyValue:StringNotEquals", json!(["a", "b"]), &[], false),
        ("ForAnyValue:StringNotEquals", json!(["a", "b"]), &["a", "c"], true),
        ("ForAllValues:StringNotEquals", json!(["a", "b"]), &["a", "c"], false),
        ("ForAllValues:StringNotEquals", json!(["a", "b"]), &["c", "d"], true),
        ("ForAnyValue:StringEqualsIfExists", json!("a"), &[], true),
        ("forallvalues:ArnLike", json!("arn:aws:s3:::*"), &["arn:aws:s3:::a", "arn:aws:s3:::b"], true),
    ]);
}

/// Several values in the request without a set operator: AWS leaves it open. An operator matches when any value does, and
/// a negated one is its opposite, so that a Deny is not evaded by a second value.
#[test]
fn several_values_without_a_set_operator() {
    check(&[
        ("StringEquals", json!("a"), &["b", "a"], true),
        ("StringNotEquals", json!("a"), &["b", "a"], false),
        ("ArnNotLike", json!("arn:aws:s3:::*"), &["arn:aws:sqs:::b", "arn:aws:s3:::a"], false),
    ]);
}

/// Several keys are ANDed, several operators are ANDed, several values are ORed (IAM User Guide, *Conditions with multiple
/// context keys or values*). Names of keys have no case.
#[test]
fn all_conditions_must_hold() {
    let both = json!({
        "ArnLike": {"AWS:sourcearn": ["arn:aws:events:*:*:rule/other", RULE]},
        "StringEquals": {"AWS:SourceAccount": OWNER},
    });
    assert!(allows_if(both.clone(), &publish()));
    assert!(!allows_if(both, &publish().key("aws:SourceAccount", "444455556666")));
    let two_keys = json!({"StringEquals": {"aws:SourceAccount": OWNER, "aws:PrincipalOrgID": "o-example"}});
    assert!(!allows_if(two_keys, &publish()));
}

/// IAM User Guide, *IAM policy elements: Variables and tags*.
#[test]
fn variables() {
    check(&[
        ("StringEquals", json!("x-${aws:SourceAccount}"), &["x-111122223333"], true),
        ("StringEquals", json!("${AWS:SOURCEACCOUNT}"), &["111122223333"], true),
        ("StringEquals", json!("${aws:PrincipalTag/team, 'company-wide'}"), &["company-wide"], true),
        ("StringEquals", json!("${aws:SourceAccount, 'other'}"), &["111122223333"], true),
        ("StringEquals", json!("${aws:PrincipalTag/team}"), &["${aws:PrincipalTag/team}"], false),
        ("StringNotEquals", json!("${aws:PrincipalTag/team}"), &["blue"], true),
        ("StringEquals", json!("${*}${?}${$}"), &["*?$"], true),
        ("StringLike", json!("a${*}*"), &["a*bc"], true),
        ("StringLike", json!("a${*}*"), &["abc"], false),
        ("StringEquals", json!("${unclosed"), &["${unclosed"], true),
        ("ArnLike", json!("arn:aws:sns:*:${aws:SourceAccount}:*"), &[TOPIC], true),
    ]);
    let wild = publish().key("aws:Tag", "*").key("aws:Key", "anything");
    assert!(!allows_if(json!({"StringLike": {"aws:Key": "${aws:Tag}"}}), &wild), "a value's wildcards are literal");
    let several = publish().key_values("aws:TagKeys", ["a", "b"]).key("aws:Key", "a");
    assert!(!allows_if(json!({"StringEquals": {"aws:Key": "${aws:TagKeys}"}}), &several), "multivalued keys are none");
}

/// *Variables and tags*: before 2012-10-17, "variables such as ${aws:username} are treated as literal strings".
#[test]
fn no_variables_in_2008() {
    for (version, allowed) in [(Some("2012-10-17"), true), (Some("2008-10-17"), false), (None, false)] {
        let mut text = json!({"Statement": allow_if(json!({"StringEquals": {"aws:Key": "${aws:SourceAccount}"}}))});
        if let Some(version) = version {
            text["Version"] = json!(version);
        }
        let policy = Policy::parse(&text.to_string()).unwrap();
        assert_eq!(policy.evaluate(&publish().key("aws:Key", OWNER)).is_allowed(), allowed, "{version:?}");
        let literal = publish().key("aws:Key", "${aws:SourceAccount}");
        assert_eq!(policy.evaluate(&literal).is_allowed(), !allowed, "{version:?}");
    }
}
