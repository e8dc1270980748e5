//! The nearest miss: what most likely went wrong when a field does not hold.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::lookup::Leaves;
use super::matcher::Matcher;
use super::{Affix, Field};

/// What comes nearest to a field that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NearMiss {
    /// The values differ in letter case only.
    LetterCase {
        /// What the pattern says.
        wanted: String,
        /// What the event says.
        found: String,
    },
    /// The values differ in white space at their ends only.
    WhiteSpace {
        /// What the pattern says.
        wanted: String,
        /// What the event says.
        found: String,
    },
    /// The same characters, once as a string and once as a number, a boolean or null.
    Type {
        /// What the pattern says, as JSON.
        wanted: String,
        /// What the event says, as JSON.
        found: String,
    },
    /// The event has the path in another letter case.
    PathLetterCase {
        /// The path as the event has it.
        found: String,
    },
    /// The event has what is wanted at another path.
    Elsewhere {
        /// That path.
        found: String,
    },
    /// One character differs: most likely a slip.
    Spelling {
        /// What the pattern says.
        wanted: String,
        /// What the event says.
        found: String,
    },
    /// Another kind of event than the pattern is for.
    DetailType {
        /// What the event says.
        found: String,
    },
    /// The pattern lists names, and the event's is not among them.
    NotListed {
        /// The event's name.
        found: String,
        /// How many names the pattern lists.
        listed: usize,
    },
}

/// Finds the nearest miss of a field whose leaves are `values`, among all `leaves` of the event.
pub(super) fn near_miss(field: &Field, values: &[&Value], leaves: &Leaves<'_>) -> Option<NearMiss> {
    if field.matchers.iter().all(Matcher::accepts_absence) {
        return None;
    }
    let texts: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
    let exact: Vec<&str> = field.matchers.iter().filter_map(Matcher::exact_text).collect();
    pairs(&field.matchers, &texts)
        .or_else(|| wrong_type(&field.matchers, values))
        .or_else(|| other_path(field, values.is_empty(), leaves.all()))
        .or_else(|| spelling(&exact, &texts))
        .or_else(|| match texts.first() {
            Some(found) if field.path == "detail-type" => Some(NearMiss::DetailType { found: (*found).to_owned() }),
            Some(found) if !exact.is_empty() && exact.len() == field.matchers.len() => {
                Some(NearMiss::NotListed { found: (*found).to_owned(), listed: exact.len() })
            }
            _ => None,
        })
}

/// Letter case and white space.
fn pairs(matchers: &[Matcher], texts: &[&str]) -> Option<NearMiss> {
    let both = |wanted: &str, found: &str| (wanted.to_owned(), found.to_owned());
    for found in texts {
        for matcher in matchers {
            let (wanted, loose) = match matcher {
                Matcher::Prefix(affix) => (affix.text.as_str(), Matcher::Prefix(loosened(affix))),
                Matcher::Suffix(affix) => (affix.text.as_str(), Matcher::Suffix(loosened(affix))),
                Matcher::String(wanted) => (wanted.text(), Matcher::EqualsIgnoreCase(wanted.text().to_owned())),
                _ => continue,
            };
            if loose.accepts(&Value::from(*found)) {
                let (wanted, found) = both(wanted, found);
                return Some(NearMiss::LetterCase { wanted, found });
            }
            if matcher.exact_text().is_some() && wanted.trim() == found.trim() {
                let (wanted, found) = both(wanted, found);
                return Some(NearMiss::WhiteSpace { wanted, found });
            }
        }
    }
    None
}

fn loosened(affix: &Affix) -> Affix {
    Affix { text: affix.text.clone(), ignore_case: true }
}

fn wrong_type(matchers: &[Matcher], values: &[&Value]) -> Option<NearMiss> {
    let accepts = |value: Value| matchers.iter().find(|matcher| is_positive(matcher) && matcher.accepts(&value));
    for value in values {
        let retyped = match value {
            Value::String(text) => serde_json::from_str(text).ok().filter(|parsed: &Value| !parsed.is_string()),
            Value::Number(_) | Value::Bool(_) | Value::Null => Some(Value::from(value.to_string())),
            _ => None,
        };
        if let Some(matcher) = retyped.and_then(accepts) {
            return Some(NearMiss::Type { wanted: matcher.to_string(), found: value.to_string() });
        }
    }
    None
}

/// `exists` and `anything-but` accept nearly everything: that they do says nothing.
fn is_positive(matcher: &Matcher) -> bool {
    !matches!(matcher, Matcher::Exists(_) | Matcher::AnythingBut(_))
}

fn other_path(field: &Field, absent: bool, leaves: &[(String, &Value)]) -> Option<NearMiss> {
    let others = || leaves.iter().filter(|(path, _)| *path != field.path);
    if absent && let Some((path, _)) = others().find(|(path, _)| path.to_lowercase() == field.path.to_lowercase()) {
        return Some(NearMiss::PathLetterCase { found: path.clone() });
    }
    let tells = |matcher: &&Matcher| matcher.exact_text().is_some_and(|text| !text.is_empty());
    let exact: Vec<&Matcher> = field.matchers.iter().filter(tells).collect();
    let name = field.path.rsplit('.').next().unwrap_or_default();
    let has_name = |path: &str| path.rsplit('.').next() == Some(name);
    let same_value = others().find(|(_, value)| exact.iter().any(|matcher| matcher.accepts(value)));
    let same_name = || others().find(|(path, value)| absent && has_name(path) && field.accepts(value));
    same_value.or_else(same_name).map(|(path, _)| NearMiss::Elsewhere { found: path.clone() })
}

fn spelling(exact: &[&str], texts: &[&str]) -> Option<NearMiss> {
    let near = |wanted: &str, found: &str| {
        // No more than one: AuthorizeSecurityGroupIngress and …Egress, which are no slip, differ by two.
        wanted.len() > 3 && wanted.len() < 200 && found.len() < 200 && distance(wanted, found) == 1
    };
    for found in texts {
        if let Some(wanted) = exact.iter().find(|wanted| near(wanted, found)) {
            return Some(NearMiss::Spelling { wanted: (*wanted).to_owned(), found: (*found).to_owned() });
        }
    }
    None
}

/// The Levenshtein distance.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LetterCase { wanted, found } => write!(f, "only letter case differs: {wanted:?} and {found:?}"),
            Self::WhiteSpace { wanted, found } => write!(f, "only white space differs: {wanted:?} and {found:?}"),
            Self::Type { wanted, found } => {
                write!(f, "the type differs: the event has {found}, which is not {wanted}")
            }
            Self::PathLetterCase { found } => {
                write!(f, "the event has {found}: only the letter case of the path differs")
            }
            Self::Elsewhere { found } => write!(f, "the event has that at {found}"),
            Self::Spelling { wanted, found } => write!(f, "a slip? the pattern says {wanted:?}, the event {found:?}"),
            Self::DetailType { found } => write!(f, "the event is of another kind: {found:?}"),
            Self::NotListed { found, listed: 1 } => write!(f, "{found:?} is another name"),
            Self::NotListed { found, listed } => write!(f, "{found:?} is not among the {listed} names of the pattern"),
        }
    }
}
