//! Answers as AWS gave them when others recorded them.

use super::*;

#[tokio::test]
async fn a_queue_is_encrypted_in_one_way_at_a_time() {
    let sqs = queue(json!({ "KmsMasterKeyId": "key", "KmsDataKeyReusePeriodSeconds": "6000" })).await;
    let set = async |attributes: Value| {
        ask(&sqs, "SetQueueAttributes", json!({ "QueueUrl": URL, "Attributes": attributes })).await
    };
    let shown = async || {
        let all = attributes(&sqs).await;
        ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"].map(|name| all[name].clone())
    };
    assert_eq!(shown().await, ["key", "6000", "false"]);
    let both = set(json!({ "KmsMasterKeyId": "key", "SqsManagedSseEnabled": "true" })).await.unwrap_err();
    let message = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS \
                   SSE.";
    assert_eq!((both.code.as_ref(), both.message.as_str()), ("InvalidAttributeName", message));
    set(json!({ "SqsManagedSseEnabled": "true" })).await.unwrap();
    assert_eq!(shown().await, [Value::Null, Value::Null, "true".into()]);
    set(json!({ "KmsMasterKeyId": "key" })).await.unwrap();
    assert_eq!(shown().await[2], "false");
}

#[tokio::test]
async fn a_label_is_looked_for_in_the_policy_that_is_there() {
    let sqs = queue(json!({})).await;
    let remove = async |label: &str| {
        ask(&sqs, "RemovePermission", json!({ "QueueUrl": URL, "Label": label })).await.map_err(|error| error.message)
    };
    let missing = "Value none for parameter Label is invalid. Reason: can't find label";
    assert_eq!(remove("none").await.unwrap_err(), format!("{missing}."));
    let grant =
        json!({ "QueueUrl": URL, "Label": "friend", "AWSAccountIds": ["111122223333"], "Actions": ["ReceiveMessage"] });
    ask(&sqs, "AddPermission", grant).await.unwrap();
    let policy: Value = serde_json::from_str(attributes(&sqs).await["Policy"].as_str().unwrap()).unwrap();
    assert_eq!((&policy["Version"], &policy["Id"]), (&json!("2008-10-17"), &json!(format!("{ARN}/SQSDefaultPolicy"))));
    assert_eq!(remove("none").await.unwrap_err(), format!("{missing} on existing policy."));
    remove("friend").await.unwrap();
    assert_eq!(attributes(&sqs).await["Policy"], Value::Null);
}

#[tokio::test]
async fn attributes_of_a_message() {
    let sqs = queue(json!({})).await;
    let attribute = |value: &str| json!({ "severity": { "DataType": "String", "StringValue": value } });
    let input = |value: &str| json!({ "QueueUrl": URL, "MessageBody": "m", "MessageAttributes": attribute(value) });
    let empty = ask(&sqs, "SendMessage", input("")).await.unwrap_err();
    assert_eq!(empty.message, "Message (user) attribute 'severity' must contain a non-empty value of type 'String'.");
    ask(&sqs, "SendMessage", input("high")).await.unwrap();
    for (names, is_shown) in [(["*"], true), ([".*"], true), (["All"], true), (["sev.*"], true), (["sev"], false)] {
        let options = json!({ "VisibilityTimeout": 0, "MessageAttributeNames": names });
        let message = receive(&sqs, options).await.remove(0);
        assert_eq!(message.get("MessageAttributes").is_some(), is_shown, "{names:?}");
    }
}

#[test]
fn the_type_of_an_error_is_that_of_the_model() {
    let missing = super::super::error::missing("MessageGroupId");
    let (kind, code) = super::super::error::on_the_wire(&missing);
    assert_eq!(kind, "com.amazon.coral.service#MissingRequiredParameterException");
    assert_eq!(code, "MissingParameter;Sender");
}
