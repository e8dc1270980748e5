mod encryption;
mod fifo;
mod http;
mod https;
mod logging;
mod signatures;

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
async fn a_filter_policy_drops_and_says_which_property() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    let filter =
        [("FilterPolicyScope", "MessageBody"), ("FilterPolicy", r#"{"detail":{"eventName":["RunInstances"]}}"#)];
    let subscription = bench.subscribe("sqs", QUEUE, &filter).await;
    bench.set_policy(&rule_may_publish(RULE)).await;
    bench.publish_as_rule().unwrap();
    let deliveries = bench.settled().await;
    assert_eq!(deliveries[0].reason, Some(Reason::FilterPolicy));
    assert!(deliveries[0].detail.as_ref().unwrap().contains("eventName"), "{deliveries:?}");
    assert!(deliveries[0].explanation.is_some());
    assert_eq!(bench.metric("NumberOfNotificationsFilteredOut"), 1.0);
    assert_eq!(bench.metric("NumberOfNotificationsFilteredOut-MessageBody"), 1.0);

    let off = [("SubscriptionArn", subscription.as_str()), ("AttributeName", "FilterPolicy"), ("AttributeValue", "")];
    bench.ask("SetSubscriptionAttributes", &off).await.unwrap();
    bench.publish_as_rule().unwrap();
    assert_eq!(bench.settled().await[1].outcome, Outcome::Delivered);
}

#[tokio::test]
async fn a_mail_subscription_gets_nothing_until_its_link_is_opened() {
    let bench = Bench::new().await;
    bench.set_policy(&rule_may_publish(RULE)).await;
    let params = [("TopicArn", TOPIC), ("Protocol", "email"), ("Endpoint", "team@example.com")];
    let answer = bench.ask("Subscribe", &params).await.unwrap();
    assert_eq!(texts(&answer, "SubscriptionArn"), ["pending confirmation"]);
    let topic = bench.ask("GetTopicAttributes", &params[..1]).await.unwrap();
    assert_eq!(entry(&topic, "SubscriptionsPending").as_deref(), Some("1"));
    let listed = bench.ask("ListSubscriptionsByTopic", &params[..1]).await.unwrap();
    assert_eq!(texts(&listed, "SubscriptionArn"), ["PendingConfirmation"]);

    bench.publish_as_rule().unwrap();
    let deliveries = bench.settled().await;
    assert_eq!((deliveries[0].hop, deliveries[0].reason), (Hop::Mail, Some(Reason::Unconfirmed)));
    let mails = bench.cloud.mail.messages(Some("team@example.com"));
    let [confirmation] = mails.as_slice() else { panic!("one mail: {mails:?}") };
    assert_eq!(confirmation.subject, "AWS Notification - Subscription Confirmation");
    let url = confirmation.confirmation_url.clone().unwrap();
    assert!(confirmation.body.contains(&url));

    let token = url.split("Token=").nth(1).unwrap();
    let wrong = bench.ask_as(None, "ConfirmSubscription", &[("TopicArn", TOPIC), ("Token", "2336")]).await.unwrap_err();
    assert_eq!(wrong.message, "Invalid parameter: Token");
    let link = [("TopicArn", TOPIC), ("Token", token)];
    let arn = texts(&bench.ask_as(None, "ConfirmSubscription", &link).await.unwrap(), "SubscriptionArn").remove(0);

    bench.publish_as_rule().unwrap();
    assert_eq!(bench.settled().await[1].outcome, Outcome::Delivered);
    let alert = bench.cloud.mail.messages(Some("team@example.com")).remove(1);
    assert_eq!(alert.subject, "AWS Notification Message");
    assert_eq!(alert.event_id.as_deref(), Some("e-1"));
    assert!(alert.body.starts_with(r#"{"detail""#) && alert.body.contains("Action=Unsubscribe"), "{}", alert.body);

    bench.ask_as(None, "Unsubscribe", &[("SubscriptionArn", &arn)]).await.unwrap();
    let topic = bench.ask("GetTopicAttributes", &params[..1]).await.unwrap();
    let counts =
        ["Confirmed", "Pending", "Deleted"].map(|kind| entry(&topic, &format!("Subscriptions{kind}")).unwrap());
    assert_eq!(counts, ["0", "0", "1"]);
}

#[tokio::test]
async fn a_subscription_is_the_same_for_the_same_endpoint() {
    let bench = Bench::new().await;
    let first = bench.subscribe("sqs", QUEUE, &[]).await;
    assert_eq!(bench.subscribe("sqs", QUEUE, &[]).await, first);
    let other = [
        ("TopicArn", TOPIC),
        ("Protocol", "sqs"),
        ("Endpoint", QUEUE),
        ("Attributes.entry.1.key", "RawMessageDelivery"),
        ("Attributes.entry.1.value", "true"),
    ];
    let error = bench.ask("Subscribe", &other).await.unwrap_err();
    let message = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes";
    assert_eq!(error.message, message);
    let shown = bench.ask("GetSubscriptionAttributes", &[("SubscriptionArn", &first)]).await.unwrap();
    assert_eq!(entry(&shown, "PendingConfirmation").as_deref(), Some("false"));
    assert_eq!(entry(&shown, "RawMessageDelivery").as_deref(), Some("false"));
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
async fn another_account_needs_an_allow_and_the_owner_only_fears_a_deny() {
    let bench = Bench::new().await;
    let publish = [("TopicArn", TOPIC), ("Message", "m")];
    let error = bench.ask_as(Some("111122223333"), "Publish", &publish).await.unwrap_err();
    assert_eq!((error.status, error.code.as_ref()), (403, "AuthorizationError"));
    let grant = [
        ("TopicArn", TOPIC),
        ("Label", "friend"),
        ("AWSAccountId.member.1", "111122223333"),
        ("ActionName.member.1", "Publish"),
    ];
    bench.ask("AddPermission", &grant).await.unwrap();
    bench.ask_as(Some("111122223333"), "Publish", &publish).await.unwrap();
    assert_eq!(
        bench.ask("AddPermission", &grant).await.unwrap_err().message,
        "Invalid parameter: Statement already exists"
    );
    bench.ask("RemovePermission", &grant[..2]).await.unwrap();
    bench.ask_as(Some("111122223333"), "Publish", &publish).await.unwrap_err();

    let deny = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC,
    }] });
    bench.set_policy(&deny).await;
    let error = bench.ask("Publish", &publish).await.unwrap_err();
    assert!(error.message.contains("with an explicit deny in a resource-based policy"), "{error}");
}

#[tokio::test]
async fn wrong_input_is_refused_in_the_words_of_aws() {
    let bench = Bench::new().await;
    type Params = &'static [(&'static str, &'static str)];
    let cases: &[(&str, Params, &str)] = &[
        ("CreateTopic", &[("Name", "a b")], "InvalidParameter: Invalid parameter: Topic Name"),
        ("CreateTopic", &[("Name", "a.fifo")], "InvalidParameter: Invalid parameter: Topic Name"),
        (
            "ListPhoneNumbersOptedOut",
            &[],
            "NotImplemented: the lab does not support the operation sns:ListPhoneNumbers",
        ),
        (
            "PutDataProtectionPolicy",
            &[],
            "NotImplemented: the lab does not support the operation sns:PutDataProtection",
        ),
        ("GetTopicAttributes", &[("TopicArn", "alarm")], "at least 6 elements, not 1"),
        (
            "GetTopicAttributes",
            &[("TopicArn", "arn:aws:sns:ap-northeast-2:000000000000:no")],
            "NotFound: Topic does not",
        ),
        ("GetTopicAttributes", &[("TopicArn", "arn:aws:sns:us-east-1:000000000000:alarm")], "parameter: TopicArn"),
        ("SetTopicAttributes", &[("TopicArn", TOPIC), ("AttributeName", "Colour")], "Invalid parameter: AttributeName"),
        (
            "SetTopicAttributes",
            &[("TopicArn", TOPIC), ("AttributeName", "Policy"), ("AttributeValue", "{")],
            "Invalid parameter: Policy",
        ),
        ("Publish", &[("Message", "m")], "TopicArn or TargetArn Reason: no value for required parameter"),
        (
            "Publish",
            &[("PhoneNumber", "+821012345678"), ("Message", "m")],
            "does not support the parameter PhoneNumber",
        ),
        ("Publish", &[("TopicArn", TOPIC), ("Message", "")], "Invalid parameter: Empty message"),
        (
            "Subscribe",
            &[("TopicArn", TOPIC), ("Protocol", "email"), ("Endpoint", "x")],
            "Invalid parameter: Email address",
        ),
        ("GetSubscriptionAttributes", &[("SubscriptionArn", "PendingConfirmation")], "at least 6 elements, not 1"),
        ("PublishBatch", &[("TopicArn", TOPIC)], "EmptyBatchRequest"),
        (
            "TagResource",
            &[("ResourceArn", "arn:aws:sns:ap-northeast-2:000000000000:no"), ("Tags", "")],
            "ResourceNotFound",
        ),
    ];
    for (operation, params, wanted) in cases {
        let error = bench.ask(operation, params).await.unwrap_err().to_string();
        assert!(error.contains(wanted), "{operation} {params:?}: {error}");
    }
}

#[tokio::test]
async fn topics_are_created_once_listed_tagged_and_deleted() {
    let bench = Bench::new().await;
    let again = bench.ask("CreateTopic", &[("Name", "alarm")]).await.unwrap();
    assert_eq!(texts(&again, "TopicArn"), [TOPIC]);
    let named = [("Name", "alarm"), ("Attributes.entry.1.key", "DisplayName"), ("Attributes.entry.1.value", "Alarm")];
    assert!(bench.ask("CreateTopic", &named).await.unwrap_err().message.contains("with different attributes"));
    let policy = entry(&bench.ask("GetTopicAttributes", &[("TopicArn", TOPIC)]).await.unwrap(), "Policy").unwrap();
    assert!(policy.contains("__default_policy_ID") && policy.contains("AWS:SourceOwner"), "{policy}");
    let tag = [("ResourceArn", TOPIC), ("Tags.member.1.Key", "run"), ("Tags.member.1.Value", "1")];
    bench.ask("TagResource", &tag).await.unwrap();
    assert_eq!(texts(&bench.ask("ListTagsForResource", &tag[..1]).await.unwrap(), "Key"), ["run"]);
    bench.ask("DeleteTopic", &[("TopicArn", TOPIC)]).await.unwrap();
    bench.ask("DeleteTopic", &[("TopicArn", TOPIC)]).await.unwrap();
    assert!(texts(&bench.ask("ListTopics", &[]).await.unwrap(), "TopicArn").is_empty());
}

#[tokio::test]
async fn a_batch_publishes_each_entry_for_itself() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    bench.subscribe("sqs", QUEUE, &[("RawMessageDelivery", "true")]).await;
    let entries = [
        ("TopicArn", TOPIC),
        ("PublishBatchRequestEntries.member.1.Id", "good"),
        ("PublishBatchRequestEntries.member.1.Message", "one"),
        ("PublishBatchRequestEntries.member.2.Id", "bad"),
        ("PublishBatchRequestEntries.member.2.Message", "two"),
        ("PublishBatchRequestEntries.member.2.Subject", "\n"),
    ];
    let answer = bench.ask("PublishBatch", &entries).await.unwrap();
    assert_eq!(texts(&answer, "Id"), ["good", "bad"]);
    bench.settled().await;
    let received = bench.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["Body"], "one");
}

#[tokio::test]
async fn the_link_in_the_mail_confirms_for_whoever_opens_it() {
    let lab = crate::Lab::start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |operation: &str, params: &[(&str, &str)]| {
        let signature = "AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-2/sns/aws4_request";
        let request = client.post(lab.endpoint_url()).header("authorization", signature);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(encoded(operation, params)).send().await.unwrap().text().await.unwrap()
    };
    ask("CreateTopic", &[("Name", "alarm")]).await;
    let subscription = [("TopicArn", TOPIC), ("Protocol", "email"), ("Endpoint", "team@example.com")];
    ask("Subscribe", &subscription).await;
    let mailbox = async || -> Value {
        let url = format!("{}/_lab/mail?to=team@example.com", lab.endpoint_url());
        client.get(url).send().await.unwrap().json().await.unwrap()
    };
    let mails = mailbox().await;
    let link = mails["messages"][0]["confirmation_url"].as_str().unwrap();
    let page = client.get(link).send().await.unwrap().text().await.unwrap();
    assert!(page.starts_with("<ConfirmSubscriptionResponse") && page.contains(TOPIC), "{page}");
    ask("Publish", &[("TopicArn", TOPIC), ("Message", "port 22 is open")]).await;
    lab.settled().await;
    let mails = mailbox().await;
    assert!(mails["messages"][1]["body"].as_str().unwrap().starts_with("port 22 is open\n"), "{mails}");
}
