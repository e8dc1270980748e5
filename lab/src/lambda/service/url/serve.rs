//! A request to a function URL, from the address to the answer.
//!
//! What the caller sees of a failure is little, as in AWS: 403 without a reason where a policy is in the way, 502 where the
//! function failed. `/_lab/deliveries` has the reason.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::super::asynchronous::failure;
use super::super::invoke::{Target, run};
use super::super::name::{LATEST, Named};
use super::super::{InvokeError, InvokeRequest, Lambda};
use super::event::{Context, event};
use super::{FunctionUrl, PREFIX, access, answer};
use crate::cloud::Cloud;
use crate::deliveries::{Carried, Hop, Leg, Reason, Refusal};
use crate::gateway;
use crate::gateway::call::Reply;
use crate::ids;
use crate::lambda::MAX_SYNC_PAYLOAD;

/// A request that is meant for a function URL.
pub(crate) struct UrlRequest<'a> {
    pub(super) id: String,
    /// The path as the function sees it.
    pub(super) path: String,
    pub(super) parts: &'a Parts,
    pub(super) body: Bytes,
    pub(super) source_ip: IpAddr,
}

impl<'a> UrlRequest<'a> {
    /// The request, if its path or its host is a function URL's.
    pub(crate) fn of(parts: &'a Parts, body: &Bytes, source_ip: IpAddr) -> Option<Self> {
        let (id, path) = match parts.uri.path().strip_prefix(PREFIX) {
            Some(rest) => {
                let (id, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (id, if path.is_empty() { "/" } else { path })
            }
            None => {
                let (id, rest) = host(parts).split_once('.')?;
                (rest.starts_with("lambda-url.")).then_some((id, parts.uri.path()))?
            }
        };
        Some(Self { id: id.to_ascii_lowercase(), path: path.to_owned(), parts, body: body.clone(), source_ip })
    }

    pub(super) fn host(&self) -> &str {
        host(self.parts)
    }

    fn header(&self, name: impl axum::http::header::AsHeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    fn is_preflight(&self) -> bool {
        self.parts.method == Method::OPTIONS && self.header("access-control-request-method").is_some()
    }
}

fn host(parts: &Parts) -> &str {
    parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// An answer of Lambda's own.
fn refusal(status: StatusCode, request_id: &str, error_type: &str, body: &serde_json::Value) -> Reply {
    Reply::new(status, "application/json", request_id, body.to_string()).with_header("x-amzn-errortype", error_type)
}

/// Answers a request to a function URL.
pub(in super::super) async fn serve(lambda: &Lambda, cloud: &Arc<Cloud>, request: UrlRequest<'_>) -> Reply {
    let request_id = ids::uuid();
    let found = lambda.find_url(&request.id).and_then(|(named, url)| Some((lambda.target(&named).ok()?, url)));
    let Some((target, url)) = found else {
        // What AWS answers for an id that nobody has.
        let body = json!({ "Message": null });
        return refusal(StatusCode::FORBIDDEN, &request_id, "AccessDeniedException", &body);
    };
    let origin = request.header(ORIGIN);
    let mut reply = match &url.cors {
        Some(cors) if request.is_preflight() => {
            let mut reply = Reply::new(StatusCode::OK, "application/json", &request_id, Bytes::new());
            cors.add(&mut reply.headers, origin.unwrap_or_default());
            cors.add_preflight(&mut reply.headers);
            return reply;
        }
        _ => invoke(cloud, &request, &target, &url, &request_id).await,
    };
    if let (Some(cors), Some(origin)) = (&url.cors, origin) {
        cors.add(&mut reply.headers, origin);
    }
    reply
}

impl Lambda {
    /// The function or alias whose URL has this id.
    fn find_url(&self, id: &str) -> Option<(Named, FunctionUrl)> {
        let mut found = None;
        self.regions.for_each(|scope, region| {
            for function in region.functions.values() {
                if let Some((key, url)) = function.urls.iter().find(|(_, url)| url.id == id) {
                    let qualifier = Some(key.clone()).filter(|key| key != LATEST);
                    let named = Named { scope: scope.clone(), name: function.name.clone(), qualifier };
                    found = Some((named, url.clone()));
                }
            }
        });
        found
    }
}

async fn invoke(
    cloud: &Cloud,
    request: &UrlRequest<'_>,
    target: &Target,
    url: &FunctionUrl,
    request_id: &str,
) -> Reply {
    let leg = Leg {
        scope: target.named.scope.clone(),
        hop: Hop::Function,
        from: format!("{}{}/", PREFIX, url.id),
        to: target.arn.clone(),
        carried: Carried::default(),
    };
    let identity = cloud.iam.identify(gateway::access_key(request.parts).as_deref());
    if let Err(refused) = access::check(url, target, &identity) {
        cloud.deliveries.stopped(leg, refused);
        let message = "Forbidden. For troubleshooting Function URL authorization issues, see: \
                       https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";
        let body = json!({ "Message": message });
        return refusal(StatusCode::FORBIDDEN, request_id, "AccessDeniedException", &body);
    }
    let context = Context { auth_type: url.auth_type, identity: &identity, target, request_id, now: Timestamp::now() };
    let event = event(request, &context).to_string();
    if event.len() > MAX_SYNC_PAYLOAD {
        let detail = format!("the request is larger than {MAX_SYNC_PAYLOAD} bytes");
        cloud.deliveries.stopped(leg, Refusal::new(Reason::Invalid, detail));
        let body = json!({ "Message": "Request Entity Too Large" });
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, request_id, "RequestEntityTooLargeException", &body);
    }
    let invocation = InvokeRequest {
        invoked_arn: Some(target.arn.clone()),
        request_id: Some(request_id.to_owned()),
        trace_id: request.header("x-amzn-trace-id").map(str::to_owned),
        ..InvokeRequest::new(event)
    };
    let result = match run(cloud, target, invocation).await {
        Ok(outcome) if outcome.function_error.is_some() => Err(failure(&outcome)),
        Ok(outcome) => answer::answer(&outcome.payload, request_id).map_err(|why| Refusal::new(Reason::Invalid, why)),
        Err(error @ InvokeError::TooManyRequests { reason }) => {
            cloud.deliveries.stopped(leg, Refusal::new(Reason::Throttled, error.to_string()));
            let body = json!({ "Reason": reason.as_str(), "Type": "User", "message": error.to_string() });
            return refusal(StatusCode::TOO_MANY_REQUESTS, request_id, error.error_type(), &body);
        }
        Err(error) => Err(Refusal::new(Reason::FunctionError, error.to_string())),
    };
    cloud.deliveries.log(leg, &result);
    result.unwrap_or_else(|_| {
        Reply::new(StatusCode::BAD_GATEWAY, "application/json", request_id, "Internal Server Error")
    })
}
