//! From a request to a service and back: the one door of the lab.
//!
//! ```text
//! request ─► identify ─► Call ─► service ─► Reply ─► CloudTrail record ─► response
//! ```
//!
//! The protocol is decided here and nowhere else: a service sees a [`Call`] with a typed input, and answers with a typed
//! output or an [`AwsError`]; [`call`] writes either in the service's own form.

pub mod call;
pub(crate) mod cbor;
pub mod error;
pub(crate) mod identify;
pub mod params;
mod routes;
pub mod service;
pub(crate) mod stamp;
mod xml;

use std::io::Read as _;
use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::HOST;
use axum::http::request::Parts;
use bytes::Bytes;
use flate2::read::GzDecoder;
use jiff::Timestamp;

use self::call::{Call, Reply};
use self::error::AwsError;
pub(crate) use self::identify::access_key;
use self::identify::{Identified, identify};
use self::service::Service;
use crate::cloud::Cloud;
use crate::cloudtrail::record;
use crate::iam::authorization;
use crate::ids;
use crate::lambda::UrlRequest;
use crate::scope::Scope;

/// How large a compressed body may become; CloudWatch takes up to 1 MB.
const LARGEST_UNPACKED: u64 = 16 * 1024 * 1024;

/// Serves one request to an AWS service, or to a function's URL, which is no call of an API.
pub(crate) async fn serve(cloud: &Arc<Cloud>, parts: &Parts, body: Bytes, source_ip: IpAddr) -> Reply {
    if let Some(request) = UrlRequest::of(parts, &body, source_ip) {
        return cloud.lambda.serve_url(cloud, request).await;
    }
    let call = match understand(cloud, parts, body, source_ip) {
        Ok(call) => call,
        Err(refused) => return *refused,
    };
    let outcome = perform(cloud, &call).await;
    let reply = match &outcome {
        Ok(reply) => reply.clone(),
        Err(error) => call.refuse(error),
    };
    // A call that the lab does not have is no call in AWS either: nothing is recorded of it.
    let is_supported = !matches!(&outcome, Err(error) if error.status == 501);
    let record = is_supported.then(|| record::of_exchange(&call, &reply, outcome.as_ref().err())).flatten();
    if let Some(record) = record {
        cloud.cloudtrail.observe(cloud, Arc::new(record));
    }
    reply
}

/// The call that a request makes, or the answer that refuses it.
fn understand(cloud: &Cloud, parts: &Parts, body: Bytes, source_ip: IpAddr) -> Result<Call, Box<Reply>> {
    let request_id = ids::uuid();
    let body = unpack(parts, body);
    let refuse = |service: Service, error: &AwsError| {
        Box::new(call::refuse(service, service.protocol_of(&parts.headers), &request_id, error))
    };
    let identified = identify(parts, &body).map_err(|refused| refuse(refused.service, &refused.error));
    let Identified { service, operation, access_key, region, labels, params } = identified?;
    let access_key = access_key.unwrap_or_default();
    cloud
        .iam
        .check_usable(&access_key, Timestamp::now())
        .map_err(|unusable| refuse(service, &unusable.refusal(service)))?;
    let identity = cloud.iam.identify(Some(&access_key));
    let scope = Scope::new(identity.account.clone(), region);
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    Ok(Call {
        service,
        operation,
        scope,
        identity,
        request_id,
        time: Timestamp::now(),
        source_ip,
        user_agent: identify::user_agent(&parts.headers),
        host,
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        headers: parts.headers.clone(),
        body,
        labels,
        params,
    })
}

/// The body of a request that its client has compressed, as SDKs do with what they put into CloudWatch.
///
/// S3 stores a body as it comes, whatever its encoding.
fn unpack(parts: &Parts, body: Bytes) -> Bytes {
    let says = |name: &str, word: &str| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(word))
    };
    if !says("content-encoding", "gzip") || !says("authorization", "/monitoring/") {
        return body;
    }
    let mut plain = Vec::new();
    // A body that is not what it says is refused as what it is: no parameters.
    let read = GzDecoder::new(body.as_ref()).take(LARGEST_UNPACKED).read_to_end(&mut plain);
    if read.is_ok() { plain.into() } else { body }
}

/// Performs a call, if the caller may make it, and records nothing of it: what a service does in the name of a caller or
/// of a role is not a call that somebody made.
pub(crate) async fn perform(cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    if cloud.enforces_iam {
        authorization::check(cloud, call)?;
    }
    // A call of Lambda's reads code from S3, which is a call again.
    Box::pin(dispatch(cloud, call)).await
}

async fn dispatch(cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    match call.service {
        Service::CloudTrail => cloud.cloudtrail.call(cloud, call),
        Service::CloudWatch => cloud.cloudwatch.call(cloud, call),
        Service::Ec2 => cloud.ec2.call(call),
        Service::Events => cloud.events.call(cloud, call),
        Service::Iam => cloud.iam.call(call),
        Service::Lambda => cloud.lambda.call(cloud, call).await,
        Service::Logs => cloud.logs.call(call),
        Service::S3 => cloud.s3.call(call).await,
        Service::Sns => cloud.sns.call(cloud, call).await,
        Service::Sqs => cloud.sqs.call(call).await,
        Service::Sts => cloud.iam.call_sts(call),
    }
}
