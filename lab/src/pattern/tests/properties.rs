//! Random patterns and events: against a model that flattens everything and tries all choices, and that nothing panics.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::pattern::lookup::Leaves;
use crate::pattern::{Failure, Found, Pattern, Reason};

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

    fn folded(text: &str) -> String {
        text.to_lowercase()
    }

    fn folded_operand(operand: &Value) -> String {
        folded(operand["equals-ignore-case"].as_str().unwrap_or_default())
    }

    /// The definition itself: a star takes nothing, or one character and the same again; a backslash takes what follows.
    fn wild(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => wild(rest, text) || (!text.is_empty() && wild(pattern, &text[1..])),
            ['\\', literal, rest @ ..] | [literal, rest @ ..] => {
                text.first() == Some(literal) && wild(rest, &text[1..])
            }
        }
    }

    fn in_range(range: &str, address: &str) -> bool {
        let bits = |address: &str| -> Option<Vec<bool>> {
            let octets = match address.parse().ok()? {
                std::net::IpAddr::V4(address) => address.octets().to_vec(),
                std::net::IpAddr::V6(address) => address.octets().to_vec(),
            };
            Some(octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1)).collect())
        };
        let Some((network, length)) = range.split_once('/') else { return false };
        match (bits(network), bits(address), length.parse::<usize>()) {
            (Some(network), Some(address), Ok(length)) => {
                network.len() == address.len() && network[..length] == address[..length]
            }
            _ => false,
        }
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
            ("prefix", operand) => text.is_some_and(|text| folded(text).starts_with(&folded_operand(operand))),
            ("suffix", operand) => text.is_some_and(|text| folded(text).ends_with(&folded_operand(operand))),
            ("equals-ignore-case", operand) => {
                text.is_some_and(|text| Some(folded(text)) == operand.as_str().map(folded))
            }
            ("wildcard", operand) => {
                let pattern: Vec<char> = operand.as_str().unwrap_or_default().chars().collect();
                text.is_some_and(|text| wild(&pattern, &text.chars().collect::<Vec<_>>()))
            }
            ("cidr", operand) => text.is_some_and(|text| in_range(operand.as_str().unwrap_or_default(), text)),
            ("anything-but", Value::Array(list)) => !list.iter().any(|one| equal(one, value)),
            // Each operator that is negated, negated: its list is one entry for each member.
            ("anything-but", Value::Object(inner)) => !inner.iter().any(|(operator, operand)| {
                let list = operand.as_array().cloned().unwrap_or_else(|| vec![operand.clone()]);
                list.into_iter().any(|one| accepts(&serde_json::json!({ operator.as_str(): one }), value))
            }),
            ("anything-but", one) => !equal(one, value),
            ("numeric", Value::Array(comparisons)) => comparisons.chunks(2).all(|comparison| {
                let bound = comparison[1].as_f64().unwrap_or(f64::NAN);
                value.as_f64().is_some_and(|number| match comparison[0].as_str() {
                    Some("=") => (number - bound).abs() < 1e-9,
                    Some(">") => number > bound,
                    Some(">=") => number >= bound,
                    Some("<") => number < bound,
                    _ => number <= bound,
                })
            }),
            other => unreachable!("not generated: {other:?}"),
        }
    }
}

/// Random choices out of random bytes: cheap enough for thousands of cases, and it shrinks.
struct Choices<'b>(std::slice::Iter<'b, u8>);

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        usize::from(*self.0.next().unwrap_or(&0)) % limit
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn text(&mut self) -> Value {
        self.one_of(&["x", "", "xy", "yx", "X", "1", "xYx", "*y", "10.1.2.3", "10.9.0.1", "2001:db8::7"]).into()
    }

    /// A text that is not empty, as affixes in `anything-but` must be.
    fn some_text(&mut self) -> Value {
        self.one_of(&["x", "y", "xy", "10."]).into()
    }

    fn wildcard(&mut self) -> Value {
        self.one_of(&["*", "x*", "*y*", "x*x", r"\*y", r"\**", "", "10.*.*"]).into()
    }

    fn number(&mut self) -> Value {
        self.one_of(&[json!(1), json!(1.0), json!(0), json!(2), json!(2.5), json!(-1)])
    }

    fn scalar(&mut self) -> Value {
        match self.below(8) {
            0 => Value::Null,
            1 => Value::from(self.below(2) == 0),
            2..5 => self.number(),
            _ => self.text(),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let members = 1 + self.below(3);
        (0..members).map(|_| (self.one_of(&["a", "b", "c", "a.b"]).to_owned(), self.value(depth))).collect()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 3 } else { 10 }) {
            0..3 => self.scalar(),
            3..6 => self.object(depth - 1),
            6..9 => (0..self.below(4)).map(|_| self.object(depth - 1)).collect(),
            _ => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
        }
    }

    /// An entry of a field's array, often one that accepts `value`.
    fn entry(&mut self, value: &Value) -> Value {
        let ignoring_case = |text: Value| json!({"equals-ignore-case": text});
        match self.below(28) {
            0..9 => value.clone(),
            16 => json!({"wildcard": self.wildcard()}),
            17 => ignoring_case(self.text()),
            18 => json!({"prefix": ignoring_case(self.text())}),
            19 => json!({"suffix": ignoring_case(self.text())}),
            20 => json!({"cidr": self.one_of(&["10.0.0.0/8", "10.1.0.0/15", "0.0.0.0/0", "2001:db8::/32", "::/0"])}),
            21 => json!({"anything-but": {"prefix": [self.some_text(), self.some_text()]}}),
            22 => json!({"anything-but": {"suffix": self.some_text()}}),
            23 => json!({"anything-but": ignoring_case(json!([self.text(), self.text()]))}),
            24 => json!({"anything-but": {"wildcard": [self.wildcard(), self.wildcard()]}}),
            25 => json!({"numeric": [self.one_of(&["=", "<", "<=", ">="]), self.number()]}),
            26 => {
                json!({"numeric": [self.one_of(&[">", ">="]), -1, self.one_of(&["<", "<="]), self.one_of(&[0, 1, 2])]})
            }
            9 => json!({"prefix": self.text()}),
            27 => json!({"suffix": self.text()}),
            15 => json!({"anything-but": self.text()}),
            10 => json!({"anything-but": [self.text(), self.text()]}),
            11 => json!({"anything-but": [self.number(), self.number()]}),
            12 => json!({"numeric": [">", self.number()]}),
            13 => json!({"exists": true}),
            14 => json!({"exists": false}),
            _ => self.scalar(),
        }
    }

    /// A pattern about the fields that the event has, mostly.
    fn pattern(&mut self, event: &Map<String, Value>, or_depth: usize) -> Map<String, Value> {
        let leaves = Leaves::of(event);
        let leaves = leaves.all();
        let mut pattern = Map::new();
        for _ in 0..1 + self.below(4) {
            let (path, value) = match leaves.len() {
                0 => ("a".to_owned(), Value::Null),
                count => {
                    let (path, value) = &leaves[self.below(count)];
                    (path.clone(), (*value).clone())
                }
            };
            let path = if self.below(12) == 0 { self.one_of(&["a.a", "b", "c.z"]).to_owned() } else { path };
            let entries = (0..1 + self.below(2)).map(|_| self.entry(&value)).collect();
            self.insert(&mut pattern, &path, entries);
        }
        if or_depth > 0 && self.below(3) == 1 {
            let branches: Value = (0..2 + self.below(2)).map(|_| self.pattern(event, or_depth - 1)).collect();
            // Before or after the other fields: the entry that is written last stays.
            let or = Map::from_iter([("$or".to_owned(), branches)]);
            return if self.below(2) == 0 {
                or.into_iter().chain(pattern).collect()
            } else {
                pattern.into_iter().chain(or).collect()
            };
        }
        pattern
    }

    /// Puts a field at a path, nested or with dots in its name.
    fn insert(&mut self, pattern: &mut Map<String, Value>, path: &str, entries: Value) {
        if let Some((name, rest)) = path.split_once('.')
            && self.below(3) > 0
            && let Value::Object(inner) = pattern.entry(name).or_insert_with(|| json!({}))
        {
            return self.insert(inner, rest, entries);
        }
        if !matches!(pattern.get(path), Some(Value::Object(_))) {
            pattern.insert(path.to_owned(), entries);
        }
    }
}

/// A pattern and an event that have something to do with each other.
fn pairs() -> impl Strategy<Value = (Value, Value)> {
    vec(any::<u8>(), 40..400).prop_map(|bytes| {
        let mut choices = Choices(bytes.iter());
        let event = choices.object(3);
        let pattern = event.as_object().map(|event| choices.pattern(event, 2)).unwrap_or_default();
        (Value::Object(pattern), event)
    })
}

/// The compiled pattern; `None` if it has too many combinations or wildcards, which a generated one may.
fn compiled(pattern: &Value) -> Option<Pattern> {
    match Pattern::parse(&pattern.to_string()) {
        Err(error) if matches!(error.reason, Reason::OrTooManyCombinations | Reason::TooComplex) => None,
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_pattern_matches_what_the_model_matches((pattern, event) in pairs()) {
        let Some(compiled) = compiled(&pattern) else { return Ok(()) };
        let expected = model::matches(pattern.as_object().unwrap(), event.as_object().unwrap());
        prop_assert_eq!(compiled.matches(&event), expected);
    }

    #[test]
    fn explain_agrees_with_matches((pattern, event) in pairs()) {
        let Some(compiled) = compiled(&pattern) else { return Ok(()) };
        let explanation = compiled.explain(&event);
        prop_assert_eq!(explanation.matched, compiled.matches(&event));
        prop_assert_eq!(explanation.matched, explanation.failures.is_empty());
        prop_assert_eq!(explanation.to_string().lines().count(), 1 + explanation.failures.len());
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

/// The pairs are worth something only if they match often, and often miss for the sake of array elements.
#[test]
fn the_pairs_are_of_every_kind() {
    let mut runner = TestRunner::deterministic();
    let (mut matched, mut other_element, mut with_or) = (0, 0, 0);
    for _ in 0..1000 {
        let (pattern, event) = pairs().new_tree(&mut runner).unwrap().current();
        let Some(compiled) = compiled(&pattern) else { continue };
        let explanation = compiled.explain(&event);
        matched += usize::from(explanation.matched);
        with_or += usize::from(explanation.alternatives > 1);
        let elements = |failure: &Failure| matches!(failure.found, Found::OtherElement { .. });
        other_element += usize::from(explanation.failures.iter().any(elements));
    }
    assert!(
        (200..800).contains(&matched) && other_element > 10 && with_or > 100,
        "{matched} {other_element} {with_or}"
    );
}
