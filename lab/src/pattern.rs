//! EventBridge event patterns: whether an event matches, and if not, why not.
//!
//! The language is the one of
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>; where that page is silent,
//! the open-source matcher `aws/event-ruler` decides. What surprises people, and what this module does as AWS does:
//!
//! - Matchers see **leaves** only: scalars. An object or an empty array at a path is as good as nothing there
//!   (`{"exists": true}` on an object does not match, `{"exists": false}` does).
//! - `anything-but` needs a leaf: an absent field does not match it; `null` does, and so does a value of another type.
//! - Two fields of one array element must hold **in the same element**. Scalars of one array are not bound to each other.
//! - Names are joined with dots, in the pattern and in the event: `{"a.b": …}` and `{"a": {"b": …}}` are one path.
//! - `1`, `1.0` and `1e0` are one number; `"1"` is none. `numeric` compares from -5e9 to 5e9 with six decimals; a range
//!   whose ends are equal is refused (write `["=", 22]`).
//! - `$or` is an operator only if it is an array of at least two objects in which no field has an operator's name.
//!   Otherwise it is the name of a field.
//! - Letter case counts, in names and in values.
//!
//! An event that needs some million comparisons, because its arrays go together in as many ways, does not match; no service's
//! events do.
//!
//! ```
//! use alert_drill_lab::pattern::Pattern;
//!
//! let pattern = Pattern::parse(r#"{"source": ["aws.ec2"], "detail": {"eventName": [{"prefix": "Authorize"}]}}"#)?;
//! let event = serde_json::json!({"source": "aws.ec2", "detail": {"eventName": "RevokeSecurityGroupIngress"}});
//! assert!(!pattern.matches(&event));
//! assert_eq!(pattern.explain(&event).failures[0].path, "detail.eventName");
//! # Ok::<(), alert_drill_lab::pattern::InvalidPattern>(())
//! ```

use std::sync::Arc;

use serde_json::{Map, Value};

mod binding;
mod cidr;
mod compile;
mod error;
mod explain;
mod expression;
mod fold;
mod json;
mod lookup;
mod matcher;
mod near_miss;
mod number;
mod wildcard;

pub use cidr::Cidr;
pub use error::{InvalidPattern, PatternTooLong, Reason};
pub use explain::{Explanation, Failure, Found};
pub(crate) use json::Node;
pub use matcher::{Affix, AnythingBut, ExactString, Matcher};
pub use near_miss::NearMiss;
pub use number::{Bound, ExactNumber, NumericRange};
pub use wildcard::Wildcard;

use binding::{Bindings, Steps};

/// Whose pattern it is. The matchers mean the same; what is refused differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// An event pattern.
    EventBridge,
    /// An SNS subscription filter policy: `anything-but` negates `prefix` only, and no limit on wildcards is known.
    Sns,
}

impl Dialect {
    /// Whether `anything-but` may hold this operator.
    fn negates(self, operator: &str) -> bool {
        match self {
            Self::EventBridge => matches!(operator, "prefix" | "suffix" | "equals-ignore-case" | "wildcard"),
            Self::Sns => operator == "prefix",
        }
    }
}

/// A compiled event pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    alternatives: Vec<Alternative>,
}

/// One way to satisfy a pattern: all of its fields. A pattern without `$or` has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// In the order of their paths: the order in which AWS binds array elements.
    fields: Vec<Field>,
}

/// A path and what may be there: one of the matchers must accept it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    path: String,
    matchers: Arc<[Matcher]>,
}

impl Pattern {
    /// The longest pattern that PutRule and TestEventPattern take, in characters
    /// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>, `EventPattern`).
    pub const MAX_CHARACTERS: usize = 4096;

    /// Checks the length, which the APIs do before they read the pattern.
    ///
    /// # Errors
    /// [`PatternTooLong`], a `ValidationException` of the API.
    pub fn check_length(text: &str) -> Result<(), PatternTooLong> {
        match text.chars().count() {
            characters if characters > Self::MAX_CHARACTERS => Err(PatternTooLong { characters }),
            _ => Ok(()),
        }
    }

    /// Reads a pattern, of any length.
    ///
    /// # Errors
    /// [`InvalidPattern`], with AWS's words, for everything that PutRule refuses with `InvalidEventPatternException`.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let root = Node::parse(text).map_err(|error| InvalidPattern {
            reason: Reason::NotJson(error.to_string()),
            path: String::new(),
            or_hint: None,
        })?;
        Self::compile(&root, Dialect::EventBridge)
    }

    pub(crate) fn compile(root: &Node, dialect: Dialect) -> Result<Self, InvalidPattern> {
        Ok(Self { alternatives: compile::compile(root, dialect)? })
    }

    /// Whether the event matches. What is not a JSON object never does.
    pub fn matches(&self, event: &Value) -> bool {
        let mut steps = Steps::default();
        let mut holds = |one: &Alternative, event| one.first_failure(event, &mut steps).is_none();
        event.as_object().is_some_and(|event| self.alternatives.iter().any(|one| holds(one, event)))
    }

    /// Whether the event matches, and what stands in the way: the failures of the alternative that comes nearest.
    /// Always agrees with [`matches`](Self::matches).
    pub fn explain(&self, event: &Value) -> Explanation {
        explain::explain(self, event)
    }

    /// The ways to satisfy the pattern: one, or one for each combination of `$or` members.
    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }
}

impl Alternative {
    /// The fields that must all hold, in the order of their paths.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The index of the first field that cannot hold together with the ones before it; `None` if all hold.
    ///
    /// Fields are bound in the order of their paths: each leaf that matches narrows the array elements that later fields may
    /// use. `exists: false` looks only at the elements that earlier fields left open, as in AWS.
    fn first_failure(&self, event: &Map<String, Value>, steps: &mut Steps) -> Option<usize> {
        let mut bindings = Bindings::default();
        for (index, field) in self.fields.iter().enumerate() {
            bindings = bindings.narrowed(field, event, steps);
            if bindings.is_empty() {
                return Some(index);
            }
            bindings.forget_unused(event, &self.fields[index + 1..], steps);
        }
        None
    }
}

impl Field {
    /// The dotted path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What may be there.
    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    fn accepts(&self, value: &Value) -> bool {
        self.matchers.iter().any(|matcher| matcher.accepts(value))
    }

    fn accepts_absence(&self) -> bool {
        self.matchers.iter().any(Matcher::accepts_absence)
    }
}

#[cfg(test)]
mod tests;
