//! Random patterns and events: against a model that flattens everything and tries all choices, and that nothing panics.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::pattern::{Pattern, Reason};

/// The model: the event as (path, value, array elements), the pattern as lists of (path, entries), all choices tried.
mod model {
    use std::collections::BTreeMap;

    use serde_json::{Map, Value};

    type Elements = BTreeMap<String, usize>;
    type Leaf = (String, Value, Elements);
    type Rule = BTreeMap<String, Vec<Value>>;

    pub(super) fn matches(pattern: &Map<String, Value>, event: &Map<String, Value>) -> bool {
        let mut leaves = Vec::new();
        flatten(event, "", "", &Elements::new(), &mut leaves);
        expand(pattern, "", vec![Rule::new()]).iter().any(|rule| {
            let fields: Vec<(&String, &Vec<Value>)> = rule.iter().collect();
            choose(&fields, &leaves, &Elements::new())
        })
    }

    fn join(path: &str, name: &str) -> String {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    }

    fn flatten(object: &Map<String, Value>, path: &str, place: &str, elements: &Elements, leaves: &mut Vec<Leaf>) {
        for (name, value) in object {
            flatten_value(value, &join(path, name), &format!("{place}/{name}"), elements, leaves);
        }
    }

    fn flatten_value(value: &Value, path: &str, place: &str, elements: &Elements, leaves: &mut Vec<Leaf>) {
        match value {
            Value::Object(object) => flatten(object, path, place, elements, leaves),
            Value::Array(array) => {
                for (index, item) in array.iter().enumerate() {
                    let mut inside = elements.clone();
                    if item.is_object() || item.is_array() {
                        inside.insert(place.to_owned(), index);
                    }
                    flatten_value(item, path, &format!("{place}[{index}]"), &inside, leaves);
                }
            }
            _ => leaves.push((path.to_owned(), value.clone(), elements.clone())),
        }
    }

    fn expand(pattern: &Map<String, Value>, path: &str, mut rules: Vec<Rule>) -> Vec<Rule> {
        for (name, value) in pattern {
            rules = match value {
                Value::Array(branches) if name == "$or" => {
                    let branches = branches.iter().filter_map(Value::as_object);
                    branches.flat_map(|branch| expand(branch, path, rules.clone())).collect()
                }
                Value::Object(inner) => expand(inner, &join(path, name), rules),
                Value::Array(entries) => {
                    for rule in &mut rules {
                        rule.insert(join(path, name), entries.clone());
                    }
                    rules
                }
                _ => unreachable!("not generated"),
            };
        }
        rules
    }

    fn choose(fields: &[(&String, &Vec<Value>)], leaves: &[Leaf], chosen: &Elements) -> bool {
        let Some(((path, entries), rest)) = fields.split_first() else { return true };
        let agrees = |elements: &Elements| {
            elements.iter().all(|(array, index)| chosen.get(array).is_none_or(|bound| bound == index))
        };
        let candidates: Vec<&Leaf> = leaves.iter().filter(|leaf| leaf.0 == **path && agrees(&leaf.2)).collect();
        if candidates.is_empty() && entries.iter().any(|entry| entry["exists"] == false) {
            return choose(rest, leaves, chosen);
        }
        candidates.iter().filter(|leaf| entries.iter().any(|entry| accepts(entry, &leaf.1))).any(|leaf| {
            let mut chosen = chosen.clone();
            chosen.extend(leaf.2.clone());
            choose(rest, leaves, &chosen)
        })
    }

    fn equal(one: &Value, other: &Value) -> bool {
        match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() < 1e-9,
            _ => one == other,
        }
    }

    fn accepts(entry: &Value, value: &Value) -> bool {
        let Some((operator, operand)) = entry.as_object().and_then(|object| object.iter().next()) else {
            return equal(entry, value);
        };
        let text = value.as_str();
        match (operator.as_str(), operand) {
            ("exists", operand) => operand == true,
            ("prefix", Value::String(prefix)) => text.is_some_and(|text| text.starts_with(prefix)),
            ("suffix", Value::String(suffix)) => text.is_some_and(|text| text.ends_with(suffix)),
            ("anything-but", Value::Array(list)) => !list.iter().any(|one| equal(one, value)),
            ("anything-but", one) => !equal(one, value),
            ("numeric", operand) => {
                value.as_f64().is_some_and(|number| number > operand[1].as_f64().unwrap_or(f64::NAN))
            }
            other => unreachable!("not generated: {other:?}"),
        }
    }
}

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "a.b"]).prop_map(str::to_owned)
}

fn texts() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["", "x", "xy", "yx", "X", "1"]).prop_map(Value::from)
}

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![(0..4_i64).prop_map(Value::from), prop::sample::select(vec![1.0, 2.5, -1.0]).prop_map(Value::from)]
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![3 => texts(), 3 => numbers(), 1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null)]
}

fn object_of(values: impl Strategy<Value = Value>, at_least: usize) -> impl Strategy<Value = Value> {
    vec((names(), values), at_least..4).prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn events() -> impl Strategy<Value = Value> {
    let values = scalars().prop_recursive(
        4,
        24,
        3,
        |inner| prop_oneof![2 => object_of(inner.clone(), 0), 2 => vec(inner, 0..4).prop_map(Value::Array)],
    );
    object_of(values, 0)
}

fn entries() -> impl Strategy<Value = Value> {
    let entry = prop_oneof![
        4 => scalars(),
        1 => texts().prop_map(|text| json!({"prefix": text})),
        1 => texts().prop_map(|text| json!({"suffix": text})),
        1 => texts().prop_map(|text| json!({"anything-but": text})),
        1 => vec(texts(), 1..3).prop_map(|texts| json!({"anything-but": texts})),
        1 => vec(numbers(), 1..3).prop_map(|numbers| json!({"anything-but": numbers})),
        1 => numbers().prop_map(|number| json!({"numeric": [">", number]})),
        2 => any::<bool>().prop_map(|wanted| json!({"exists": wanted})),
    ];
    vec(entry, 1..4).prop_map(Value::Array)
}

fn patterns() -> impl Strategy<Value = Value> {
    let fields = entries().prop_recursive(3, 16, 3, |inner| {
        let object = object_of(inner, 1);
        let object = object.boxed();
        let or = vec(object.clone(), 2..4);
        prop_oneof![
            3 => object.clone(),
            1 => (object, or).prop_map(|(mut object, branches)| {
                object["$or"] = Value::Array(branches);
                object
            }),
        ]
    });
    object_of(fields, 1)
}

/// The compiled pattern; `None` if it has too many combinations, which a generated one may.
fn compiled(pattern: &Value) -> Option<Pattern> {
    match Pattern::parse(&pattern.to_string()) {
        Err(error) if error.reason == Reason::OrTooManyCombinations => None,
        other => Some(other.unwrap()),
    }
}

/// Any JSON at all, with the words of the language in it.
fn any_json() -> impl Strategy<Value = Value> {
    let words = [
        "$or",
        "prefix",
        "anything-but",
        "numeric",
        "wildcard",
        "cidr",
        "exists",
        "=",
        ">",
        "a",
        "",
        "equals-ignore-case",
    ];
    let word = prop_oneof![prop::sample::select(words.to_vec()).prop_map(str::to_owned), ".{0,6}", "[*\\\\a]{0,6}"];
    let scalar = prop_oneof![
        word.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!("10.0.0.0/8")),
    ];
    scalar.prop_recursive(6, 40, 4, move |inner| {
        let members = vec((word.clone(), inner.clone()), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::Array),
            members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_pattern_matches_what_the_model_matches(pattern in patterns(), event in events()) {
        let Some(compiled) = compiled(&pattern) else { return Ok(()) };
        let expected = model::matches(pattern.as_object().unwrap(), event.as_object().unwrap());
        prop_assert_eq!(compiled.matches(&event), expected);
    }

    #[test]
    fn explain_agrees_with_matches(pattern in patterns(), event in events()) {
        let Some(compiled) = compiled(&pattern) else { return Ok(()) };
        let explanation = compiled.explain(&event);
        prop_assert_eq!(explanation.matched, compiled.matches(&event));
        prop_assert_eq!(explanation.matched, explanation.failures.is_empty());
        prop_assert!(!explanation.to_string().is_empty());
    }

    #[test]
    fn an_event_matches_the_pattern_of_its_own_leaves(event in events()) {
        let leaves = crate::pattern::lookup::leaves(event.as_object().unwrap());
        if let Some((path, value)) = leaves.first() {
            let pattern = Pattern::parse(&json!({path.clone(): [value]}).to_string()).unwrap();
            prop_assert!(pattern.matches(&event));
        }
    }

    #[test]
    fn no_json_makes_it_panic(pattern in any_json(), event in any_json()) {
        if let Ok(pattern) = Pattern::parse(&pattern.to_string()) {
            prop_assert_eq!(pattern.explain(&event).matched, pattern.matches(&event));
        }
        let wrapped = json!({"a": [pattern]}).to_string();
        if let Ok(pattern) = Pattern::parse(&wrapped) {
            let event = json!({"a": event});
            prop_assert_eq!(pattern.explain(&event).matched, pattern.matches(&event));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}") {
        let _ = Pattern::parse(&text);
    }
}
