//! The ARNs of topics and of subscriptions.

use super::error::invalid;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// The scope and the name of a topic.
pub(super) fn topic(arn: &str) -> Result<(Scope, String), AwsError> {
    parse(arn, "TopicArn", 6)
}

/// The same for a call, which must be made to the Region that the topic is in. An unsigned link names no Region but the
/// ARN's own.
pub(super) fn topic_of(call: &Call, arn: &str) -> Result<(Scope, String), AwsError> {
    let (scope, name) = topic(arn)?;
    if is_signed(call) && scope.region != call.scope.region {
        return Err(invalid("TopicArn"));
    }
    Ok((scope, name))
}

/// The scope and the topic's name of a subscription.
pub(super) fn subscription(call: &Call, arn: &str) -> Result<(Scope, String), AwsError> {
    if arn.is_empty() {
        return Err(invalid("SubscriptionArn Reason: no value for required parameter"));
    }
    // A topic's ARN lacks the id of a subscription.
    if arn.split(':').count() == 6 {
        return Err(invalid("SubscriptionId"));
    }
    let (scope, name) = parse(arn, "SubscriptionArn", 7)?;
    if is_signed(call) && scope.region != call.scope.region {
        return Err(invalid("SubscriptionArn"));
    }
    Ok((scope, name))
}

fn parse(arn: &str, parameter: &str, elements: usize) -> Result<(Scope, String), AwsError> {
    let parts: Vec<&str> = arn.split(':').collect();
    if parts.len() < 6 {
        let len = parts.len();
        return Err(invalid(format_args!("{parameter} Reason: An ARN must have at least 6 elements, not {len}")));
    }
    let is_right = parts.len() == elements && parts[0] == "arn" && parts[2] == "sns";
    let scope = Scope::of_arn(arn).filter(|_| is_right).ok_or_else(|| invalid(parameter))?;
    Ok((scope, parts[5].to_owned()))
}

/// Whether a call is signed: the links in mails are not.
pub(super) fn is_signed(call: &Call) -> bool {
    call.headers.contains_key("authorization") || call.query("X-Amz-Credential").is_some()
}
