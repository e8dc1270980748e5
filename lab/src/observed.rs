//! A call that another endpoint served, seen from in between: the CloudTrail record that AWS would have made of it.
//!
//! The record is built by the code that builds the lab's own, from the same things: the request and the answer. Whoever
//! stands in front of an emulator without CloudTrail can give it the events that it lacks.

use std::borrow::Cow;
use std::io::Read as _;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Response, header, request, response};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::cloudtrail::record::{self, Record};
use crate::gateway::call::{self, Call, Reply};
use crate::gateway::cbor;
use crate::gateway::error::AwsError;
use crate::gateway::identify::{Identified, identify, service_of, user_agent};
use crate::gateway::params::Node;
use crate::gateway::service::Protocol;
use crate::identity::Identity;
use crate::ids;
use crate::scope::Scope;

/// An answer that unpacks to more than this is none of a management call.
const UNPACKED_LIMIT: u64 = 16 << 20;

/// A request and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The request's head.
    pub request: &'a request::Parts,
    /// The request's body.
    pub request_body: &'a Bytes,
    /// When the request came.
    pub time: Timestamp,
    /// Where it came from.
    pub source_ip: IpAddr,
    /// The answer's head.
    pub response: &'a response::Parts,
    /// The answer's body.
    pub response_body: &'a Bytes,
}

impl Observed<'_> {
    /// The record of the call; none of what CloudTrail does not record as a management event, and of requests that are
    /// no call of a service that is known here.
    ///
    /// The caller is who the access key says, as in the lab: a key of twelve digits names its account.
    #[must_use]
    pub fn record(&self) -> Option<Record> {
        let Identified { service, operation, access_key, region, labels, params, translated } =
            identify(self.request, self.request_body).ok()?;
        let identity = Identity::of_unknown_key(access_key.as_deref().unwrap_or_default());
        let text = |name: HeaderName| text(&self.request.headers, name).to_owned();
        let body = self.unpacked()?;
        let call = Call {
            service,
            operation,
            scope: Scope::new(identity.account.clone(), region),
            identity,
            request_id: self.request_id(&body),
            time: self.time,
            source_ip: self.source_ip,
            user_agent: user_agent(&self.request.headers),
            host: text(header::HOST),
            method: self.request.method.clone(),
            uri: self.request.uri.clone(),
            headers: self.request.headers.clone(),
            body: translated.unwrap_or_else(|| self.request_body.clone()),
            labels,
            params,
        };
        let refused = self.refusal(service.protocol_of(&self.request.headers), &body);
        let reply = Reply { status: self.response.status, headers: self.response.headers.clone(), body };
        record::of_exchange(&call, &reply, refused.as_ref())
    }

    fn unpacked(&self) -> Option<Bytes> {
        match text(&self.response.headers, header::CONTENT_ENCODING) {
            "" | "identity" => Some(self.response_body.clone()),
            "gzip" => {
                let mut unpacked = Vec::new();
                let unzip = flate2::read::GzDecoder::new(self.response_body.as_ref());
                unzip.take(UNPACKED_LIMIT).read_to_end(&mut unpacked).ok()?;
                Some(unpacked.into())
            }
            _ => None,
        }
    }

    /// The id that the caller was told: from the headers, where AWS puts it, or from the answer itself.
    fn request_id(&self, body: &Bytes) -> String {
        const HEADERS: [HeaderName; 2] =
            [HeaderName::from_static("x-amzn-requestid"), HeaderName::from_static("x-amz-request-id")];
        let in_headers = HEADERS.into_iter().map(|name| text(&self.response.headers, name)).find(|id| !id.is_empty());
        let body = String::from_utf8_lossy(body);
        let in_body = ["requestId", "RequestId", "RequestID"].into_iter().find_map(|name| element(&body, name));
        in_headers.map(str::to_owned).or_else(|| in_body.map(str::to_owned)).unwrap_or_else(ids::uuid)
    }

    /// The error that the endpoint answered; none if it served the call.
    fn refusal(&self, protocol: Protocol, body: &Bytes) -> Option<AwsError> {
        let status = self.response.status;
        if status.is_success() || status.is_redirection() {
            return None;
        }
        let (code, message) = match protocol {
            Protocol::Ec2Query | Protocol::Query | Protocol::RestXml => {
                let xml = String::from_utf8_lossy(body);
                let text = |name| element(&xml, name).map(unescaped).unwrap_or_default();
                (text("Code"), text("Message"))
            }
            Protocol::Json { .. } | Protocol::RestJson | Protocol::RpcV2Cbor => {
                let json: Value = match protocol {
                    Protocol::RpcV2Cbor => cbor::read(body).unwrap_or_default(),
                    _ => serde_json::from_slice(body).unwrap_or_default(),
                };
                let member = |name: &str| json[name].as_str().map(str::to_owned);
                let of_header = text(&self.response.headers, HeaderName::from_static("x-amzn-errortype"));
                let code = member("__type").unwrap_or_else(|| of_header.to_owned());
                (code, member("message").or_else(|| member("Message")).unwrap_or_default())
            }
        };
        // `com.amazonaws.sns#NotFoundException`, and `NotFoundException:http://…`
        let code = code.rsplit('#').next().and_then(|code| code.split(':').next()).unwrap_or_default().to_owned();
        let code: Cow<'static, str> = if code.is_empty() { Cow::from(status.as_str().to_owned()) } else { code.into() };
        Some(AwsError::new(status.as_u16(), code, message))
    }
}

/// Whether a request can be a call that changes something and that CloudTrail records as a management event, as far as its
/// head says. Of all others, an object of S3 before all, nobody has to keep the body.
#[must_use]
pub fn may_change_something(request: &request::Parts) -> bool {
    match identify(request, &Bytes::new()) {
        Ok(Identified { service, operation, .. }) => {
            !record::is_data_event(service, &operation) && !record::is_read_only(&operation)
        }
        // The operation is in the body.
        Err(_) => service_of(request).is_some(),
    }
}

/// What a request asks for, as far as it says so itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The service, as IAM and ARNs name it: `ec2`.
    pub service: &'static str,
    /// The operation: `AuthorizeSecurityGroupIngress`.
    pub operation: String,
    /// Whether CloudTrail counts it among the calls that only read.
    pub reads: bool,
    /// The parameters that are texts, numbers or truth values, by their names from the top: `IpPermissions.1.FromPort`. Any of them
    /// may be a secret.
    pub parameters: Vec<(String, String)>,
}

/// What a request asks for; none of requests that are no call of a service that is known here.
#[must_use]
pub fn asked(request: &request::Parts, body: &Bytes) -> Option<Asked> {
    let Identified { service, operation, labels, params, translated, .. } = identify(request, body).ok()?;
    let mut parameters: Vec<(String, String)> =
        labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    match service.protocol_of(&request.headers) {
        Protocol::Ec2Query | Protocol::Query => of_form("", &params, &mut parameters),
        Protocol::Json { .. } | Protocol::RestJson => {
            let body = translated.as_ref().unwrap_or(body);
            of_json("", &serde_json::from_slice(body).unwrap_or_default(), &mut parameters);
        }
        Protocol::RestXml => {
            let mut path = request.uri.path().trim_start_matches('/').splitn(2, '/');
            let names = ["Bucket", "Key"].into_iter();
            let parts = names.zip(&mut path).filter(|(_, part)| !part.is_empty());
            parameters.extend(parts.map(|(name, part)| (name.to_owned(), part.to_owned())));
        }
        Protocol::RpcV2Cbor => of_json("", &cbor::read(body).unwrap_or_default(), &mut parameters),
    }
    let reads = record::is_read_only(&operation);
    // To the lab both versions are one operation.
    let is_second =
        operation == "ListObjects" && request.uri.query().is_some_and(|query| query.contains("list-type=2"));
    let operation = if is_second { "ListObjectsV2".to_owned() } else { operation };
    Some(Asked { service: service.signing_name(), operation, reads, parameters })
}

fn of_form(above: &str, node: &Node, parameters: &mut Vec<(String, String)>) {
    match node {
        Node::Leaf(value) => parameters.push((above.to_owned(), value.clone())),
        Node::Branch(children) => {
            children.iter().for_each(|(name, child)| of_form(&below(above, name), child, parameters))
        }
    }
}

fn of_json(above: &str, value: &Value, parameters: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Bool(value) => parameters.push((above.to_owned(), value.to_string())),
        Value::Number(value) => parameters.push((above.to_owned(), value.to_string())),
        Value::String(value) => parameters.push((above.to_owned(), value.clone())),
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                of_json(&below(above, &(position + 1).to_string()), element, parameters);
            }
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| of_json(&below(above, name), member, parameters))
        }
    }
}

fn below(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

/// An error of a server in between, in the form that the client of the called service reads; none for a request to no
/// service that is known here.
#[must_use]
pub fn refusal(request: &request::Parts, status: u16, code: &'static str, message: &str) -> Option<Response<Bytes>> {
    let service = service_of(request)?;
    let error = AwsError::new(status, code, message);
    let Reply { status, headers, body } =
        call::refuse(service, service.protocol_of(&request.headers), &ids::uuid(), &error);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Some(response)
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The text of the first element of this name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(text, _)| text)
}

fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), Cow::into_owned)
}

#[cfg(test)]
mod tests;
