//! CloudWatch's errors: the code of the query protocol, and the shape that the newer protocols name.
//!
//! Source: "Errors" of each operation in the Amazon CloudWatch API Reference, and the service's model (`awsQueryError`).

use crate::gateway::error::AwsError;

/// How an error goes over the wire in the newer protocols: the value of `__type`, and that of `x-amzn-query-error`.
pub(crate) fn on_the_wire(error: &AwsError) -> (String, String) {
    let code = error.code.as_ref();
    let fault = if error.is_client_fault() { "Sender" } else { "Receiver" };
    let shape = match code {
        "InvalidParameterValue" => "InvalidParameterValueException",
        "InvalidParameterCombination" => "InvalidParameterCombinationException",
        "MissingParameter" => "MissingRequiredParameterException",
        other => other,
    };
    (format!("com.amazonaws.cloudwatch.v2010_08_01#{shape}"), format!("{code};{fault}"))
}

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterValue", message)
}

pub(super) fn combination(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterCombination", message)
}

pub(super) fn missing(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("MissingParameter", message)
}

/// How `GetMetricData` refuses what is wrong.
pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("ValidationError", message)
}

pub(super) fn bad_token() -> AwsError {
    AwsError::bad_request("InvalidNextToken", "Invalid nextToken.")
}

/// A statistic that AWS has and the lab does not.
pub(super) fn unsupported_statistic(name: &str) -> AwsError {
    AwsError::unsupported(format_args!("the statistic {name}"))
}
