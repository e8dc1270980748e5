//! Bodies: how large they may be, how long they may take, and what is said of one that is larger.
//!
//! The limits are those of the transport, above every limit that a service itself has: an SQS message of 2 MB is refused
//! by SQS in its own words, one of 20 MB here.
//!
//! Source: "Lambda quotas"; Lambda's answer to a package that is too large, as its users report it; "Error responses" of
//! the Amazon S3 API reference.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use serde_json::json;

use crate::gateway::call::{self, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::service::{Protocol, Service};
use crate::ids;

/// Lambda's limit: a package of 50 MB in base64, and what stands around it.
const LARGEST_OF_LAMBDA: usize = 70_167_211;
/// An object of a trail has some megabytes at most; a part of AWS's own limit would be 5 GB.
const LARGEST_OF_S3: usize = 64 * 1024 * 1024;
/// A batch of messages is 1 MiB, which JSON may write six times as long.
const LARGEST_OF_JSON: usize = 8 * 1024 * 1024;
/// A form: an instance's user data, a topic's message, a policy.
const LARGEST_OF_FORMS: usize = 4 * 1024 * 1024;
/// Nobody knows whom it is for, or a function's URL, which takes what an invocation does (6 MB).
const LARGEST_UNKNOWN: usize = 8 * 1024 * 1024;
/// Discord's attachments.
pub(super) const LARGEST_OF_DISCORD: usize = 26 * 1024 * 1024;
/// How long a body may take.
const WITHIN: Duration = Duration::from_secs(60);
/// How much of a body that is too large is read on, so that its sender gets to read the answer.
const DRAINED: usize = 128 * 1024 * 1024;

/// The largest body that a service takes.
pub(super) fn largest(service: Option<Service>) -> usize {
    match service.map(Service::protocol) {
        Some(Protocol::RestJson) => LARGEST_OF_LAMBDA,
        Some(Protocol::RestXml) => LARGEST_OF_S3,
        Some(Protocol::Json { .. }) => LARGEST_OF_JSON,
        Some(Protocol::Query | Protocol::Ec2Query) => LARGEST_OF_FORMS,
        None => LARGEST_UNKNOWN,
    }
}

/// Why there is no body.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unread {
    TooLarge {
        largest: usize,
    },
    TooSlow,
    /// The client broke off, or sent something that is no body.
    Broken,
}

/// Reads a body of at most `largest` bytes.
pub(super) async fn read(body: Body, largest: usize) -> Result<Bytes, Unread> {
    tokio::time::timeout(WITHIN, read_all(body, largest)).await.unwrap_or(Err(Unread::TooSlow))
}

async fn read_all(mut body: Body, largest: usize) -> Result<Bytes, Unread> {
    let mut read = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        length += data.len();
        if length <= largest {
            read.extend_from_slice(&data);
        } else {
            read = BytesMut::new();
            if length > DRAINED {
                break;
            }
        }
    }
    if length <= largest { Ok(read.freeze()) } else { Err(Unread::TooLarge { largest }) }
}

impl Unread {
    /// The answer in the form of the service, if it is known.
    pub(super) fn of_aws(self, service: Option<Service>, parts: &Parts) -> Reply {
        let error = match (self, service) {
            (Self::TooLarge { largest }, Some(Service::Lambda)) => {
                let operation = call::lambda_operation(parts).unwrap_or("CreateFunction");
                let message = format!("Request must be smaller than {largest} bytes for the {operation} operation");
                AwsError::new(413, "RequestEntityTooLargeException", message)
            }
            (Self::TooLarge { .. }, Some(Service::S3)) => AwsError::bad_request(
                "EntityTooLarge",
                format!("Your proposed upload exceeds the maximum allowed size (of the lab: {LARGEST_OF_S3} bytes)"),
            ),
            (Self::TooLarge { largest }, _) => AwsError::new(
                413,
                "RequestEntityTooLarge",
                format!("The request is too large: the lab takes {largest} bytes of it"),
            ),
            (Self::TooSlow, _) => AwsError::new(
                408,
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period.",
            ),
            (Self::Broken, _) => {
                AwsError::bad_request("IncompleteBody", "You did not provide the number of bytes that was announced.")
            }
        };
        call::refuse(service.unwrap_or(Service::Sts), &ids::uuid(), &error)
    }

    pub(super) fn of_discord(self) -> Response {
        let (status, code, message) = match self {
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, 40005, "Request entity too large"),
            Self::TooSlow | Self::Broken => (StatusCode::BAD_REQUEST, 0, "400: Bad Request"),
        };
        (status, Json(json!({ "message": message, "code": code }))).into_response()
    }
}
