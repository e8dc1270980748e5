//! Silences at the function: Discord hears nothing, and the queue beside it does.

use alert_drill::lab::deliveries::{Hop, Reason};

use crate::common::{Bench, FUNCTION, Heard, PERMISSION, TOPIC};

async fn assert_silent(bench: &Bench, reason: Reason, cause: &[&str]) {
    let request_id = bench.open_port().await;
    assert_eq!(bench.heard(&request_id).await, Heard { queue: 1, discord: 0, mail: 0 });
    bench.assert_stopped_at(&request_id, Hop::Function, reason, cause);
}

#[tokio::test]
async fn that_the_topic_may_not_invoke() {
    let Some(bench) = Bench::start().await else { return };
    let remove = bench.clients().lambda.remove_permission().function_name(FUNCTION).statement_id(PERMISSION);
    remove.send().await.unwrap();
    assert_silent(&bench, Reason::PolicyDenied, &[FUNCTION, "has no policy", "sns.amazonaws.com"]).await;
    assert_eq!(bench.metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC).await, 1.0);
    assert_eq!(bench.metric("AWS/Lambda", "Invocations", FUNCTION).await, 0.0);
}

#[tokio::test]
async fn that_dies_before_it_is_ready() {
    let Some(bench) = Bench::start_with("#!/bin/sh\nexit 1\n").await else { return };
    assert_silent(&bench, Reason::FunctionError, &["Runtime.ExitError", "exit status 1"]).await;
    // The first attempt and the two retries of an asynchronous invocation.
    assert_eq!(bench.metric("AWS/Lambda", "Errors", FUNCTION).await, 3.0);
    assert_eq!(bench.metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC).await, 0.0, "Lambda took the message");
}
