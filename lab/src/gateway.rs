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
pub mod operations;
pub mod params;
mod routes;
pub mod service;
pub(crate) mod stamp;
mod xml;

use std::io::Read as _;
use std::net::IpAddr;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::http::request::Parts;
use bytes::Bytes;
use flate2::read::GzDecoder;
use jiff::Timestamp;

use self::call::{Call, Reply};
use self::error::AwsError;
use self::identify::{Identified, identify};
pub(crate) use self::identify::{access_key, is_long_poll};
use self::service::Service;
use crate::cloud::Cloud;
use crate::cloudtrail::record;
use crate::iam::authorization;
use crate::ids;
use crate::lambda::UrlRequest;
use crate::scope::Scope;
use crate::sqs::query;

/// How large a compressed body may become; CloudWatch takes up to 1 MB.
const LARGEST_UNPACKED: u64 = 16 * 1024 * 1024;

/// The service that a request is meant for, as far as its head says.
pub(crate) fn service_of(parts: &Parts) -> Option<Service> {
    identify::service_of(parts)
}

/// Serves one request to an AWS service of a lab without faults.
#[cfg(test)]
pub(crate) async fn serve(cloud: &Arc<Cloud>, parts: &Parts, body: Bytes, source_ip: IpAddr) -> Reply {
    answer(cloud, parts, body, source_ip).await.expect("no fault closes the connection")
}

/// Serves one request to an AWS service, or to a function's URL, which is no call of an API; no reply is a connection that
/// a fault closes.
pub(crate) async fn answer(cloud: &Arc<Cloud>, parts: &Parts, body: Bytes, source_ip: IpAddr) -> Option<Reply> {
    if let Some(request) = UrlRequest::of(parts, &body, source_ip) {
        return Some(cloud.lambda.serve_url(cloud, request).await);
    }
    // The certificate of SNS's signatures: whoever verifies one fetches it, unsigned. No bucket can have a capital letter.
    if let Some(certificate) = cloud.sns.certificate(parts.uri.path()).await {
        return Some(Reply::new(StatusCode::OK, "application/x-pem-file", &ids::uuid(), certificate));
    }
    let (call, is_query) = match understand(cloud, parts, body, source_ip) {
        Ok(understood) => understood,
        Err(refused) => return Some(*refused),
    };
    let struck = cloud.faults.on_call(call.service, &call.operation);
    if !struck.delay.is_zero() {
        tokio::time::sleep(struck.delay).await;
    }
    if struck.hang_up {
        return None;
    }
    let outcome = match struck.refusal {
        Some(refusal) => Err(refusal),
        None => perform(cloud, &call).await,
    };
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
    cloud.changes.called();
    if struck.hang_up_after {
        return None;
    }
    Some(if is_query { in_query_protocol(&call, &reply, outcome.as_ref().err()) } else { reply })
}

/// The same answer for a client that speaks the older protocol of SQS.
fn in_query_protocol(call: &Call, reply: &Reply, refused: Option<&AwsError>) -> Reply {
    let body = match refused {
        Some(error) => query::refusal(&call.request_id, error),
        None => query::answer(&call.operation, &call.request_id, &reply.body),
    };
    Reply::new(reply.status, "text/xml", &call.request_id, body)
}

/// The call that a request makes, and whether its protocol is an older one than the service's; or the answer that refuses
/// it.
fn understand(cloud: &Cloud, parts: &Parts, body: Bytes, source_ip: IpAddr) -> Result<(Call, bool), Box<Reply>> {
    let request_id = ids::uuid();
    let body = unpack(parts, body);
    let refuse = |service: Service, error: &AwsError| {
        Box::new(call::refuse(service, service.protocol_of(&parts.headers), &request_id, error))
    };
    let identified = identify(parts, &body).map_err(|refused| refuse(refused.service, &refused.error));
    let Identified { service, operation, access_key, region, labels, params, translated } = identified?;
    let access_key = access_key.unwrap_or_default();
    cloud
        .iam
        .check_usable(&access_key, Timestamp::now())
        .map_err(|unusable| refuse(service, &unusable.refusal(service)))?;
    let identity = cloud.iam.identify(Some(&access_key));
    let scope = Scope::new(identity.account.clone(), region);
    cloud.seen.admits(&scope).map_err(|refused| refuse(service, &refused))?;
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let is_query = translated.is_some();
    let call = Call {
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
        body: translated.unwrap_or(body),
        labels,
        params,
    };
    Ok((call, is_query))
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
        Service::Kms => cloud.kms.call(call),
        Service::Lambda => cloud.lambda.call(cloud, call).await,
        Service::Logs => cloud.logs.call(call),
        Service::S3 => cloud.s3.call(call).await,
        Service::Sns => cloud.sns.call(cloud, call).await,
        Service::Sqs => cloud.sqs.call(call).await,
        Service::Sts => cloud.iam.call_sts(call),
    }
}
