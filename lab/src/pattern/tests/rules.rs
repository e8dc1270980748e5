//! Matching. Each row names the page or the record it was taken from.
//!
//! `guide`: the EventBridge user guide, `eb-create-pattern-operators`, `eb-event-patterns-arrays` and `eb-pattern-…`.
//! `ruler`: the open-source matcher `aws/event-ruler`. `recorded`: an answer of TestEventPattern that LocalStack recorded.

use serde_json::{Value, json};

use crate::pattern::Pattern;

fn matches(pattern: &Value, event: &Value) -> bool {
    let pattern = Pattern::parse(&pattern.to_string()).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let matched = pattern.matches(event);
    let explanation = pattern.explain(event);
    assert_eq!(explanation.matched, matched, "explain disagrees: {explanation}");
    assert_eq!(explanation.failures.is_empty(), matched, "{explanation}");
    matched
}

/// A row: the rule and its source, the entries for field `a`, the values of `a` that match, and those that do not.
fn check(rule: &str, entries: Value, matching: Value, other: Value) {
    let pattern = json!({"a": entries});
    for (values, expected) in [(matching, true), (other, false)] {
        for value in values.as_array().into_iter().flatten() {
            assert_eq!(matches(&pattern, &json!({"a": value})), expected, "{rule}: {pattern} on {value}");
        }
    }
}

#[test]
fn each_matcher_accepts_what_aws_accepts() {
    check("guide, equals: letter case counts", json!(["x"]), json!(["x"]), json!(["X", "xx", "", null, 1]));
    check("guide, empty", json!([""]), json!([""]), json!([null, "x", []]));
    check("guide, null", json!([null]), json!([null]), json!(["", "null", 0, false]));
    check("guide, boolean", json!([true]), json!([true]), json!([false, "true", 1]));
    check("ruler, number: one number however written", json!([1]), json!([1, 1.0, 1e0]), json!(["1", 1.5, true]));
    check(
        "ruler, number: too large to compare",
        json!([123_456_789_012_i64]),
        json!([123_456_789_012_i64]),
        json!(["123456789012", 123_456_789_013_i64]),
    );
    check("guide, or: one entry is enough", json!(["x", 1]), json!(["x", 1]), json!(["1", "y"]));
    check("ruler, exactly", json!([{"exactly": "x"}]), json!(["x"]), json!(["X"]));
    check(
        "ruler, an address in another spelling",
        json!(["2001:db8::1"]),
        json!(["2001:db8::1", "2001:0DB8:0::1"]),
        json!(["2001:db8::2"]),
    );
    check("guide, prefix", json!([{"prefix": "us-"}]), json!(["us-", "us-east-1"]), json!(["eu-", "US-", 1, null]));
    check("ruler, an empty prefix: any string", json!([{"prefix": ""}]), json!(["", "x"]), json!([1, null, true]));
    check(
        "guide, prefix ignoring case",
        json!([{"prefix": {"equals-ignore-case": "EventB"}}]),
        json!(["eventbridge", "EVENTB"]),
        json!(["event", "xeventb"]),
    );
    check("guide, suffix", json!([{"suffix": ".png"}]), json!([".png", "a.png"]), json!([".PNG", "a.png ", 1]));
    check(
        "guide, suffix ignoring case",
        json!([{"suffix": {"equals-ignore-case": "tBridge"}}]),
        json!(["EVENTBRIDGE", "tbridge"]),
        json!(["bridge", "tbridge1"]),
    );
    check(
        "guide, equals-ignore-case",
        json!([{"equals-ignore-case": "aLiCe"}]),
        json!(["ALICE", "alice"]),
        json!(["alic", "alices"]),
    );
    check(
        "guide, equals-ignore-case beyond ASCII",
        json!([{"equals-ignore-case": "Ä"}]),
        json!(["ä", "Ä"]),
        json!(["a"]),
    );
}

#[test]
fn wildcards_match_as_in_aws() {
    check(
        "guide, wildcard",
        json!([{"wildcard": "dir/*.png"}]),
        json!(["dir/.png", "dir/a/b.png"]),
        json!(["dir.png", "dir/a.pn", "xdir/a.png", 1]),
    );
    check(
        "guide, wildcard: the ends may not share",
        json!([{"wildcard": "aba*aba"}]),
        json!(["abaaba"]),
        json!(["aba", "ababa"]),
    );
    check(
        "guide, wildcard: escapes",
        json!([{"wildcard": r"a\*b\\*"}]),
        json!([r"a*b\", r"a*b\c"]),
        json!(["axb\\", "a*b"]),
    );
    check("ruler, wildcard without a star", json!([{"wildcard": "x"}]), json!(["x"]), json!(["xx", ""]));
    check("ruler, wildcard: everything", json!([{"wildcard": "*"}]), json!(["", "x"]), json!([1, null]));
    check("ruler, wildcard: pieces in order", json!([{"wildcard": "*a*b*"}]), json!(["ab", "xaxbx"]), json!(["ba"]));
    check(
        "recorded, wildcard with repeats",
        json!([{"wildcard": "/Users/*/dir/dir/dir/dir/dir/doc.txt"}]),
        json!(["/Users/ls_user/dir/dir/dir/dir/dir/doc.txt"]),
        json!(["/Users/ls_user/dir/doc.txt"]),
    );
}

#[test]
fn anything_but_accepts_everything_else_that_is_there() {
    check(
        "guide, anything-but",
        json!([{"anything-but": "x"}]),
        json!(["y", "X", null, 1, true, ""]),
        json!(["x", [], {}]),
    );
    check("guide, anything-but list", json!([{"anything-but": ["x", "y"]}]), json!(["z", 1]), json!(["x", "y"]));
    check("guide, anything-but numbers", json!([{"anything-but": [1, 2]}]), json!([3, "1", null]), json!([1, 1.0, 2]));
    check(
        "guide, anything-but prefix",
        json!([{"anything-but": {"prefix": "in"}}]),
        json!(["out", 12, null]),
        json!(["in", "init"]),
    );
    check(
        "guide, anything-but suffixes",
        json!([{"anything-but": {"suffix": [".a", ".b"]}}]),
        json!(["x.c"]),
        json!(["x.a", ".b"]),
    );
    check(
        "guide, anything-but ignoring case",
        json!([{"anything-but": {"equals-ignore-case": ["x", "y"]}}]),
        json!(["z", null]),
        json!(["X", "y"]),
    );
    check(
        "guide, anything-but wildcard",
        json!([{"anything-but": {"wildcard": "*/lib/*"}}]),
        json!(["/bin/x", 1]),
        json!(["/lib/"]),
    );
    check("ruler, arrays: one element is enough", json!([{"anything-but": "x"}]), json!([["x", "y"]]), json!([["x"]]));
    let pattern = json!({"a": [{"anything-but": "x"}]});
    assert!(!matches(&pattern, &json!({"b": 1})), "guide: a field that is not there is not anything");
}

#[test]
fn numbers_and_addresses_match_as_in_aws() {
    check("guide, numeric =", json!([{"numeric": ["=", 3.018e2]}]), json!([301.8]), json!([301, "301.8"]));
    check(
        "guide, numeric >",
        json!([{"numeric": [">", 0]}]),
        json!([0.000_001, 5e9]),
        json!([0, -1, 5_000_000_001_i64]),
    );
    check("guide, numeric >=", json!([{"numeric": [">=", -1.5]}]), json!([-1.5, 0]), json!([-1.6]));
    check("guide, numeric <", json!([{"numeric": ["<", 10]}]), json!([9.999_999, -5e9]), json!([10]));
    check("guide, numeric <=", json!([{"numeric": ["<=", 10]}]), json!([10, 10.0]), json!([10.000_001]));
    check("guide, numeric range", json!([{"numeric": [">", 0, "<=", 5]}]), json!([5, 0.1]), json!([0, 5.1, null, "3"]));
    check(
        "recorded, number beside anything-but",
        json!([{"numeric": [">", 100]}, {"anything-but": "101"}]),
        json!(["42", 101]),
        json!(["101"]),
    );
    check(
        "guide, cidr",
        json!([{"cidr": "10.0.0.0/24"}]),
        json!(["10.0.0.0", "10.0.0.255"]),
        json!(["10.0.1.0", "10.0.0", "x", 1]),
    );
    check(
        "ruler, cidr: any address names its range",
        json!([{"cidr": "10.0.0.77/24"}]),
        json!(["10.0.0.1"]),
        json!(["10.0.1.77"]),
    );
    check(
        "guide, cidr v6",
        json!([{"cidr": "2001:db8:1234:1a00::/64"}]),
        json!(["2001:db8:1234:1a00::5"]),
        json!(["2001:db8:1234:1a01::", "10.0.0.1"]),
    );
    check("ruler, cidr: all", json!([{"cidr": "0.0.0.0/0"}]), json!(["203.0.113.7"]), json!(["::1"]));
}

#[test]
fn exists_sees_leaves_only() {
    let there = json!({"a": {"b": [{"exists": true}]}});
    let absent = json!({"a": {"b": [{"exists": false}]}});
    let rows = [
        ("guide: a leaf", json!({"a": {"b": "x"}}), true),
        ("ruler: null is a leaf", json!({"a": {"b": null}}), true),
        ("ruler: an element is a leaf", json!({"a": {"b": ["x"]}}), true),
        ("guide: an object is none", json!({"a": {"b": {"c": 1}}}), false),
        ("recorded: an empty array is none", json!({"a": {"b": []}}), false),
        ("ruler: an empty object is none", json!({"a": {"b": {}}}), false),
        ("guide: nothing", json!({"a": {"c": 1}}), false),
        ("guide: not even the parent", json!({}), false),
        ("ruler: a scalar where an object is wanted", json!({"a": 1}), false),
    ];
    for (rule, event, expected) in rows {
        assert_eq!(matches(&there, &event), expected, "{rule}, exists");
        assert_eq!(matches(&absent, &event), !expected, "{rule}, exists: false");
    }
    check("guide, a value or nothing", json!([{"exists": false}, "x"]), json!(["x", []]), json!(["y", null]));
}

#[test]
fn arrays_are_flattened_and_elements_are_kept_together() {
    let both = json!({"items": {"name": ["a"], "port": [22]}});
    let rows = [
        ("guide, arrays: any common value", json!({"r": ["x", "y"]}), json!({"r": ["z", "y"]}), true),
        ("guide, arrays: none in common", json!({"r": ["x", "y"]}), json!({"r": ["z"]}), false),
        ("ruler: nested arrays", json!({"r": [3]}), json!({"r": [[1, [2, 3]], []]}), true),
        (
            "ruler: one element has both",
            both.clone(),
            json!({"items": [{"name": "b"}, {"name": "a", "port": 22}]}),
            true,
        ),
        (
            "ruler: no element has both",
            both.clone(),
            json!({"items": [{"name": "a"}, {"name": "b", "port": 22}]}),
            false,
        ),
        ("ruler: no array, no elements", both.clone(), json!({"items": {"name": "a", "port": 22}}), true),
        (
            "ruler: arrays in elements",
            json!({"s": {"t": {"x": [1], "y": [2]}}}),
            json!({"s": [{"t": [{"x": 1}, {"y": 2}]}, {"t": [{"x": 0}, {"x": 1, "y": 2}]}]}),
            true,
        ),
        (
            "ruler: inner elements differ",
            json!({"s": {"t": {"x": [1], "y": [2]}}}),
            json!({"s": [{"t": [{"x": 1}, {"y": 2}]}]}),
            false,
        ),
        (
            "ruler: elements of arrays of arrays",
            both.clone(),
            json!({"items": [[{"name": "a"}], [{"name": "c"}, {"name": "a", "port": 22}]]}),
            true,
        ),
        (
            "ruler: scalars go together",
            json!({"r": ["x"], "s": ["y"]}),
            json!({"r": ["x", "z"], "s": ["z", "y"]}),
            true,
        ),
        (
            "ruler: a field that the bound element lacks",
            json!({"items": {"name": ["a"], "port": [{"exists": false}]}}),
            json!({"items": [{"name": "a"}, {"name": "b", "port": 22}]}),
            true,
        ),
        (
            "ruler: absence is asked in the order of the names",
            json!({"items": {"name": [{"exists": false}], "port": [22]}}),
            json!({"items": [{"name": "a"}, {"port": 22}]}),
            false,
        ),
    ];
    for (rule, pattern, event, expected) in rows {
        assert_eq!(matches(&pattern, &event), expected, "{rule}: {pattern} on {event}");
    }
    // ruler: all choices are tried, also one that binds more than another that matches.
    let pattern = json!({"c": [true], "c.a": [{"exists": false}]});
    assert!(matches(&pattern, &json!({"c": [true, {"a": 1}, [true]]})));
    assert!(!matches(&pattern, &json!({"c": [true, {"a": 1}]})));
}

#[test]
fn names_are_joined_with_dots() {
    let patterns = [json!({"a.b.c": [1]}), json!({"a": {"b.c": [1]}}), json!({"a": {"b": {"c": [1]}}})];
    let events =
        [json!({"a.b.c": 1}), json!({"a.b": {"c": 1}}), json!({"a": {"b": {"c": 1}}}), json!({"a": [{"b.c": 1}]})];
    for pattern in &patterns {
        for event in &events {
            assert!(matches(pattern, event), "recorded, dot joining: {pattern} on {event}");
        }
        assert!(!matches(pattern, &json!({"a": {"b": 1}})));
    }
    assert!(matches(&json!({"": {"a": [1]}}), &json!({".a": 1})));
}

#[test]
fn or_is_an_operator_only_when_aws_takes_it_for_one() {
    let or = json!({"s": ["x"], "$or": [{"m": [1]}, {"n": [2], "o": [3]}]});
    let nested = json!({"d": {"$or": [{"a": [1]}, {"b": [2], "$or": [{"c": [3]}, {"e": [4]}]}]}});
    let named = json!({"$or": [{"numeric": ["=", 1]}, {"prefix": "x"}]});
    let rows = [
        ("guide: first member", or.clone(), json!({"s": "x", "m": 1}), true),
        ("guide: second member", or.clone(), json!({"s": "x", "n": 2, "o": 3}), true),
        ("guide: the second member is an and", or.clone(), json!({"s": "x", "n": 2}), false),
        ("guide: beside other fields", or.clone(), json!({"s": "y", "m": 1}), false),
        ("guide: at any depth", nested.clone(), json!({"d": {"b": 2, "e": 4}}), true),
        ("guide: at any depth, none", nested.clone(), json!({"d": {"b": 2, "e": 3}}), false),
        ("ruler README: the names of operators make it a field", named.clone(), json!({"$or": "xyz"}), true),
        ("ruler README: the same, number", named.clone(), json!({"$or": 1}), true),
        ("ruler README: the same, no match", named.clone(), json!({"numeric": 1}), false),
        ("ruler README: an object makes it a field", json!({"$or": {"m": [1]}}), json!({"$or": {"m": 1}}), true),
        ("ruler: a list of values makes it a field", json!({"$or": ["x"]}), json!({"$or": "x"}), true),
    ];
    for (rule, pattern, event, expected) in rows {
        assert_eq!(matches(&pattern, &event), expected, "{rule}: {pattern} on {event}");
    }
    // ruler: the entry that is written last stays, so the order of the members matters.
    let last_in_or = Pattern::parse(r#"{"a": ["1"], "$or": [{"a": ["2"]}, {"b": ["3"]}]}"#).unwrap();
    assert!(last_in_or.matches(&json!({"a": "2"})));
    assert!(!last_in_or.matches(&json!({"a": "3", "b": "2"})));
    let first_in_or = Pattern::parse(r#"{"$or": [{"a": ["2"]}, {"b": ["3"]}], "a": ["1"]}"#).unwrap();
    assert!(first_in_or.matches(&json!({"a": "1"})));
    assert!(!first_in_or.matches(&json!({"a": "2"})));
    // ruler: a repeated name adds.
    let repeated = Pattern::parse(r#"{"d": {"a": [1]}, "d": {"b": [2]}}"#).unwrap();
    assert!(!repeated.matches(&json!({"d": {"b": 2}})));
    assert!(repeated.matches(&json!({"d": {"a": 1, "b": 2}})));
}

#[test]
fn the_alarm_of_a_security_group_change() {
    let pattern = json!({
        "source": ["aws.ec2"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["ec2.amazonaws.com"], "eventName": [
            "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress", "DeleteSecurityGroup"
        ]}
    });
    let event = |name: &str| {
        json!({
            "version": "0", "source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "resources": [],
            "detail": {"eventSource": "ec2.amazonaws.com", "eventName": name, "requestParameters": {"groupId": "sg-0"}}
        })
    };
    assert!(matches(&pattern, &event("AuthorizeSecurityGroupIngress")));
    assert!(!matches(&pattern, &event("ModifySecurityGroupRules")));
    assert!(!matches(&pattern, &json!("AuthorizeSecurityGroupIngress")));
}
