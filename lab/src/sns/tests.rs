mod authority;
mod encryption;
mod faults;
mod fifo;
mod http;
mod https;
mod logging;
mod recorded;
mod signatures;
mod subscription;
mod topic;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use axum::http::{Method, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Delivery, Hop, Outcome, Reason, Refusal};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::identity::Identity;
use crate::scope::Scope;

const TOPIC: &str = "arn:aws:sns:ap-northeast-2:000000000000:alarm";
const QUEUE: &str = "arn:aws:sqs:ap-northeast-2:000000000000:q";
const RULE: &str = "arn:aws:events:ap-northeast-2:000000000000:rule/mine";
const FUNCTION: &str = "arn:aws:lambda:ap-northeast-2:000000000000:function:f";

struct Bench {
    cloud: Arc<Cloud>,
}

fn encoded(operation: &str, params: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", operation).append_pair("Version", "2010-03-31").extend_pairs(params);
    form.finish()
}

fn call(service: Service, key: Option<&str>, region: &str, operation: &str, form: &str, body: String) -> Call {
    let identity = Identity::of_unknown_key(key.unwrap_or_default());
    let mut headers = HeaderMap::new();
    if key.is_some() {
        headers.insert(AUTHORIZATION, HeaderValue::from_static("AWS4-HMAC-SHA256"));
    }
    Call {
        service,
        operation: operation.to_owned(),
        scope: Scope::new(identity.account.clone(), region),
        identity,
        request_id: "r".to_owned(),
        time: Timestamp::now(),
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: String::new(),
        host: "lab:1".to_owned(),
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers,
        body: Bytes::from(body),
        labels: Vec::new(),
        params: Node::parse(form.as_bytes()).unwrap(),
    }
}

/// The texts of every element of a name.
fn texts(xml: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().replace("&quot;", "\"")).collect()
}

/// The value of an entry of a map.
fn entry(xml: &str, key: &str) -> Option<String> {
    let rest = xml.split(&format!("<key>{key}</key>")).nth(1)?;
    texts(rest, "value").into_iter().next()
}

impl Bench {
    async fn new() -> Self {
        Self::of(Cloud::default()).await
    }

    async fn of(cloud: Cloud) -> Self {
        let bench = Self { cloud: Arc::new(cloud) };
        bench.ask("CreateTopic", &[("Name", "alarm")]).await.unwrap();
        bench
    }

    async fn ask_as(&self, key: Option<&str>, operation: &str, params: &[(&str, &str)]) -> Result<String, AwsError> {
        let form = encoded(operation, params);
        // An unsigned link has no Region: the gateway gives it the default one.
        let region = if key.is_some() { "ap-northeast-2" } else { "us-east-1" };
        let call = call(Service::Sns, key, region, operation, &form, String::new());
        let reply = self.cloud.sns.call(&self.cloud, &call).await?;
        Ok(String::from_utf8(reply.body.to_vec()).unwrap())
    }

    async fn ask(&self, operation: &str, params: &[(&str, &str)]) -> Result<String, AwsError> {
        self.ask_as(Some("test"), operation, params).await
    }

    async fn set_policy(&self, policy: &Value) {
        let (arn, policy) = (("TopicArn", TOPIC), policy.to_string());
        let params = [arn, ("AttributeName", "Policy"), ("AttributeValue", policy.as_str())];
        self.ask("SetTopicAttributes", &params).await.unwrap();
    }

    async fn subscribe(&self, protocol: &str, endpoint: &str, attributes: &[(&str, &str)]) -> String {
        let mut params = vec![("TopicArn", TOPIC), ("Protocol", protocol), ("Endpoint", endpoint)];
        params.push(("ReturnSubscriptionArn", "true"));
        let names: Vec<_> = (1..=attributes.len())
            .map(|n| (format!("Attributes.entry.{n}.key"), format!("Attributes.entry.{n}.value")))
            .collect();
        for ((key, value), (name, text)) in names.iter().zip(attributes) {
            params.extend([(key.as_str(), *name), (value.as_str(), *text)]);
        }
        let answer = self.ask("Subscribe", &params).await.unwrap();
        texts(&answer, "SubscriptionArn").remove(0)
    }

    async fn queue(&self, policy: Option<Value>) {
        let mut input = json!({ "QueueName": "q" });
        if let Some(policy) = policy {
            input["Attributes"] = json!({ "Policy": policy.to_string() });
        }
        self.sqs("CreateQueue", input).await;
    }

    async fn open_queue(&self) {
        self.queue(Some(statement("Allow", "sns.amazonaws.com", "sqs:SendMessage", QUEUE, TOPIC))).await;
    }

    async fn sqs(&self, operation: &str, input: Value) -> Value {
        let call = call(Service::Sqs, Some("test"), "ap-northeast-2", operation, "", input.to_string());
        serde_json::from_slice(&self.cloud.sqs.call(&call).await.unwrap().body).unwrap()
    }

    async fn kms(&self, operation: &str, input: Value) -> Value {
        let call = call(Service::Kms, Some("test"), "ap-northeast-2", operation, "", input.to_string());
        serde_json::from_slice(&self.cloud.kms.call(&call).unwrap().body).unwrap()
    }

    async fn set(&self, name: &str, value: &str) -> Result<String, AwsError> {
        let params = [("TopicArn", TOPIC), ("AttributeName", name), ("AttributeValue", value)];
        self.ask("SetTopicAttributes", &params).await
    }

    /// The token that a subscriber of the topic would have been sent.
    fn token(&self) -> String {
        let scope = Scope::new("000000000000", "ap-northeast-2");
        self.cloud.sns.topics.with(&scope, |topics| topics["alarm"].subscriptions[0].token.clone())
    }

    async fn received(&self) -> Vec<Value> {
        let url = "http://lab:1/000000000000/q";
        let input = json!({ "QueueUrl": url, "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10 });
        self.sqs("ReceiveMessage", input).await["Messages"].as_array().cloned().unwrap_or_default()
    }

    fn publish_as_rule(&self) -> Result<String, Refusal> {
        let deliverer = Deliverer {
            service: "events.amazonaws.com",
            source_arn: RULE.to_owned(),
            source_account: "000000000000".to_owned(),
        };
        let carried = Carried { event_id: Some("e-1".to_owned()), ..Carried::default() };
        let message = r#"{"detail":{"eventName":"AuthorizeSecurityGroupIngress"}}"#.to_owned();
        self.cloud.sns.publish_as_service(&self.cloud, &deliverer, TOPIC, message, &carried)
    }

    async fn publish(&self, more: &[(&str, &str)]) -> Vec<Delivery> {
        self.ask("Publish", &[&[("TopicArn", TOPIC), ("Message", "port 22 is open")], more].concat()).await.unwrap();
        self.settled().await
    }

    async fn settled(&self) -> Vec<Delivery> {
        self.cloud.deliveries.settled().await;
        self.cloud.deliveries.all()
    }

    fn metric(&self, name: &str) -> f64 {
        self.cloud.metrics.total(&Scope::new("000000000000", "ap-northeast-2"), "AWS/SNS", name, "alarm")
    }
}

fn statement(effect: &str, service: &str, action: &str, resource: &str, source: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "rule", "Effect": effect, "Principal": { "Service": service }, "Action": action, "Resource": resource,
        "Condition": { "ArnEquals": { "aws:SourceArn": source } },
    }] })
}

fn rule_may_publish(source: &str) -> Value {
    statement("Allow", "events.amazonaws.com", "sns:Publish", TOPIC, source)
}

#[tokio::test]
async fn a_new_topic_is_silent_for_a_rule_and_the_refusal_says_why() {
    let bench = Bench::new().await;
    let refusal = bench.publish_as_rule().unwrap_err();
    assert_eq!(refusal.reason, Reason::PolicyDenied);
    assert!(refusal.detail.contains("no statement allows events.amazonaws.com to sns:Publish"), "{}", refusal.detail);
    assert!(refusal.detail.contains("__default_statement_ID"), "{}", refusal.detail);
    assert_eq!(bench.metric("NumberOfMessagesPublished"), 0.0);
}

#[tokio::test]
async fn the_topic_policy_decides_what_a_rule_may_publish() {
    let bench = Bench::new().await;
    bench.set_policy(&rule_may_publish("arn:aws:events:ap-northeast-2:000000000000:rule/other")).await;
    let refusal = bench.publish_as_rule().unwrap_err();
    assert!(refusal.detail.contains("wants aws:SourceArn"), "{}", refusal.detail);

    bench.set_policy(&rule_may_publish(RULE)).await;
    bench.publish_as_rule().unwrap();

    let mut denied = rule_may_publish(RULE);
    let deny = statement("Deny", "events.amazonaws.com", "sns:Publish", TOPIC, RULE)["Statement"][0].take();
    denied["Statement"].as_array_mut().unwrap().push(deny);
    denied["Statement"][1]["Sid"] = "never".into();
    bench.set_policy(&denied).await;
    let refusal = bench.publish_as_rule().unwrap_err();
    assert!(refusal.detail.contains("statement `never` denies"), "{}", refusal.detail);

    bench.set_policy(&rule_may_publish(RULE)).await;
    let key = [("TopicArn", TOPIC), ("AttributeName", "KmsMasterKeyId"), ("AttributeValue", "alias/aws/sns")];
    bench.ask("SetTopicAttributes", &key).await.unwrap();
    assert!(bench.publish_as_rule().unwrap_err().detail.contains("encrypted with alias/aws/sns"));
}

#[tokio::test]
async fn a_message_reaches_a_queue_in_its_envelope_and_the_event_is_known_on_the_way() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    let subscription = bench.subscribe("sqs", QUEUE, &[]).await;
    bench.set_policy(&rule_may_publish(RULE)).await;
    let id = bench.publish_as_rule().unwrap();
    let deliveries = bench.settled().await;
    let [delivery] = deliveries.as_slice() else { panic!("one delivery: {deliveries:?}") };
    assert_eq!((delivery.hop, delivery.outcome), (Hop::Queue, Outcome::Delivered));
    assert_eq!((delivery.from.as_str(), delivery.to.as_str()), (TOPIC, QUEUE));
    assert_eq!(delivery.carried.event_id.as_deref(), Some("e-1"));

    let body = bench.received().await[0]["Body"].as_str().unwrap().to_owned();
    let envelope: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(envelope["Type"], "Notification");
    assert_eq!(envelope["MessageId"], id);
    assert_eq!(envelope["TopicArn"], TOPIC);
    assert_eq!(envelope["Message"], r#"{"detail":{"eventName":"AuthorizeSecurityGroupIngress"}}"#);
    assert!(envelope.get("Subject").is_none() && envelope.get("MessageAttributes").is_none(), "{envelope}");
    assert!(envelope["UnsubscribeURL"].as_str().unwrap().ends_with(&subscription));
    assert_eq!(bench.metric("NumberOfNotificationsDelivered"), 1.0);
}

#[tokio::test]
async fn a_queue_without_a_policy_is_silent() {
    let bench = Bench::new().await;
    bench.queue(None).await;
    bench.subscribe("sqs", QUEUE, &[]).await;
    let deliveries = bench.publish(&[]).await;
    assert_eq!(deliveries[0].outcome, Outcome::Stopped);
    assert_eq!(deliveries[0].reason, Some(Reason::PolicyDenied));
    assert!(deliveries[0].detail.as_ref().unwrap().contains("nothing allows sns.amazonaws.com"));
    assert_eq!(bench.metric("NumberOfNotificationsFailed"), 1.0);
}

#[tokio::test]
async fn raw_delivery_hands_over_message_and_attributes() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    bench.subscribe("sqs", QUEUE, &[("RawMessageDelivery", "true")]).await;
    let attribute = [
        ("MessageAttributes.entry.1.Name", "severity"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "high"),
    ];
    bench.publish(&attribute).await;
    let message = bench.received().await.remove(0);
    assert_eq!(message["Body"], "port 22 is open");
    assert_eq!(message["MessageAttributes"]["severity"]["StringValue"], "high");
}

#[tokio::test]
async fn what_cannot_be_delivered_goes_to_the_dead_letter_queue() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    let redrive = json!({ "deadLetterTargetArn": QUEUE }).to_string();
    bench.subscribe("lambda", FUNCTION, &[("RedrivePolicy", &redrive)]).await;
    let deliveries = bench.publish(&[("Subject", "Alarm")]).await;
    assert_eq!((deliveries[0].hop, deliveries[0].reason), (Hop::Function, Some(Reason::NotFound)));
    assert_eq!((deliveries[1].hop, deliveries[1].outcome), (Hop::Queue, Outcome::Delivered));
    let message = bench.received().await.remove(0);
    assert!(message["Body"].as_str().unwrap().contains(r#""Subject": "Alarm""#), "{message}");
    assert_eq!(message["MessageAttributes"]["ErrorCode"]["StringValue"], "NotFound");
    assert_eq!(bench.metric("NumberOfNotificationsRedrivenToDlq"), 1.0);
}

#[tokio::test]
async fn a_batch_publishes_each_entry_or_none() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    bench.subscribe("sqs", QUEUE, &[("RawMessageDelivery", "true")]).await;
    let mut entries = vec![
        ("TopicArn", TOPIC),
        ("PublishBatchRequestEntries.member.1.Id", "first"),
        ("PublishBatchRequestEntries.member.1.Message", "one"),
        ("PublishBatchRequestEntries.member.2.Id", "second"),
        ("PublishBatchRequestEntries.member.2.Message", "two"),
    ];
    let answer = bench.ask("PublishBatch", &entries).await.unwrap();
    assert_eq!(texts(&answer, "Id"), ["first", "second"]);
    entries.push(("PublishBatchRequestEntries.member.2.Subject", "\n"));
    let error = bench.ask("PublishBatch", &entries).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.message.as_str()), ("InvalidParameter", "Invalid parameter: Subject"));
    bench.settled().await;
    let received = bench.received().await;
    let mut bodies: Vec<_> = received.iter().map(|message| message["Body"].as_str().unwrap()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["one", "two"], "of the batch that was refused, nothing has come");
}
