//! What stopped a delivery, in the types of the part that stopped it.
//!
//! The JSON of a delivery has the content alone and no tag: which variant it is follows from the delivery's
//! [`Reason`](super::Reason).

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::{filter, pattern, policy};

/// Why a delivery did not arrive, path by path, statement by statement, or line by line.
///
/// ```
/// use alert_drill_lab::deliveries::Explanation;
///
/// fn where_to_look(explanation: &Explanation) -> Option<String> {
///     match explanation {
///         Explanation::Pattern(pattern) => Some(pattern.failures.first()?.path.clone()),
///         Explanation::Policy(policy) => Some(policy.nearest_miss()?.name()),
///         Explanation::Filter(filter) => Some(format!("scope {}", filter.scope)),
///         Explanation::Function(function) => function.error_type().map(str::to_owned),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Explanation {
    /// The rule's event pattern does not match.
    Pattern(pattern::Explanation),
    /// The resource's policy does not allow the delivery.
    Policy(Box<policy::Explanation>),
    /// The subscription's filter policy drops the message.
    Filter(filter::Explanation),
    /// The function failed.
    Function(Box<FunctionFailure>),
}

/// How a function failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunctionFailure {
    /// What the invocation answered: an object with `errorType`, `errorMessage` and, as a rule, `stackTrace`; null where
    /// the answer was no JSON.
    pub error: Value,
    /// The end of the log: its last 4 KiB.
    pub log: String,
}

impl FunctionFailure {
    /// The error's type: `Runtime.ImportModuleError`, `KeyError`, `Sandbox.Timedout`.
    #[must_use]
    pub fn error_type(&self) -> Option<&str> {
        self.error.get("errorType")?.as_str()
    }

    /// The error's message.
    #[must_use]
    pub fn error_message(&self) -> Option<&str> {
        self.error.get("errorMessage")?.as_str()
    }
}

impl Explanation {
    /// The explanation of an event pattern.
    #[must_use]
    pub fn pattern(&self) -> Option<&pattern::Explanation> {
        match self {
            Self::Pattern(explanation) => Some(explanation),
            _ => None,
        }
    }

    /// The explanation of a resource policy.
    #[must_use]
    pub fn policy(&self) -> Option<&policy::Explanation> {
        match self {
            Self::Policy(explanation) => Some(explanation),
            _ => None,
        }
    }

    /// The explanation of a filter policy.
    #[must_use]
    pub fn filter(&self) -> Option<&filter::Explanation> {
        match self {
            Self::Filter(explanation) => Some(explanation),
            _ => None,
        }
    }

    /// How a function failed.
    #[must_use]
    pub fn function(&self) -> Option<&FunctionFailure> {
        match self {
            Self::Function(failure) => Some(failure),
            _ => None,
        }
    }
}

impl From<pattern::Explanation> for Explanation {
    fn from(explanation: pattern::Explanation) -> Self {
        Self::Pattern(explanation)
    }
}

impl From<policy::Explanation> for Explanation {
    fn from(explanation: policy::Explanation) -> Self {
        Self::Policy(Box::new(explanation))
    }
}

impl From<&policy::Explanation> for Explanation {
    fn from(explanation: &policy::Explanation) -> Self {
        Self::from(explanation.clone())
    }
}

impl From<filter::Explanation> for Explanation {
    fn from(explanation: filter::Explanation) -> Self {
        Self::Filter(explanation)
    }
}

impl From<FunctionFailure> for Explanation {
    fn from(failure: FunctionFailure) -> Self {
        Self::Function(Box::new(failure))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(explanation) => explanation.fmt(f),
            Self::Policy(explanation) => explanation.fmt(f),
            Self::Filter(explanation) => explanation.fmt(f),
            Self::Function(failure) => failure.fmt(f),
        }
    }
}

impl fmt::Display for FunctionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.error_type(), self.error_message()) {
            (Some(kind), Some(message)) => write!(f, "{kind}: {message}")?,
            (Some(word), None) | (None, Some(word)) => f.write_str(word)?,
            (None, None) => f.write_str("the function failed without an error of its own")?,
        }
        if self.log.is_empty() { Ok(()) } else { write!(f, "\n{}", self.log) }
    }
}
