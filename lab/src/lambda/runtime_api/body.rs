//! What a runtime sends: a whole answer, or a stream that may still fail at its end.

use axum::body::HttpBody;
use axum::extract::Request;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::super::MAX_SYNC_PAYLOAD;
use super::{ERROR_TYPE, reply};

/// AWS grants 100 bytes more than 6 MB, and says so in its message.
const LIMIT: usize = MAX_SYNC_PAYLOAD + 100;

pub(super) enum RequestBody {
    Whole(Bytes),
    /// A streamed response whose trailers report an error.
    FailedMidway {
        error_type: String,
        payload: Bytes,
    },
    TooLarge(String),
    Truncated,
}

/// Reads to the end even what is too large: a runtime that still sends would not see the answer.
pub(super) async fn read(request: Request) -> RequestBody {
    let mut body = request.into_body();
    let mut payload = BytesMut::with_capacity(body.size_hint().lower().min(LIMIT as u64) as usize);
    let mut size = 0;
    let mut failure = None;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return RequestBody::Truncated;
        };
        if let Some(data) = frame.data_ref() {
            size += data.len();
            if size <= LIMIT {
                payload.extend_from_slice(data);
            }
        } else if let Some(trailers) = frame.trailers_ref() {
            failure = failure_in(trailers);
        }
    }
    match failure {
        Some((error_type, payload)) => RequestBody::FailedMidway { error_type, payload },
        None if size > LIMIT => RequestBody::TooLarge(format!(
            "Response payload size exceeded maximum allowed payload size ({LIMIT} bytes)."
        )),
        None => RequestBody::Whole(payload.freeze()),
    }
}

/// `Lambda-Runtime-Function-Error-Type` and `-Body` (base64) after a streamed response.
fn failure_in(trailers: &axum::http::HeaderMap) -> Option<(String, Bytes)> {
    let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
    let error_type = text(ERROR_TYPE)?;
    let payload = text("Lambda-Runtime-Function-Error-Body")
        .and_then(|body| BASE64_STANDARD.decode(body).ok())
        .map_or_else(|| reply::document(error_type, ""), Bytes::from);
    Some((error_type.to_owned(), payload))
}
