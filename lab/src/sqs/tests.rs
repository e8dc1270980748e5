mod faults;
mod fifo;
mod moves;
mod query;
mod recorded;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Sqs;
use crate::cloud::Deliverer;
use crate::deliveries::Reason;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::identity::Identity;
use crate::scope::Scope;

const URL: &str = "http://lab:1/000000000000/q";
const ARN: &str = "arn:aws:sqs:ap-northeast-2:000000000000:q";
const TOPIC: &str = "arn:aws:sns:ap-northeast-2:000000000000:alarm";

fn call_as(key: &str, operation: &str, input: &Value) -> Call {
    let identity = Identity::of_unknown_key(key);
    Call {
        service: Service::Sqs,
        operation: operation.to_owned(),
        scope: Scope::new(identity.account.clone(), "ap-northeast-2"),
        identity,
        request_id: "r".to_owned(),
        time: Timestamp::now(),
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: String::new(),
        host: "lab:1".to_owned(),
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers: HeaderMap::new(),
        body: Bytes::from(input.to_string()),
        labels: Vec::new(),
        params: Node::default(),
    }
}

async fn ask(sqs: &Sqs, operation: &str, input: Value) -> Result<Value, AwsError> {
    let reply = sqs.call(&call_as("test", operation, &input)).await?;
    Ok(serde_json::from_slice(&reply.body).unwrap())
}

async fn queue(attributes: Value) -> Sqs {
    let sqs = Sqs::default();
    ask(&sqs, "CreateQueue", json!({ "QueueName": "q", "Attributes": attributes })).await.unwrap();
    sqs
}

async fn send(sqs: &Sqs, body: &str) {
    ask(sqs, "SendMessage", json!({ "QueueUrl": URL, "MessageBody": body })).await.unwrap();
}

async fn receive(sqs: &Sqs, options: Value) -> Vec<Value> {
    let mut input = json!({ "QueueUrl": URL, "MaxNumberOfMessages": 10 });
    for (name, value) in options.as_object().unwrap() {
        input[name] = value.clone();
    }
    let answer = ask(sqs, "ReceiveMessage", input).await.unwrap();
    answer["Messages"].as_array().cloned().unwrap_or_default()
}

async fn attributes(sqs: &Sqs) -> Value {
    let input = json!({ "QueueUrl": URL, "AttributeNames": ["All"] });
    ask(sqs, "GetQueueAttributes", input).await.unwrap()["Attributes"].take()
}

#[tokio::test]
async fn a_message_is_received_hidden_and_deleted() {
    let sqs = queue(json!({})).await;
    let input = json!({ "QueueUrl": URL, "MessageBody": "derp", "MessageAttributes": {
        "alarm.name": { "DataType": "String", "StringValue": "port" },
        "other": { "DataType": "Number", "StringValue": "1" },
    } });
    let sent = ask(&sqs, "SendMessage", input).await.unwrap();
    assert_eq!(sent["MD5OfMessageBody"], "58fd9edd83341c29f1aebba81c31e257");

    let options = json!({ "MessageAttributeNames": ["alarm.*"], "AttributeNames": ["All"] });
    let received = receive(&sqs, options).await;
    let [message] = received.as_slice() else { panic!("one message: {received:?}") };
    assert_eq!(message["MessageId"], sent["MessageId"]);
    assert_eq!(message["MessageAttributes"], json!({ "alarm.name": { "DataType": "String", "StringValue": "port" } }));
    assert_ne!(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"], "of those that were asked for");
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(message["Attributes"]["SenderId"], "AIDALABUSER2345ABCDEF");

    let counts = attributes(&sqs).await;
    assert_eq!(counts["ApproximateNumberOfMessages"], "0");
    assert_eq!(counts["ApproximateNumberOfMessagesNotVisible"], "1");
    assert!(receive(&sqs, json!({})).await.is_empty(), "it is hidden");
    let delete = json!({ "QueueUrl": URL, "ReceiptHandle": message["ReceiptHandle"] });
    ask(&sqs, "DeleteMessage", delete).await.unwrap();
    assert_eq!(attributes(&sqs).await["ApproximateNumberOfMessagesNotVisible"], "0");
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_wakes_when_a_message_arrives() {
    let sqs = Arc::new(queue(json!({})).await);
    let begun = Instant::now();
    let poll = tokio::spawn({
        let sqs = Arc::clone(&sqs);
        async move { receive(&sqs, json!({ "WaitTimeSeconds": 20 })).await }
    });
    tokio::task::yield_now().await;
    send(&sqs, "now").await;
    assert_eq!(poll.await.unwrap()[0]["Body"], "now");
    assert!(begun.elapsed() < Duration::from_millis(5), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_wakes_when_a_delay_or_a_visibility_timeout_ends() {
    let sqs =
        queue(json!({ "DelaySeconds": "3", "VisibilityTimeout": "5", "ReceiveMessageWaitTimeSeconds": "20" })).await;
    let begun = Instant::now();
    send(&sqs, "later").await;
    assert_eq!(attributes(&sqs).await["ApproximateNumberOfMessagesDelayed"], "1");
    assert_eq!(receive(&sqs, json!({})).await.len(), 1);
    assert_eq!(begun.elapsed().as_secs(), 3);
    assert_eq!(receive(&sqs, json!({})).await.len(), 1);
    assert_eq!(begun.elapsed().as_secs(), 8);
    assert!(receive(&sqs, json!({ "WaitTimeSeconds": 2 })).await.is_empty(), "the wait ends empty");
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_that_is_given_up_hides_nothing() {
    let sqs = queue(json!({})).await;
    let given_up = tokio::time::timeout(Duration::from_secs(1), receive(&sqs, json!({ "WaitTimeSeconds": 20 })));
    assert!(given_up.await.is_err());
    send(&sqs, "still there").await;
    assert_eq!(receive(&sqs, json!({})).await.len(), 1);
}

#[tokio::test]
async fn what_is_received_too_often_goes_to_the_dead_letter_queue() {
    let dead = "arn:aws:sqs:ap-northeast-2:000000000000:dead";
    let policy = json!({ "deadLetterTargetArn": dead, "maxReceiveCount": "2" }).to_string();
    let sqs = Sqs::default();
    let source = json!({ "QueueName": "q", "Attributes": { "RedrivePolicy": policy } });
    let error = ask(&sqs, "CreateQueue", source.clone()).await.unwrap_err();
    assert!(error.message.ends_with("Dead letter target does not exist."), "{error}");
    ask(&sqs, "CreateQueue", json!({ "QueueName": "dead" })).await.unwrap();
    ask(&sqs, "CreateQueue", source).await.unwrap();
    send(&sqs, "poison").await;
    let at_once = json!({ "VisibilityTimeout": 0 });
    for _ in 0..2 {
        assert_eq!(receive(&sqs, at_once.clone()).await.len(), 1);
    }
    assert!(receive(&sqs, at_once).await.is_empty());
    let options = json!({ "QueueUrl": "http://lab:1/000000000000/dead", "AttributeNames": ["All"] });
    let letters = ask(&sqs, "ReceiveMessage", options).await.unwrap();
    assert_eq!(letters["Messages"][0]["Body"], "poison");
    assert_eq!(letters["Messages"][0]["Attributes"]["DeadLetterQueueSourceArn"], ARN);
    let shown = attributes(&sqs).await["RedrivePolicy"].take();
    let shown: Value = serde_json::from_str(shown.as_str().unwrap()).unwrap();
    assert_eq!(shown["maxReceiveCount"], 2, "a number, whichever way it was written");
    for (policy, reason) in [
        (json!({ "deadLetterTargetArn": "dummy", "maxReceiveCount": 3 }), "Invalid value for deadLetterTargetArn."),
        (
            json!({ "deadLetterTargetArn": dead, "maxReceiveCount": 0 }),
            "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
    ] {
        let input = json!({ "QueueUrl": URL, "Attributes": { "RedrivePolicy": policy.to_string() } });
        let error = ask(&sqs, "SetQueueAttributes", input).await.unwrap_err();
        assert_eq!(error.code, "InvalidParameterValue");
        let wanted = format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}");
        assert_eq!(error.message, wanted);
    }
    let sources = json!({ "QueueUrl": "http://lab:1/000000000000/dead" });
    assert_eq!(ask(&sqs, "ListDeadLetterSourceQueues", sources).await.unwrap()["queueUrls"], json!([URL]));
}

#[tokio::test(start_paused = true)]
async fn the_retention_period_ends_a_message() {
    let sqs = queue(json!({ "MessageRetentionPeriod": "60" })).await;
    send(&sqs, "old").await;
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(receive(&sqs, json!({})).await.is_empty());
    assert_eq!(attributes(&sqs).await["ApproximateNumberOfMessages"], "0");
}

#[tokio::test]
async fn any_receipt_handle_of_a_message_in_flight_will_do() {
    let sqs = queue(json!({})).await;
    send(&sqs, "m").await;
    let first = receive(&sqs, json!({ "VisibilityTimeout": 0 })).await;
    let second = receive(&sqs, json!({})).await;
    let change = |message: &Value, seconds: i64| json!({ "QueueUrl": URL, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": seconds });
    ask(&sqs, "ChangeMessageVisibility", change(&second[0], 0)).await.unwrap();
    let visible = ask(&sqs, "ChangeMessageVisibility", change(&second[0], 10)).await.unwrap_err();
    assert!(visible.message.contains("not available for visibility timeout change"), "{visible}");
    assert_eq!(receive(&sqs, json!({})).await.len(), 1, "visible again at once");
    ask(&sqs, "ChangeMessageVisibility", change(&first[0], 0)).await.unwrap();
    assert_eq!(receive(&sqs, json!({})).await.len(), 1, "by an older handle");
    let made_up = json!({ "QueueUrl": URL, "ReceiptHandle": "made up" });
    assert_eq!(ask(&sqs, "DeleteMessage", made_up).await.unwrap_err().code, "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn creating_a_queue_again_needs_the_same_attributes() {
    let sqs = queue(json!({ "VisibilityTimeout": "40" })).await;
    let again = |attributes: Value| json!({ "QueueName": "q", "Attributes": attributes });
    assert_eq!(ask(&sqs, "CreateQueue", again(json!({}))).await.unwrap()["QueueUrl"], URL);
    ask(&sqs, "CreateQueue", again(json!({ "VisibilityTimeout": "40" }))).await.unwrap();
    let error = ask(&sqs, "CreateQueue", again(json!({ "VisibilityTimeout": "41" }))).await.unwrap_err();
    assert_eq!(error.code, "QueueNameExists");
}

#[tokio::test]
async fn wrong_input_is_refused_by_name() {
    let sqs = queue(json!({})).await;
    let cases = [
        ("CreateQueue", json!({ "QueueName": "a b" }), "InvalidParameterValue"),
        ("CreateQueue", json!({ "QueueName": "a.fifo" }), "InvalidParameterValue"),
        ("CreateQueue", json!({ "QueueName": "a", "Attributes": { "DelaySeconds": "901" } }), "InvalidAttributeValue"),
        ("CreateQueue", json!({ "QueueName": "a", "Attributes": { "Policy": "{" } }), "InvalidAttributeValue"),
        ("CreateQueue", json!({ "QueueName": "a", "Attributes": { "Colour": "red" } }), "InvalidAttributeName"),
        ("GetQueueUrl", json!({ "QueueName": "none" }), "QueueDoesNotExist"),
        ("GetQueueAttributes", json!({ "QueueUrl": "http://no-queue-at-all" }), "QueueDoesNotExist"),
        ("GetQueueAttributes", json!({ "QueueUrl": "http://lab:1/not-an-account/q" }), "InvalidAddress"),
        ("SendMessage", json!({ "QueueUrl": URL }), "MissingParameter"),
        ("SendMessage", json!({ "QueueUrl": URL, "MessageBody": "" }), "MissingParameter"),
        ("SendMessage", json!({ "QueueUrl": URL, "MessageBody": "\u{1}" }), "InvalidMessageContents"),
        ("SendMessage", json!({ "QueueUrl": URL, "MessageBody": "m", "DelaySeconds": 901 }), "InvalidParameterValue"),
        ("ReceiveMessage", json!({ "QueueUrl": URL, "WaitTimeSeconds": 21 }), "InvalidParameterValue"),
        ("ReceiveMessage", json!({ "QueueUrl": URL, "MaxNumberOfMessages": 11 }), "InvalidParameterValue"),
        ("ReceiveMessage", json!({ "QueueUrl": URL, "AttributeNames": ["Colour"] }), "InvalidAttributeName"),
        ("SendMessageBatch", json!({ "QueueUrl": URL, "Entries": [] }), "EmptyBatchRequest"),
        ("StartMessageMoveTask", json!({ "SourceArn": ARN }), "InvalidParameterValue"),
    ];
    for (operation, input, code) in cases {
        let error = ask(&sqs, operation, input.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{operation} {input}");
    }
    assert_eq!(attributes(&sqs).await["ApproximateNumberOfMessages"], "0", "nothing was sent");
}

#[tokio::test]
async fn an_error_carries_the_codes_that_both_kinds_of_clients_go_by() {
    let call = call_as("test", "GetQueueUrl", &json!({ "QueueName": "none" }));
    let reply = call.refuse(&Sqs::default().call(&call).await.unwrap_err());
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
    assert_eq!(reply.headers["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender");
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn a_batch_answers_for_each_entry() {
    let sqs = queue(json!({ "MaximumMessageSize": "1024" })).await;
    let entries = json!([{ "Id": "a", "MessageBody": "m" }, { "Id": "b", "MessageBody": "x".repeat(1025) }]);
    let outcome = ask(&sqs, "SendMessageBatch", json!({ "QueueUrl": URL, "Entries": entries })).await.unwrap();
    assert_eq!(outcome["Successful"][0]["Id"], "a");
    assert_eq!(outcome["Failed"][0]["Id"], "b");
    assert_eq!(outcome["Failed"][0]["SenderFault"], true);
    assert_eq!(receive(&sqs, json!({})).await.len(), 1);
}

fn deliver(sqs: &Sqs) -> Result<String, crate::deliveries::Refusal> {
    let deliverer = Deliverer {
        service: "sns.amazonaws.com",
        source_arn: TOPIC.to_owned(),
        source_account: "000000000000".to_owned(),
    };
    let attributes = vec![("severity".to_owned(), "String".to_owned(), "high".to_owned())];
    sqs.send_as_service(&deliverer, ARN, "alarm".to_owned(), attributes, None)
}

fn policy(effect: &str, source: &str) -> String {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "topic", "Effect": effect, "Principal": { "Service": "sns.amazonaws.com" }, "Action": "sqs:SendMessage",
        "Resource": ARN, "Condition": { "ArnEquals": { "aws:SourceArn": source } },
    }] })
    .to_string()
}

#[tokio::test]
async fn the_queue_policy_decides_what_a_service_may_send() {
    let closed = queue(json!({})).await;
    let refusal = deliver(&closed).unwrap_err();
    assert_eq!(refusal.reason, Reason::PolicyDenied);
    assert!(refusal.detail.contains("has no policy"), "{}", refusal.detail);

    let open = queue(json!({ "Policy": policy("Allow", TOPIC) })).await;
    deliver(&open).unwrap();
    assert_eq!(receive(&open, json!({ "MessageAttributeNames": ["All"] })).await[0]["Body"], "alarm");

    let other = queue(json!({ "Policy": policy("Allow", "arn:aws:sns:ap-northeast-2:000000000000:other") })).await;
    let refusal = deliver(&other).unwrap_err();
    assert!(refusal.detail.contains("statement `topic` wants aws:SourceArn"), "{}", refusal.detail);
    assert!(refusal.explanation.is_some());

    let key = json!({ "Policy": policy("Allow", TOPIC), "KmsMasterKeyId": "alias/aws/sqs" });
    assert!(deliver(&queue(key).await).unwrap_err().detail.contains("encrypted with alias/aws/sqs"));
    assert_eq!(deliver(&Sqs::default()).unwrap_err().reason, Reason::NotFound);
}

#[tokio::test]
async fn another_account_needs_a_permission() {
    let sqs = queue(json!({})).await;
    let input = json!({ "QueueUrl": URL, "MessageBody": "hello" });
    let foreign = call_as("111122223333", "SendMessage", &input);
    let error = sqs.call(&foreign).await.unwrap_err();
    assert_eq!((error.status, error.code.as_ref()), (403, "AccessDenied"));
    let grant =
        json!({ "QueueUrl": URL, "Label": "friend", "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"] });
    ask(&sqs, "AddPermission", grant).await.unwrap();
    sqs.call(&foreign).await.unwrap();
    ask(&sqs, "RemovePermission", json!({ "QueueUrl": URL, "Label": "friend" })).await.unwrap();
    sqs.call(&foreign).await.unwrap_err();
    assert!(attributes(&sqs).await.get("Policy").is_none(), "the last statement took the policy with it");
}

#[tokio::test]
async fn lists_are_paged_and_tags_kept() {
    let sqs = queue(json!({})).await;
    for name in ["alarm-1", "alarm-2", "alarm-3"] {
        ask(&sqs, "CreateQueue", json!({ "QueueName": name, "tags": { "run": "1" } })).await.unwrap();
    }
    let first = ask(&sqs, "ListQueues", json!({ "QueueNamePrefix": "alarm", "MaxResults": 2 })).await.unwrap();
    assert_eq!(first["QueueUrls"].as_array().unwrap().len(), 2);
    let next = json!({ "QueueNamePrefix": "alarm", "MaxResults": 2, "NextToken": first["NextToken"] });
    let last = ask(&sqs, "ListQueues", next).await.unwrap();
    assert_eq!(last, json!({ "QueueUrls": ["http://lab:1/000000000000/alarm-3"] }));
    ask(&sqs, "TagQueue", json!({ "QueueUrl": URL, "Tags": { "a": "1", "b": "2" } })).await.unwrap();
    ask(&sqs, "UntagQueue", json!({ "QueueUrl": URL, "TagKeys": ["a"] })).await.unwrap();
    let tags = ask(&sqs, "ListQueueTags", json!({ "QueueUrl": URL })).await.unwrap();
    assert_eq!(tags["Tags"], json!({ "b": "2" }));
    let none = ask(&sqs, "TagQueue", json!({ "QueueUrl": URL, "Tags": {} })).await.unwrap_err();
    assert_eq!(none.message, "The request must contain the parameter Tags.");
    let none = ask(&sqs, "UntagQueue", json!({ "QueueUrl": URL, "TagKeys": [] })).await.unwrap_err();
    assert_eq!(none.message, "Tag keys must be between 1 and 128 characters in length.");
}

#[tokio::test]
async fn a_long_poll_whose_client_hung_up_takes_no_message() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let lab = crate::Lab::start().await.unwrap();
    let request = |operation: &str, input: Value| {
        let body = input.to_string();
        format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: AmazonSQS.{operation}\r\ncontent-length: {}\r\nauthorization: \
             AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-2/sqs/aws4_request\r\n\r\n{body}",
            body.len()
        )
    };
    let ask = async |operation: &str, input: Value| {
        let mut stream = tokio::net::TcpStream::connect(lab.address()).await.unwrap();
        stream.write_all(request(operation, input).as_bytes()).await.unwrap();
        let mut answer = String::new();
        if operation == "ReceiveMessage" {
            // What a client that gives up sends; the lab closes its side once it has seen it.
            stream.shutdown().await.unwrap();
            stream.read_to_string(&mut answer).await.unwrap();
            return answer;
        }
        let mut buffer = Vec::new();
        while !buffer.ends_with(b"}") {
            assert_ne!(stream.read_buf(&mut buffer).await.unwrap(), 0);
        }
        String::from_utf8(buffer).unwrap()
    };
    ask("CreateQueue", json!({ "QueueName": "q" })).await;
    let given_up = ask("ReceiveMessage", json!({ "QueueUrl": URL, "WaitTimeSeconds": 20 })).await;
    assert_eq!(given_up, "", "it was not answered");
    ask("SendMessage", json!({ "QueueUrl": URL, "MessageBody": "not lost" })).await;
    let input = json!({ "QueueUrl": URL, "AttributeNames": ["ApproximateNumberOfMessages"] });
    let counts = ask("GetQueueAttributes", input).await;
    assert!(counts.ends_with(r#"{"Attributes":{"ApproximateNumberOfMessages":"1"}}"#), "{counts}");
}
