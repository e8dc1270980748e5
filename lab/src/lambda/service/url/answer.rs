//! The answer that a function's result makes.
//!
//! A result with a `statusCode` is an answer in payload format 2.0. Any other result is the body of an answer with status
//! 200 and the content type `application/json`; a plain text comes as it is, without quotation marks.
//!
//! Source: "Response payload format" in "Invoking Lambda function URLs", and answers of real function URLs.

use axum::http::header::{HeaderName, HeaderValue, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::gateway::call::Reply;

/// The answer, or what makes the result none.
pub(super) fn answer(payload: &Bytes, request_id: &str) -> Result<Reply, String> {
    let result: Value =
        serde_json::from_slice(payload).map_err(|error| format!("the function's result is no JSON: {error}"))?;
    let mut reply = Reply::new(StatusCode::OK, "application/json", request_id, Bytes::new());
    let Some(status) = result.get("statusCode") else {
        reply.body = match result {
            Value::String(text) => text.into(),
            _ => payload.clone(),
        };
        return Ok(reply);
    };
    reply.status = status_code(status)?;
    if let Some(headers) = result.get("headers").filter(|headers| !headers.is_null()) {
        add_headers(&mut reply.headers, headers)?;
    }
    for cookie in result.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        let value = cookie.as_str().and_then(|cookie| HeaderValue::from_str(cookie).ok());
        reply.headers.append(SET_COOKIE, value.ok_or_else(|| format!("{cookie} is no cookie"))?);
    }
    reply.body = body(&result)?;
    Ok(reply)
}

fn status_code(status: &Value) -> Result<StatusCode, String> {
    let number = status.as_u64().or_else(|| status.as_str()?.parse().ok()).and_then(|code| u16::try_from(code).ok());
    let code = number.and_then(|code| StatusCode::from_u16(code).ok()).filter(|code| code.as_u16() < 600);
    code.ok_or_else(|| format!("the statusCode {status} is no status"))
}

fn add_headers(headers: &mut HeaderMap, given: &Value) -> Result<(), String> {
    let given = given.as_object().ok_or_else(|| format!("the headers {given} are no structure"))?;
    for (name, value) in given {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (Ok(name), Ok(text)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(&text)) else {
            return Err(format!("{name}: {value} is no header"));
        };
        // The server writes those that say how long the body is.
        if !matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection") {
            headers.insert(name, text);
        }
    }
    Ok(())
}

fn body(result: &Value) -> Result<Bytes, String> {
    let is_encoded = result.get("isBase64Encoded").and_then(Value::as_bool) == Some(true);
    match result.get("body") {
        None | Some(Value::Null) => Ok(Bytes::new()),
        Some(Value::String(text)) if is_encoded => {
            let decoded = BASE64_STANDARD.decode(text);
            decoded.map(Bytes::from).map_err(|_| "isBase64Encoded is true, and the body is no base64".to_owned())
        }
        Some(Value::String(text)) => Ok(Bytes::from(text.clone())),
        Some(other) => Ok(Bytes::from(other.to_string())),
    }
}
