//! Whatever is thrown at the lab, it answers and lives on.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

/// How many of them are sent: a count, and no time, so that a busy machine tests no less.
const REQUESTS: usize = 300;

#[derive(Clone, Debug)]
struct Nonsense {
    method: String,
    path: String,
    service: String,
    target: Option<String>,
    content_type: String,
    body: Vec<u8>,
}

/// Operations of all services, each called in its own protocol, with values that are wrong in every way.
fn nonsense() -> impl Strategy<Value = Nonsense> {
    use crate::gateway::service::{Protocol, Service};

    let operations: Vec<(Service, &'static str)> = Service::ALL
        .into_iter()
        .flat_map(|service| service.operations().supported.into_iter().map(move |operation| (service, operation)))
        .collect();
    let text = prop_oneof![
        "\\PC{0,40}",
        Just(String::new()),
        Just("arn:aws:sns:eu-west-1:000000000000:t".to_owned()),
        Just("arn:aws:iam::000000000000:role/r".to_owned()),
        Just("{\"Statement\": [{\"Effect\": \"Allow\"}]}".to_owned()),
        Just("{\"a\": [{\"numeric\": [\"<\", 1e400]}]}".to_owned()),
        Just("sg-0123456789abcdef0".to_owned()),
        Just("-1".to_owned()),
        Just("99999999999999999999".to_owned()),
        "[0-9a-f.:/]{1,20}",
    ];
    let name = prop_oneof![
        "(Name|GroupId|IpPermissions|TopicArn|QueueUrl|Policy|EventPattern|Entries|Attributes|FunctionName|Tags|Id)",
        "[A-Za-z]{1,12}",
    ];
    let member = (name, prop_oneof![Just(""), Just(".1"), Just(".member.1"), Just(".entry.1.key"), Just(".0.x")], text);
    let path = prop_oneof![
        Just("/".to_owned()),
        "/[a-z0-9-]{1,12}(/[\\PC&&[^ ?#]]{0,12})?",
        "/2015-03-31/functions(/[a-zA-Z0-9:%-]{0,20}(/(policy|code|invocations|configuration))?)?",
        "/(api|_lab)/[a-z0-9/]{0,20}",
    ];
    let methods = prop_oneof![Just("POST"), Just("GET"), Just("PUT"), Just("DELETE"), Just("HEAD"), Just("PATCH")];
    (
        prop::sample::select(operations),
        prop::collection::vec(member, 0..8),
        path,
        methods,
        prop::collection::vec(any::<u8>(), 0..200),
        0..10,
    )
        .prop_map(|((service, operation), members, path, method, garbage, kind)| {
            let name = service.signing_name().to_owned();
            let is_garbage = kind == 0;
            let as_json = || {
                let members = members.iter().map(|(name, dots, text)| {
                    let value = match dots.len() {
                        0 => Value::from(text.clone()),
                        2 => serde_json::json!([text]),
                        4 => serde_json::json!([{ "Id": text, "Arn": text }]),
                        _ => serde_json::json!({ "a": { "b": text } }),
                    };
                    (name.clone(), value)
                });
                Value::Object(members.collect()).to_string().into_bytes()
            };
            let as_form = || {
                let mut form = form_urlencoded::Serializer::new(format!("Action={operation}"));
                members.iter().for_each(|(name, dots, text)| {
                    form.append_pair(&format!("{name}{dots}"), text);
                });
                form.finish().into_bytes()
            };
            let (target, content_type, body) = match service.protocol() {
                Protocol::Ec2Query | Protocol::Query => (None, "application/x-www-form-urlencoded", as_form()),
                Protocol::Json { .. } => {
                    let prefix = match service {
                        Service::Sqs => "AmazonSQS",
                        Service::Events => "AWSEvents",
                        Service::Logs => "Logs_20140328",
                        Service::CloudWatch => "GraniteServiceVersion20100801",
                        Service::Kms => "TrentService",
                        _ => "CloudTrail_20131101",
                    };
                    (Some(format!("{prefix}.{operation}")), "application/x-amz-json-1.1", as_json())
                }
                Protocol::RestJson | Protocol::RestXml => (None, "application/json", as_json()),
                // JSON is no CBOR: nonsense of another kind.
                Protocol::RpcV2Cbor => (None, "application/cbor", as_json()),
            };
            let rest = matches!(service.protocol(), Protocol::RestJson | Protocol::RestXml);
            Nonsense {
                method: if rest || is_garbage { method } else { "POST" }.to_owned(),
                path: if rest || is_garbage { path } else { "/".to_owned() },
                service: name,
                target,
                content_type: content_type.to_owned(),
                body: if is_garbage { garbage } else { body },
            }
        })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_makes_a_handler_panic() {
    let lab = Lab::start().await.unwrap();
    let client = Client::new();
    let seed = [7; 32];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = nonsense();
    let mut sent = 0;
    while sent < REQUESTS {
        let Nonsense { method, path, service, target, content_type, body } =
            strategy.new_tree(&mut runner).unwrap().current();
        // A long poll would only wait.
        if target.as_deref() == Some("AmazonSQS.ReceiveMessage") {
            continue;
        }
        let Ok(url) = reqwest::Url::parse(&format!("{}{path}", lab.endpoint_url())) else { continue };
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = signed(client.request(method.clone(), url), &service).header("content-type", &content_type);
        if let Some(target) = &target {
            request = request.header("x-amz-target", target);
        }
        let (status, answer) = answer(request.body(body.clone())).await;
        let said = String::from_utf8_lossy(&body);
        assert_ne!(status, 500, "{method} {path} of {service} ({target:?}) with {said}: {answer}");
        sent += 1;
    }
    assert_eq!(page(&lab, "/_lab/health").await["status"], "running");
    lab.stop().await;
}
