use super::*;

const FIFO: &str = "arn:aws:sns:ap-northeast-2:000000000000:alarm.fifo";
const FIFO_QUEUE: &str = "arn:aws:sqs:ap-northeast-2:000000000000:q.fifo";

/// A FIFO topic with a FIFO queue that subscribes to it.
async fn bench() -> Bench {
    let bench = Bench::new().await;
    let topic = [("Name", "alarm.fifo"), ("Attributes.entry.1.key", "FifoTopic"), ("Attributes.entry.1.value", "true")];
    bench.ask("CreateTopic", &topic).await.unwrap();
    let policy = statement("Allow", "sns.amazonaws.com", "sqs:SendMessage", FIFO_QUEUE, FIFO);
    let attributes = json!({ "FifoQueue": "true", "Policy": policy.to_string() });
    bench.sqs("CreateQueue", json!({ "QueueName": "q.fifo", "Attributes": attributes })).await;
    let subscribe = [("TopicArn", FIFO), ("Protocol", "sqs"), ("Endpoint", FIFO_QUEUE)];
    bench.ask("Subscribe", &subscribe).await.unwrap();
    bench
}

async fn publish(bench: &Bench, message: &str, group: &str, id: &str) -> String {
    let params = [("TopicArn", FIFO), ("Message", message), ("MessageGroupId", group), ("MessageDeduplicationId", id)];
    bench.ask("Publish", &params).await.unwrap()
}

async fn received(bench: &Bench) -> Vec<Value> {
    let input = json!({
        "QueueUrl": "http://lab:1/000000000000/q.fifo", "MaxNumberOfMessages": 10, "AttributeNames": ["All"],
    });
    bench.sqs("ReceiveMessage", input).await["Messages"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_fifo_topic_keeps_order_and_drops_duplicates() {
    let bench = bench().await;
    let ids: Vec<String> = (0..9).map(|number| format!("m-{number}")).collect();
    let mut first = String::new();
    for id in &ids {
        let answer = publish(&bench, id, "group", id).await;
        if first.is_empty() {
            first = answer;
        }
    }
    let again = publish(&bench, "another text", "group", "m-0").await;
    assert_eq!(texts(&again, "MessageId"), texts(&first, "MessageId"), "a duplicate gets the id of the first");
    assert_eq!(texts(&again, "SequenceNumber"), texts(&first, "SequenceNumber"));

    let received = received(&bench).await;
    let envelopes: Vec<Value> =
        received.iter().map(|message| serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()).collect();
    let messages: Vec<&str> = envelopes.iter().map(|envelope| envelope["Message"].as_str().unwrap()).collect();
    assert_eq!(messages, ids);
    assert_eq!(envelopes[0]["SequenceNumber"], texts(&first, "SequenceNumber")[0]);
    assert!(envelopes[0].get("Signature").is_none(), "messages of FIFO topics are not signed");
    assert_eq!(received[0]["Attributes"]["MessageGroupId"], "group");
    assert_eq!(received[0]["Attributes"]["MessageDeduplicationId"], "m-0");
}

#[tokio::test]
async fn content_makes_the_deduplication_id_when_the_topic_says_so() {
    let bench = bench().await;
    let bare = [("TopicArn", FIFO), ("Message", "m"), ("MessageGroupId", "g")];
    let error = bench.ask("Publish", &bare).await.unwrap_err();
    assert!(error.message.contains("ContentBasedDeduplication enabled or MessageDeduplicationId provided"), "{error}");
    let error = bench.ask("Publish", &bare[..2]).await.unwrap_err();
    assert!(error.message.contains("The MessageGroupId parameter is required for FIFO topics"), "{error}");
    let on = [("TopicArn", FIFO), ("AttributeName", "ContentBasedDeduplication"), ("AttributeValue", "true")];
    bench.ask("SetTopicAttributes", &on).await.unwrap();
    for _ in 0..2 {
        bench.ask("Publish", &bare).await.unwrap();
    }
    assert_eq!(received(&bench).await.len(), 1);
}

#[tokio::test]
async fn only_queues_subscribe_to_fifo_topics() {
    let bench = bench().await;
    let refused = async |topic: &str, protocol: &str, endpoint: &str| {
        let params = [("TopicArn", topic), ("Protocol", protocol), ("Endpoint", endpoint)];
        bench.ask("Subscribe", &params).await.unwrap_err().message
    };
    for (protocol, endpoint) in [("email", "a@example.com"), ("lambda", FUNCTION), ("http", "http://127.0.0.1:1")] {
        assert!(refused(FIFO, protocol, endpoint).await.ends_with("Endpoint Reason: Please use FIFO SQS queue"));
    }
    let message = refused(TOPIC, "sqs", FIFO_QUEUE).await;
    assert!(message.ends_with("FIFO SQS Queues can not be subscribed to standard SNS topics"), "{message}");
    let shown = bench.ask("GetTopicAttributes", &[("TopicArn", FIFO)]).await.unwrap();
    assert_eq!(entry(&shown, "FifoTopic").as_deref(), Some("true"));
    assert_eq!(entry(&shown, "ContentBasedDeduplication").as_deref(), Some("false"));
}

#[tokio::test]
async fn one_entry_without_the_ids_makes_a_fifo_topic_refuse_the_batch() {
    let bench = bench().await;
    let entry = |n: usize, name: &str| format!("PublishBatchRequestEntries.member.{n}.{name}");
    let publish = async |second: &[(&str, &str)]| {
        let mut params = vec![("TopicArn".to_owned(), FIFO), (entry(1, "Id"), "a"), (entry(1, "Message"), "m")];
        params.extend([(entry(1, "MessageGroupId"), "g"), (entry(1, "MessageDeduplicationId"), "1")]);
        params.extend(second.iter().map(|(name, value)| (entry(2, name), *value)));
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        bench.ask("PublishBatch", &params).await.unwrap_err()
    };
    let bare = [("Id", "b"), ("Message", "m")];
    for (more, wanted) in [
        (("MessageDeduplicationId", "2"), "The MessageGroupId parameter is required for FIFO topics"),
        (("MessageGroupId", "g"), "ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"),
    ] {
        let error = publish(&[bare[0], bare[1], more]).await;
        assert_eq!(error.code, "InvalidParameter");
        assert!(error.message.ends_with(wanted), "{error}");
    }
    assert!(received(&bench).await.is_empty(), "the whole entry is refused with it");
}

#[tokio::test]
async fn flags_are_read_in_any_letter_case() {
    let bench = Bench::new().await;
    let flags = [("FifoTopic", "True"), ("ContentBasedDeduplication", "False")];
    let name = |n: usize, part: &str| format!("Attributes.entry.{n}.{part}");
    let mut params = vec![("Name".to_owned(), "alarm.fifo".to_owned())];
    for ((key, value), n) in flags.into_iter().zip(1..) {
        params.extend([(name(n, "key"), key.to_owned()), (name(n, "value"), value.to_owned())]);
    }
    let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    bench.ask("CreateTopic", &params).await.unwrap();
    let shown = bench.ask("GetTopicAttributes", &[("TopicArn", FIFO)]).await.unwrap();
    assert_eq!(entry(&shown, "FifoTopic").as_deref(), Some("true"));
    assert_eq!(entry(&shown, "ContentBasedDeduplication").as_deref(), Some("false"));
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_missed_before_a_wrong_endpoint() {
    let bench = Bench::new().await;
    let params = [("TopicArn", FIFO), ("Protocol", "sqs"), ("Endpoint", "no ARN")];
    let error = bench.ask("Subscribe", &params).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.message.as_str()), ("NotFound", "Topic does not exist"));
}

#[tokio::test]
async fn the_ids_of_a_batch_are_plain_and_short() {
    let bench = bench().await;
    let long = "i".repeat(81);
    for (id, wanted) in [("a b", "contains an impermissible character: a b"), (&long, "is too long: iii")] {
        let entry = |name: &str| format!("PublishBatchRequestEntries.member.1.{name}");
        let params = [("TopicArn".to_owned(), FIFO), (entry("Id"), id), (entry("Message"), "m")];
        let params = params.each_ref().map(|(name, value)| (name.as_str(), *value));
        let error = bench.ask("PublishBatch", &params).await.unwrap_err();
        assert_eq!(error.code, "InvalidBatchEntryId");
        assert!(
            error.message.starts_with(&format!("The Id of a batch entry in the batch request {wanted}")),
            "{error}"
        );
    }
}
