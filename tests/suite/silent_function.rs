//! Silences at the function: Discord hears nothing, and the queue beside it does.

use alert_drill::lab::deliveries::{Hop, Reason};

use crate::Outcome;
use crate::common::{Bench, FUNCTION, Heard, PERMISSION, TOPIC};
use crate::place::{Need, needs};

async fn assert_silent(bench: &Bench, reason: Reason, cause: &[&str]) {
    let request_id = bench.open_port().await;
    bench.assert_heard(&request_id, Heard { queue: 1, discord: 0, mail: 0 }).await;
    bench.assert_stopped_at(&request_id, Hop::Function, reason, cause);
}

pub(crate) async fn that_the_topic_may_not_invoke() -> Outcome {
    needs(Need::Policies).await?;
    let bench = Bench::start().await;
    let remove = bench.clients().lambda.remove_permission().function_name(FUNCTION).statement_id(PERMISSION);
    remove.send().await.unwrap();
    assert_silent(&bench, Reason::PolicyDenied, &[FUNCTION, "has no policy", "sns.amazonaws.com"]).await;
    bench.assert_metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC, 1.0).await;
    bench.assert_metric("AWS/Lambda", "Invocations", FUNCTION, 0.0).await;
    Ok(())
}

pub(crate) async fn that_dies_before_it_is_ready() -> Outcome {
    needs(Need::Functions).await?;
    let bench = Bench::start_with("#!/bin/sh\nexit 1\n").await;
    assert_silent(&bench, Reason::FunctionError, &["Runtime.ExitError", "exit status 1"]).await;
    // The first attempt and the two retries of an asynchronous invocation.
    bench.assert_metric("AWS/Lambda", "Errors", FUNCTION, 3.0).await;
    bench.assert_metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC, 0.0).await;
    Ok(())
}
