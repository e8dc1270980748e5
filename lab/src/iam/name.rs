//! Names and paths: what IAM takes, and its words for what it does not.

use crate::gateway::error::AwsError;

/// A name of a role, a user or a session: letters, digits and `_+=,.@-`.
pub(super) fn check(value: &str, at: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<(), AwsError> {
    let constraint = if value.chars().count() < *lengths.start() {
        format!("Member must have length greater than or equal to {}", lengths.start())
    } else if value.chars().count() > *lengths.end() {
        format!("Member must have length less than or equal to {}", lengths.end())
    } else if !value.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) {
        "Member must satisfy regular expression pattern: [\\w+=,.@-]+".to_owned()
    } else {
        return Ok(());
    };
    Err(violated(value, at, &constraint))
}

/// A path: `/`, or one that begins and ends with it.
pub(super) fn check_path(path: &str) -> Result<(), AwsError> {
    let printable = path.bytes().all(|b| (0x21..=0x7f).contains(&b));
    if path.starts_with('/') && path.ends_with('/') && path.len() <= 512 && printable {
        return Ok(());
    }
    Err(AwsError::bad_request(
        "ValidationError",
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters.",
    ))
}

/// The words in which IAM and STS say that a parameter breaks a rule of its type.
pub(super) fn violated(value: &str, at: &str, constraint: &str) -> AwsError {
    AwsError::bad_request(
        "ValidationError",
        format!("1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"),
    )
}
