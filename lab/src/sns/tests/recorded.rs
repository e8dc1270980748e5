//! Answers as AWS gave them when others recorded them.

use super::http::endpoint;
use super::*;

const HTTP: &str = "http://127.0.0.1:1/alarm";

fn pairs(params: &[(String, String)]) -> Vec<(&str, &str)> {
    params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The message attribute `severity` below `at`, and the parameters of a message around it.
fn message(at: &str, attribute: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut params = vec![(format!("{at}Message"), "m".to_owned())];
    if !attribute.is_empty() {
        params.push((format!("{at}MessageAttributes.entry.1.Name"), "severity".to_owned()));
    }
    let value =
        |(name, value): &(&str, &str)| (format!("{at}MessageAttributes.entry.1.Value.{name}"), (*value).to_owned());
    params.extend(attribute.iter().map(value));
    params
}

type Params<'a> = &'a [(&'a str, &'a str)];

#[tokio::test]
async fn one_wrong_message_ends_a_batch() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    bench.subscribe("sqs", QUEUE, &[]).await;
    let table: [(Params<'_>, &str, &str); 3] = [
        (
            &[("DataType", "String"), ("StringValue", "")],
            "ParameterValueInvalid",
            "The message attribute 'severity' must contain non-empty message attribute value for message attribute type \
             'String'.",
        ),
        (
            &[("DataType", "Text"), ("StringValue", "high")],
            "ParameterValueInvalid",
            "The message attribute 'severity' has an invalid message attribute type, the set of supported type prefixes \
             is Binary, Number, and String.",
        ),
        (
            &[("StringValue", "high")],
            "ValidationError",
            "1 validation error detected: Value null at '{at}messageAttributes.severity.member.dataType' failed to \
             satisfy constraint: Member must not be null",
        ),
    ];
    for (attribute, code, wanted) in table {
        let single = [vec![("TopicArn".to_owned(), TOPIC.to_owned())], message("", attribute)].concat();
        let error = bench.ask("Publish", &pairs(&single)).await.unwrap_err();
        assert_eq!((error.code.as_ref(), error.message), (code, wanted.replace("{at}", "")));
        let mut batch = vec![("TopicArn".to_owned(), TOPIC.to_owned())];
        for (n, attribute) in [(1, &[][..]), (2, attribute)] {
            let at = format!("PublishBatchRequestEntries.member.{n}.");
            batch.push((format!("{at}Id"), n.to_string()));
            batch.extend(message(&at, attribute));
        }
        let error = bench.ask("PublishBatch", &pairs(&batch)).await.unwrap_err();
        let wanted = wanted.replace("{at}", "publishBatchRequestEntries.2.member.");
        assert_eq!((error.code.as_ref(), error.message), (code, wanted));
    }
    bench.settled().await;
    assert!(bench.received().await.is_empty(), "the right message of each batch is refused with the wrong one");
}

#[tokio::test]
async fn what_is_there_already_may_be_asked_for_again_in_part() {
    let bench = Bench::new().await;
    let tags = |first: &'static str| {
        [
            ("Name", "tagged"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", first),
            ("Tags.member.2.Key", "stage"),
            ("Tags.member.2.Value", "live"),
        ]
    };
    bench.ask("CreateTopic", &tags("red")).await.unwrap();
    for some in [1, 3, 5] {
        bench.ask("CreateTopic", &tags("red")[..some]).await.unwrap();
    }
    let error = bench.ask("CreateTopic", &tags("blue")).await.unwrap_err();
    assert_eq!(error.message, "Invalid parameter: Tags Reason: Topic already exists with different tags");

    let raw = ("RawMessageDelivery", "true");
    let first = bench.subscribe("sqs", QUEUE, &[raw]).await;
    let by_default = ("FilterPolicyScope", "MessageAttributes");
    for asked in [&[][..], &[by_default], &[raw, by_default]] {
        assert_eq!(bench.subscribe("sqs", QUEUE, asked).await, first, "{asked:?}");
    }
    let asked = [
        ("TopicArn", TOPIC),
        ("Protocol", "sqs"),
        ("Endpoint", QUEUE),
        ("Attributes.entry.1.key", "FilterPolicyScope"),
        ("Attributes.entry.1.value", "MessageBody"),
    ];
    let error = bench.ask("Subscribe", &asked).await.unwrap_err();
    let message = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes";
    assert_eq!(error.message, message);
}

#[tokio::test]
async fn a_token_says_which_subscription_it_is_of() {
    let bench = Bench::new().await;
    let arn = bench.subscribe("email", "team@example.com", &[]).await;
    let token = bench.token();
    let unknown = "0".repeat(token.len());
    let elsewhere = TOPIC.replace("ap-northeast-2", "us-east-1");
    for (topic, token, wanted) in [
        ("no-arn", token.as_str(), "Invalid parameter: Topic"),
        (elsewhere.as_str(), &token, "Invalid parameter: Topic"),
        (TOPIC, "no digits", "Invalid token"),
        (TOPIC, "abc123", "Invalid parameter: Token"),
        (TOPIC, &unknown, "Invalid parameter: Token"),
        ("arn:aws:sns:ap-northeast-2:000000000000:gone", &unknown, "Invalid parameter: Token"),
    ] {
        for key in [None, Some("test")] {
            let link = [("TopicArn", topic), ("Token", token)];
            let error = bench.ask_as(key, "ConfirmSubscription", &link).await.unwrap_err();
            assert_eq!((error.code.as_ref(), error.message.as_str()), ("InvalidParameter", wanted), "{topic} {token}");
        }
    }
    // Of the ARN, its Region counts alone.
    let link = [("TopicArn", "arn:aws:sns:ap-northeast-2:000000000000:another"), ("Token", token.as_str())];
    let confirmed = bench.ask_as(None, "ConfirmSubscription", &link).await.unwrap();
    assert_eq!(texts(&confirmed, "SubscriptionArn"), [arn]);
}

#[tokio::test]
async fn refusals_that_name_the_wrong_part() {
    let bench = Bench::new().await;
    let endpoint = "arn:aws:sns:ap-northeast-2:000000000000:endpoint/APNS/alarm/1";
    let table: &[(&str, Params<'_>, &str)] = &[
        (
            "Publish",
            &[("TargetArn", endpoint), ("Message", "m")],
            "TargetArn Reason: No endpoint found for the target arn",
        ),
        ("Unsubscribe", &[("SubscriptionArn", "")], "SubscriptionArn Reason: no value for required parameter"),
        ("Unsubscribe", &[("SubscriptionArn", TOPIC)], "SubscriptionId"),
        ("GetSubscriptionAttributes", &[("SubscriptionArn", TOPIC)], "SubscriptionId"),
        (
            "SetTopicAttributes",
            &[("TopicArn", TOPIC), ("AttributeName", "FifoTopic"), ("AttributeValue", "false")],
            "AttributeName",
        ),
    ];
    for (operation, params, wanted) in table {
        let error = bench.ask(operation, params).await.unwrap_err();
        assert_eq!(error.code, "InvalidParameter", "{operation}");
        assert!(error.message.starts_with(&format!("Invalid parameter: {wanted}")), "{operation}: {error}");
    }
}

#[tokio::test]
async fn delivery_policies_are_shown_in_the_form_of_aws() {
    let bench = Bench::new().await;
    let shown = async || {
        let answer = bench.ask("GetTopicAttributes", &[("TopicArn", TOPIC)]).await.unwrap();
        entry(&answer, "DeliveryPolicy").map(|text| serde_json::from_str::<Value>(&text).unwrap())
    };
    assert_eq!(shown().await, None);
    for (given, wanted) in [
        (
            json!({ "defaultHealthyRetryPolicy": { "numRetries": 1 } }),
            json!({ "defaultHealthyRetryPolicy": { "numRetries": 1 }, "disableSubscriptionOverrides": false }),
        ),
        (json!({ "defaultHealthyRetryPolicy": null }), json!({ "disableSubscriptionOverrides": false })),
    ] {
        bench.set("DeliveryPolicy", &json!({ "http": given }).to_string()).await.unwrap();
        assert_eq!(shown().await, Some(json!({ "http": wanted })));
    }
    bench.set("DeliveryPolicy", "").await.unwrap();
    assert_eq!(shown().await, None);

    let request = json!({ "headerContentType": "text/csv" });
    let own = json!({ "requestPolicy": request }).to_string();
    let subscription = bench.subscribe("http", HTTP, &[("DeliveryPolicy", &own)]).await;
    let answer = bench.ask("GetSubscriptionAttributes", &[("SubscriptionArn", &subscription)]).await.unwrap();
    let wanted = json!({
        "healthyRetryPolicy": null, "sicklyRetryPolicy": null, "throttlePolicy": null, "requestPolicy": request,
        "guaranteed": false,
    });
    let shown: Value = serde_json::from_str(&entry(&answer, "DeliveryPolicy").unwrap()).unwrap();
    assert_eq!(shown, wanted);
}

#[tokio::test]
async fn what_is_about_the_subscription_is_plain_text_whatever_the_messages_are() {
    let bench = Bench::new().await;
    let (url, served) = endpoint(&["200 OK", "200 OK"]).await;
    let policy = json!({ "requestPolicy": { "headerContentType": "text/csv" } }).to_string();
    let arn = bench.subscribe("http", &url, &[("DeliveryPolicy", &policy)]).await;
    bench.settled().await;
    bench.ask("ConfirmSubscription", &[("TopicArn", TOPIC), ("Token", &bench.token())]).await.unwrap();
    bench.ask("Unsubscribe", &[("SubscriptionArn", &arn)]).await.unwrap();
    let requests = served.await.unwrap();
    for (request, kind) in requests.iter().zip(["SubscriptionConfirmation", "UnsubscribeConfirmation"]) {
        for header in [
            format!("x-amz-sns-message-type: {kind}"),
            "content-type: text/plain; charset=UTF-8".to_owned(),
            "accept-encoding: gzip,deflate".to_owned(),
            "connection: Keep-Alive".to_owned(),
        ] {
            assert!(request.contains(&header), "{header}: {request}");
        }
    }
    let header = format!("x-amz-sns-subscription-arn: {arn}");
    let shown: Vec<_> = requests.iter().map(|request| request.contains(&header)).collect();
    assert_eq!(shown, [false, true], "one that waits has no ARN to show");
}
