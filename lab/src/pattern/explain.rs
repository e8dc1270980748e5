//! Why an event does not match: path by path, what is there, what is wanted, and what comes near.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::binding::Steps;
use super::lookup::{Hit, Leaves, visit};
use super::matcher::{Matcher, listed};
use super::near_miss::{NearMiss, near_miss};
use super::{Alternative, Field, Pattern};

/// How many values of one path are shown.
const SHOWN_VALUES: usize = 5;

/// Whether an event matches, and why not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Whether the event matches the pattern.
    pub matched: bool,
    /// What stands in the way; empty if and only if the event matches. With `$or`, the failures of the alternative that has
    /// the fewest.
    pub failures: Vec<Failure>,
    /// How many alternatives the pattern has: more than one with `$or`.
    pub alternatives: usize,
}

/// A path that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// The dotted path; empty if the event as a whole is the trouble.
    pub path: String,
    /// What the event has there.
    pub found: Found,
    /// What the pattern accepts there, in words; any one of them is enough.
    pub wanted: Vec<String>,
    /// The same, for those who say it in words of their own.
    #[serde(skip)]
    pub matchers: Arc<[Matcher]>,
    /// What comes nearest, if anything does.
    pub near_miss: Option<NearMiss>,
}

/// What an event has at a path.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Found {
    /// Nothing.
    Absent,
    /// An object, which matchers do not see.
    Object,
    /// An empty array, which matchers do not see.
    EmptyArray,
    /// These values, none of which is accepted.
    Values {
        /// The first few of them.
        values: Vec<Value>,
        /// How many more there are.
        more: usize,
    },
    /// A value that is accepted, but in another array element than the values of these paths.
    OtherElement {
        /// The paths that hold before this one.
        with: Vec<String>,
    },
    /// The event is not a JSON object.
    NotAnObject,
}

pub(super) fn explain(pattern: &Pattern, event: &Value) -> Explanation {
    let alternatives = pattern.alternatives.len();
    let Some(event) = event.as_object() else {
        let wanted = vec!["a JSON object".to_owned()];
        let matchers = Arc::new([]);
        let failure = Failure { path: String::new(), found: Found::NotAnObject, wanted, matchers, near_miss: None };
        return Explanation { matched: false, failures: vec![failure], alternatives };
    };
    let mut steps = Steps::default();
    let failing = pattern.alternatives.iter().map(|one| (one, failing(one, event, &mut steps)));
    let nearest = failing.min_by_key(|(_, failing)| failing.len());
    let leaves = Leaves::of(event);
    let failures: Vec<Failure> = nearest.map_or_else(Vec::new, |(alternative, failing)| {
        let failure = |(index, alone): (usize, Option<Seen<'_>>)| match alone {
            Some(seen) => seen.failure(&alternative.fields[index], &leaves),
            None => other_element(alternative, index),
        };
        failing.into_iter().map(failure).collect()
    });
    Explanation { matched: failures.is_empty(), failures, alternatives }
}

/// The fields that do not hold: by themselves, with what the event has there, or only together with those before them.
fn failing<'e>(
    alternative: &Alternative,
    event: &'e Map<String, Value>,
    steps: &mut Steps,
) -> Vec<(usize, Option<Seen<'e>>)> {
    let Some(first) = alternative.first_failure(event, steps) else { return Vec::new() };
    // The fields before it hold, and a later one that fails by itself fails in any company.
    let rest = alternative.fields.iter().enumerate().skip(first);
    rest.map(|(index, field)| (index, seen(field, event)))
        .filter(|(index, alone)| *index == first || alone.is_some())
        .collect()
}

/// The failure of a field that holds alone, but not together with the ones before it.
fn other_element(alternative: &Alternative, index: usize) -> Failure {
    let field = &alternative.fields[index];
    let with = alternative.fields[..index].iter().map(|field| field.path.clone()).collect();
    failed(field, Found::OtherElement { with }, None)
}

/// What the event has at the path of a field that does not hold.
struct Seen<'e> {
    found: Found,
    values: Vec<&'e Value>,
    count: usize,
}

/// What the event has at the path of a field, if the field does not hold alone.
fn seen<'e>(field: &Field, event: &'e Map<String, Value>) -> Option<Seen<'e>> {
    let mut seen = Seen { found: Found::Absent, values: Vec::new(), count: 0 };
    let mut holds = false;
    visit(event, &field.path, &mut |hit, _| {
        match hit {
            Hit::Leaf(value) => {
                holds |= field.accepts(value);
                seen.count += 1;
                if seen.values.len() < SHOWN_VALUES {
                    seen.values.push(value);
                }
            }
            Hit::Object => seen.found = Found::Object,
            Hit::EmptyArray => seen.found = Found::EmptyArray,
        }
        !holds
    });
    let holds = holds || (seen.count == 0 && field.accepts_absence());
    (!holds).then_some(seen)
}

impl Seen<'_> {
    fn failure(self, field: &Field, leaves: &Leaves<'_>) -> Failure {
        let Self { found, values, count } = self;
        let near_miss = near_miss(field, &values, leaves);
        let found = match count {
            0 => found,
            _ => Found::Values { more: count - values.len(), values: values.into_iter().cloned().collect() },
        };
        failed(field, found, near_miss)
    }
}

fn failed(field: &Field, found: Found, near_miss: Option<NearMiss>) -> Failure {
    let wanted = field.matchers.iter().map(ToString::to_string).collect();
    Failure { path: field.path.clone(), found, wanted, matchers: Arc::clone(&field.matchers), near_miss }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.matched {
            return f.write_str("the event matches");
        }
        f.write_str("the event does not match")?;
        if self.alternatives > 1 {
            write!(f, " any of the {} alternatives of $or; the nearest fails so", self.alternatives)?;
        }
        for failure in &self.failures {
            write!(f, "\n- {failure}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.found {
            Found::NotAnObject => f.write_str("the event is not a JSON object")?,
            Found::OtherElement { with } => {
                let with = listed_and(with);
                write!(
                    f,
                    "{path} is {}, but in another array element than {with}",
                    listed(self.wanted.iter().cloned())
                )?;
            }
            found => write!(f, "{path} {found}; wanted: {}", listed(self.wanted.iter().cloned()))?,
        }
        match &self.near_miss {
            Some(near_miss) => write!(f, " ({near_miss})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("is absent"),
            Self::Object => f.write_str("is an object, which matchers do not see"),
            Self::EmptyArray => f.write_str("is an empty array, which matchers do not see"),
            Self::Values { values, more } => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                write!(f, "is {}", values.join(", "))?;
                if *more > 0 { write!(f, " and {more} more") } else { Ok(()) }
            }
            Self::OtherElement { .. } => f.write_str("is in another array element"),
            Self::NotAnObject => f.write_str("is not a JSON object"),
        }
    }
}

fn listed_and(words: &[String]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => words.join(""),
    }
}
