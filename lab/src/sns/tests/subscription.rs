//! Subscriptions: their confirmation, their filters and which two are one.

use super::*;

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
async fn a_dead_letter_queue_is_near_and_of_the_kind_of_its_subscription() {
    let bench = Bench::new().await;
    let subscription = bench.subscribe("lambda", FUNCTION, &[]).await;
    let set = async |subscription: &str, policy: &str| {
        let params =
            [("SubscriptionArn", subscription), ("AttributeName", "RedrivePolicy"), ("AttributeValue", policy)];
        bench.ask("SetSubscriptionAttributes", &params).await
    };
    let to = |queue: &str| json!({ "deadLetterTargetArn": queue }).to_string();
    for (policy, why) in [
        (
            json!({ "deadLetterTargetArn": QUEUE, "maxReceiveCount": 3 }).to_string(),
            "Attribute maxReceiveCount is unknown.",
        ),
        (to(&QUEUE.replace("ap-northeast-2", "us-east-1")), "in the account and Region of the topic"),
        (to(&QUEUE.replace("000000000000", "111122223333")), "in the account and Region of the topic"),
        (to(&format!("{QUEUE}.fifo")), "must use a standard queue"),
        (to(TOPIC), "deadLetterTargetArn is an invalid arn"),
        ("[]".to_owned(), "failed to parse JSON"),
    ] {
        let error = set(&subscription, &policy).await.unwrap_err();
        assert_eq!(error.code, "InvalidParameter");
        assert!(
            error.message.starts_with("Invalid parameter: RedrivePolicy: ") && error.message.contains(why),
            "{error}"
        );
    }
    // Whether the queue is there shows when a message is sent to it.
    set(&subscription, &to(QUEUE)).await.unwrap();
    let shown = bench.ask("GetSubscriptionAttributes", &[("SubscriptionArn", &subscription)]).await.unwrap();
    assert_eq!(entry(&shown, "RedrivePolicy").unwrap(), to(QUEUE));

    let fifo = [("Name", "alarm.fifo"), ("Attributes.entry.1.key", "FifoTopic"), ("Attributes.entry.1.value", "true")];
    bench.ask("CreateTopic", &fifo).await.unwrap();
    let (topic, queue) = (format!("{TOPIC}.fifo"), format!("{QUEUE}.fifo"));
    let subscribe = async |dead: &str| {
        let attribute = ("Attributes.entry.1.key", "RedrivePolicy");
        let (policy, protocol) = (to(dead), ("Protocol", "sqs"));
        let value = ("Attributes.entry.1.value", policy.as_str());
        bench.ask("Subscribe", &[("TopicArn", &topic), protocol, ("Endpoint", &queue), attribute, value]).await
    };
    let refused = subscribe(QUEUE).await.unwrap_err().message;
    let why = "Attributes Reason: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.";
    assert!(refused.ends_with(why), "{refused}");
    subscribe(&queue.replace("q.fifo", "dead.fifo")).await.unwrap();
}
