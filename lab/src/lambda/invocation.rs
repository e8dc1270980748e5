//! One invocation, from the environment that it gets to its REPORT line.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use super::concurrency::Permit;
use super::environment::{Environment, Happening, InitFailure};
use super::fault::Fault;
use super::function::Function;
use super::logs::{LogStream, Report, Sent, Span};
use super::runtime_api::{Invocation, RuntimeEvent};
use super::{FunctionError, InvokeError, InvokeOutcome, InvokeRequest};

/// How long to wait for the runtime's next request after its response, before the caller gets the response.
const NEXT_GRACE: Duration = Duration::from_millis(50);

type Answer = oneshot::Sender<Result<InvokeOutcome, InvokeError>>;

/// An invocation that runs.
pub(super) struct Run {
    function: Arc<Function>,
    request: InvokeRequest,
    request_id: String,
    permit: Option<Permit>,
    answer: Option<Answer>,
    /// When the INVOKE phase began.
    begun: Instant,
    init: Option<Duration>,
    /// The function was given the event.
    handed_over: bool,
    /// When the runtime sent its response.
    sent: Option<Sent>,
    /// When the runtime asked for its next event.
    ready: Option<Instant>,
}

impl Run {
    pub(super) fn new(function: Arc<Function>, request: InvokeRequest, permit: Permit, answer: Answer) -> Self {
        let request_id = request.request_id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        Self {
            function,
            request,
            request_id,
            permit: Some(permit),
            answer: Some(answer),
            begun: Instant::now(),
            init: None,
            handed_over: false,
            sent: None,
            ready: None,
        }
    }

    /// Runs the invocation to its end.
    pub(super) async fn drive(mut self) {
        let environment = match self.function.take_idle() {
            Some(environment) => {
                self.begun = Instant::now();
                environment
            }
            None => match self.cold_start().await {
                Some(environment) => environment,
                None => return,
            },
        };
        self.invoke(environment).await;
    }

    fn timeout(&self) -> Duration {
        self.function.deployment.config.timeout
    }

    /// INIT, and when it fails INIT again as a part of the invocation. `None` when the invocation is over.
    async fn cold_start(&mut self) -> Option<Environment> {
        let function = Arc::clone(&self.function);
        let (shared, deployment) = (&function.shared, &function.deployment);
        let stream = shared.open_log_stream(deployment);
        let init_begun = Instant::now();
        let failure = match Environment::initialize(shared, deployment, &stream, shared.settings.init_timeout).await {
            Ok(environment) => {
                let init = init_begun.elapsed();
                stream.init_report(init, "init", None);
                self.init = Some(init);
                self.begun = Instant::now();
                return Some(environment);
            }
            Err(failure) => failure,
        };
        match failure {
            InitFailure::Fault(fault) => stream.init_report(init_begun.elapsed(), "init", Some(&fault.status())),
            InitFailure::Lab(reason) => return self.give_up(reason),
        }
        self.begun = Instant::now();
        match Environment::initialize(shared, deployment, &stream, self.timeout()).await {
            Ok(environment) => {
                stream.init_report(self.begun.elapsed(), "invoke", None);
                Some(environment)
            }
            Err(InitFailure::Fault(fault)) => {
                stream.init_report(self.begun.elapsed(), "invoke", Some(&fault.status()));
                stream.start(&self.request_id, self.invoked_arn());
                self.conclude(&stream, 0, Err(fault));
                None
            }
            Err(InitFailure::Lab(reason)) => self.give_up(reason),
        }
    }

    fn give_up(&mut self, reason: String) -> Option<Environment> {
        self.permit = None;
        self.send(Err(InvokeError::Service { reason }));
        None
    }

    async fn invoke(mut self, mut environment: Environment) {
        let stream = Arc::clone(&environment.stream);
        stream.start(&self.request_id, self.invoked_arn());
        environment.api.send(self.event());
        self.handed_over = true;
        let end = self.wait(&mut environment).await;
        environment.settle().await;
        let memory_used = environment.memory_used();
        match end {
            End::Complete(result) => {
                let report = self.conclude_later(&stream, memory_used, result);
                // Before the caller knows: its next invocation finds the environment and the concurrency free.
                self.function.give_back(environment);
                self.permit = None;
                self.send(Ok(report));
            }
            End::Broken(result) => {
                environment.kill().await;
                self.conclude(&stream, memory_used, result);
            }
        }
    }

    /// The ARN by which the function was invoked.
    fn invoked_arn(&self) -> &str {
        self.request.invoked_arn.as_deref().unwrap_or(&self.function.deployment.config.arn)
    }

    fn event(&mut self) -> Invocation {
        Invocation {
            request_id: self.request_id.clone(),
            payload: std::mem::take(&mut self.request.payload),
            deadline: SystemTime::now() + self.timeout().saturating_sub(self.begun.elapsed()),
            function_arn: self.invoked_arn().to_owned(),
            trace_id: self.request.trace_id.take().unwrap_or_else(new_trace_id),
            client_context: self.request.client_context.take(),
        }
    }

    /// Waits until the runtime has answered and asked for its next event, or cannot any more.
    async fn wait(&mut self, environment: &mut Environment) -> End {
        let deadline = self.begun + self.timeout();
        let mut result = None;
        let mut grace = deadline;
        loop {
            let happening = tokio::select! {
                biased;
                happening = environment.happening() => happening,
                () = tokio::time::sleep_until(deadline) => return End::Broken(Err(Fault::TimedOut)),
                () = tokio::time::sleep_until(grace), if result.is_some() && self.answer.is_some() => {
                    if let Some(result) = result.clone() {
                        environment.settle().await;
                        let outcome = self.outcome(&environment.stream, result);
                        self.send(Ok(outcome));
                    }
                    continue;
                }
            };
            result = Some(match happening {
                Happening::Event(RuntimeEvent::Response(payload, sent)) => {
                    self.sent = Some(sent);
                    Ok(payload)
                }
                Happening::Event(RuntimeEvent::ResponseTooLarge(message)) => Err(Fault::ResponseTooLarge { message }),
                Happening::Event(RuntimeEvent::Error(error)) => Err(Fault::Reported(error)),
                Happening::Event(RuntimeEvent::Ready) => match result {
                    Some(result) => {
                        self.ready = Some(Instant::now());
                        return End::Complete(result);
                    }
                    None => continue,
                },
                // The Runtime API takes it only before the first event.
                Happening::Event(RuntimeEvent::InitError(_)) => continue,
                Happening::Exited(fault) => return End::Broken(result.unwrap_or(Err(fault))),
            });
            grace = Instant::now() + NEXT_GRACE;
        }
    }

    /// Writes the last lines and answers.
    fn conclude(&mut self, stream: &LogStream, memory_used: u64, result: Result<Bytes, Fault>) {
        let outcome = self.conclude_later(stream, memory_used, result);
        self.permit = None;
        self.send(Ok(outcome));
    }

    /// Writes the last lines: what the platform says of the fault, END, REPORT.
    fn conclude_later(&self, stream: &LogStream, memory_used: u64, result: Result<Bytes, Fault>) -> InvokeOutcome {
        let fault = result.as_ref().err();
        if let Some(line) = fault.and_then(|fault| fault.log_line(&self.request_id, self.timeout().as_secs_f64())) {
            stream.fault(line);
        }
        let duration = self.duration(fault);
        stream.end(&Report {
            request_id: &self.request_id,
            duration,
            billed: self.billed(duration),
            memory_size: self.function.deployment.config.memory_size,
            memory_used,
            init: self.init,
            produced: result.as_ref().ok().map(Bytes::len),
            spans: Span::of(self.begun, self.sent, self.ready),
            status: fault.map(Fault::status).as_ref(),
            // An error that a working handler reports is no failure of the phase.
            is_handled: matches!(fault, Some(Fault::Reported(_))) && self.handed_over,
        });
        self.outcome(stream, result)
    }

    fn duration(&self, fault: Option<&Fault>) -> Duration {
        if matches!(fault, Some(Fault::TimedOut)) { self.timeout() } else { self.begun.elapsed() }
    }

    fn billed(&self, duration: Duration) -> Duration {
        let nanoseconds = (duration + self.init.unwrap_or_default()).as_nanos();
        Duration::from_millis(u64::try_from(nanoseconds.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    fn outcome(&self, stream: &LogStream, result: Result<Bytes, Fault>) -> InvokeOutcome {
        let duration = self.duration(result.as_ref().err());
        let (payload, function_error, note) = match result {
            Ok(payload) => (payload, None, None),
            Err(fault) => {
                let payload = fault.payload(&self.request_id, self.timeout().as_secs_f64());
                (payload, Some(FunctionError::Unhandled), fault.note().map(str::to_owned))
            }
        };
        InvokeOutcome {
            payload,
            function_error,
            note,
            log_tail: stream.take_tail(),
            request_id: self.request_id.clone(),
            duration,
            billed_duration: self.billed(duration),
            init_duration: self.init,
            executed_version: self.function.deployment.config.version.clone(),
            log_stream: stream.name().to_owned(),
        }
    }

    fn send(&mut self, result: Result<InvokeOutcome, InvokeError>) {
        if let Some(answer) = self.answer.take() {
            // A caller that no longer waits does not end the invocation.
            let _ = answer.send(result);
        }
    }
}

/// How the INVOKE phase ended.
enum End {
    /// The environment is ready for the next.
    Complete(Result<Bytes, Fault>),
    /// The environment is of no more use.
    Broken(Result<Bytes, Fault>),
}

/// A trace header as Lambda makes one for a caller without: not sampled.
fn new_trace_id() -> String {
    let seconds = jiff::Timestamp::now().as_second();
    format!(
        "Root=1-{seconds:08x}-{:024x};Parent={:016x};Sampled=0",
        rand::random::<u128>() >> 32,
        rand::random::<u64>()
    )
}
