//! Which service and which operation a request is meant for, and who sent it.
//!
//! The signature names access key, Region and service; the operation is in `X-Amz-Target`, in `Action`, or in method and
//! path, according to the service's protocol. Signatures are read, not verified: the lab holds no secrets.

use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, USER_AGENT};
use axum::http::request::Parts;
use bytes::Bytes;

use super::error::AwsError;
use super::params::Node;
use super::routes;
use super::service::{Protocol, Service};
use crate::sqs::query;

/// What a request says of itself.
#[derive(Debug)]
pub(crate) struct Identified {
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) access_key: Option<String>,
    pub(crate) region: String,
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) params: Node,
    /// What the service reads in place of the body, where the client speaks an older protocol than the service.
    pub(crate) translated: Option<Bytes>,
}

/// A request that cannot be identified, and the form in which to say so.
#[derive(Debug)]
pub(crate) struct Unidentified {
    pub(crate) service: Service,
    pub(crate) error: AwsError,
}

/// The Region of requests that name none: unsigned ones.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// The service of a request, by its head alone.
pub(crate) fn service_of(parts: &Parts) -> Option<Service> {
    let scope = CredentialScope::of(parts);
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    service(parts, scope.as_ref(), target, None).ok()
}

/// Identifies a request.
pub(crate) fn identify(parts: &Parts, body: &Bytes) -> Result<Identified, Unidentified> {
    let scope = CredentialScope::of(parts);
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let action = form_value(parts, body, "Action");
    let service = service(parts, scope.as_ref(), target, action.as_deref())?;
    let protocol = service.protocol_of(&parts.headers);
    let refuse = |error| Unidentified { service, error };

    let mut labels = Vec::new();
    let mut params = Node::default();
    let mut translated = None;
    let operation = match protocol {
        // SQS spoke the query protocol until 2023, and still understands it.
        Protocol::Json { .. } if service == Service::Sqs && target.is_none() && action.is_some() => {
            let params = Node::parse(form(parts, body))
                .map_err(|error| refuse(AwsError::bad_request("MalformedQueryString", error.to_string())))?;
            let operation = action.unwrap_or_default();
            translated = Some(query::to_json(&operation, &params, parts.uri.path()));
            operation
        }
        Protocol::Json { .. } => target
            .and_then(|target| target.rsplit_once('.'))
            .map(|(_, operation)| operation.to_owned())
            .ok_or_else(|| {
                let what = "the request has no X-Amz-Target header: the lab speaks this service's JSON protocol only";
                refuse(AwsError::bad_request("UnknownOperationException", what))
            })?,
        Protocol::Ec2Query | Protocol::Query => {
            let action = action.ok_or_else(|| {
                refuse(AwsError::bad_request("MissingAction", "The request must contain the parameter Action"))
            })?;
            params = Node::parse(form(parts, body))
                .map_err(|error| refuse(AwsError::bad_request("MalformedQueryString", error.to_string())))?;
            action
        }
        Protocol::RestJson => {
            let (operation, found) = routes::lambda(&parts.method, parts.uri.path()).ok_or_else(|| {
                let what = format_args!("{} {} of Lambda", parts.method, parts.uri.path());
                refuse(AwsError::unsupported(what))
            })?;
            labels = found;
            operation.to_owned()
        }
        Protocol::RestXml => routes::s3(parts).to_owned(),
        Protocol::RpcV2Cbor => {
            let operation = parts.uri.path().rsplit_once("/operation/").map(|(_, operation)| operation.to_owned());
            operation.filter(|operation| !operation.is_empty() && !operation.contains('/')).ok_or_else(|| {
                let what = "the path names no operation: its form is /service/SERVICE/operation/OPERATION";
                refuse(AwsError::new(404, "UnknownOperationException", what))
            })?
        }
    };
    let (access_key, region) = match scope {
        Some(scope) => (Some(scope.access_key), scope.region),
        None => (None, DEFAULT_REGION.to_owned()),
    };
    Ok(Identified { service, operation, access_key, region, labels, params, translated })
}

fn service(
    parts: &Parts,
    scope: Option<&CredentialScope>,
    target: Option<&str>,
    action: Option<&str>,
) -> Result<Service, Unidentified> {
    if let Some(scope) = scope {
        return Service::from_signing_name(&scope.service).ok_or_else(|| {
            let service = if target.is_some() { Service::Events } else { Service::Sts };
            let error = AwsError::unsupported(format_args!("the service {}", scope.service));
            Unidentified { service, error }
        });
    }
    if let Some(service) = target.and_then(|target| Service::from_target_prefix(target.rsplit_once('.')?.0)) {
        return Ok(service);
    }
    // The links in a subscription's confirmation mail are not signed, nor is a public object of S3.
    if matches!(action, Some("ConfirmSubscription" | "Unsubscribe")) {
        return Ok(Service::Sns);
    }
    // Whoever comes from elsewhere has nothing yet to sign with.
    if matches!(action, Some("AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity")) {
        return Ok(Service::Sts);
    }
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let by_host = host.split('.').find_map(Service::from_signing_name);
    by_host.ok_or_else(|| Unidentified {
        service: Service::S3,
        error: AwsError::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token: the lab reads account, Region and service from the signature \
             (any access key will do, such as AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test)",
        ),
    })
}

/// Whether a request waits for messages, in either protocol of SQS.
pub(crate) fn is_long_poll(parts: &Parts, body: &Bytes) -> bool {
    match parts.headers.get("x-amz-target") {
        Some(target) => target == "AmazonSQS.ReceiveMessage",
        None => form_value(parts, body, "Action").is_some_and(|action| action == "ReceiveMessage"),
    }
}

/// The form-encoded parameters: in the body of a POST, in the query string of a GET.
fn form<'a>(parts: &'a Parts, body: &'a Bytes) -> &'a [u8] {
    if body.is_empty() { parts.uri.query().unwrap_or_default().as_bytes() } else { body }
}

fn form_value(parts: &Parts, body: &Bytes, name: &str) -> Option<String> {
    let is_form = body.is_empty() || header(&parts.headers, "content-type").starts_with("application/x-www-form");
    let mut pairs = is_form.then(|| form_urlencoded::parse(form(parts, body)))?;
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A header's text, empty where there is none.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The `User-Agent` of a request.
pub(crate) fn user_agent(headers: &HeaderMap) -> String {
    header(headers, USER_AGENT.as_str()).to_owned()
}

/// The access key that a request is signed with.
pub(crate) fn access_key(parts: &Parts) -> Option<String> {
    CredentialScope::of(parts).map(|scope| scope.access_key)
}

/// The credential scope of a signature: `AKID/20260101/ap-northeast-2/ec2/aws4_request`.
#[derive(Debug, PartialEq, Eq)]
struct CredentialScope {
    access_key: String,
    region: String,
    service: String,
}

impl CredentialScope {
    /// From the `Authorization` header, or from `X-Amz-Credential` of a presigned URL.
    fn of(parts: &Parts) -> Option<Self> {
        let header = header(&parts.headers, AUTHORIZATION.as_str());
        if let Some((_, rest)) = header.split_once("Credential=") {
            return Self::parse(rest.split([',', ' ']).next()?);
        }
        let query = parts.uri.query()?;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        Self::parse(&pairs.find(|(key, _)| key == "X-Amz-Credential")?.1)
    }

    fn parse(credential: &str) -> Option<Self> {
        // An access key has no slash, but whoever made one up may not know: count from the right.
        let mut parts = credential.rsplitn(5, '/');
        let (_terminator, service, region, _date) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let access_key = parts.next()?.to_owned();
        Some(Self { access_key, region: region.to_owned(), service: service.to_owned() })
    }
}
