//! What is wrong with a policy, and where.

use serde::Serialize;

/// A policy that AWS would refuse. Its message has AWS's own words where they are known, so that a service can answer
/// with them (`MalformedPolicyDocument`, `MalformedPolicy`, `InvalidParameter`, as the service has it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{message}", if location.is_empty() { String::new() } else { format!("{location}: ") })]
pub struct MalformedPolicy {
    location: String,
    message: String,
}

impl MalformedPolicy {
    pub(super) fn new(location: impl Into<String>, message: impl Into<String>) -> Self {
        Self { location: location.into(), message: message.into() }
    }

    /// Where: a path such as `Statement[1].Effect`, `line 3, column 7` when the text is no JSON, or empty for the policy
    /// as a whole.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}
