//! One API call as the gateway understood it, and the answer to it in the service's own form.

use std::net::IpAddr;

use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::cbor;
use super::error::AwsError;
use super::params::{Node, ParamError, Problem};
use super::service::{Protocol, Service};
use super::xml;
use crate::cloudwatch;
use crate::identity::Identity;
use crate::scope::Scope;
use crate::sqs;

/// One call of one operation, whoever makes it: what a handler works on, and what a CloudTrail record is made from.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service that is called.
    pub service: Service,
    /// The operation's name as AWS spells it: `AuthorizeSecurityGroupIngress`.
    pub operation: String,
    /// The account of the access key and the Region of the signature.
    pub scope: Scope,
    /// Who calls.
    pub identity: Identity,
    /// The id that the answer carries, and the record too.
    pub request_id: String,
    /// When the call arrived.
    pub time: Timestamp,
    /// Where it came from.
    pub source_ip: IpAddr,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The `Host` header: answers that contain an address (a queue's URL, a function URL) begin with it.
    pub host: String,
    /// The HTTP method.
    pub method: Method,
    /// Path and query as sent.
    pub uri: Uri,
    /// The headers as sent.
    pub headers: HeaderMap,
    /// The body as sent.
    pub body: Bytes,
    /// The labels of a REST path (`FunctionName`), already percent-decoded.
    pub labels: Vec<(&'static str, String)>,
    /// The parameters of the two query protocols; empty for the others.
    pub params: Node,
}

impl Call {
    /// The operation's typed input, from whichever protocol the service speaks.
    ///
    /// Unknown parameters are refused by name, before anything has changed.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, AwsError> {
        match self.protocol() {
            Protocol::Ec2Query | Protocol::Query => self.params.read(),
            Protocol::Json { .. } | Protocol::RestJson => read_json(&self.body),
            Protocol::RpcV2Cbor => read_cbor(&self.body),
            Protocol::RestXml => Err(ParamError::new(Problem::Malformed, "body", "is read by the S3 service itself")),
        }
        .map_err(|error| self.bad_parameter(&error))
    }

    /// How the caller speaks, and is answered.
    pub fn protocol(&self) -> Protocol {
        self.service.protocol_of(&self.headers)
    }

    /// The label of a REST path; the route that matched has it, so an absent one is the lab's own mistake.
    pub fn label(&self, name: &'static str) -> Result<&str, AwsError> {
        let label = self.labels.iter().find(|(label, _)| *label == name);
        label.map(|(_, value)| value.as_str()).ok_or_else(|| {
            AwsError::new(500, "InternalFailure", format!("the route of {} has no label {name}", self.operation))
        })
    }

    /// A parameter of the query string, percent-decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A header, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The refusal of an operation that the lab does not have.
    pub fn unsupported(&self) -> AwsError {
        AwsError::unsupported(format_args!("the operation {}:{}", self.service.signing_name(), self.operation))
    }

    /// A refusal of a parameter that AWS has and the lab does not.
    pub fn unsupported_parameter(&self, name: &str) -> AwsError {
        let service = self.service.signing_name();
        AwsError::unsupported(format_args!("the parameter {name} of {service}:{}", self.operation))
    }

    /// The error that this service answers a wrong parameter with.
    pub fn bad_parameter(&self, error: &ParamError) -> AwsError {
        let ParamError { problem, name, what } = error;
        let operation = format_args!("{}:{}", self.service.signing_name(), self.operation);
        match (self.service, problem) {
            (Service::Ec2, Problem::Missing) => {
                AwsError::bad_request("MissingParameter", format!("The request must contain the parameter {name}"))
            }
            (Service::Ec2, Problem::Unknown) => AwsError::bad_request(
                "UnknownParameter",
                format!("The parameter {name} is not recognized (by the lab's {operation})"),
            ),
            (Service::Ec2, Problem::Invalid) => {
                AwsError::bad_request("InvalidParameterValue", format!("The parameter {name} {what}"))
            }
            (Service::Lambda, Problem::Missing | Problem::Invalid) => {
                AwsError::bad_request("InvalidParameterValueException", format!("The parameter {name} {what}"))
            }
            (Service::Lambda, _) => AwsError::bad_request(
                "InvalidRequestContentException",
                format!("The parameter {name} {what} (by the lab's {operation})"),
            ),
            (Service::Sns, Problem::Missing | Problem::Invalid) => {
                AwsError::bad_request("InvalidParameter", format!("Invalid parameter: {name} {what}"))
            }
            (Service::CloudWatch, Problem::Missing) => {
                AwsError::bad_request("MissingParameter", format!("The parameter {name} is required."))
            }
            (Service::CloudWatch, Problem::Invalid) => {
                AwsError::bad_request("InvalidParameterValue", format!("The parameter {name} {what}"))
            }
            (Service::CloudWatch, Problem::Malformed) => {
                AwsError::bad_request("InvalidParameterValue", format!("The parameter {name} {what}"))
            }
            (Service::Sqs, Problem::Missing) => {
                AwsError::bad_request("MissingParameter", format!("The request must contain the parameter {name}."))
            }
            (_, Problem::Unknown) => AwsError::unsupported(format_args!("the parameter {name} of {operation}")),
            (Service::Iam | Service::Sts, _) => {
                AwsError::bad_request("ValidationError", format!("The parameter {name} {what}"))
            }
            (Service::Logs, Problem::Missing | Problem::Invalid) => {
                AwsError::bad_request("InvalidParameterException", format!("The parameter {name} {what}"))
            }
            (_, Problem::Malformed) => {
                AwsError::bad_request("SerializationException", format!("The parameter {name} {what}"))
            }
            (_, _) => AwsError::bad_request("ValidationException", format!("The parameter {name} {what}")),
        }
    }

    /// A successful answer with `output` as its content.
    pub fn reply(&self, output: &impl Serialize) -> Result<Reply, AwsError> {
        let body = match self.protocol() {
            Protocol::Ec2Query => self.ec2_xml(output),
            Protocol::Query => self.query_xml(output),
            Protocol::Json { .. } | Protocol::RestJson => serde_json::to_vec(output).map_err(|e| e.to_string()),
            Protocol::RpcV2Cbor => cbor::write(output).map_err(|e| e.to_string()),
            Protocol::RestXml => Err("S3 writes its own answers".to_owned()),
        };
        let body = body.map_err(|message| AwsError::new(500, "InternalFailure", message))?;
        Ok(self.with_headers(StatusCode::OK, body))
    }

    /// A successful answer with a status of its own: Lambda's 201, 202 and 204.
    pub fn reply_with(&self, status: StatusCode, output: &impl Serialize) -> Result<Reply, AwsError> {
        let mut reply = self.reply(output)?;
        reply.status = status;
        if status == StatusCode::NO_CONTENT {
            reply.body = Bytes::new();
        }
        Ok(reply)
    }

    /// A successful answer without content.
    pub fn done(&self) -> Result<Reply, AwsError> {
        self.reply(&Empty {})
    }

    /// The answer that refuses the call, in the service's own form.
    pub fn refuse(&self, error: &AwsError) -> Reply {
        refuse(self.service, self.protocol(), &self.request_id, error)
    }

    fn ec2_xml(&self, output: &impl Serialize) -> Result<Vec<u8>, String> {
        let (operation, namespace) = (&self.operation, self.service.xml_namespace());
        let content = xml::to_xml(output, "item").map_err(|e| e.to_string())?;
        Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Response xmlns=\"{namespace}\"><requestId>{}\
             </requestId>{content}</{operation}Response>",
            self.request_id
        )
        .into_bytes())
    }

    fn query_xml(&self, output: &impl Serialize) -> Result<Vec<u8>, String> {
        let (operation, namespace) = (&self.operation, self.service.xml_namespace());
        let content = xml::to_xml(output, "member").map_err(|e| e.to_string())?;
        Ok(format!(
            "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{content}</{operation}Result>\
             <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{operation}Response>",
            self.request_id
        )
        .into_bytes())
    }

    fn with_headers(&self, status: StatusCode, body: Vec<u8>) -> Reply {
        with_protocol(Reply::new(status, content_type(self.protocol()), &self.request_id, body), self.protocol())
    }
}

#[derive(Serialize)]
struct Empty {}

/// The answer to a call: what goes over the wire.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// An answer with the headers that every answer of AWS has.
    pub fn new(status: StatusCode, content_type: &'static str, request_id: &str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
        }
        Self { status, headers, body: body.into() }
    }

    /// The same answer with one header more.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }
}

/// The operation of a request to Lambda.
pub(crate) fn lambda_operation(parts: &axum::http::request::Parts) -> Option<&'static str> {
    super::routes::lambda(&parts.method, parts.uri.path()).map(|(operation, _)| operation)
}

/// The refusal of a call in the form of the service that it was meant for.
pub(crate) fn refuse(service: Service, protocol: Protocol, request_id: &str, error: &AwsError) -> Reply {
    use quick_xml::escape::escape;

    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (code, message) = (escape(error.code.as_ref()), escape(error.message.as_str()));
    let body: Vec<u8> = match protocol {
        Protocol::Ec2Query => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}\
             </Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
        )
        .into_bytes(),
        Protocol::Query => {
            let kind = if error.is_client_fault() { "Sender" } else { "Receiver" };
            format!(
                "<ErrorResponse xmlns=\"{}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message>\
                 </Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                service.xml_namespace()
            )
            .into_bytes()
        }
        Protocol::RestXml => {
            let extra =
                error.extra.as_ref().map(|(name, value)| format!("<{name}>{}</{name}>", escape(value.as_str())));
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
                 {}<RequestId>{request_id}</RequestId></Error>",
                extra.unwrap_or_default()
            )
            .into_bytes()
        }
        Protocol::Json { .. } | Protocol::RestJson => {
            let mut body = json!({ "__type": error.code, "message": error.message });
            if service == Service::Lambda {
                let kind = if error.is_client_fault() { "User" } else { "Service" };
                body = json!({ "Type": kind, "Message": error.message, "message": error.message });
            }
            if service == Service::Sqs {
                body["__type"] = sqs::error::on_the_wire(error).0.into();
            }
            if let Some((name, value)) = &error.extra {
                body[*name] = value.clone().into();
            }
            if service == Service::CloudWatch {
                body["__type"] = cloudwatch::error::on_the_wire(error).0.into();
            }
            body.to_string().into_bytes()
        }
        Protocol::RpcV2Cbor => {
            let (shape, _) = cloudwatch::error::on_the_wire(error);
            cbor::write(&json!({ "__type": shape, "message": error.message })).unwrap_or_default()
        }
    };
    let reply = with_protocol(Reply::new(status, content_type(protocol), request_id, body), protocol);
    match protocol {
        // SQS's clients know its errors by the codes of its older protocol, in a header of their own.
        _ if service == Service::Sqs => reply.with_header("x-amzn-query-error", &sqs::error::on_the_wire(error).1),
        Protocol::Json { .. } | Protocol::RpcV2Cbor if service == Service::CloudWatch => {
            reply.with_header("x-amzn-query-error", &cloudwatch::error::on_the_wire(error).1)
        }
        Protocol::Json { .. } | Protocol::RestJson => reply.with_header("x-amzn-errortype", &error.code),
        Protocol::Ec2Query | Protocol::Query | Protocol::RestXml | Protocol::RpcV2Cbor => reply,
    }
}

/// The header with which an answer in CBOR says that it is one.
fn with_protocol(reply: Reply, protocol: Protocol) -> Reply {
    match protocol {
        Protocol::RpcV2Cbor => reply.with_header("smithy-protocol", "rpc-v2-cbor"),
        _ => reply,
    }
}

const fn content_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::RpcV2Cbor => "application/cbor",
        Protocol::Ec2Query => "text/xml;charset=UTF-8",
        Protocol::Query => "text/xml",
        Protocol::RestXml => "application/xml",
        Protocol::RestJson => "application/json",
        Protocol::Json { version } => {
            if version.len() == 3 && version.as_bytes()[2] == b'0' {
                "application/x-amz-json-1.0"
            } else {
                "application/x-amz-json-1.1"
            }
        }
    }
}

fn read_json<T: DeserializeOwned>(body: &Bytes) -> Result<T, ParamError> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    read_tree(&mut serde_json::Deserializer::from_slice(body))
}

fn read_cbor<T: DeserializeOwned>(body: &Bytes) -> Result<T, ParamError> {
    let value = cbor::read(body)
        .map_err(|error| ParamError::new(Problem::Malformed, "body", format!("is not CBOR: {error}")))?;
    read_tree(value)
}

fn read_tree<'de, T, D>(tree: D) -> Result<T, ParamError>
where
    T: DeserializeOwned,
    D: serde::Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(tree).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        let named = message.split('`').nth(1).unwrap_or_default();
        let full = |name: &str| match path.as_str() {
            "." => name.to_owned(),
            path if path.ends_with(name) => path.to_owned(),
            path => format!("{path}.{name}"),
        };
        if message.starts_with("unknown field") {
            ParamError::new(Problem::Unknown, &full(named), "is not recognized")
        } else if message.starts_with("missing field") {
            ParamError::new(Problem::Missing, &full(named), "is missing")
        } else if error.inner().is_data() {
            ParamError::new(Problem::Invalid, &path, format!("is wrong: {message}"))
        } else {
            ParamError::new(Problem::Malformed, "body", format!("is not JSON: {message}"))
        }
    })
}
