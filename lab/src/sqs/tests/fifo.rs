use super::*;

const FIFO: &str = "http://lab:1/000000000000/q.fifo";

async fn fifo(more: Value) -> Sqs {
    let sqs = Sqs::default();
    let mut attributes = json!({ "FifoQueue": "true" });
    for (name, value) in more.as_object().unwrap() {
        attributes[name] = value.clone();
    }
    ask(&sqs, "CreateQueue", json!({ "QueueName": "q.fifo", "Attributes": attributes })).await.unwrap();
    sqs
}

async fn put(sqs: &Sqs, body: &str, group: &str) -> Value {
    let input = json!({ "QueueUrl": FIFO, "MessageBody": body, "MessageGroupId": group });
    ask(sqs, "SendMessage", input).await.unwrap()
}

async fn take(sqs: &Sqs, most: u32) -> Vec<Value> {
    let input = json!({ "QueueUrl": FIFO, "MaxNumberOfMessages": most, "AttributeNames": ["All"] });
    ask(sqs, "ReceiveMessage", input).await.unwrap()["Messages"].as_array().cloned().unwrap_or_default()
}

fn bodies(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["Body"].as_str().unwrap()).collect()
}

async fn delete(sqs: &Sqs, message: &Value) -> Result<Value, AwsError> {
    ask(sqs, "DeleteMessage", json!({ "QueueUrl": FIFO, "ReceiptHandle": message["ReceiptHandle"] })).await
}

#[tokio::test(start_paused = true)]
async fn a_message_in_flight_holds_up_its_group_and_no_other() {
    let sqs = fifo(json!({ "ContentBasedDeduplication": "true" })).await;
    for (body, group) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
        put(&sqs, body, group).await;
    }
    let first = take(&sqs, 1).await;
    assert_eq!(bodies(&first), ["a1"]);
    assert_eq!(bodies(&take(&sqs, 10).await), ["b1"], "the group a is held up");
    assert!(take(&sqs, 10).await.is_empty());
    delete(&sqs, &first[0]).await.unwrap();
    let rest = take(&sqs, 10).await;
    assert_eq!(bodies(&rest), ["a2", "a3"]);

    tokio::time::advance(Duration::from_secs(31)).await;
    let expired = delete(&sqs, &rest[0]).await.unwrap_err();
    assert!(expired.message.ends_with("The receipt handle has expired."), "{expired}");
    assert_eq!(bodies(&take(&sqs, 10).await), ["a2", "b1", "a3"], "what nobody deleted, in its order");
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_within_five_minutes_is_taken_and_dropped() {
    let sqs = fifo(json!({ "ContentBasedDeduplication": "true" })).await;
    let (first, again) = (put(&sqs, "m", "g").await, put(&sqs, "m", "other").await);
    assert_eq!((&again["MessageId"], &again["SequenceNumber"]), (&first["MessageId"], &first["SequenceNumber"]));
    let received = take(&sqs, 10).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["Attributes"]["SequenceNumber"], first["SequenceNumber"]);
    delete(&sqs, &received[0]).await.unwrap();
    put(&sqs, "m", "g").await;
    assert!(take(&sqs, 10).await.is_empty(), "also when the first is gone");
    tokio::time::advance(Duration::from_secs(300)).await;
    let later = put(&sqs, "m", "g").await;
    assert!(later["SequenceNumber"].as_str() > first["SequenceNumber"].as_str());
    assert_eq!(take(&sqs, 10).await.len(), 1);
}

#[tokio::test]
async fn ids_may_count_in_their_group_only() {
    let high = json!({
        "ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
    });
    let sqs = fifo(high).await;
    put(&sqs, "m", "a").await;
    put(&sqs, "m", "b").await;
    put(&sqs, "m", "b").await;
    assert_eq!(take(&sqs, 10).await.len(), 2);
    let back = json!({ "QueueUrl": FIFO, "Attributes": { "DeduplicationScope": "queue" } });
    assert_eq!(ask(&sqs, "SetQueueAttributes", back).await.unwrap_err().code, "InvalidAttributeValue");
}

#[tokio::test]
async fn what_a_fifo_queue_needs_and_a_standard_queue_refuses() {
    let sqs = fifo(json!({})).await;
    ask(&sqs, "CreateQueue", json!({ "QueueName": "q" })).await.unwrap();
    let attribute = |name: &str, queue: &str, value: &str| json!({ "QueueName": queue, "Attributes": { name: value } });
    let policy = json!({ "deadLetterTargetArn": ARN, "maxReceiveCount": 1 }).to_string();
    let other_kind = json!({ "QueueName": "r.fifo", "Attributes": { "FifoQueue": "true", "RedrivePolicy": policy } });
    for (operation, input, wanted) in [
        ("SendMessage", json!({ "QueueUrl": FIFO, "MessageBody": "m" }), "must contain the parameter MessageGroupId"),
        (
            "SendMessage",
            json!({ "QueueUrl": FIFO, "MessageBody": "m", "MessageGroupId": "g" }),
            "ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": FIFO, "MessageBody": "m", "MessageGroupId": "g", "DelaySeconds": 1 }),
            "parameter DelaySeconds is invalid",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": FIFO, "MessageBody": "m", "MessageGroupId": "g g" }),
            "alphanumeric and punctuation",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": URL, "MessageBody": "m", "MessageDeduplicationId": "d" }),
            "not valid for this queue type",
        ),
        ("CreateQueue", attribute("FifoQueue", "plain", "true"), "must end with .fifo suffix"),
        ("CreateQueue", attribute("FifoQueue", "plain", "false"), "Unknown Attribute FifoQueue."),
        ("CreateQueue", attribute("ContentBasedDeduplication", "plain", "true"), "Unknown Attribute"),
        ("CreateQueue", other_kind, "must be same type of queue as the source"),
        (
            "SetQueueAttributes",
            json!({ "QueueUrl": FIFO, "Attributes": { "FifoQueue": "false" } }),
            "Modifying queue type is not supported",
        ),
        (
            "ReceiveMessage",
            json!({ "QueueUrl": FIFO, "ReceiveRequestAttemptId": "r" }),
            "the parameter ReceiveRequestAttemptId",
        ),
    ] {
        let error = ask(&sqs, operation, input.clone()).await.unwrap_err();
        assert!(error.message.contains(wanted), "{operation} {input}: {error}");
    }
    let entries = json!([
        { "Id": "1", "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "1" },
        { "Id": "2", "MessageBody": "y", "MessageGroupId": "g", "MessageDeduplicationId": "a b" },
    ]);
    let outcome = ask(&sqs, "SendMessageBatch", json!({ "QueueUrl": FIFO, "Entries": entries })).await.unwrap();
    assert!(outcome["Successful"][0]["SequenceNumber"].is_string());
    assert_eq!(outcome["Failed"][0]["Id"], "2");
}

#[tokio::test]
async fn one_entry_without_the_ids_makes_a_fifo_queue_refuse_the_batch() {
    let sqs = fifo(json!({})).await;
    let whole = json!({ "Id": "a", "MessageBody": "m", "MessageGroupId": "g", "MessageDeduplicationId": "1" });
    for without in ["MessageGroupId", "MessageDeduplicationId"] {
        let mut other = json!({ "Id": "b", "MessageBody": "m", "MessageGroupId": "g", "MessageDeduplicationId": "2" });
        other.as_object_mut().unwrap().remove(without);
        let batch = json!({ "QueueUrl": FIFO, "Entries": [whole, other] });
        let error = ask(&sqs, "SendMessageBatch", batch).await.unwrap_err();
        assert_eq!(error.code, "InvalidParameterValue", "without {without}");
    }
    assert!(take(&sqs, 10).await.is_empty(), "the whole entry is refused with it");
}
