//! Why SNS refuses a filter policy, in its own words.

use std::fmt;

use crate::pattern::{InvalidPattern, Reason};

/// A filter policy that SNS refuses with `InvalidParameter`.
///
/// The text is that of SetSubscriptionAttributes; Subscribe puts [more words before it](Self::in_subscribe). The source
/// excerpt that SNS appends (`at [Source: …]`) is left out: the [path](Self::path) says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid parameter: {refusal}")]
pub struct InvalidFilterPolicy {
    /// What is wrong.
    pub refusal: Refusal,
    /// The dotted path of the property that is wrong; empty for the policy as a whole.
    pub path: String,
}

/// What SNS holds against a filter policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Not JSON; what the parser said of it (SNS says only that it failed).
    NotJson(String),
    /// Larger than 256 KiB. SNS's words for this are not known.
    TooLarge,
    /// More than five names at the top level.
    TooManyKeys,
    /// More than 150 combinations.
    TooComplex,
    /// An object as a value, in the scope `MessageAttributes`.
    Nested,
    /// What EventBridge refuses too.
    Pattern(Reason),
}

impl InvalidFilterPolicy {
    /// The error code of the API.
    pub const CODE: &'static str = "InvalidParameter";

    pub(super) fn whole(refusal: Refusal) -> Self {
        Self { refusal, path: String::new() }
    }

    /// The message of SetSubscriptionAttributes.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The message of Subscribe.
    pub fn in_subscribe(&self) -> String {
        format!("Invalid parameter: Attributes Reason: {}", self.refusal)
    }
}

impl From<InvalidPattern> for InvalidFilterPolicy {
    fn from(error: InvalidPattern) -> Self {
        Self { refusal: Refusal::Pattern(error.reason), path: error.path }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(_) => f.write_str("FilterPolicy: failed to parse JSON."),
            Self::TooLarge => f.write_str("FilterPolicy: Filter policy is larger than 256 KB"),
            Self::TooManyKeys => f.write_str("FilterPolicy: Filter policy can not have more than 5 keys"),
            Self::TooComplex => f.write_str("FilterPolicy: Filter policy is too complex"),
            // Here SNS leaves the name of the attribute out.
            Self::Nested => f.write_str("Filter policy scope MessageAttributes does not support nested filter policy"),
            Self::Pattern(reason) => write!(f, "FilterPolicy: {reason}"),
        }
    }
}
