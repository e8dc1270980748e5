//! What a faulted call is answered with, in each service's own codes.
//!
//! Source: the `Common Errors` page of each service's API reference, "Error codes for the Amazon EC2 API", "Error
//! responses" of the Amazon S3 API reference, and the errors of the services' models.

use super::CallFaultKind;
use crate::gateway::error::AwsError;
use crate::gateway::service::{Protocol, Service};

/// The refusal that a fault is to its caller; none for those that are no answer.
pub(super) fn refusal(kind: CallFaultKind, service: Service) -> Option<AwsError> {
    match kind {
        CallFaultKind::Throttle => Some(throttled(service)),
        CallFaultKind::InternalError => Some(internal_error(service)),
        CallFaultKind::ServiceUnavailable => Some(unavailable(service)),
        CallFaultKind::DropConnection | CallFaultKind::DropAnswer | CallFaultKind::Delay => None,
    }
}

fn throttled(service: Service) -> AwsError {
    match (service, service.protocol()) {
        (Service::Sqs, _) => AwsError::new(403, "RequestThrottled", "Request is throttled."),
        (_, Protocol::Ec2Query) => AwsError::new(503, "RequestLimitExceeded", "Request limit exceeded."),
        (_, Protocol::Query) => AwsError::bad_request("Throttling", "Rate exceeded"),
        (_, Protocol::Json { .. }) => AwsError::bad_request("ThrottlingException", "Rate exceeded"),
        (_, Protocol::RestJson) => {
            AwsError::new(429, "TooManyRequestsException", "Rate exceeded").with("Reason", "CallerRateLimitExceeded")
        }
        (_, Protocol::RestXml) => AwsError::new(503, "SlowDown", "Please reduce your request rate."),
    }
}

fn internal_error(service: Service) -> AwsError {
    let unknown = "The request processing has failed because of an unknown error, exception or failure.";
    match (service, service.protocol()) {
        (Service::Sns, _) => AwsError::new(500, "InternalError", unknown),
        (Service::Iam, _) => AwsError::new(500, "ServiceFailure", unknown),
        (Service::Events, _) => AwsError::new(500, "InternalException", unknown),
        (_, Protocol::Ec2Query) => AwsError::new(500, "InternalError", "An internal error has occurred"),
        (_, Protocol::RestJson) => AwsError::new(500, "ServiceException", "The service encountered an internal error."),
        (_, Protocol::RestXml) => {
            AwsError::new(500, "InternalError", "We encountered an internal error. Please try again.")
        }
        (_, Protocol::Query | Protocol::Json { .. }) => AwsError::new(500, "InternalFailure", unknown),
    }
}

fn unavailable(service: Service) -> AwsError {
    let temporary = "The request has failed due to a temporary failure of the server.";
    match service {
        Service::Logs => AwsError::new(503, "ServiceUnavailableException", temporary),
        Service::S3 => AwsError::new(503, "ServiceUnavailable", "Service is unable to handle request."),
        _ => AwsError::new(503, "ServiceUnavailable", temporary),
    }
}
