//! Events on their way to a function: what becomes of each attempt is logged, and where the event goes at its end.
//!
//! Source: "How Lambda handles errors and retries with asynchronous invocation" and "Capturing records of Lambda
//! asynchronous invocations" in the Lambda developer guide.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde_json::Value;

use super::destination::{self, Ended};
use super::invoke::{Target, count, count_run, record};
use super::name::Named;
use super::{Function, InvokeError, InvokeRequest};
use crate::cloud::Cloud;
use crate::deliveries::{FunctionFailure, Leg, Reason, Refusal, UnderWay};
use crate::lambda::{AsyncCondition, AsyncEvent, AsyncInvocation, InvokeOutcome};

/// How often one chain of invocations may come to a function: AWS's "approximately 16 times".
///
/// Source: "Use Lambda recursive loop detection to prevent infinite loops" in the Lambda developer guide.
const MOST_VISITS: usize = 16;

/// The names of the functions that led to an event, one by its destination to the next.
pub(super) type Chain = Vec<String>;

/// Queues an event for a function, version or alias. What becomes of it is logged under `leg`.
///
/// An event that comes round too often is dropped, as in AWS: two functions that are each other's destination would go on
/// for ever. The lab follows destinations alone; a loop through a queue or a topic is not noticed.
pub(super) fn enqueue(
    cloud: &Arc<Cloud>,
    target: &Target,
    request: InvokeRequest,
    leg: Leg,
    mut chain: Chain,
) -> Result<(), InvokeError> {
    let function = &target.version.settings.name;
    if chain.iter().filter(|visited| *visited == function).count() >= MOST_VISITS {
        count(cloud, &target.named, "RecursiveInvocationsDropped");
        let detail = format!("the event came to the function {function} {MOST_VISITS} times: Lambda stops the loop");
        cloud.deliveries.stopped(leg, Refusal::new(Reason::Throttled, detail));
        return Ok(());
    }
    chain.push(function.clone());
    let payload = request.payload.clone();
    let request = InvokeRequest { invoked_arn: Some(target.arn.clone()), ..request };
    let current = current(cloud, target.named.clone());
    let queued = target.version.deployed.invoke_async_on(request, target.retry.clone(), current)?;
    let under_way = cloud.deliveries.announce(leg.clone());
    let followed = Followed { cloud: Arc::clone(cloud), leg, named: target.named.clone(), payload, chain };
    count(cloud, &target.named, "AsyncEventsReceived");
    tokio::spawn(followed.log_attempts(queued, under_way));
    Ok(())
}

/// The deployment that an attempt runs on at its time. The engine that asks belongs to the cloud, so that it must not own
/// the cloud.
fn current(cloud: &Arc<Cloud>, named: Named) -> impl Fn() -> Option<Arc<Function>> + Send + Sync + 'static {
    let cloud = Arc::downgrade(cloud);
    move || {
        let cloud = cloud.upgrade()?;
        cloud.lambda.regions.with(&named.scope, |region| {
            let version = region.functions.get(&named.name)?.version(named.qualifier.as_deref())?;
            Some(Arc::clone(&version.deployed))
        })
    }
}

/// An event that Lambda has taken.
struct Followed {
    cloud: Arc<Cloud>,
    leg: Leg,
    named: Named,
    payload: Bytes,
    chain: Chain,
}

impl Followed {
    /// Logs what becomes of each attempt, in a task that counts as under way until the end is known.
    async fn log_attempts(self, mut queued: AsyncInvocation, under_way: UnderWay) {
        let Self { cloud, leg, named, .. } = &self;
        let accepted = Instant::now();
        // The last failure is logged once it is known to be the last.
        let mut failed: Option<Refusal> = None;
        let mut under_way = Some(under_way);
        let mut throttled = false;
        while let Some(event) = queued.events.recv().await {
            match event {
                AsyncEvent::Attempt { outcome, .. } => {
                    count_run(cloud, named, &outcome);
                    let age = accepted.elapsed().saturating_sub(outcome.duration).as_secs_f64() * 1000.0;
                    record(cloud, named, "AsyncEventAge", age, "Milliseconds");
                    if let Some(before) = failed.take() {
                        cloud.deliveries.retried(leg.clone(), before);
                    }
                    if outcome.function_error.is_some() {
                        failed = Some(failure(&outcome));
                    }
                }
                AsyncEvent::NotInvoked { error } if !matches!(error, InvokeError::TooManyRequests { .. }) => {
                    // The engine goes on trying for hours, as AWS does; a machine without Python does not get one
                    // meanwhile, and nobody is to wait for it. It is said once.
                    if under_way.take().is_some() {
                        let refusal = Refusal::new(Reason::FunctionError, error.to_string());
                        cloud.deliveries.stopped(leg.clone(), refusal);
                    }
                }
                AsyncEvent::NotInvoked { error } => {
                    count(cloud, named, "Throttles");
                    // It is tried again many times a second; once tells as much.
                    if !std::mem::replace(&mut throttled, true) {
                        cloud.deliveries.retried(leg.clone(), Refusal::new(Reason::Throttled, error.to_string()));
                    }
                }
                AsyncEvent::Done(outcome) => {
                    match outcome.condition {
                        AsyncCondition::Success => cloud.deliveries.delivered(leg.clone()),
                        AsyncCondition::ZeroReservedConcurrency => {
                            let detail = "the function's reserved concurrency is 0: it never runs";
                            cloud.deliveries.stopped(leg.clone(), Refusal::new(Reason::Throttled, detail));
                        }
                        AsyncCondition::RetriesExhausted
                        | AsyncCondition::EventAgeExceeded
                        | AsyncCondition::Stopped => {
                            let ended = || Refusal::new(Reason::FunctionError, outcome.condition.as_str());
                            cloud.deliveries.stopped(leg.clone(), failed.unwrap_or_else(ended));
                        }
                    }
                    let ended = Ended {
                        named,
                        request_id: &queued.request_id,
                        payload: &self.payload,
                        outcome: &outcome,
                        carried: &leg.carried,
                        chain: &self.chain,
                    };
                    destination::send(cloud, ended).await;
                    return;
                }
            }
        }
    }
}

/// Why an attempt failed: the error's type and message, and the end of the log.
pub(super) fn failure(outcome: &InvokeOutcome) -> Refusal {
    let error: Value = serde_json::from_slice(&outcome.payload).unwrap_or_default();
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let detail = match (text("errorType"), text("errorMessage")) {
        (kind, message) if kind.is_empty() => message,
        (kind, message) => format!("{kind}: {message}"),
    };
    let detail = match &outcome.note {
        Some(note) => format!("{detail} ({note})"),
        None => detail,
    };
    let log = String::from_utf8_lossy(&outcome.log_tail).into_owned();
    Refusal::new(Reason::FunctionError, detail).explained(FunctionFailure { error, log })
}
