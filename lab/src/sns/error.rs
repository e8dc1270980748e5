//! SNS's errors, in its words.

use std::fmt::Display;

use crate::gateway::error::AwsError;

/// `InvalidParameter`, whose message begins with the code's own words.
pub(super) fn invalid(what: impl Display) -> AwsError {
    AwsError::bad_request("InvalidParameter", format!("Invalid parameter: {what}"))
}

/// An attribute of CreateTopic or Subscribe that is wrong.
pub(super) fn invalid_attribute(reason: impl Display) -> AwsError {
    invalid(format_args!("Attributes Reason: {reason}"))
}

pub(super) fn no_topic() -> AwsError {
    AwsError::new(404, "NotFound", "Topic does not exist")
}

pub(super) fn no_subscription() -> AwsError {
    AwsError::new(404, "NotFound", "Subscription does not exist")
}

pub(super) fn not_authorized(who: &str, action: &str, arn: &str, because: impl Display) -> AwsError {
    let message = format!("User: {who} is not authorized to perform: {action} on resource: {arn} {because}");
    AwsError::new(403, "AuthorizationError", message)
}
