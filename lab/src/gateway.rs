//! From a request to a service and back: the one door of the lab.
//!
//! ```text
//! request ─► identify ─► Call ─► service ─► Reply ─► CloudTrail record ─► response
//! ```
//!
//! The protocol is decided here and nowhere else: a service sees a [`Call`] with a typed input, and answers with a typed
//! output or an [`AwsError`]; [`call`] writes either in the service's own form.

pub mod call;
pub mod error;
pub(crate) mod identify;
pub mod params;
mod routes;
pub mod service;
mod xml;

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::HOST;
use axum::http::request::Parts;
use bytes::Bytes;
use jiff::Timestamp;

use self::call::{Call, Reply};
use self::error::AwsError;
pub(crate) use self::identify::access_key;
use self::identify::{Identified, identify};
use self::service::Service;
use crate::cloud::Cloud;
use crate::cloudtrail::record;
use crate::ids;
use crate::lambda::UrlRequest;
use crate::scope::Scope;

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
    cloud.changes.called();
    reply
}

/// The call that a request makes, or the answer that refuses it.
fn understand(cloud: &Cloud, parts: &Parts, body: Bytes, source_ip: IpAddr) -> Result<Call, Box<Reply>> {
    let request_id = ids::uuid();
    let Identified { service, operation, access_key, region, labels, params } = identify(parts, &body)
        .map_err(|refused| Box::new(call::refuse(refused.service, &request_id, &refused.error)))?;
    let identity = cloud.iam.identify(access_key.as_deref());
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

/// Performs a call and records nothing of it: what a service does in the name of a caller or of a role is not a call that
/// somebody made.
pub(crate) async fn perform(cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    // A call of Lambda's reads code from S3, which is a call again.
    Box::pin(dispatch(cloud, call)).await
}

async fn dispatch(cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    match call.service {
        Service::CloudTrail => cloud.cloudtrail.call(cloud, call),
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
