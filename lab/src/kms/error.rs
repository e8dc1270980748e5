//! KMS's errors, in its words.

use std::fmt::Display;

use crate::gateway::error::AwsError;

pub(super) fn not_found(what: impl Display) -> AwsError {
    AwsError::bad_request("NotFoundException", what.to_string())
}

pub(super) fn no_key(arn: &str) -> AwsError {
    not_found(format_args!("Key '{arn}' does not exist"))
}

pub(super) fn invalid_state(message: String) -> AwsError {
    AwsError::bad_request("KMSInvalidStateException", message)
}

pub(super) fn disabled(arn: &str) -> AwsError {
    AwsError::bad_request("DisabledException", format!("{arn} is disabled."))
}

pub(super) fn pending_deletion(arn: &str) -> AwsError {
    invalid_state(format!("{arn} is pending deletion."))
}

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("ValidationException", message)
}

pub(super) fn access_denied(message: String) -> AwsError {
    AwsError::bad_request("AccessDeniedException", message)
}

/// The words in which KMS says that a parameter breaks a rule of its type.
pub(super) fn violated(value: impl Display, at: &str, constraint: &str) -> AwsError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"
    ))
}
