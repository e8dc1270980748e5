//! Where events go at their end, and how that falls silent.

use super::*;
use crate::deliveries::{Delivery, Hop, Outcome, Reason};

const EVENT: [(&str, &str); 1] = [("x-amz-invocation-type", "Event")];

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:ap-northeast-2:{ACCOUNT}:{resource}")
}

impl Client {
    async fn sqs(&self, operation: &str, input: Value) -> Value {
        let target = format!("AmazonSQS.{operation}");
        let headers = [("x-amz-target", target.as_str())];
        let reply = self.send("sqs", Method::POST, "/", &headers, input.to_string()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    async fn queue(&self, name: &str) -> String {
        self.sqs("CreateQueue", json!({ "QueueName": name })).await;
        arn("sqs", name)
    }

    /// The messages of a queue: body as JSON, and message attributes.
    async fn messages(&self, queue: &str) -> Vec<(Value, Value)> {
        let url = format!("http://127.0.0.1:4566/{ACCOUNT}/{queue}");
        let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"] });
        let received = self.sqs("ReceiveMessage", input).await;
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        let body = |message: &Value| serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
        messages.iter().map(|message| (body(message), message["MessageAttributes"].clone())).collect()
    }

    async fn sns(&self, parameters: &[(&str, &str)]) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let reply = self.send("sns", Method::POST, "/", &headers, form).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    async fn events(&self, operation: &str, input: Value) {
        let target = format!("AWSEvents.{operation}");
        let headers = [("x-amz-target", target.as_str())];
        let reply = self.send("events", Method::POST, "/", &headers, input.to_string()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    async fn destinations(&self, name: &str, on_success: &str, on_failure: &str) -> Result<Value, String> {
        let input = json!({
            "MaximumRetryAttempts": 1,
            "DestinationConfig": {
                "OnSuccess": { "Destination": on_success },
                "OnFailure": { "Destination": on_failure },
            },
        });
        self.call(Method::PUT, &format!("/2019-09-25/functions/{name}/event-invoke-config"), input).await
    }

    async fn settled(&self) -> Vec<Delivery> {
        self.cloud.deliveries.settled().await;
        self.cloud.deliveries.all()
    }
}

#[tokio::test]
async fn a_record_of_a_success_and_of_a_failure_reaches_its_queue() {
    let client = Client::new().await;
    client.create("alarm").await;
    let (good, bad) = (client.queue("good").await, client.queue("bad").await);
    let set = client.destinations("alarm", &good, &bad).await.unwrap();
    assert_eq!(set["DestinationConfig"]["OnSuccess"], json!({ "Destination": good }));
    client.invoke("alarm", &EVENT, json!({ "do": "answer", "answer": { "ok": 1 } })).await;
    let reply = client.invoke("alarm", &EVENT, json!({ "do": "fail" })).await;
    let deliveries = client.settled().await;
    let [(success, _)] = &client.messages("good").await[..] else { panic!() };
    assert_eq!(success["version"], "1.0");
    assert_eq!(success["requestContext"]["condition"], "Success");
    assert_eq!(success["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(success["requestPayload"], json!({ "do": "answer", "answer": { "ok": 1 } }));
    assert_eq!(success["responseContext"], json!({ "statusCode": 200, "executedVersion": "$LATEST" }));
    assert_eq!(success["responsePayload"], json!({ "ok": 1 }));
    let [(failure, _)] = &client.messages("bad").await[..] else { panic!() };
    assert_eq!(
        failure["requestContext"],
        json!({
            "requestId": header(&reply, "x-amzn-requestid"),
            "functionArn": client.arn("alarm") + ":$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 2,
        })
    );
    assert_eq!(failure["responseContext"]["functionError"], "Unhandled");
    assert_eq!(failure["responsePayload"]["errorMessage"], "bad");
    let to_queues: Vec<_> = deliveries.iter().filter(|delivery| delivery.hop == Hop::Queue).collect();
    assert_eq!(to_queues.len(), 2);
    assert!(to_queues.iter().all(|d| d.outcome == Outcome::Delivered && d.from.ends_with(":alarm:$LATEST")));
}

#[tokio::test]
async fn topics_functions_and_buses_are_destinations_too() {
    let client = Client::new().await;
    let seen = client.queue("seen").await;
    for name in ["to-topic", "to-bus", "to-function", "next"] {
        client.create(name).await;
    }
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": ["sns.amazonaws.com", "events.amazonaws.com"] },
            "Action": "sqs:SendMessage",
            "Resource": seen,
        }],
    });
    let url = format!("http://127.0.0.1:4566/{ACCOUNT}/seen");
    client.sqs("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } })).await;
    client.sns(&[("Action", "CreateTopic"), ("Name", "news")]).await;
    let topic = arn("sns", "news");
    client
        .sns(&[
            ("Action", "Subscribe"),
            ("TopicArn", &topic),
            ("Protocol", "sqs"),
            ("Endpoint", &seen),
            ("Attributes.entry.1.key", "RawMessageDelivery"),
            ("Attributes.entry.1.value", "true"),
        ])
        .await;
    let pattern = json!({ "source": ["lambda"], "detail-type": ["Lambda Function Invocation Result - Success"] });
    client.events("PutRule", json!({ "Name": "results", "EventPattern": pattern.to_string() })).await;
    client.events("PutTargets", json!({ "Rule": "results", "Targets": [{ "Id": "q", "Arn": seen }] })).await;
    client.destinations("to-topic", &topic, "").await.unwrap();
    client.destinations("to-bus", &arn("events", "event-bus/default"), "").await.unwrap();
    client.destinations("to-function", &client.arn("next"), "").await.unwrap();
    for name in ["to-topic", "to-bus", "to-function"] {
        client.invoke(name, &EVENT, json!({ "do": "answer", "answer": name })).await;
    }
    let deliveries = client.settled().await;
    let mut answers: Vec<Value> = client
        .messages("seen")
        .await
        .into_iter()
        .map(|(message, _)| message.get("detail").cloned().unwrap_or(message)["responsePayload"].clone())
        .collect();
    answers.sort_by_key(ToString::to_string);
    assert_eq!(answers, ["to-bus", "to-topic"]);
    let next = deliveries.iter().find(|delivery| delivery.to == client.arn("next")).unwrap();
    assert_eq!(next.detail, None);
    assert_eq!((next.outcome, next.from.clone()), (Outcome::Delivered, client.arn("to-function") + ":$LATEST"));
}

#[tokio::test]
async fn a_dead_letter_is_the_event_with_the_reason_in_attributes() {
    let client = Client::new().await;
    let queue = client.queue("dead").await;
    let changes = json!({ "DeadLetterConfig": { "TargetArn": queue } });
    let created = client.create_with("alarm", changes).await.unwrap();
    assert_eq!(created["DeadLetterConfig"], json!({ "TargetArn": queue }));
    let reply = client.invoke("alarm", &EVENT, json!({ "do": "fail" })).await;
    client.settled().await;
    let [(body, attributes)] = &client.messages("dead").await[..] else { panic!() };
    assert_eq!(body, &json!({ "do": "fail" }));
    let value = |name: &str| attributes[name]["StringValue"].as_str().unwrap_or_default();
    assert_eq!(value("RequestID"), header(&reply, "x-amzn-requestid"));
    assert_eq!((value("ErrorCode"), value("ErrorMessage")), ("200", "bad"));
    client.reserve("alarm", 0).await.unwrap();
    client.invoke("alarm", &EVENT, json!({})).await;
    client.settled().await;
    assert_eq!(client.messages("dead").await.len(), 1, "an event that is never tried is dead at once");
    let cleared = client.put("/alarm/configuration", json!({ "DeadLetterConfig": { "TargetArn": "" } })).await.unwrap();
    assert!(cleared.get("DeadLetterConfig").is_none(), "{cleared}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_lost_and_the_log_says_why() {
    let client = Client::new().await;
    let closed = client.queue("closed").await;
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": closed }],
    });
    client.create_with("alarm", json!({ "DeadLetterConfig": { "TargetArn": arn("sqs", "missing") } })).await.unwrap();
    client.destinations("alarm", "", &closed).await.unwrap();
    let url = format!("http://127.0.0.1:4566/{ACCOUNT}/closed");
    client.sqs("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } })).await;
    client.invoke("alarm", &EVENT, json!({ "do": "fail" })).await;
    let deliveries = client.settled().await;
    let reason = |to: &str| deliveries.iter().find(|delivery| delivery.to == to).and_then(|delivery| delivery.reason);
    assert_eq!(reason(&arn("sqs", "missing")), Some(Reason::NotFound));
    assert_eq!(reason(&closed), Some(Reason::PolicyDenied));
    assert_eq!(client.metric("DeadLetterErrors", "alarm"), 1.0);
    assert_eq!(client.metric("DestinationDeliveryFailures", "alarm"), 1.0);
    assert_eq!(client.metric("AsyncEventsDropped", "alarm"), 1.0);
}

#[tokio::test]
async fn two_functions_that_are_each_other_s_destination_come_to_an_end() {
    let client = Client::new().await;
    for name in ["ping", "pong"] {
        client.create_with(name, json!({ "Environment": environment(&[("ANSWER", "1")]) })).await.unwrap();
    }
    client.destinations("ping", &client.arn("pong"), "").await.unwrap();
    client.destinations("pong", &client.arn("ping"), "").await.unwrap();
    client.invoke("ping", &EVENT, json!({})).await;
    let deliveries = client.settled().await;
    assert_eq!((client.metric("Invocations", "ping"), client.metric("Invocations", "pong")), (16.0, 16.0));
    assert_eq!(client.metric("RecursiveInvocationsDropped", "ping"), 1.0);
    let stopped =
        deliveries.iter().find(|delivery| delivery.outcome == Outcome::Stopped && delivery.hop == Hop::Function);
    assert!(stopped.unwrap().detail.as_ref().unwrap().ends_with("Lambda stops the loop"));
}

#[tokio::test]
async fn what_is_no_destination_is_refused() {
    let client = Client::new().await;
    client.create("alarm").await;
    let invalid = "400 InvalidParameterValueException: ";
    for (destination, expected) in [
        (client.arn("alarm"), format!("{invalid}You can't specify the function as a destination for itself.")),
        (client.arn("missing"), format!("{invalid}The destination ARN {} is invalid.", client.arn("missing"))),
        (
            arn("kinesis", "stream/s"),
            format!(
                "{invalid}The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination={})) \
                 is invalid.",
                arn("kinesis", "stream/s")
            ),
        ),
        (
            "arn:aws:s3:::bucket".to_owned(),
            "501 NotImplemented: the lab does not support destinations of asynchronous invocations in S3 (arn:aws:s3:::bucket)"
                .to_owned(),
        ),
    ] {
        assert_eq!(client.destinations("alarm", "", &destination).await.unwrap_err(), expected);
    }
    for target in [
        "queue",
        "arn:aws:kinesis:ap-northeast-2:111122223333:stream/s",
        "arn:aws:sqs:ap-northeast-2:111122223333:q.fifo",
    ] {
        let refused = client.put("/alarm/configuration", json!({ "DeadLetterConfig": { "TargetArn": target } })).await;
        assert!(refused.unwrap_err().starts_with(invalid), "{target}");
    }
}

#[tokio::test]
async fn a_role_that_may_not_send_is_refused_when_the_target_is_set_and_again_when_it_is_to_send() {
    let client = Client::new().await;
    let queue = client.queue("dead").await;
    let (topic, bus) = (arn("sns", "news"), arn("events", "event-bus/default"));
    client.allow("notifier", &["logs:PutLogEvents"]).await;
    let refused = "400 InvalidParameterValueException: The provided execution role does not have permissions to call ";
    for (target, what) in [(&queue, "SendMessage on SQS"), (&topic, "Publish on SNS")] {
        let dead_letters = json!({ "DeadLetterConfig": { "TargetArn": target } });
        assert_eq!(client.create_with("alarm", dead_letters).await.unwrap_err(), format!("{refused}{what}"));
    }
    client.create("alarm").await;
    client.create("next").await;
    let refused =
        "400 InvalidParameterValueException: The function's execution role does not have permissions to call ";
    let next = client.arn("next");
    for (target, action) in
        [(&queue, "SendMessage"), (&topic, "Publish"), (&bus, "PutEvents"), (&next, "InvokeFunction")]
    {
        let error = client.destinations("alarm", target, "").await.unwrap_err();
        assert_eq!(error, format!("{refused}{action} on {target}"));
    }

    client.allow("notifier", &["sqs:SendMessage"]).await;
    client.put("/alarm/configuration", json!({ "DeadLetterConfig": { "TargetArn": queue } })).await.unwrap();
    client.role("other", "lambda.amazonaws.com").await;
    let role = json!({ "Role": format!("arn:aws:iam::{ACCOUNT}:role/other") });
    let error = client.put("/alarm/configuration", role).await.unwrap_err();
    assert!(error.ends_with("does not have permissions to call SendMessage on SQS"), "{error}");
    client.allow("notifier", &["logs:PutLogEvents"]).await;
    client.invoke("alarm", &EVENT, json!({ "do": "fail" })).await;
    let deliveries = client.settled().await;
    let lost = deliveries.iter().find(|delivery| delivery.to == queue).unwrap();
    assert_eq!((lost.outcome, lost.reason), (Outcome::Stopped, Some(Reason::PolicyDenied)));
    assert!(lost.detail.as_ref().unwrap().contains("assumed-role/notifier/alarm"), "{lost:?}");
}

#[tokio::test]
async fn a_fault_that_was_ordered_strikes_dead_letters_and_records_too() {
    let client = Client::new().await;
    let (dead, records) = (client.queue("dead").await, client.queue("records").await);
    client.create_with("alarm", json!({ "DeadLetterConfig": { "TargetArn": dead } })).await.unwrap();
    client.destinations("alarm", "", &records).await.unwrap();
    let faults = json!({ "deliveries": [
        { "fault": "drop", "hop": "queue", "to": dead },
        { "fault": "duplicate", "hop": "queue", "to": records },
    ] });
    client.cloud.faults.set(&crate::faults::Faults::from_json(&faults.to_string()).unwrap()).unwrap();
    client.invoke("alarm", &EVENT, json!({ "do": "fail" })).await;
    let deliveries = client.settled().await;
    assert_eq!((client.messages("dead").await.len(), client.messages("records").await.len()), (0, 2));
    let lost = deliveries.iter().find(|delivery| delivery.to == dead).unwrap();
    assert_eq!((lost.reason, client.metric("DeadLetterErrors", "alarm")), (Some(Reason::Fault), 0.0));
}
