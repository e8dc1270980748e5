//! `Invoke` in its three ways, and who may.

use super::*;
use crate::deliveries::{Hop, Outcome, Reason};

#[tokio::test]
async fn the_answer_is_the_function_s_own() {
    let client = Client::new().await;
    client.create("alarm").await;
    let reply = client.invoke("alarm", &[], json!({ "key": "value" })).await;
    assert_eq!((reply.status.as_u16(), header(&reply, "x-amz-executed-version")), (200, "$LATEST"));
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(answer["event"], json!({ "key": "value" }));
    assert_eq!(answer["headers"]["lambda-runtime-aws-request-id"], header(&reply, "x-amzn-requestid"));
    assert_eq!(answer["headers"]["lambda-runtime-invoked-function-arn"], json!(client.arn("alarm")));
    assert_eq!((client.metric("Invocations", "alarm"), client.metric("Errors", "alarm")), (1.0, 0.0));
}

#[tokio::test]
async fn the_end_of_the_log_comes_when_asked_for_and_all_of_it_is_in_the_log_group() {
    let client = Client::new().await;
    client.create("alarm").await;
    let reply = client.invoke("alarm", &[], json!({})).await;
    assert_eq!(header(&reply, "x-amz-log-result"), "");
    let reply = client.invoke("alarm", &[("x-amz-log-type", "Tail")], json!({})).await;
    let log = String::from_utf8(BASE64_STANDARD.decode(header(&reply, "x-amz-log-result")).unwrap()).unwrap();
    let id = header(&reply, "x-amzn-requestid");
    assert!(log.contains(&format!("START RequestId: {id} Version: $LATEST\n")), "{log}");
    assert!(log.contains("handling 2\n") && log.contains(&format!("REPORT RequestId: {id}")), "{log}");
    let headers = [("x-amz-target", "Logs_20140328.FilterLogEvents")];
    let input = json!({ "logGroupName": "/aws/lambda/alarm" }).to_string();
    let logged = client.send("logs", Method::POST, "/", &headers, input).await;
    let logged: Value = serde_json::from_slice(&logged.body).unwrap();
    let events = logged["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["message"].as_str().unwrap().trim_end() == "handling 1"), "{logged}");
}

#[tokio::test]
async fn a_failing_function_is_a_success_of_the_call_with_the_error_in_a_header() {
    let client = Client::new().await;
    client.create("alarm").await;
    let reply = client.invoke("alarm", &[], json!({ "do": "fail" })).await;
    assert_eq!((reply.status.as_u16(), header(&reply, "x-amz-function-error")), (200, "Unhandled"));
    let error: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("ValueError"), &json!("bad")));
    assert_eq!(client.metric("Errors", "alarm"), 1.0);
}

#[tokio::test]
async fn an_event_is_accepted_at_once_and_its_end_is_logged() {
    let client = Client::new().await;
    client.create("alarm").await;
    let reply = client.invoke("alarm", &[("x-amz-invocation-type", "Event")], json!({})).await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (202, 0));
    client.cloud.deliveries.settled().await;
    let deliveries = client.cloud.deliveries.all();
    let delivery = deliveries.iter().find(|delivery| delivery.hop == Hop::Function).unwrap();
    assert_eq!((delivery.outcome, delivery.to.as_str()), (Outcome::Delivered, client.arn("alarm").as_str()));
    assert_eq!(client.metric("Invocations", "alarm"), 1.0);
}

#[tokio::test]
async fn a_dry_run_runs_nothing() {
    let client = Client::new().await;
    client.create("alarm").await;
    let reply = client.invoke("alarm", &[("x-amz-invocation-type", "DryRun")], json!({})).await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0));
    assert_eq!(client.metric("Invocations", "alarm"), 0.0);
    let reply = client.invoke("missing", &[("x-amz-invocation-type", "DryRun")], json!({})).await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn what_is_no_json_or_no_invocation_type_is_refused() {
    let client = Client::new().await;
    client.create("alarm").await;
    let path = format!("{FUNCTIONS}/alarm/invocations");
    let reply = client.send("lambda", Method::POST, &path, &[], "{".to_owned()).await;
    assert!(refusal(&reply).starts_with("400 InvalidRequestContentException: Could not parse request body into json"));
    let reply = client.invoke("alarm", &[("x-amz-invocation-type", "Later")], json!({})).await;
    assert!(refusal(&reply).starts_with("400 InvalidParameterValueException: "), "{reply:?}");
}

#[tokio::test]
async fn reserved_concurrency_of_zero_throttles_the_caller() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.reserve("alarm", 0).await.unwrap();
    let reply = client.invoke("alarm", &[], json!({})).await;
    assert_eq!(refusal(&reply), "429 TooManyRequestsException: Rate Exceeded.");
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded");
    assert_eq!(client.metric("Throttles", "alarm"), 1.0);
}

#[tokio::test]
async fn another_account_invokes_by_arn_what_the_policy_allows_it() {
    let client = Client::new().await;
    client.create("alarm").await;
    let other = client.of(OTHER);
    let arn = client.arn("alarm");
    let refused = refusal(&other.invoke(&arn, &[], json!({})).await);
    assert!(refused.starts_with("403 AccessDeniedException: User: arn:aws:iam::444455556666:"), "{refused}");
    assert!(refused.ends_with("because no resource-based policy allows the lambda:InvokeFunction action"), "{refused}");
    let input = json!({ "StatementId": "other", "Action": "lambda:InvokeFunction", "Principal": OTHER });
    client.post("/alarm/policy", input).await.unwrap();
    assert_eq!(other.answer(&arn, json!({ "from": "there" })).await["event"], json!({ "from": "there" }));
    assert_eq!(client.metric("Invocations", "alarm"), 1.0, "it counts where the function is");
    assert!(refusal(&other.invoke("alarm", &[], json!({})).await).starts_with("404 "), "a name is the caller's own");
    assert!(other.delete(&format!("/{arn}")).await.unwrap_err().starts_with("404 "));
    assert_eq!(client.reserve("alarm", 1).await.unwrap(), json!({ "ReservedConcurrentExecutions": 1 }));
}

#[tokio::test]
async fn a_throttled_event_says_so_once_and_is_delivered_when_there_is_room() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.reserve("alarm", 1).await.unwrap();
    let (_directory, file) = scratch_file();
    let waiting = std::path::PathBuf::from(format!("{}.waiting", file.display()));
    let event = json!({ "do": "wait for file", "file": file });
    let blocked = client.invoke("alarm", &[], event);
    let meanwhile = async {
        eventually("the function is busy", || waiting.exists()).await;
        client.invoke("alarm", &[("x-amz-invocation-type", "Event")], json!({})).await;
        eventually("a second throttle", || client.metric("Throttles", "alarm") >= 2.0).await;
        std::fs::write(&file, "").unwrap();
    };
    tokio::join!(blocked, meanwhile);
    client.cloud.deliveries.settled().await;
    let outcomes: Vec<_> = client.cloud.deliveries.all().into_iter().filter(|d| d.hop == Hop::Function).collect();
    let outcomes: Vec<_> = outcomes.iter().map(|delivery| (delivery.outcome, delivery.reason)).collect();
    assert_eq!(outcomes, [(Outcome::Retried, Some(Reason::Throttled)), (Outcome::Delivered, None)]);
}
