//! What the fuzz targets (`lab/fuzz`) throw their bytes at. It compiles with `cfg(fuzzing)`, and with the tests, so that it
//! keeps up with the rest.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::http::Request;
use bytes::Bytes;
use tokio::runtime::Runtime;

use crate::cloud::Cloud;
use crate::events::transform::{InputTransformer, Surroundings};
use crate::gateway;
use crate::gateway::cbor;
use crate::gateway::params::Node;
use crate::gateway::service::{Protocol, Service};
use crate::sqs::query;

/// How many requests of one input are served.
const MOST_REQUESTS: usize = 16;

/// How many requests one cloud gets, where inputs do not begin with a new one: the fuzzer must not run out of memory by a state
/// that only grew.
const REQUESTS: usize = 500;

/// The gateway and all behind it, without the network.
#[derive(Debug)]
pub struct Gateway {
    runtime: Runtime,
    cloud: Arc<Cloud>,
    requests: usize,
}

impl Default for Gateway {
    fn default() -> Self {
        // The clock is paused: a long poll ends at once.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        Self { runtime: runtime.expect("the runtime starts"), cloud: Arc::default(), requests: 0 }
    }
}

impl Gateway {
    /// Serves some requests in a cloud of their own, one after another, so that an input says all that it takes to see its
    /// finding again. They are parted by a line `%%`. The first line of each is service and operation, or for the REST
    /// protocols service, method and path with its query; the rest is the body.
    pub fn requests(&mut self, data: &[u8]) {
        *self = Self::default();
        let mut rest = Some(data);
        for _ in 0..MOST_REQUESTS {
            let Some(data) = rest else { break };
            let (request, after) = split(data, b"\n%%\n");
            self.request(request);
            rest = after;
        }
    }

    fn request(&mut self, data: &[u8]) {
        let (line, body) = split(data, b"\n");
        let line = String::from_utf8_lossy(line).into_owned();
        let (service, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let service = Service::from_signing_name(service).unwrap_or(Service::ALL[spread(service, Service::ALL.len())]);
        let operations = service.operations().supported;
        let named = operations.iter().find(|name| **name == rest);
        let operation = named.copied().unwrap_or(operations[spread(rest, operations.len())]);
        let body = body.unwrap_or_default();
        match service.protocol() {
            Protocol::Ec2Query | Protocol::Query => {
                let form = [format!("Action={operation}&").as_bytes(), body].concat();
                self.send("POST", "/", service, Some(("content-type", "application/x-www-form-urlencoded")), form);
            }
            Protocol::Json { .. } => {
                let target = format!("X.{operation}");
                self.send("POST", "/", service, Some(("x-amz-target", &target)), body.to_vec());
            }
            // Its inputs are the same in JSON, which is the easier to come by.
            Protocol::RpcV2Cbor => {
                let target = format!("X.{operation}");
                self.send("POST", "/", service, Some(("x-amz-target", &target)), body.to_vec());
                let path = format!("/service/X/operation/{operation}");
                let cbor =
                    serde_json::from_slice(body).ok().and_then(|json: serde_json::Value| cbor::write(&json).ok());
                let cbor = cbor.unwrap_or_else(|| body.to_vec());
                self.send("POST", &path, service, Some(("smithy-protocol", "rpc-v2-cbor")), cbor);
            }
            Protocol::RestJson | Protocol::RestXml => {
                let (method, target) = rest.split_once(' ').unwrap_or(("GET", rest));
                self.send(method, target, service, None, body.to_vec());
            }
        }
    }

    /// Serves a request as it stands: the first line is method and target, the next ones are headers up to an empty line,
    /// the rest is the body.
    pub fn wire(&mut self, data: &[u8]) {
        let mut rest = data;
        let mut line = || {
            let mut parts = rest.splitn(2, |byte| *byte == b'\n');
            let line = parts.next().unwrap_or_default();
            rest = parts.next().unwrap_or_default();
            line
        };
        let first = String::from_utf8_lossy(line()).into_owned();
        let (method, target) = first.split_once(' ').unwrap_or(("POST", &first));
        let mut request = Request::builder().method(method).uri(target);
        loop {
            let header = line();
            let Some(colon) = header.iter().position(|byte| *byte == b':') else { break };
            request = request.header(&header[..colon], header[colon + 1..].trim_ascii());
        }
        let Ok(request) = request.body(()) else { return };
        self.answer(request, rest.to_vec());
    }

    /// Sets a trail's selectors, and makes a call that they are tried on.
    pub fn selectors(&mut self, data: &[u8]) {
        if self.requests == 0 {
            let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal":
                {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}]}"#;
            self.send("PUT", "/b", Service::S3, None, Vec::new());
            self.send("PUT", "/b?policy", Service::S3, None, policy.into());
            for (operation, body) in
                [("CreateTrail", r#"{"Name": "trail", "S3BucketName": "b"}"#), ("StartLogging", r#"{"Name": "trail"}"#)]
            {
                let target = format!("X.{operation}");
                self.send("POST", "/", Service::CloudTrail, Some(("x-amz-target", &target)), body.into());
            }
        }
        let body = [b"{\"TrailName\": \"trail\", ", data, b"}"].concat();
        self.send("POST", "/", Service::CloudTrail, Some(("x-amz-target", "X.PutEventSelectors")), body);
        self.send("POST", "/", Service::Ec2, None, b"Action=DescribeVpcs".to_vec());
    }

    fn send(&mut self, method: &str, target: &str, service: Service, header: Option<(&str, &str)>, body: Vec<u8>) {
        let credential = format!("Credential=AKID/20260101/eu-west-1/{}/aws4_request", service.signing_name());
        let mut request = Request::builder().method(method).uri(target).header("host", "localhost");
        request = request.header("authorization", format!("AWS4-HMAC-SHA256 {credential}"));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        // The HTTP library refuses other requests before the lab sees them.
        let Ok(request) = request.body(()) else { return };
        self.answer(request, body);
    }

    fn answer(&mut self, request: Request<()>, body: Vec<u8>) {
        let (parts, body) = (request.into_parts().0, Bytes::from(body));
        let cloud = Arc::clone(&self.cloud);
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let _ = (gateway::service_of(&parts), gateway::is_long_poll(&parts, &body));
        self.runtime.block_on(async { gateway::answer(&cloud, &parts, body, ip).await });
        self.requests += 1;
        if self.requests >= REQUESTS {
            *self = Self::default();
        }
    }
}

/// What is before the first of these separators, and what is after it if there is one.
fn split<'a>(data: &'a [u8], separator: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    match data.windows(separator.len()).position(|window| window == separator) {
        Some(at) => (&data[..at], Some(&data[at + separator.len()..])),
        None => (data, None),
    }
}

/// Any word names one of so many things.
fn spread(word: &str, things: usize) -> usize {
    word.bytes().fold(0, |sum, byte| sum + usize::from(byte)) % things
}

/// A body in CBOR: what is read is written again, and is the same when it is read once more.
pub fn cbor_body(data: &[u8]) {
    let Ok(value) = cbor::read(data) else { return };
    let written = cbor::write(&value).expect("JSON has a form in CBOR");
    assert_eq!(cbor::read(&written), Ok(value));
}

/// A form of the older protocol of SQS: its translation is JSON, whatever the form.
pub fn sqs_form(data: &[u8]) {
    let Ok(params) = Node::parse(data) else { return };
    for operation in ["CreateQueue", "SendMessageBatch"] {
        let json = query::to_json(operation, &params, "/000000000000/queue");
        serde_json::from_slice::<serde_json::Value>(&json).expect("the translation is JSON");
        let _ = query::answer(operation, "id", &json);
    }
}

/// A target's input transformer as JSON, a line break, an event.
pub fn transformer(text: &str) {
    let (transformer, event) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(transformer) = serde_json::from_str::<InputTransformer>(transformer) else { return };
    let Ok(event) = serde_json::from_str(event) else { return };
    let _ = transformer.check("id");
    let around =
        Surroundings { rule_arn: "arn:aws:events:a:b:rule/r", rule_name: "r", ingested: jiff::Timestamp::UNIX_EPOCH };
    let _ = transformer.render(&event, around);
    let _ = transformer.empty_paths(&event);
}
