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

/// Which part of a policy is wrong: each service has its own words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The text is no JSON, or has a key twice.
    Json,
    /// A field that must be there is not.
    Missing,
    /// A field that does not exist.
    Unknown,
    /// `Version`.
    Version,
    /// `Effect`.
    Effect,
    /// `Principal` or `NotPrincipal`.
    Principal,
    /// `Action` or `NotAction`.
    Action,
    /// `Resource` or `NotResource`.
    Resource,
    /// An operator in `Condition`.
    Operator,
    /// A key or a value in `Condition`.
    Condition,
    /// Anything else: a value of the wrong type, a `Sid` that is there twice.
    Syntax,
}

impl MalformedPolicy {
    /// Which part is wrong.
    #[must_use]
    pub fn fault(&self) -> Fault {
        if self.location.starts_with("line ") {
            return Fault::Json;
        }
        if self.message.starts_with("Missing required field") {
            return Fault::Missing;
        }
        if self.message.starts_with("Unknown field") {
            return Fault::Unknown;
        }
        // `Statement[1].Condition.StringEquals.aws:SourceArn`: what follows the statement names the part.
        let mut parts = self.location.split('.').filter(|part| !part.starts_with("Statement"));
        let field = parts.next().and_then(|part| part.split('[').next());
        match field {
            Some("Version") => Fault::Version,
            Some("Effect") => Fault::Effect,
            Some("Principal" | "NotPrincipal") => Fault::Principal,
            Some("Action" | "NotAction") => Fault::Action,
            Some("Resource" | "NotResource") => Fault::Resource,
            Some("Condition") if self.message.starts_with("Invalid Condition type") => Fault::Operator,
            Some("Condition") => Fault::Condition,
            _ => Fault::Syntax,
        }
    }

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
