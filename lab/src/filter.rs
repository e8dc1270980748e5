//! SNS subscription filter policies: whether a subscription receives a message, and if not, why it was dropped.
//!
//! The sources are <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html> and the pages below
//! it, and the answers of SNS that LocalStack recorded (`test_sns_filter_policy.snapshot.json`).
//!
//! SNS uses the matcher of EventBridge, so the matchers are those of [`pattern`](crate::pattern), with array elements,
//! dotted names and `$or` as there. What differs:
//!
//! - **What is matched** depends on the scope: the message attributes (each one a field), or the body, which must be a JSON
//!   object. A body that is not JSON is dropped. A `Number` attribute is a number, a `String.Array` an array of strings,
//!   numbers, booleans and nulls; a `Binary` attribute is not looked at. A `String` attribute is a string even when it
//!   looks like a number.
//! - A message without attributes never passes a policy on attributes, not even `{"exists": false}`. EventBridge publishes
//!   without attributes: such a policy silences an alarm that comes through a rule.
//! - An empty policy (`{}` or nothing) is no policy: everything passes. EventBridge refuses `{}`.
//! - `anything-but` may hold `prefix`, but not `suffix`, `equals-ignore-case` or `wildcard` (refused by SNS in 2024).
//! - A policy on attributes must not nest; at most five names at the top level; at most 150 combinations of values, where a
//!   nested array counts times its depth; at most 256 KiB.
//! - The refusals are `InvalidParameter`, with the words of EventBridge's after a prefix of SNS.
//!
//! ```
//! use std::collections::BTreeMap;
//! use alert_drill_lab::filter::{FilterPolicy, MessageAttribute, Scope};
//!
//! let policy = FilterPolicy::parse(r#"{"severity": ["high"]}"#, Scope::MessageAttributes)?;
//! let attributes = BTreeMap::from([("severity".to_owned(), MessageAttribute::string("high"))]);
//! assert!(policy.accepts(&attributes, "port 22 is open"));
//! assert!(!policy.accepts(&BTreeMap::new(), "port 22 is open"));
//! # Ok::<(), alert_drill_lab::filter::InvalidFilterPolicy>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::pattern::{Dialect, Node, Pattern, Reason};

mod attribute;
mod error;
mod explain;
mod limits;

pub use attribute::MessageAttribute;
pub use error::{InvalidFilterPolicy, Refusal};
pub use explain::{DropReason, Explanation};

/// What a filter policy is matched against: the subscription attribute `FilterPolicyScope`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// The attributes of the message; the default.
    #[default]
    MessageAttributes,
    /// The body of the message, as JSON.
    MessageBody,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MessageAttributes => "MessageAttributes",
            Self::MessageBody => "MessageBody",
        })
    }
}

/// A `FilterPolicyScope` that SNS does not have. The text is SNS's, an `InvalidParameter`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid parameter: FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
)]
pub struct InvalidScope {
    /// What was asked for.
    pub value: String,
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        match text {
            "MessageAttributes" => Ok(Self::MessageAttributes),
            "MessageBody" => Ok(Self::MessageBody),
            _ => Err(InvalidScope { value: text.to_owned() }),
        }
    }
}

/// A compiled filter policy.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterPolicy {
    scope: Scope,
    /// `None` for the empty policy, which lets everything pass.
    pattern: Option<Pattern>,
}

impl FilterPolicy {
    /// The largest policy that SNS takes, in bytes.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// Reads the value of the subscription attribute `FilterPolicy`. An empty value or `{}` is the policy that accepts all.
    ///
    /// # Errors
    /// [`InvalidFilterPolicy`], an `InvalidParameter` of Subscribe and SetSubscriptionAttributes, with SNS's words.
    pub fn parse(json: &str, scope: Scope) -> Result<Self, InvalidFilterPolicy> {
        if json.trim().is_empty() {
            return Ok(Self { scope, pattern: None });
        }
        if json.len() > Self::MAX_BYTES {
            return Err(InvalidFilterPolicy::whole(Refusal::TooLarge));
        }
        let root =
            Node::parse(json).map_err(|error| InvalidFilterPolicy::whole(Refusal::NotJson(error.to_string())))?;
        let members = match &root {
            Node::Object(members) if members.is_empty() => return Ok(Self { scope, pattern: None }),
            Node::Object(members) => members.as_slice(),
            _ => return Err(InvalidFilterPolicy::whole(Refusal::Pattern(Reason::NotAnObject))),
        };
        // SNS names what is wrong with a property before it counts them, and before it notices that they nest.
        let pattern = Pattern::compile(&root, Dialect::Sns).map_err(|error| match error.reason {
            Reason::OrTooManyCombinations => InvalidFilterPolicy::whole(Refusal::TooComplex),
            _ => error.into(),
        })?;
        limits::check(members, scope).map_err(InvalidFilterPolicy::whole)?;
        Ok(Self { scope, pattern: Some(pattern) })
    }

    /// What the policy is matched against.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether this is the empty policy, which accepts every message.
    pub fn is_empty(&self) -> bool {
        self.pattern.is_none()
    }

    /// The policy as a pattern; `None` for the empty policy.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }

    /// Whether the subscription receives a message with these attributes and this body.
    pub fn accepts(&self, attributes: &BTreeMap<String, MessageAttribute>, body: &str) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        match self.scope {
            Scope::MessageAttributes => fields(attributes).is_some_and(|fields| pattern.matches(&fields)),
            Scope::MessageBody => serde_json::from_str(body).is_ok_and(|body: Value| pattern.matches(&body)),
        }
    }

    /// Whether the subscription receives the message, and why not. Always agrees with [`accepts`](Self::accepts).
    pub fn explain(&self, attributes: &BTreeMap<String, MessageAttribute>, body: &str) -> Explanation {
        explain::explain(self, attributes, body)
    }
}

/// The attributes as the matcher sees them; `None` if there is none that it looks at.
fn fields(attributes: &BTreeMap<String, MessageAttribute>) -> Option<Value> {
    let fields: Map<String, Value> =
        attributes.iter().filter_map(|(name, attribute)| Some((name.clone(), attribute.to_json()?))).collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

#[cfg(test)]
mod tests;
