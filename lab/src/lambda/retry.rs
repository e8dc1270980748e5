//! Asynchronous invocations: accepted at once, tried again when the function fails.
//!
//! Each attempt runs on the code that is current at that time: whoever mends a function between two attempts mends the
//! event that waits, in AWS as here.
//!
//! Source: AWS Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation".

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::function::Function;
use super::{InvokeError, InvokeOutcome, InvokeRequest, MAX_ASYNC_PAYLOAD};

/// How an asynchronous invocation is tried again.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// `MaximumRetryAttempts`, 0 to 2.
    pub maximum_retry_attempts: u32,
    /// `MaximumEventAgeInSeconds`: AWS allows 60 seconds to 6 hours.
    pub maximum_event_age: Duration,
    /// How long to wait before the first retry after an error of the function, and before the second.
    pub delays: [Duration; 2],
    /// How long to wait when the function is throttled; it doubles each time, 300-fold at the most.
    pub throttle_delay: Duration,
}

impl Default for RetryPolicy {
    /// AWS's numbers with the lab's short delays: 100 ms and 200 ms where AWS waits 1 and 2 minutes, and 20 ms where
    /// AWS waits 1 second after a throttle. A drill would time out otherwise.
    fn default() -> Self {
        Self {
            delays: [Duration::from_millis(100), Duration::from_millis(200)],
            throttle_delay: Duration::from_millis(20),
            ..Self::aws()
        }
    }
}

impl RetryPolicy {
    /// AWS's defaults with AWS's delays.
    #[must_use]
    pub fn aws() -> Self {
        Self {
            maximum_retry_attempts: 2,
            maximum_event_age: Duration::from_secs(6 * 3600),
            delays: [Duration::from_secs(60), Duration::from_secs(120)],
            throttle_delay: Duration::from_secs(1),
        }
    }

    fn delay_after(&self, attempts: u32) -> Duration {
        self.delays[if attempts <= 1 { 0 } else { 1 }]
    }
}

/// An accepted asynchronous invocation (HTTP 202). Nobody needs to listen: it runs to its end regardless.
#[derive(Debug)]
pub struct AsyncInvocation {
    /// The request id, the same for every attempt.
    pub request_id: String,
    /// What happens to it; the last is [`AsyncEvent::Done`].
    pub events: mpsc::UnboundedReceiver<AsyncEvent>,
}

impl AsyncInvocation {
    /// Waits for the end. `None` when the engine went before.
    pub async fn finished(mut self) -> Option<AsyncOutcome> {
        loop {
            match self.events.recv().await? {
                AsyncEvent::Done(outcome) => return Some(outcome),
                AsyncEvent::Attempt { .. } | AsyncEvent::NotInvoked { .. } => {}
            }
        }
    }
}

/// What happens to an asynchronous invocation.
#[derive(Clone, Debug)]
pub enum AsyncEvent {
    /// The function ran, well or not.
    Attempt {
        /// 1 for the first.
        number: u32,
        /// What came of it.
        outcome: InvokeOutcome,
    },
    /// The function did not run (throttled, or the lab could not start it); it is tried again without counting.
    NotInvoked {
        /// Why.
        error: InvokeError,
    },
    /// The end.
    Done(AsyncOutcome),
}

/// How an asynchronous invocation ended: what a destination's record says.
#[derive(Clone, Debug)]
pub struct AsyncOutcome {
    /// Why it ended.
    pub condition: AsyncCondition,
    /// `approximateInvokeCount`: how often the function ran.
    pub invoke_count: u32,
    /// The last attempt, if the function ran at all.
    pub last: Option<InvokeOutcome>,
}

/// The `condition` of a destination's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsyncCondition {
    /// The function succeeded: the on-success destination's.
    Success,
    /// It failed as often as it may.
    RetriesExhausted,
    /// The event became too old.
    EventAgeExceeded,
    /// Its reserved concurrency is 0: the event is not tried at all.
    ZeroReservedConcurrency,
    /// The function or the lab was stopped. AWS has no such condition, and no destination gets it.
    Stopped,
}

impl AsyncCondition {
    /// The value in the record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
            Self::ZeroReservedConcurrency => "ZeroReservedConcurrency",
            Self::Stopped => "Stopped",
        }
    }
}

impl Function {
    /// Accepts an event and invokes the function with it in the background (`Event`). Must be called within a Tokio
    /// runtime, which does the work.
    ///
    /// # Errors
    /// When the event is not accepted. A throttle is not an error here: the event waits.
    pub fn invoke_async(
        self: &Arc<Self>,
        request: InvokeRequest,
        policy: RetryPolicy,
    ) -> Result<AsyncInvocation, InvokeError> {
        let function = Arc::clone(self);
        self.invoke_async_on(request, policy, move || Some(Arc::clone(&function)))
    }

    /// The same with every attempt on the deployment that `current` gives then; none says that the function is gone.
    ///
    /// # Errors
    /// As [`Function::invoke_async`].
    pub fn invoke_async_on(
        &self,
        request: InvokeRequest,
        policy: RetryPolicy,
        current: impl Fn() -> Option<Arc<Self>> + Send + Sync + 'static,
    ) -> Result<AsyncInvocation, InvokeError> {
        let mut request = self.check(request, MAX_ASYNC_PAYLOAD, "Event")?;
        // AWS passes the client context to synchronous invocations only.
        request.client_context = None;
        let request_id = request.request_id.clone().unwrap_or_default();
        let (sender, events) = mpsc::unbounded_channel();
        let queued = Queued {
            current: Box::new(current),
            stop: self.stop.clone(),
            request,
            accepted: Instant::now(),
            throttle_delay: policy.throttle_delay,
            policy,
            attempts: 0,
            last: None,
            events: sender,
        };
        self.shared.tasks.spawn(queued.run());
        Ok(AsyncInvocation { request_id, events })
    }
}

struct Queued {
    current: Box<dyn Fn() -> Option<Arc<Function>> + Send + Sync>,
    /// Cancelled when the deployment of the last attempt is stopped.
    stop: CancellationToken,
    request: InvokeRequest,
    policy: RetryPolicy,
    accepted: Instant,
    throttle_delay: Duration,
    attempts: u32,
    last: Option<InvokeOutcome>,
    events: mpsc::UnboundedSender<AsyncEvent>,
}

impl Queued {
    async fn run(mut self) {
        let condition = loop {
            let delay = match self.attempt().await {
                Ok(delay) => delay,
                Err(condition) => break condition,
            };
            if self.accepted.elapsed() + delay > self.policy.maximum_event_age {
                break AsyncCondition::EventAgeExceeded;
            }
            let sleep = tokio::time::sleep(delay);
            if self.stop.run_until_cancelled(sleep).await.is_none() {
                break AsyncCondition::Stopped;
            }
        };
        let outcome = AsyncOutcome { condition, invoke_count: self.attempts, last: self.last.take() };
        self.tell(AsyncEvent::Done(outcome));
    }

    /// Tries once: how long to wait before the next time, or why there is none.
    async fn attempt(&mut self) -> Result<Duration, AsyncCondition> {
        let function = (self.current)().ok_or(AsyncCondition::Stopped)?;
        self.stop = function.stop.clone();
        if function.concurrency.limit() == Some(0) {
            return Err(AsyncCondition::ZeroReservedConcurrency);
        }
        match function.invoke(self.request.clone()).await {
            Ok(outcome) => {
                self.attempts += 1;
                let failed = outcome.function_error.is_some();
                self.last = Some(outcome.clone());
                self.tell(AsyncEvent::Attempt { number: self.attempts, outcome });
                match failed {
                    false => Err(AsyncCondition::Success),
                    true if self.attempts > self.policy.maximum_retry_attempts => Err(AsyncCondition::RetriesExhausted),
                    true => Ok(self.policy.delay_after(self.attempts)),
                }
            }
            Err(InvokeError::Stopped) => Err(AsyncCondition::Stopped),
            Err(error) => {
                self.tell(AsyncEvent::NotInvoked { error });
                let delay = self.throttle_delay;
                self.throttle_delay = (delay * 2).min(self.policy.throttle_delay * 300);
                Ok(delay)
            }
        }
    }

    fn tell(&self, event: AsyncEvent) {
        // Nobody needs to listen.
        let _ = self.events.send(event);
    }
}
