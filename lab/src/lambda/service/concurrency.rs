//! Reserved concurrency, and how asynchronous invocations are tried again.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{FunctionState, Lambda, Retry, function_name, not_found};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::time;

/// The concurrency of an account in a Region: AWS's default quota.
const ACCOUNT: u32 = 1000;
/// What of an account's concurrency cannot be reserved.
const UNRESERVED: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    reserved_concurrent_executions: u32,
}

pub(super) fn put(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let wanted = call.input::<Input>()?.reserved_concurrent_executions;
    let name = function_name(call, call.label("FunctionName")?)?;
    lambda.regions.with(&call.scope, |region| {
        let function = region.functions.get(&name).ok_or_else(|| not_found(&call.scope, &name))?;
        let others = region.functions.iter().filter(|(other, _)| **other != name);
        let reserved: u32 = others.filter_map(|(_, other)| other.concurrency.limit()).sum();
        if wanted.saturating_add(reserved) > ACCOUNT - UNRESERVED {
            return Err(AwsError::bad_request(
                "InvalidParameterValueException",
                format!(
                    "Specified ReservedConcurrentExecutions for function decreases account's \
                     UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
                ),
            ));
        }
        function.concurrency.set(Some(wanted));
        Ok(())
    })?;
    call.reply(&json!({ "ReservedConcurrentExecutions": wanted }))
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let limit = lambda.on_function(call, |function| Ok(function.concurrency.limit()))?;
    match limit {
        Some(limit) => call.reply(&json!({ "ReservedConcurrentExecutions": limit })),
        None => call.done(),
    }
}

pub(super) fn delete(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    lambda.on_function(call, |function| {
        function.concurrency.set(None);
        Ok(())
    })?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RetryInput {
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Option<Value>,
}

pub(super) fn put_retry(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let input: RetryInput = call.input()?;
    let names_a_destination = |config: &Value| {
        config.pointer("/OnFailure/Destination").or(config.pointer("/OnSuccess/Destination")).is_some()
    };
    if input.destination_config.as_ref().is_some_and(names_a_destination) {
        return Err(call.unsupported_parameter("DestinationConfig"));
    }
    let invalid = |message: &str| Err(AwsError::bad_request("InvalidParameterValueException", message));
    if input.maximum_retry_attempts.is_some_and(|attempts| attempts > 2) {
        return invalid("MaximumRetryAttempts must be from 0 to 2");
    }
    if input.maximum_event_age_in_seconds.is_some_and(|age| !(60..=21_600).contains(&age)) {
        return invalid("MaximumEventAgeInSeconds must be from 60 to 21600");
    }
    let answer = lambda.on_function(call, |function| {
        let before = function.retry.filter(|_| call.operation.starts_with("Update"));
        function.retry = Some(Retry {
            attempts: input.maximum_retry_attempts.or(before.map(|retry| retry.attempts)).unwrap_or(2),
            age_seconds: input.maximum_event_age_in_seconds.or(before.map(|retry| retry.age_seconds)).unwrap_or(21_600),
            changed: Timestamp::now(),
        });
        describe(function)
    })?;
    call.reply(&answer)
}

pub(super) fn get_retry(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let answer = lambda.on_function(call, |function| describe(function))?;
    call.reply(&answer)
}

pub(super) fn delete_retry(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    lambda.on_function(call, |function| {
        describe(function)?;
        function.retry = None;
        Ok(())
    })?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

fn describe(function: &FunctionState) -> Result<Value, AwsError> {
    let arn = format!("{}:$LATEST", function.arn);
    let retry = function.retry.ok_or_else(|| {
        let message = format!("The function {arn} doesn't have an EventInvokeConfig");
        AwsError::new(404, "ResourceNotFoundException", message)
    })?;
    Ok(json!({
        "LastModified": time::epoch(retry.changed),
        "FunctionArn": arn,
        "MaximumRetryAttempts": retry.attempts,
        "MaximumEventAgeInSeconds": retry.age_seconds,
        "DestinationConfig": { "OnSuccess": {}, "OnFailure": {} },
    }))
}
