//! `Invoke`, and invocations on behalf of services.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::asynchronous::enqueue;
use super::event_invoke::EventInvoke;
use super::name::{LATEST, Named, invalid};
use super::state::Version;
use super::{InvokeError, InvokeRequest, Lambda};
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Hop, Leg, Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::identity::Identity;
use crate::lambda::{InvokeOutcome, RetryPolicy};
use crate::policy::{Decision, Policy, PolicyDocument, Principal, RequestContext};

const NAMESPACE: &str = "AWS/Lambda";

/// What an invocation meets: the version that runs, and what hangs on the qualifier that it was named by.
pub(super) struct Target {
    pub(super) named: Named,
    /// With the qualifier, as policies and the function see it.
    pub(super) arn: String,
    pub(super) version: Version,
    pub(super) policy: Option<PolicyDocument>,
    pub(super) retry: RetryPolicy,
}

impl Lambda {
    pub(super) fn target(&self, named: &Named) -> Result<Target, AwsError> {
        self.on_function(named, |function| {
            let qualifier = named.qualifier.as_deref();
            let key = qualifier.unwrap_or(LATEST);
            Ok(Target {
                named: named.clone(),
                arn: named.arn(),
                version: function.version(qualifier).ok_or_else(|| named.not_found())?.clone(),
                policy: function.policies.get(key).cloned(),
                retry: EventInvoke::retry_policy(function.event_invokes.get(key)),
            })
        })
    }
}

pub(super) async fn invoke(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let target = lambda.target(&Named::of(call)?)?;
    authorize(&call.identity, &target, "lambda:InvokeFunction", &[])
        .map_err(|why| denied(&call.identity, &target, &why))?;
    let wants_log = wants_log(call)?;
    let request = InvokeRequest {
        payload: call.body.clone(),
        client_context: client_context(call)?,
        trace_id: call.header("x-amzn-trace-id").map(str::to_owned),
        invoked_arn: Some(target.arn.clone()),
        request_id: Some(call.request_id.clone()),
    };
    match call.header("x-amz-invocation-type").unwrap_or("RequestResponse") {
        "RequestResponse" => {
            let outcome = run(cloud, &target, request).await.map_err(|error| refused(&error))?;
            Ok(answer(call, &outcome, wants_log))
        }
        "Event" => {
            let leg = Leg {
                scope: target.named.scope.clone(),
                hop: Hop::Function,
                from: call.identity.arn(),
                to: target.arn.clone(),
                carried: Carried::default(),
            };
            enqueue(cloud, &target, request, leg, Vec::new()).map_err(|error| refused(&error))?;
            call.reply_with(StatusCode::ACCEPTED, &json!({})).map(|reply| Reply { body: Bytes::new(), ..reply })
        }
        "DryRun" => call.reply_with(StatusCode::NO_CONTENT, &json!({})),
        other => Err(AwsError::bad_request(
            "InvalidParameterValueException",
            format!("the invocation type {other} is not one of RequestResponse, Event, DryRun"),
        )),
    }
}

/// Runs the function for a caller who waits, and counts it.
pub(super) async fn run(cloud: &Cloud, target: &Target, request: InvokeRequest) -> Result<InvokeOutcome, InvokeError> {
    count(cloud, &target.named, "Invocations");
    let outcome = target.version.deployed.invoke(request).await;
    match &outcome {
        Ok(outcome) if outcome.function_error.is_some() => count(cloud, &target.named, "Errors"),
        Err(InvokeError::TooManyRequests { .. }) => count(cloud, &target.named, "Throttles"),
        Ok(_) | Err(_) => {}
    }
    outcome
}

fn wants_log(call: &Call) -> Result<bool, AwsError> {
    match call.header("x-amz-log-type") {
        None | Some("None") => Ok(false),
        Some("Tail") => Ok(true),
        Some(other) => Err(invalid(other, "logType", "Member must satisfy enum value set: [None, Tail]")),
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

/// Whether a caller may do an action. The owner's own principals may unless the policy denies it; others only if it allows
/// them. A caller who did not sign has no access key, and is nobody. The error is the decision that says why.
pub(super) fn authorize(
    identity: &Identity,
    target: &Target,
    action: &str,
    keys: &[(&str, &str)],
) -> Result<(), Decision> {
    let principal = match identity.access_key.as_str() {
        "" => Principal::Anonymous,
        _ => Principal::aws(identity.arn()),
    };
    let request = RequestContext::new(principal, action, target.arn.clone());
    let request = keys.iter().fold(request, |request, (name, value)| request.key(name, *value));
    let policy = target.policy.as_ref().and_then(|policy| Policy::parse(&policy.to_json()).ok());
    match crate::policy::authorize(policy.as_ref(), &request, &target.named.scope.account, true) {
        Decision::Allow(_) => Ok(()),
        refused => Err(refused),
    }
}

fn denied(identity: &Identity, target: &Target, why: &Decision) -> AwsError {
    let because = match why {
        Decision::ExplicitDeny(_) => "with an explicit deny in a resource-based policy",
        _ => "because no resource-based policy allows the lambda:InvokeFunction action",
    };
    let (who, arn) = (identity.arn(), &target.arn);
    let message =
        format!("User: {who} is not authorized to perform: lambda:InvokeFunction on resource: {arn} {because}");
    AwsError::new(403, "AccessDeniedException", message)
}

fn refused(error: &InvokeError) -> AwsError {
    let refused = AwsError::new(error.status(), error.error_type(), error.to_string());
    match error {
        InvokeError::TooManyRequests { reason } => refused.with("Reason", reason.as_str()),
        _ => refused,
    }
}

fn answer(call: &Call, outcome: &InvokeOutcome, wants_log: bool) -> Reply {
    let mut reply = Reply::new(StatusCode::OK, "application/json", &call.request_id, outcome.payload.clone())
        .with_header("x-amz-executed-version", &outcome.executed_version);
    if let Some(error) = outcome.function_error {
        reply = reply.with_header("x-amz-function-error", error.as_str());
    }
    if wants_log {
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
    let named = Named::of_arn(function_arn).ok_or_else(missing)?;
    let target = match lambda.target(&named) {
        Ok(target) => target,
        // The function may be there without the version or alias, which is another mistake to find.
        Err(_) => match (&named.qualifier, lambda.target(&Named { qualifier: None, ..named.clone() })) {
            (Some(qualifier), Ok(_)) => {
                let detail = format!("the function {} has no version or alias {qualifier}", named.name);
                return Err(Refusal::new(Reason::NotFound, detail));
            }
            _ => return Err(missing()),
        },
    };
    authorize_service(&target, deliverer)?;
    let leg = Leg {
        scope: named.scope,
        hop: Hop::Function,
        from: deliverer.source_arn.clone(),
        to: target.arn.clone(),
        carried: carried.clone(),
    };
    enqueue(cloud, &target, InvokeRequest::new(payload), leg, Vec::new())
        .map_err(|error| Refusal::new(Reason::Invalid, error.to_string()))
}

fn authorize_service(target: &Target, deliverer: &Deliverer) -> Result<(), Refusal> {
    let Some(policy) = &target.policy else {
        let what = match &target.named.qualifier {
            Some(qualifier) => {
                format!("the function {} has no policy for its qualifier {qualifier}", target.named.name)
            }
            None => format!("the function {} has no policy", target.named.name),
        };
        let detail = format!("{what}, so that {} may not invoke it", deliverer.service);
        return Err(Refusal::new(Reason::PolicyDenied, detail));
    };
    let policy = Policy::parse(&policy.to_json())
        .map_err(|malformed| Refusal::new(Reason::PolicyDenied, malformed.to_string()))?;
    let request =
        RequestContext::new(Principal::service(deliverer.service), "lambda:InvokeFunction", target.arn.clone())
            .key("aws:SourceArn", deliverer.source_arn.as_str())
            .key("aws:SourceAccount", deliverer.source_account.as_str());
    let decision = policy.evaluate(&request);
    if decision.is_allowed() {
        return Ok(());
    }
    let explanation = decision.explanation();
    Err(Refusal::new(Reason::PolicyDenied, explanation.headline()).explained(explanation))
}

pub(super) fn count(cloud: &Cloud, named: &Named, metric: &'static str) {
    cloud.metrics.count(&named.scope, NAMESPACE, metric, ("FunctionName", &named.name));
}
