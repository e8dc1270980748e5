//! Policy documents on their way in and out.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::grammar;
use crate::gateway::error::AwsError;
use crate::policy::{Policy, PolicyKind};

/// What RFC 3986 leaves as it is; IAM's answers carry documents in this form.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Parses a document, which IAM would refuse with `MalformedPolicyDocument`.
pub(super) fn parse(text: &str, kind: PolicyKind) -> Result<Policy, AwsError> {
    if kind == PolicyKind::Identity {
        let document = serde_json::from_str(text).unwrap_or_default();
        if let Some(words) = grammar::refusal(&document) {
            return Err(malformed(words));
        }
    }
    Policy::parse_as(text, kind).map_err(|error| match error.location() {
        at if at.starts_with("line ") => malformed("This policy contains invalid Json".to_owned()),
        "" => malformed(error.message().to_owned()),
        at => malformed(format!("{} ({at})", error.message())),
    })
}

fn malformed(message: String) -> AwsError {
    AwsError::bad_request("MalformedPolicyDocument", message)
}

/// A document as it stands in an answer.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// How much of a quota a document takes: white space does not count.
pub(super) fn size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}
