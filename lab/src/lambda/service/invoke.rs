//! `Invoke`, and invocations on behalf of services.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{FunctionState, Lambda, not_found, resolve};
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, FunctionFailure, Hop, Leg, Reason, Refusal, UnderWay};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::lambda::{AsyncCondition, AsyncEvent, AsyncInvocation, InvokeError, InvokeOutcome, InvokeRequest};
use crate::policy::{Decision, Policy, Principal, RequestContext, authorize};
use crate::scope::Scope;

const NAMESPACE: &str = "AWS/Lambda";

pub(super) async fn invoke(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let (scope, name) = resolve(call, call.label("FunctionName")?)?;
    let function = lambda.regions.with(&scope, |region| region.functions.get(&name).cloned());
    let function = function.ok_or_else(|| not_found(&scope, &name))?;
    authorize_caller(call, &function, &scope.account)?;
    let request = InvokeRequest {
        payload: call.body.clone(),
        client_context: client_context(call)?,
        trace_id: call.header("x-amzn-trace-id").map(str::to_owned),
        invoked_arn: None,
        request_id: Some(call.request_id.clone()),
    };
    match call.header("x-amz-invocation-type").unwrap_or("RequestResponse") {
        "RequestResponse" => {
            count(cloud, &scope, "Invocations", &function);
            let outcome = function.deployed.invoke(request).await.map_err(|error| {
                if matches!(error, InvokeError::TooManyRequests { .. }) {
                    count(cloud, &scope, "Throttles", &function);
                }
                refused(&error)
            })?;
            if outcome.function_error.is_some() {
                count(cloud, &scope, "Errors", &function);
            }
            Ok(answer(call, &outcome))
        }
        "Event" => {
            let queued = function.deployed.invoke_async(request, function.retry_policy()).map_err(|e| refused(&e))?;
            let leg = Leg {
                scope,
                hop: Hop::Function,
                from: call.identity.arn(),
                to: function.arn.clone(),
                carried: Carried::default(),
            };
            follow(cloud, queued, leg, &function);
            call.reply_with(StatusCode::ACCEPTED, &json!({})).map(|reply| Reply { body: Bytes::new(), ..reply })
        }
        "DryRun" => call.reply_with(StatusCode::NO_CONTENT, &json!({})),
        other => Err(AwsError::bad_request(
            "InvalidParameterValueException",
            format!("the invocation type {other} is not one of RequestResponse, Event, DryRun"),
        )),
    }
}

fn client_context(call: &Call) -> Result<Option<String>, AwsError> {
    let Some(encoded) = call.header("x-amz-client-context") else { return Ok(None) };
    let decoded = BASE64_STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let context = decoded.filter(|text| serde_json::from_str::<Value>(text).is_ok());
    context.map(Some).ok_or_else(|| {
        AwsError::bad_request(
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        )
    })
}

/// The owner's own principals may invoke unless the policy denies it; others only if it allows them.
fn authorize_caller(call: &Call, function: &FunctionState, owner: &str) -> Result<(), AwsError> {
    let arn = call.identity.arn();
    let principal = Principal::aws(arn.clone());
    let request = RequestContext::new(principal, "lambda:InvokeFunction", function.arn.clone());
    let policy = function.policy.as_ref().and_then(|policy| Policy::parse(&policy.to_json()).ok());
    let because = match authorize(policy.as_ref(), &request, owner, true) {
        Decision::Allow(_) => return Ok(()),
        Decision::ExplicitDeny(_) => "with an explicit deny in a resource-based policy",
        Decision::ImplicitDeny(_) => "because no resource-based policy allows the lambda:InvokeFunction action",
    };
    Err(AwsError::new(
        403,
        "AccessDeniedException",
        format!(
            "User: {arn} is not authorized to perform: lambda:InvokeFunction on resource: {} {because}",
            function.arn
        ),
    ))
}

fn refused(error: &InvokeError) -> AwsError {
    let refused = AwsError::new(error.status(), error.error_type(), error.to_string());
    match error {
        InvokeError::TooManyRequests { reason } => refused.with("Reason", reason.as_str()),
        _ => refused,
    }
}

fn answer(call: &Call, outcome: &InvokeOutcome) -> Reply {
    let mut reply = Reply::new(StatusCode::OK, "application/json", &call.request_id, outcome.payload.clone())
        .with_header("x-amz-executed-version", &outcome.executed_version);
    if let Some(error) = outcome.function_error {
        reply = reply.with_header("x-amz-function-error", error.as_str());
    }
    if call.header("x-amz-log-type") == Some("Tail") {
        reply = reply.with_header("x-amz-log-result", &BASE64_STANDARD.encode(&outcome.log_tail));
    }
    reply
}

pub(super) fn as_service(
    lambda: &Lambda,
    cloud: &Arc<Cloud>,
    deliverer: &Deliverer,
    function_arn: &str,
    payload: Bytes,
    carried: &Carried,
) -> Result<(), Refusal> {
    let missing = || Refusal::new(Reason::NotFound, format!("there is no function {function_arn}"));
    let scope = Scope::of_arn(function_arn).ok_or_else(missing)?;
    let name = function_arn.split(':').nth(6).unwrap_or_default();
    match function_arn.split(':').nth(7) {
        None | Some("$LATEST") => {}
        Some(version) => {
            let detail = format!("the function {name} has no version or alias {version}");
            return Err(Refusal::new(Reason::NotFound, detail));
        }
    }
    let function = lambda.regions.with(&scope, |region| region.functions.get(name).cloned()).ok_or_else(missing)?;
    authorize_service(&function, deliverer)?;
    let request = InvokeRequest::new(payload);
    let queued = function
        .deployed
        .invoke_async(request, function.retry_policy())
        .map_err(|error| Refusal::new(Reason::Invalid, error.to_string()))?;
    let leg = Leg {
        scope,
        hop: Hop::Function,
        from: deliverer.source_arn.clone(),
        to: function.arn.clone(),
        carried: carried.clone(),
    };
    follow(cloud, queued, leg, &function);
    Ok(())
}

fn authorize_service(function: &FunctionState, deliverer: &Deliverer) -> Result<(), Refusal> {
    let Some(policy) = &function.policy else {
        let detail = format!(
            "the function {} has no policy, so that {} may not invoke it",
            function.settings.name, deliverer.service
        );
        return Err(Refusal::new(Reason::PolicyDenied, detail));
    };
    let policy = Policy::parse(&policy.to_json())
        .map_err(|malformed| Refusal::new(Reason::PolicyDenied, malformed.to_string()))?;
    let request =
        RequestContext::new(Principal::service(deliverer.service), "lambda:InvokeFunction", function.arn.clone())
            .key("aws:SourceArn", deliverer.source_arn.as_str())
            .key("aws:SourceAccount", deliverer.source_account.as_str());
    let decision = policy.evaluate(&request);
    if decision.is_allowed() {
        return Ok(());
    }
    let explanation = decision.explanation();
    Err(Refusal::new(Reason::PolicyDenied, explanation.headline()).explained(explanation))
}

/// Logs what becomes of each attempt, in a task that counts as under way until the end is known.
fn follow(cloud: &Arc<Cloud>, queued: AsyncInvocation, leg: Leg, function: &FunctionState) {
    let under_way = cloud.deliveries.announce(leg.clone());
    tokio::spawn(log_attempts(Arc::clone(cloud), queued, leg, function.clone(), under_way));
}

async fn log_attempts(
    cloud: Arc<Cloud>,
    mut queued: AsyncInvocation,
    leg: Leg,
    function: FunctionState,
    under_way: UnderWay,
) {
    // The last failure is logged once it is known to be the last.
    let mut failed: Option<Refusal> = None;
    let mut under_way = Some(under_way);
    let mut throttled = false;
    while let Some(event) = queued.events.recv().await {
        match event {
            AsyncEvent::Attempt { outcome, .. } => {
                count(&cloud, &leg.scope, "Invocations", &function);
                if let Some(before) = failed.take() {
                    cloud.deliveries.retried(leg.clone(), before);
                }
                if outcome.function_error.is_some() {
                    count(&cloud, &leg.scope, "Errors", &function);
                    failed = Some(failure(&outcome));
                }
            }
            AsyncEvent::NotInvoked { error } if !matches!(error, InvokeError::TooManyRequests { .. }) => {
                // The engine goes on trying for hours, as AWS does; a machine without Python does not get one meanwhile,
                // and nobody is to wait for it. It is said once.
                if under_way.take().is_some() {
                    let refusal = Refusal::new(Reason::FunctionError, error.to_string());
                    cloud.deliveries.stopped(leg.clone(), refusal);
                }
            }
            AsyncEvent::NotInvoked { error } => {
                count(&cloud, &leg.scope, "Throttles", &function);
                // It is tried again many times a second; once tells as much.
                if !std::mem::replace(&mut throttled, true) {
                    cloud.deliveries.retried(leg.clone(), Refusal::new(Reason::Throttled, error.to_string()));
                }
            }
            AsyncEvent::Done(outcome) => {
                match outcome.condition {
                    AsyncCondition::Success => cloud.deliveries.delivered(leg),
                    AsyncCondition::ZeroReservedConcurrency => {
                        let detail = "the function's reserved concurrency is 0: it never runs";
                        cloud.deliveries.stopped(leg, Refusal::new(Reason::Throttled, detail));
                    }
                    AsyncCondition::RetriesExhausted | AsyncCondition::EventAgeExceeded | AsyncCondition::Stopped => {
                        let ended = || Refusal::new(Reason::FunctionError, outcome.condition.as_str());
                        cloud.deliveries.stopped(leg, failed.unwrap_or_else(ended));
                    }
                }
                return;
            }
        }
    }
}

/// Why an attempt failed: the error's type and message, and the end of the log.
fn failure(outcome: &InvokeOutcome) -> Refusal {
    let error: Value = serde_json::from_slice(&outcome.payload).unwrap_or_default();
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let detail = match (text("errorType"), text("errorMessage")) {
        (kind, message) if kind.is_empty() => message,
        (kind, message) => format!("{kind}: {message}"),
    };
    let log = String::from_utf8_lossy(&outcome.log_tail).into_owned();
    Refusal::new(Reason::FunctionError, detail).explained(FunctionFailure { error, log })
}

fn count(cloud: &Cloud, scope: &Scope, metric: &'static str, function: &FunctionState) {
    cloud.metrics.count(scope, NAMESPACE, metric, ("FunctionName", &function.settings.name));
}
