//! SQS's errors: the shape that the JSON protocol names, and the older code that SDKs go by.
//!
//! SQS once spoke the query protocol. Its JSON answers carry the code of that time in `x-amzn-query-error`, which botocore
//! and the Rust SDK show to their users (`AWS.SimpleQueueService.NonExistentQueue`); botocore finds the class of its
//! exception by `__type`.
//!
//! Source: "Error responses" of each operation in the Amazon SQS API Reference, and the service's model (`awsQueryError`).

use crate::gateway::error::AwsError;

/// How an error goes over the wire: the value of `__type`, and that of `x-amzn-query-error`.
pub(crate) fn on_the_wire(error: &AwsError) -> (String, String) {
    let code = error.code.as_ref();
    let fault = if error.is_client_fault() { "Sender" } else { "Receiver" };
    let kind = match code {
        "InvalidParameterValue" | "AccessDenied" => format!("com.amazon.coral.service#{code}Exception"),
        "MissingParameter" => "com.amazon.coral.service#MissingRequiredParameterException".to_owned(),
        _ => format!("com.amazonaws.sqs#{code}"),
    };
    (kind, format!("{};{fault}", query_code(code)))
}

/// The code that the query protocol has for an error.
pub(crate) fn query_code(code: &str) -> String {
    match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        "QueueNameExists" => "QueueAlreadyExists".to_owned(),
        "TooManyEntriesInBatchRequest"
        | "EmptyBatchRequest"
        | "BatchEntryIdsNotDistinct"
        | "InvalidBatchEntryId"
        | "BatchRequestTooLong"
        | "MessageNotInflight"
        | "PurgeQueueInProgress"
        | "QueueDeletedRecently"
        | "UnsupportedOperation" => format!("AWS.SimpleQueueService.{code}"),
        "KmsNotFound" => "KMS.NotFoundException".to_owned(),
        "KmsDisabled" => "KMS.DisabledException".to_owned(),
        "KmsInvalidState" => "KMS.KMSInvalidStateException".to_owned(),
        "KmsAccessDenied" => "KMS.AccessDeniedException".to_owned(),
        other => other.to_owned(),
    }
}

pub(super) fn no_queue() -> AwsError {
    AwsError::bad_request("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn invalid_value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> AwsError {
    let message = format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}");
    AwsError::bad_request("InvalidParameterValue", message)
}

pub(super) fn missing(parameter: &str) -> AwsError {
    AwsError::bad_request("MissingParameter", format!("The request must contain the parameter {parameter}."))
}

pub(super) fn bad_handle(handle: &str) -> AwsError {
    let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
    AwsError::bad_request("ReceiptHandleIsInvalid", message)
}
