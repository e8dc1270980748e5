//! What the Runtime API answers.

use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;

use super::super::MAX_SYNC_PAYLOAD;
use super::Invocation;
use super::phase::Refusal;

fn json_response(status: u16, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// AWS's error document.
pub(super) fn document(error_type: &str, message: &str) -> Bytes {
    Bytes::from(json!({ "errorMessage": message, "errorType": error_type }).to_string())
}

pub(super) fn failure(status: u16, error_type: &str, message: &str) -> Response {
    json_response(status, document(error_type, message))
}

pub(super) fn refused(refusal: Refusal) -> Response {
    match refusal {
        Refusal::RequestId => failure(400, "InvalidRequestID", "Invalid request ID"),
        Refusal::Transition { from, to } => failure(
            403,
            "InvalidStateTransition",
            &format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed"),
        ),
    }
}

pub(super) fn internal() -> Response {
    failure(500, "InternalServerError", "Internal Server Error")
}

pub(super) fn too_large() -> Response {
    let message = format!("Exceeded maximum allowed payload size ({MAX_SYNC_PAYLOAD} bytes).");
    failure(413, "RequestEntityTooLarge", &message)
}

pub(super) fn accepted() -> Response {
    json_response(202, "{\"status\":\"OK\"}\n")
}

/// The event, with all that its headers say.
pub(super) fn invocation(invocation: Invocation) -> Response {
    let deadline = invocation.deadline.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis().to_string();
    let mut response = json_response(200, invocation.payload);
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        // A value that is no header (a line break in a client context) is left out, as an absent one is.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("lambda-runtime-aws-request-id", &invocation.request_id);
    set("lambda-runtime-deadline-ms", &deadline);
    set("lambda-runtime-invoked-function-arn", &invocation.function_arn);
    set("lambda-runtime-trace-id", &invocation.trace_id);
    if let Some(context) = &invocation.client_context {
        set("lambda-runtime-client-context", context);
    }
    response
}
