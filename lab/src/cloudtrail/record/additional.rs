//! `additionalEventData`: what the records of STS and S3 have besides request and answer.
//!
//! Source: records of real accounts, of 2025 and 2026.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::gateway::call::{Call, Reply};
use crate::gateway::service::Service;
use crate::ids;

/// The cipher suite of every connection that a record tells of.
pub(super) const CIPHER_SUITE: &str = "TLS_AES_128_GCM_SHA256";

/// What it says of a client's call; none for the services that have no such part.
pub(super) fn of_exchange(call: &Call, region: &str, reply: &Reply) -> Option<Value> {
    match call.service {
        Service::Sts => Some(json!({
            "ExtendedRequestId": extended_request_id(region, call.time),
            "RequestDetails": { "endpointType": "regional", "awsServingRegion": region },
        })),
        Service::S3 => {
            let is_signed_in_url = call.query("X-Amz-Signature").is_some();
            Some(of_s3(if is_signed_in_url { "QueryString" } else { "AuthHeader" }, call.body.len(), reply.body.len()))
        }
        _ => None,
    }
}

/// The id by which STS tells calls apart beside `requestID`: where and when, and eight signs by chance.
pub(super) fn extended_request_id(region: &str, at: Timestamp) -> Value {
    STANDARD.encode(format!("1:{region}:S:{}:R:{}", at.as_millisecond(), ids::hex(8))).into()
}

/// How a call of S3 was signed, and the bytes that went to and fro.
pub(super) fn of_s3(authentication: &str, bytes_in: usize, bytes_out: usize) -> Value {
    json!({
        "SignatureVersion": "SigV4",
        "CipherSuite": CIPHER_SUITE,
        "bytesTransferredIn": bytes_in,
        "AuthenticationMethod": authentication,
        "x-amz-id-2": STANDARD.encode(ids::hex(57)),
        "bytesTransferredOut": bytes_out,
    })
}
