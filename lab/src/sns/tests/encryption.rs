use super::*;

/// A key whose policy has the account's statement and perhaps one more; its id.
async fn key(bench: &Bench, more: Option<Value>) -> String {
    let account = json!({
        "Sid": "account", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::000000000000:root" },
        "Action": "kms:*", "Resource": "*",
    });
    let statements: Vec<Value> = [account].into_iter().chain(more).collect();
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let made = bench.kms("CreateKey", json!({ "Policy": policy })).await;
    made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

fn lets_in(service: &str) -> Value {
    json!({
        "Sid": "service", "Effect": "Allow", "Principal": { "Service": service },
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*",
    })
}

#[tokio::test]
async fn the_key_of_a_topic_must_let_the_rule_in() {
    let bench = Bench::new().await;
    bench.set_policy(&rule_may_publish(RULE)).await;
    bench.set("KmsMasterKeyId", "alias/aws/sns").await.unwrap();
    let refusal = bench.publish_as_rule().unwrap_err();
    assert_eq!(refusal.reason, Reason::PolicyDenied);
    assert!(refusal.detail.contains("encrypted with alias/aws/sns, a key that events.amazonaws.com may not use"));
    bench.publish(&[]).await;

    let closed = key(&bench, None).await;
    bench.set("KmsMasterKeyId", &closed).await.unwrap();
    let refusal = bench.publish_as_rule().unwrap_err();
    assert_eq!(refusal.reason, Reason::PolicyDenied);
    let wanted = format!("key/{closed}: no statement allows events.amazonaws.com to kms:GenerateDataKey");
    assert!(refusal.detail.contains(&wanted), "{}", refusal.detail);
    assert!(refusal.explanation.is_some());

    let mut narrow = lets_in("events.amazonaws.com");
    narrow["Condition"] = json!({ "ArnEquals": { "aws:SourceArn": RULE } });
    bench.set("KmsMasterKeyId", &key(&bench, Some(narrow)).await).await.unwrap();
    let refusal = bench.publish_as_rule().unwrap_err();
    assert!(
        refusal.detail.contains("The requests of events.amazonaws.com to KMS bring no source"),
        "{}",
        refusal.detail
    );

    let mut half = lets_in("events.amazonaws.com");
    half["Action"] = json!("kms:GenerateDataKey*");
    bench.set("KmsMasterKeyId", &key(&bench, Some(half)).await).await.unwrap();
    assert!(bench.publish_as_rule().unwrap_err().detail.contains("events.amazonaws.com to kms:Decrypt"));

    let open = key(&bench, Some(lets_in("events.amazonaws.com"))).await;
    bench.kms("CreateAlias", json!({ "AliasName": "alias/alarm", "TargetKeyId": open })).await;
    bench.set("KmsMasterKeyId", "alias/alarm").await.unwrap();
    bench.publish_as_rule().unwrap();
    bench.kms("DisableKey", json!({ "KeyId": open })).await;
    assert!(bench.publish_as_rule().unwrap_err().detail.contains("in state Disabled"));
    let params = [("TopicArn", TOPIC), ("Message", "m")];
    assert_eq!(bench.ask("Publish", &params).await.unwrap_err().code, "KMSDisabled");
    bench.set("KmsMasterKeyId", "alias/none").await.unwrap();
    assert_eq!(bench.ask("Publish", &params).await.unwrap_err().code, "KMSNotFound");
    assert!(bench.publish_as_rule().unwrap_err().detail.contains("alias/none is not found"));
}

#[tokio::test]
async fn the_key_of_a_queue_must_let_sns_in() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    bench.subscribe("sqs", QUEUE, &[]).await;
    let encrypt = async |key: &str| {
        let input = json!({ "QueueUrl": "http://lab:1/000000000000/q", "Attributes": { "KmsMasterKeyId": key } });
        bench.sqs("SetQueueAttributes", input).await;
    };
    encrypt("alias/aws/sqs").await;
    let deliveries = bench.publish(&[]).await;
    let refused = deliveries.last().unwrap();
    assert_eq!((refused.hop, refused.reason), (Hop::Queue, Some(Reason::PolicyDenied)));
    assert!(refused.detail.as_ref().unwrap().contains("encrypted with alias/aws/sqs"), "{refused:?}");
    assert_eq!(bench.metric("NumberOfNotificationsFailed"), 1.0);

    let mut narrow = lets_in("sns.amazonaws.com");
    narrow["Condition"] = json!({ "ArnEquals": { "aws:SourceArn": TOPIC } });
    encrypt(&key(&bench, Some(narrow)).await).await;
    assert_eq!(bench.publish(&[]).await.last().unwrap().outcome, Outcome::Delivered);
    assert_eq!(bench.received().await.len(), 1);
}

#[tokio::test]
async fn who_may_not_use_the_key_may_not_publish() {
    let bench = Bench::new().await;
    let closed = json!({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::000000000000:root" },
            "NotAction": "kms:Decrypt", "Resource": "*",
        }],
    });
    let made = bench.kms("CreateKey", json!({ "Policy": closed.to_string() })).await;
    bench.set("KmsMasterKeyId", made["KeyMetadata"]["Arn"].as_str().unwrap()).await.unwrap();
    let error = bench.ask("Publish", &[("TopicArn", TOPIC), ("Message", "m")]).await.unwrap_err();
    assert_eq!((error.status, error.code.as_ref()), (400, "KMSAccessDenied"));
    assert!(error.message.contains("is not authorized to perform: kms:Decrypt"), "{error}");
    assert!(bench.settled().await.is_empty());
}
