//! Between the gateway and `s3s`: a call as the request that `s3s` reads, and its response as a reply or an error.

use std::borrow::Cow;

use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue};
use axum::http::{Extensions, HeaderMap, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::BodyExt;
use s3s::service::S3Service;
use s3s::{HttpRequest, S3Error, S3ErrorCode};

use super::chunked::{self, Decoded};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// Has `s3s` serve a call.
pub(super) async fn exchange(protocol: &S3Service, call: &Call) -> Result<Reply, AwsError> {
    let request = request(call)?;
    let response = protocol.call(request).await.map_err(|error| internal(&format!("{error:?}")))?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| internal(&error.to_string()))?.to_bytes();
    if parts.status.is_client_error() || parts.status.is_server_error() || parts.status == StatusCode::NOT_MODIFIED {
        return Err(refusal(call, parts.status, &body));
    }
    let mut headers = parts.headers;
    // The server writes the length itself; a HEAD's is the object's, and stays.
    if call.method != axum::http::Method::HEAD {
        headers.remove(CONTENT_LENGTH);
    }
    for name in ["x-amz-request-id", "x-amzn-requestid"] {
        if let Ok(id) = HeaderValue::from_str(&call.request_id) {
            headers.insert(HeaderName::from_static(name), id);
        }
    }
    Ok(Reply { status: parts.status, headers, body })
}

/// The call that a request of `s3s` came from, with its body decoded.
pub(super) fn call_of(extensions: &Extensions) -> Result<Call, S3Error> {
    let call = extensions.get::<Call>().cloned();
    call.ok_or_else(|| S3Error::with_message(S3ErrorCode::InternalError, "the request came without its call"))
}

/// The request without what `s3s` would verify: the signature was read by the gateway, and nobody checks it.
fn request(call: &Call) -> Result<HttpRequest, AwsError> {
    let mut headers = call.headers.clone();
    let mut body = call.body.clone();
    let is_chunked = headers.get("x-amz-content-sha256").is_some_and(|hash| hash.as_bytes().starts_with(b"STREAMING-"));
    if is_chunked {
        let Decoded { body: decoded, trailers } = chunked::decode(body)?;
        body = decoded;
        undo_chunked(&mut headers, &body, trailers)?;
    }
    for name in [AUTHORIZATION.as_str(), "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"] {
        headers.remove(name);
    }
    let call = Call { body: body.clone(), ..call.clone() };
    let mut request = HttpRequest::new(s3s::Body::from(body));
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = unsigned(&call.uri)?;
    *request.headers_mut() = headers;
    request.extensions_mut().insert(call);
    Ok(request)
}

/// The headers as they would be had the body been sent plainly: the checksum stands before it.
fn undo_chunked(headers: &mut HeaderMap, body: &Bytes, trailers: Vec<(String, String)>) -> Result<(), AwsError> {
    let announced = headers.remove("x-amz-decoded-content-length");
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length != body.len()) {
        let message = "You did not provide the number of bytes specified by the x-amz-decoded-content-length header";
        return Err(AwsError::bad_request("IncompleteBody", message));
    }
    for (name, value) in trailers.into_iter().filter(|(name, _)| name.starts_with("x-amz-checksum-")) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.remove("x-amz-trailer");
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let encodings = headers.remove(CONTENT_ENCODING);
    let encodings = encodings.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let others: Vec<&str> =
        encodings.split(',').map(str::trim).filter(|e| !e.is_empty() && *e != "aws-chunked").collect();
    if let (false, Ok(value)) = (others.is_empty(), HeaderValue::try_from(others.join(","))) {
        headers.insert(CONTENT_ENCODING, value);
    }
    Ok(())
}

/// The address without the parameters of a presigned URL.
fn unsigned(uri: &Uri) -> Result<Uri, AwsError> {
    const SIGNATURE: [&str; 7] = [
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-signature",
        "x-amz-security-token",
    ];
    let is_signature = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        SIGNATURE.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !is_signature(pair));
    let query = query.collect::<Vec<_>>().join("&");
    let path = if query.is_empty() { uri.path().to_owned() } else { format!("{}?{query}", uri.path()) };
    Uri::try_from(path).map_err(|error| AwsError::bad_request("InvalidURI", error.to_string()))
}

/// The error that an XML answer of `s3s` carries.
fn refusal(call: &Call, status: StatusCode, body: &Bytes) -> AwsError {
    let text = String::from_utf8_lossy(body);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (content, _) = rest.split_once(&format!("</{name}>"))?;
        quick_xml::escape::unescape(content).ok().map(Cow::into_owned)
    };
    let code = element("Code").unwrap_or_else(|| "InternalError".to_owned());
    let message = element("Message").unwrap_or_else(|| words(&code).to_owned());
    if code == "NotImplemented" {
        return match message.strip_suffix(" is not implemented yet") {
            Some(operation) => AwsError::unsupported(format_args!("the operation s3:{operation}")),
            None if message.starts_with("the lab ") => AwsError::new(501, code, message),
            None => call.unsupported(),
        };
    }
    let (bucket, key) =
        call.uri.path().trim_start_matches('/').split_once('/').unwrap_or((call.uri.path().trim_matches('/'), ""));
    let error = AwsError::new(status.as_u16(), code, message);
    // These say what they are about.
    match error.code.as_ref() {
        "BucketAlreadyExists"
        | "BucketAlreadyOwnedByYou"
        | "BucketNotEmpty"
        | "NoSuchBucket"
        | "NoSuchBucketPolicy"
        | "NoSuchPublicAccessBlockConfiguration"
        | "NoSuchTagSet" => error.with("BucketName", bucket),
        "NoSuchKey" => {
            let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy().into_owned();
            error.with("Key", key)
        }
        _ => error,
    }
}

/// S3's words for the errors that `s3s` raises without any.
fn words(code: &str) -> &str {
    match code {
        "InvalidBucketName" => "The specified bucket is not valid.",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "KeyTooLongError" => "Your key is too long",
        "MalformedXML" => "The XML you provided was not well-formed or did not validate against our published schema",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "InvalidRange" => "The requested range is not satisfiable",
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        other => other,
    }
}

fn internal(what: &str) -> AwsError {
    AwsError::new(500, "InternalError", format!("We encountered an internal error. Please try again. ({what})"))
}

impl From<AwsError> for S3Error {
    fn from(error: AwsError) -> Self {
        let code = S3ErrorCode::from_bytes(error.code.as_bytes());
        let mut converted = Self::with_message(code.unwrap_or(S3ErrorCode::InternalError), error.message);
        if let Ok(status) = StatusCode::from_u16(error.status) {
            converted.set_status_code(status);
        }
        converted
    }
}
