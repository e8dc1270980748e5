use super::*;

const DEAD: &str = "http://lab:1/000000000000/dead";
const DEAD_ARN: &str = "arn:aws:sqs:ap-northeast-2:000000000000:dead";

async fn number(sqs: &Sqs, url: &str) -> String {
    let input = json!({ "QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"] });
    let answer = ask(sqs, "GetQueueAttributes", input).await.unwrap();
    answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn dead_letters_go_back_to_where_they_came_from() {
    let sqs = Sqs::default();
    ask(&sqs, "CreateQueue", json!({ "QueueName": "dead" })).await.unwrap();
    let start = json!({ "SourceArn": DEAD_ARN });
    let error = ask(&sqs, "StartMessageMoveTask", start.clone()).await.unwrap_err();
    assert_eq!(error.message, "Source queue must be configured as a Dead Letter Queue.");
    let policy = json!({ "deadLetterTargetArn": DEAD_ARN, "maxReceiveCount": 1 }).to_string();
    ask(&sqs, "CreateQueue", json!({ "QueueName": "q", "Attributes": { "RedrivePolicy": policy } })).await.unwrap();
    send(&sqs, "poison").await;
    receive(&sqs, json!({ "VisibilityTimeout": 0 })).await;
    assert!(receive(&sqs, json!({})).await.is_empty());
    assert_eq!(number(&sqs, DEAD).await, "1");

    let handle = ask(&sqs, "StartMessageMoveTask", start.clone()).await.unwrap()["TaskHandle"].take();
    assert_eq!((number(&sqs, DEAD).await, number(&sqs, URL).await), ("0".to_owned(), "1".to_owned()));
    let task = ask(&sqs, "ListMessageMoveTasks", start).await.unwrap()["Results"][0].take();
    assert_eq!((&task["Status"], &task["ApproximateNumberOfMessagesMoved"]), (&json!("COMPLETED"), &json!(1)));
    let ended = ask(&sqs, "CancelMessageMoveTask", json!({ "TaskHandle": handle })).await.unwrap_err();
    assert_eq!(ended.message, "Only active tasks can be cancelled");
    let unknown = ask(&sqs, "CancelMessageMoveTask", json!({ "TaskHandle": "x" })).await.unwrap_err();
    assert_eq!((unknown.status, unknown.code.as_ref()), (404, "ResourceNotFoundException"));
    assert_eq!(receive(&sqs, json!({})).await.len(), 1, "it begins anew");
}

#[tokio::test]
async fn a_dead_letter_queue_chooses_its_sources() {
    let sqs = Sqs::default();
    let dead = |policy: Value| json!({ "QueueUrl": DEAD, "Attributes": { "RedriveAllowPolicy": policy.to_string() } });
    ask(&sqs, "CreateQueue", json!({ "QueueName": "dead" })).await.unwrap();
    let policy = json!({ "deadLetterTargetArn": DEAD_ARN, "maxReceiveCount": 1 }).to_string();
    let source = json!({ "QueueName": "q", "Attributes": { "RedrivePolicy": policy } });
    ask(&sqs, "SetQueueAttributes", dead(json!({ "redrivePermission": "denyAll" }))).await.unwrap();
    let error = ask(&sqs, "CreateQueue", source.clone()).await.unwrap_err();
    assert!(error.message.contains("does not allow this source queue"), "{error}");
    let by_queue = json!({ "redrivePermission": "byQueue", "sourceQueueArns": [ARN] });
    ask(&sqs, "SetQueueAttributes", dead(by_queue)).await.unwrap();
    ask(&sqs, "CreateQueue", source).await.unwrap();
    let wrong = ask(&sqs, "SetQueueAttributes", dead(json!({ "redrivePermission": "byQueue" }))).await.unwrap_err();
    assert_eq!(wrong.code, "InvalidAttributeValue");
}

#[tokio::test(start_paused = true)]
async fn a_minute_goes_by_between_purges_and_before_a_name_is_free() {
    let sqs = queue(json!({})).await;
    let url = json!({ "QueueUrl": URL });
    ask(&sqs, "PurgeQueue", url.clone()).await.unwrap();
    let error = ask(&sqs, "PurgeQueue", url.clone()).await.unwrap_err();
    assert_eq!((error.status, error.code.as_ref()), (403, "PurgeQueueInProgress"));
    ask(&sqs, "DeleteQueue", url.clone()).await.unwrap();
    let create = json!({ "QueueName": "q" });
    assert_eq!(ask(&sqs, "CreateQueue", create.clone()).await.unwrap_err().code, "QueueDeletedRecently");
    tokio::time::advance(Duration::from_secs(60)).await;
    ask(&sqs, "CreateQueue", create).await.unwrap();
    ask(&sqs, "PurgeQueue", url).await.unwrap();
}

#[tokio::test]
async fn a_redrive_policy_is_checked_when_it_is_set() {
    let sqs = queue(json!({})).await;
    ask(&sqs, "CreateQueue", json!({ "QueueName": "dead" })).await.unwrap();
    let elsewhere = [DEAD_ARN.replace("000000000000", "111122223333"), DEAD_ARN.replace("ap-northeast-2", "eu-west-1")];
    let policy =
        |target: &str, count: Value| json!({ "deadLetterTargetArn": target, "maxReceiveCount": count }).to_string();
    for (policy, reason) in [
        (policy(&elsewhere[0], 1.into()), "Dead letter target does not exist."),
        (policy(&elsewhere[1], 1.into()), "Dead letter target does not exist."),
        (policy("dead", 1.into()), "Invalid value for deadLetterTargetArn."),
        (
            policy(DEAD_ARN, 0.into()),
            "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
        (policy(DEAD_ARN, "1001".into()), "Invalid value for maxReceiveCount: 1001, valid values are from 1 to"),
        (json!({ "maxReceiveCount": 1 }).to_string(), "does not contain mandatory attribute: deadLetterTargetArn."),
        (
            json!({ "deadLetterTargetArn": DEAD_ARN }).to_string(),
            "does not contain mandatory attribute: maxReceiveCount.",
        ),
        ("dead".to_owned(), "Redrive policy is not a valid JSON map."),
    ] {
        let input = json!({ "QueueUrl": URL, "Attributes": { "RedrivePolicy": policy } });
        let error = ask(&sqs, "SetQueueAttributes", input).await.unwrap_err();
        let start = format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: ");
        assert_eq!(error.code, "InvalidParameterValue", "{policy}");
        assert!(error.message.starts_with(&start) && error.message.contains(reason), "{policy}: {error}");
    }
    assert!(attributes(&sqs).await.get("RedrivePolicy").is_none(), "what was refused was not set");
}
