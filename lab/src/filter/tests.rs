//! What SNS does, a row a rule.
//!
//! `guide`: the SNS developer guide, message filtering. `recorded`: an answer of SNS that LocalStack recorded.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{DropReason, FilterPolicy, MessageAttribute, Refusal, Scope};

type Attributes = BTreeMap<String, MessageAttribute>;

fn policy(policy: &Value, scope: Scope) -> FilterPolicy {
    FilterPolicy::parse(&policy.to_string(), scope).unwrap_or_else(|error| panic!("{policy}: {error}"))
}

fn accepts(policy: &FilterPolicy, attributes: &Attributes, body: &str) -> bool {
    let accepted = policy.accepts(attributes, body);
    let explanation = policy.explain(attributes, body);
    assert_eq!((explanation.accepted, explanation.drop.is_none()), (accepted, accepted), "{explanation}");
    accepted
}

fn with(attribute: MessageAttribute) -> Attributes {
    Attributes::from([("store".to_owned(), attribute)])
}

#[test]
fn attributes_match_by_their_type() {
    let string = MessageAttribute::string;
    let number = MessageAttribute::number;
    let array = MessageAttribute::string_array;
    for (rule, entries, attribute, expected) in [
        ("guide, exact", json!(["rugby", "tennis"]), string("tennis"), true),
        ("guide, exact: letter case counts", json!(["rugby"]), string("Rugby"), false),
        ("guide, exact in an array", json!(["rugby", "tennis"]), array(r#"["baseball", "rugby"]"#), true),
        ("guide, exact in an array, none", json!(["rugby"]), array(r#"["baseball"]"#), false),
        ("guide, array of other keywords", json!([null]), array("[1, null]"), true),
        ("guide, anything-but", json!([{"anything-but": ["rugby", "tennis"]}]), string("baseball"), true),
        ("guide, anything-but, one element", json!([{"anything-but": ["rugby"]}]), array(r#"["rugby", "golf"]"#), true),
        ("guide, anything-but, no element", json!([{"anything-but": ["rugby"]}]), array(r#"["rugby"]"#), false),
        ("guide, anything-but prefix", json!([{"anything-but": {"prefix": "order-"}}]), string("data-"), true),
        ("guide, equals-ignore-case", json!([{"equals-ignore-case": "tennis"}]), string("TeNNis"), true),
        ("guide, prefix", json!([{"prefix": "bas"}]), string("baseball"), true),
        ("guide, suffix", json!([{"suffix": "ball"}]), string("baseball"), true),
        ("guide, cidr", json!([{"cidr": "10.0.0.0/24"}]), string("10.0.0.255"), true),
        ("guide, wildcard", json!([{"wildcard": "*ball"}]), string("baseball"), true),
        ("guide, number", json!([301.5]), number("301.50"), true),
        ("guide, number, anything-but", json!([{"anything-but": [100, 500]}]), number("101"), true),
        ("recorded, range", json!([{"numeric": [">", 0, "<=", 100]}]), number("99"), true),
        ("recorded, range, above", json!([{"numeric": [">", 0, "<=", 100]}]), number("111"), false),
        ("guide, a number is no string", json!(["99"]), number("99"), false),
        ("guide, a string is no number", json!([99]), string("99"), false),
        ("recorded, exists", json!([{"exists": true}]), number("99"), true),
        ("guide, Binary is not looked at", json!([{"exists": true}]), MessageAttribute::binary(), false),
        (
            "a label of the user's",
            json!([1]),
            MessageAttribute { data_type: "Number.int".to_owned(), ..number("1") },
            true,
        ),
        ("an array that is none", json!([{"exists": true}]), array("rugby"), false),
    ] {
        let policy = policy(&json!({"store": entries}), Scope::MessageAttributes);
        assert_eq!(accepts(&policy, &with(attribute.clone()), "-"), expected, "{rule}: {entries} on {attribute:?}");
    }
}

#[test]
fn a_message_without_attributes_passes_no_policy_on_attributes() {
    let absent = policy(&json!({"store": [{"exists": false}]}), Scope::MessageAttributes);
    let other = Attributes::from([("other".to_owned(), MessageAttribute::string("x"))]);
    assert!(accepts(&absent, &other, "-"), "guide, key matching: exists false");
    assert!(!accepts(&absent, &with(MessageAttribute::string("x")), "-"));
    assert!(!accepts(&absent, &Attributes::new(), "-"), "guide, key matching: an empty set of attributes");
    // recorded: [null, {"anything-but": …}] on a message without attributes.
    let either = policy(&json!({"store": [null, {"anything-but": "whatever"}]}), Scope::MessageAttributes);
    assert!(!accepts(&either, &Attributes::new(), "-"));
}

#[test]
fn no_policy_accepts_everything() {
    for json in ["", "{}", " { } "] {
        let policy = FilterPolicy::parse(json, Scope::MessageAttributes).unwrap();
        assert!(policy.is_empty());
        assert!(accepts(&policy, &Attributes::new(), "not json"), "{json:?}");
    }
}

#[test]
fn bodies_match_as_events_do() {
    let records = json!({"Records": {"s3": {"object": {"key": [{"prefix": "auto-"}]}}, "eventName": [{"prefix": "ObjectCreated:"}]}});
    let record = |key: &str, name: &str| json!({"eventName": name, "s3": {"object": {"key": key}}});
    let deep = json!({"eventName": "ObjectCreated:Put", "s3": {"object": [[{"key": "auto-1"}]]}});
    for (rule, policy_json, body, expected) in [
        ("recorded, nested", json!({"a": {"b": ["x"]}}), json!({"a": {"b": "x"}}), true),
        ("recorded, dotted name", json!({"a.b": ["x"]}), json!({"a": {"b": "x"}}), true),
        ("recorded, dotted name in the body", json!({"a": {"b": ["x"]}}), json!({"a.b": "x"}), true),
        ("recorded, array", json!({"to": ["q2"]}), json!({"to": ["q1", "q2"]}), true),
        (
            "recorded, array of arrays",
            records.clone(),
            json!({"Records": [deep, record("home-1", "ObjectRemoved:Delete")]}),
            true,
        ),
        ("recorded, one record", records.clone(), json!({"Records": [record("auto-1", "ObjectCreated:Put")]}), true),
        (
            "recorded, another name",
            records.clone(),
            json!({"Records": [record("auto-1", "ObjectRemoved:Delete")]}),
            false,
        ),
        ("recorded, another key", records, json!({"Records": [record("home-1", "ObjectCreated:Put")]}), false),
        ("guide, null", json!({"a": [null]}), json!({"a": null}), true),
        ("guide, boolean", json!({"a": [true]}), json!({"a": true}), true),
        ("guide, $or", json!({"$or": [{"m": ["x"]}, {"n": ["y"]}]}), json!({"n": "y"}), true),
        ("guide, $or, none", json!({"$or": [{"m": ["x"]}, {"n": ["y"]}]}), json!({"n": "x"}), false),
        ("not an object", json!({"a": [{"exists": false}]}), json!(["a"]), false),
    ] {
        let policy = policy(&policy_json, Scope::MessageBody);
        assert_eq!(
            accepts(&policy, &Attributes::new(), &body.to_string()),
            expected,
            "{rule}: {policy_json} on {body}"
        );
    }
    let policy = policy(&json!({"a": [{"exists": false}]}), Scope::MessageBody);
    assert!(!accepts(&policy, &Attributes::new(), "port 22 is open"), "guide: a body that is not JSON");
}

#[test]
fn recorded_refusals_have_the_words_of_sns() {
    let values = |count: usize| (0..count).map(|number| format!("value{number}")).collect::<Vec<_>>();
    let keys: Value =
        (0..6).map(|number| (format!("key{number}"), json!(["x"]))).collect::<serde_json::Map<_, _>>().into();
    let nested = json!({"key_a": {"key_b": {"key_c": values(4)}}, "key_d": {"key_e": values(3)}, "key_f": values(3)});
    let body = Scope::MessageBody;
    let attributes = Scope::MessageAttributes;
    for (policy, scope, message) in [
        (json!({"key_a": "value_one"}), body, "FilterPolicy: \"key_a\" must be an object or an array"),
        (
            json!({"key": [["value"]]}),
            attributes,
            "FilterPolicy: Match value must be String, number, true, false, or null",
        ),
        (
            json!({"key": [{"wrong-operator": true}]}),
            attributes,
            "FilterPolicy: Unrecognized match type wrong-operator",
        ),
        (
            json!({"key": [{"suffix": "a", "prefix": "b"}]}),
            attributes,
            "FilterPolicy: Only one key allowed in match expression",
        ),
        (json!({"key": {"suffix": "value"}}), attributes, "FilterPolicy: \"suffix\" must be an object or an array"),
        (
            json!({"key": [{"exists": null}]}),
            attributes,
            "FilterPolicy: exists match pattern must be either true or false.",
        ),
        (
            json!({"key": [{"anything-but": {"suffix": "test"}}]}),
            attributes,
            "FilterPolicy: Unsupported anything-but pattern: suffix",
        ),
        (json!({"key": values(151)}), attributes, "FilterPolicy: Filter policy is too complex"),
        (json!({"key1": values(100), "key2": values(51)}), attributes, "FilterPolicy: Filter policy is too complex"),
        (nested, body, "FilterPolicy: Filter policy is too complex"),
        (keys, attributes, "FilterPolicy: Filter policy can not have more than 5 keys"),
        (
            json!({"object": {"key": [{"prefix": "auto-"}]}}),
            attributes,
            "Filter policy scope MessageAttributes does not support nested filter policy",
        ),
    ] {
        let error = FilterPolicy::parse(&policy.to_string(), scope).unwrap_err();
        assert_eq!(error.to_string(), format!("Invalid parameter: {message}"), "{policy}");
        assert_eq!(error.in_subscribe(), format!("Invalid parameter: Attributes Reason: {message}"));
    }
    let error = FilterPolicy::parse("{invalidjson}", body).unwrap_err();
    assert_eq!(error.to_string(), "Invalid parameter: FilterPolicy: failed to parse JSON.");
    let error = FilterPolicy::parse(&format!("{{\"a\": [\"{}\"]}}", "x".repeat(256 * 1024)), body).unwrap_err();
    assert_eq!(error.refusal, Refusal::TooLarge);
}

#[test]
fn combinations_of_or_members_are_added() {
    let values = |count: usize| (0..count).collect::<Vec<_>>();
    let or = |count: usize| json!({"a": [1, 2], "$or": [{"b": values(count)}, {"c": values(35)}]}).to_string();
    assert!(FilterPolicy::parse(&or(40), Scope::MessageAttributes).is_ok(), "2 x (40 + 35) = 150");
    assert_eq!(FilterPolicy::parse(&or(41), Scope::MessageAttributes).unwrap_err().refusal, Refusal::TooComplex);
}

#[test]
fn the_scope_is_one_of_two() {
    assert_eq!("MessageBody".parse(), Ok(Scope::MessageBody));
    assert_eq!(
        "RandomValue".parse::<Scope>().unwrap_err().to_string(),
        "Invalid parameter: FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or \
         MessageAttributes"
    );
}

#[test]
fn a_policy_in_the_wrong_scope_is_told_so() {
    let policy = policy(&json!({"source": ["aws.ec2"]}), Scope::MessageAttributes);
    let explanation = policy.explain(&Attributes::new(), r#"{"source": "aws.ec2", "detail": {}}"#);
    assert_eq!(explanation.drop, Some(DropReason::NoAttributes));
    assert_eq!(explanation.accepted_in, Some(Scope::MessageBody));
    assert_eq!(
        explanation.to_string(),
        "the filter policy drops the message: it looks at message attributes, and the message has none (EventBridge, for \
         one, publishes without them)\nWith FilterPolicyScope MessageBody instead of MessageAttributes it would pass."
    );
}

#[test]
fn a_property_that_does_not_hold_is_named() {
    let policy = policy(&json!({"store": ["Fans"]}), Scope::MessageAttributes);
    let explanation = policy.explain(&with(MessageAttribute::string("fans")), "-");
    assert_eq!(
        explanation.to_string(),
        "the filter policy drops the message: these properties do not hold\n- store is \"fans\"; wanted: \"Fans\" (only \
         letter case differs: \"Fans\" and \"fans\")"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_panic(json in r#"\{("(a|\$or|prefix)":[\[\]{}"a0-9:, ]{0,12}){0,3}\}"#, body in ".{0,20}", value in "[\\[\\]\"a0-9.]{0,6}") {
        let attributes: Attributes = ["String", "Number", "String.Array", "Binary", ""].into_iter().map(|data_type| {
            (data_type.to_owned(), MessageAttribute { data_type: data_type.to_owned(), string_value: Some(value.clone()) })
        }).collect();
        for scope in [Scope::MessageAttributes, Scope::MessageBody] {
            if let Ok(policy) = FilterPolicy::parse(&json, scope) {
                prop_assert_eq!(policy.explain(&attributes, &body).accepted, policy.accepts(&attributes, &body));
            }
        }
    }
}
