//! Invocations on behalf of a service: the silences that a topic's function can fall into.

use super::*;
use crate::cloud::Deliverer;
use crate::deliveries::{Carried, Delivery, Explanation, Hop, Outcome, Reason, Refusal};
use crate::lambda::PythonVersion;
use crate::policy::Miss;

const TOPIC: &str = "arn:aws:sns:ap-northeast-2:111122223333:alarm";

fn invoke(client: &Client, topic: &str, function_arn: &str, event: Value) -> Result<(), Refusal> {
    let deliverer =
        Deliverer { service: "sns.amazonaws.com", source_arn: topic.to_owned(), source_account: ACCOUNT.to_owned() };
    let carried = Carried { event_id: Some("event".to_owned()), ..Carried::default() };
    client.cloud.lambda.invoke_as_service(
        &client.cloud,
        &deliverer,
        function_arn,
        Bytes::from(event.to_string()),
        &carried,
    )
}

/// A lab with a function that the topic may invoke.
async fn subscribed() -> Client {
    let client = Client::new().await;
    client.create("alarm").await;
    let permission = json!({
        "StatementId": "sns",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
        "SourceArn": TOPIC,
    });
    client.post("/alarm/policy", permission).await.unwrap();
    client
}

/// The deliveries to functions, once none is under way.
async fn settled(client: &Client) -> Vec<Delivery> {
    client.cloud.deliveries.settled().await;
    client.cloud.deliveries.all().into_iter().filter(|delivery| delivery.hop == Hop::Function).collect()
}

#[tokio::test]
async fn without_a_policy_no_service_may_invoke() {
    let client = Client::new().await;
    client.create("alarm").await;
    let refusal = invoke(&client, TOPIC, &client.arn("alarm"), json!({})).unwrap_err();
    assert_eq!(refusal.reason, Reason::PolicyDenied);
    assert_eq!(refusal.detail, "the function alarm has no policy, so that sns.amazonaws.com may not invoke it");
    assert_eq!(client.metric("Invocations", "alarm"), 0.0);
}

#[tokio::test]
async fn a_policy_for_one_topic_does_not_let_another_invoke() {
    let client = subscribed().await;
    let other = "arn:aws:sns:ap-northeast-2:111122223333:other";
    let refusal = invoke(&client, other, &client.arn("alarm"), json!({})).unwrap_err();
    assert_eq!(refusal.reason, Reason::PolicyDenied);
    let explanation = refusal.explanation.as_ref().and_then(Explanation::policy).unwrap();
    let [Miss::Condition { key, wanted, seen, .. }] = &explanation.nearest_miss().unwrap().misses[..] else { panic!() };
    assert!(key.eq_ignore_ascii_case("aws:SourceArn"), "{key}");
    assert_eq!((&wanted[..], seen.as_deref()), (&[TOPIC.to_owned()][..], Some(&[other.to_owned()][..])));
}

#[tokio::test]
async fn an_allowed_event_is_delivered() {
    let client = subscribed().await;
    invoke(&client, TOPIC, &client.arn("alarm"), json!({})).unwrap();
    let [delivery] = &settled(&client).await[..] else { panic!() };
    assert_eq!(
        (delivery.outcome, delivery.from.as_str(), &delivery.to),
        (Outcome::Delivered, TOPIC, &client.arn("alarm"))
    );
    assert_eq!(delivery.carried.event_id.as_deref(), Some("event"));
}

#[tokio::test]
async fn a_failing_function_is_tried_three_times_and_the_error_is_told() {
    let client = subscribed().await;
    invoke(&client, TOPIC, &client.arn("alarm"), json!({ "do": "fail" })).unwrap();
    let deliveries = settled(&client).await;
    let outcomes: Vec<_> = deliveries.iter().map(|delivery| delivery.outcome).collect();
    assert_eq!(outcomes, [Outcome::Retried, Outcome::Retried, Outcome::Stopped]);
    for delivery in &deliveries {
        assert_eq!(delivery.reason, Some(Reason::FunctionError));
        assert_eq!(delivery.detail.as_deref(), Some("ValueError: bad"));
    }
    let failure = deliveries[2].explanation.as_ref().and_then(Explanation::function).unwrap();
    assert_eq!((failure.error_type(), failure.error_message()), (Some("ValueError"), Some("bad")));
    assert!(failure.log.contains("handling 3\n"), "{failure}");
    assert_eq!((client.metric("Invocations", "alarm"), client.metric("Errors", "alarm")), (3.0, 3.0));
}

#[tokio::test]
async fn what_this_machine_lacks_is_a_part_of_the_detail() {
    if let Err(error) = PythonVersion::V3_13.find() {
        return eprintln!("not tested: {error}");
    }
    let client = subscribed().await;
    let code = "def f(event, context):\n    return open('/var/task/lambda.py').read()\n";
    let archive = BASE64_STANDARD.encode(archive(&[("lambda.py", 0o644, code)]));
    let path = "/2015-03-31/functions/alarm";
    let settings = json!({ "Runtime": "python3.13", "Handler": "lambda.f" });
    client.call(Method::PUT, &format!("{path}/configuration"), settings).await.unwrap();
    client.call(Method::PUT, &format!("{path}/code"), json!({ "ZipFile": archive })).await.unwrap();
    invoke(&client, TOPIC, &client.arn("alarm"), json!({})).unwrap();
    let detail = settled(&client).await[0].detail.clone().unwrap();
    let error =
        "FileNotFoundError: [Errno 2] No such file or directory: '/var/task/lambda.py' (the lab has the package";
    assert!(detail.starts_with(error), "{detail}");
}

#[tokio::test]
async fn how_often_it_is_tried_can_be_set() {
    let client = subscribed().await;
    let path = "/2019-09-25/functions/alarm/event-invoke-config";
    let set = client.call(Method::PUT, path, json!({ "MaximumRetryAttempts": 0 })).await.unwrap();
    assert_eq!(set["FunctionArn"], format!("{}:$LATEST", client.arn("alarm")));
    invoke(&client, TOPIC, &client.arn("alarm"), json!({ "do": "exit" })).unwrap();
    let [delivery] = &settled(&client).await[..] else { panic!() };
    assert_eq!(delivery.outcome, Outcome::Stopped);
    assert!(delivery.detail.as_ref().unwrap().starts_with("Runtime.ExitError: "), "{delivery:?}");
}

#[tokio::test]
async fn without_concurrency_the_event_is_given_up() {
    let client = subscribed().await;
    client.reserve("alarm", 0).await.unwrap();
    invoke(&client, TOPIC, &client.arn("alarm"), json!({})).unwrap();
    let [delivery] = &settled(&client).await[..] else { panic!() };
    assert_eq!((delivery.outcome, delivery.reason), (Outcome::Stopped, Some(Reason::Throttled)));
    assert_eq!(client.metric("Invocations", "alarm"), 0.0);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let client = subscribed().await;
    for arn in [client.arn("missing"), format!("{}:live", client.arn("alarm")), "alarm".to_owned()] {
        assert_eq!(invoke(&client, TOPIC, &arn, json!({})).unwrap_err().reason, Reason::NotFound, "{arn}");
    }
}
