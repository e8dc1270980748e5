//! The event that a function gets for a request to its URL: payload format 2.0.
//!
//! Source: "Request payload format" in "Invoking Lambda function URLs".

use axum::http::header::{CONTENT_TYPE, COOKIE, USER_AGENT};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::invoke::Target;
use super::AuthType;
use super::serve::UrlRequest;
use crate::identity::Identity;

/// What the event says beside the request itself.
pub(super) struct Context<'a> {
    pub(super) auth_type: AuthType,
    pub(super) identity: &'a Identity,
    pub(super) target: &'a Target,
    pub(super) request_id: &'a str,
    pub(super) now: Timestamp,
}

/// The event of a request.
pub(super) fn event(request: &UrlRequest<'_>, context: &Context<'_>) -> Value {
    let query = request.parts.uri.query().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": query,
        "headers": headers(request),
        "requestContext": request_context(request, context),
    });
    let cookies = cookies(request);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    let parameters = joined(form_urlencoded::parse(query.as_bytes()).into_owned());
    if !parameters.is_empty() {
        event["queryStringParameters"] = Value::Object(parameters);
    }
    let text = std::str::from_utf8(&request.body).ok().filter(|_| is_text(request));
    if !request.body.is_empty() {
        event["body"] = text.map_or_else(|| BASE64_STANDARD.encode(&request.body), str::to_owned).into();
    }
    event["isBase64Encoded"] = (!request.body.is_empty() && text.is_none()).into();
    event
}

/// Values of one name in one text, with commas between.
fn joined(pairs: impl Iterator<Item = (String, String)>) -> Map<String, Value> {
    let mut joined = Map::new();
    for (name, value) in pairs {
        match joined.get_mut(&name) {
            Some(Value::String(present)) => {
                present.push(',');
                present.push_str(&value);
            }
            _ => {
                joined.insert(name, value.into());
            }
        }
    }
    joined
}

/// The headers, and those that Lambda adds. Cookies have a place of their own.
fn headers(request: &UrlRequest<'_>) -> Map<String, Value> {
    let given = request.parts.headers.iter().filter(|(name, _)| **name != COOKIE);
    let given = given.map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into()));
    let port = request.host().rsplit_once(':').map_or("80", |(_, port)| port).to_owned();
    let added = [
        ("x-forwarded-for", request.source_ip.to_string()),
        ("x-forwarded-port", port),
        ("x-forwarded-proto", "http".to_owned()),
    ];
    joined(given.chain(added.map(|(name, value)| (name.to_owned(), value))))
}

fn cookies(request: &UrlRequest<'_>) -> Vec<String> {
    let given = request.parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(';')).map(|cookie| cookie.trim().to_owned()).collect()
}

fn request_context(request: &UrlRequest<'_>, context: &Context<'_>) -> Value {
    let Context { auth_type, identity, target, request_id, now } = context;
    let region = &target.named.scope.region;
    let user_agent = request.parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut value = json!({
        "accountId": "anonymous",
        "apiId": request.id,
        "domainName": format!("{}.lambda-url.{region}.on.aws", request.id),
        "domainPrefix": request.id,
        "http": {
            "method": request.parts.method.as_str(),
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip.to_string(),
            "userAgent": user_agent,
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "timeEpoch": now.as_millisecond(),
    });
    if *auth_type == AuthType::AwsIam {
        value["accountId"] = identity.account.clone().into();
        value["authorizer"] = json!({
            "iam": {
                "accessKey": identity.access_key,
                "accountId": identity.account,
                "callerId": identity.principal_id(),
                "cognitoIdentity": null,
                "principalOrgId": null,
                "userArn": identity.arn(),
                "userId": identity.principal_id(),
            },
        });
    }
    value
}

/// Whether a body is given as it is: text, JSON, XML and JavaScript. A form is not among these.
fn is_text(request: &UrlRequest<'_>) -> bool {
    let kind = request.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/xml" | "application/javascript")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}
