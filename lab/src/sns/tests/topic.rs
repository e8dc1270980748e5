//! Topics: who may do what with one, and what they refuse.

use super::*;

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
