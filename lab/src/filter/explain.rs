//! Why a subscription did not receive a message.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{FilterPolicy, MessageAttribute, Scope, fields};
use crate::pattern::{self, Pattern};

/// Whether a message passes a filter policy, and why not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Whether the subscription receives the message.
    pub accepted: bool,
    /// What the policy was matched against.
    pub scope: Scope,
    /// Why the message was dropped; `None` if and only if it was not.
    pub drop: Option<DropReason>,
    /// The other scope, if the policy would have accepted the message there: most likely the scope is what is wrong.
    pub accepted_in: Option<Scope>,
}

/// Why a message was dropped.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DropReason {
    /// The policy looks at attributes, and the message has none that it could look at.
    NoAttributes,
    /// The policy looks at the body, and the body is not JSON.
    BodyNotJson {
        /// What the parser says.
        error: String,
    },
    /// Properties of the policy that do not hold.
    Properties {
        /// Which, and why.
        explanation: pattern::Explanation,
    },
}

pub(super) fn explain(
    policy: &FilterPolicy,
    attributes: &BTreeMap<String, MessageAttribute>,
    body: &str,
) -> Explanation {
    let scope = policy.scope;
    let Some(pattern) = &policy.pattern else {
        return Explanation { accepted: true, scope, drop: None, accepted_in: None };
    };
    let drop = drop_in(scope, pattern, attributes, body);
    let other = match scope {
        Scope::MessageAttributes => Scope::MessageBody,
        Scope::MessageBody => Scope::MessageAttributes,
    };
    let accepted_in = (drop.is_some() && drop_in(other, pattern, attributes, body).is_none()).then_some(other);
    Explanation { accepted: drop.is_none(), scope, drop, accepted_in }
}

fn drop_in(
    scope: Scope,
    pattern: &Pattern,
    attributes: &BTreeMap<String, MessageAttribute>,
    body: &str,
) -> Option<DropReason> {
    let event: Value = match scope {
        Scope::MessageAttributes => match fields(attributes) {
            Some(fields) => fields,
            None => return Some(DropReason::NoAttributes),
        },
        Scope::MessageBody => match serde_json::from_str(body) {
            Ok(body) => body,
            Err(error) => return Some(DropReason::BodyNotJson { error: error.to_string() }),
        },
    };
    let explanation = pattern.explain(&event);
    (!explanation.matched).then_some(DropReason::Properties { explanation })
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(drop) = &self.drop else { return f.write_str("the filter policy accepts the message") };
        write!(f, "the filter policy drops the message: {drop}")?;
        match self.accepted_in {
            Some(other) => write!(f, "\nWith FilterPolicyScope {other} instead of {} it would pass.", self.scope),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAttributes => f.write_str(
                "it looks at message attributes, and the message has none (EventBridge, for one, publishes without them)",
            ),
            Self::BodyNotJson { error } => write!(f, "it looks at the body, which is not JSON ({error})"),
            Self::Properties { explanation } => {
                f.write_str("these properties do not hold")?;
                for failure in &explanation.failures {
                    write!(f, "\n- {failure}")?;
                }
                Ok(())
            }
        }
    }
}
