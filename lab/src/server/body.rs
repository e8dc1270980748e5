//! Bodies: how large they may be, how long they may take, and what is said of one that is larger.
//!
//! The limits are those of the transport, above every limit that a service itself has: an SQS message of 2 MB is refused
//! by SQS in its own words, one of 20 MB here. What many connections send at the same time is limited as well, so that no
//! number of them makes the lab take all of the machine's memory.
//!
//! Source: "Lambda quotas"; Lambda's answer to a package that is too large, as its users report it; "Error responses" of
//! the Amazon S3 API reference.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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

/// How many bytes of bodies are held at once, of all connections together.
const MOST_HELD: usize = 512 * 1024 * 1024;
/// What each body may have without being counted: small calls are answered whatever large ones are under way.
const UNCOUNTED: usize = 64 * 1024;

/// What there is room for of all bodies together.
#[derive(Clone, Debug)]
pub(super) struct Bodies(Arc<Semaphore>);

/// A body, and its share of the room until it is dropped.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    pub(super) held: Held,
}

/// A body's share of the room.
#[derive(Debug, Default)]
pub(super) struct Held(Option<OwnedSemaphorePermit>);

impl Default for Bodies {
    fn default() -> Self {
        Self::of(MOST_HELD)
    }
}

/// The largest body that a service takes.
pub(super) fn largest(service: Option<Service>) -> usize {
    match service.map(Service::protocol) {
        Some(Protocol::RestJson) => LARGEST_OF_LAMBDA,
        Some(Protocol::RestXml) => LARGEST_OF_S3,
        Some(Protocol::Json { .. } | Protocol::RpcV2Cbor) => LARGEST_OF_JSON,
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
    /// The bodies of others take all the room.
    Crowded,
}

impl Bodies {
    fn of(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Reads a body of at most `largest` bytes.
    pub(super) async fn read(&self, body: Body, largest: usize) -> Result<Whole, Unread> {
        tokio::time::timeout(WITHIN, self.read_all(body, largest)).await.unwrap_or(Err(Unread::TooSlow))
    }

    async fn read_all(&self, mut body: Body, largest: usize) -> Result<Whole, Unread> {
        let mut read = BytesMut::new();
        let mut held = Held::default();
        let mut length = 0;
        let mut refused = None;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
            length += data.len();
            if length > largest {
                refused = Some(Unread::TooLarge { largest });
            } else if length > UNCOUNTED && refused.is_none() && !self.hold(&mut held, data.len()) {
                refused = Some(Unread::Crowded);
            }
            match refused {
                None => read.extend_from_slice(&data),
                Some(_) if length > DRAINED => break,
                Some(_) => (read, held) = (BytesMut::new(), Held::default()),
            }
        }
        refused.map_or(Ok(Whole { bytes: read.freeze(), held }), Err)
    }

    /// Takes room for so many bytes more, if there is.
    fn hold(&self, held: &mut Held, bytes: usize) -> bool {
        let more = u32::try_from(bytes).ok().and_then(|bytes| Arc::clone(&self.0).try_acquire_many_owned(bytes).ok());
        let Some(more) = more else { return false };
        match &mut held.0 {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        true
    }
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
            (Self::Crowded, _) => AwsError::new(
                503,
                "ServiceUnavailable",
                "The lab holds as many large requests as it can: try again later.",
            ),
            (Self::Broken, _) => {
                AwsError::bad_request("IncompleteBody", "You did not provide the number of bytes that was announced.")
            }
        };
        let service = service.unwrap_or(Service::Sts);
        call::refuse(service, service.protocol_of(&parts.headers), &ids::uuid(), &error)
    }

    pub(super) fn of_discord(self) -> Response {
        let (status, code, message) = match self {
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, 40005, "Request entity too large"),
            Self::TooSlow | Self::Broken => (StatusCode::BAD_REQUEST, 0, "400: Bad Request"),
            Self::Crowded => (StatusCode::SERVICE_UNAVAILABLE, 0, "503: Service Unavailable"),
        };
        (status, Json(json!({ "message": message, "code": code }))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_bodies_share_the_room_and_small_ones_need_none() {
        let bodies = Bodies::of(300_000);
        let body = |length: usize| Body::from(vec![0; length]);
        let first = bodies.read(body(200_000), 1_000_000).await.unwrap();
        assert!(matches!(bodies.read(body(200_000), 1_000_000).await, Err(Unread::Crowded)));
        assert_eq!(bodies.read(body(UNCOUNTED), 1_000_000).await.unwrap().bytes.len(), UNCOUNTED);
        drop(first);
        assert_eq!(bodies.read(body(200_000), 1_000_000).await.unwrap().bytes.len(), 200_000);
        assert!(matches!(bodies.read(body(200_000), 100_000).await, Err(Unread::TooLarge { largest: 100_000 })));
        assert_eq!(bodies.0.available_permits(), 300_000, "what was refused holds nothing");
    }
}
