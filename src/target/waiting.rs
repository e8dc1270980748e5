//! How long a run waits for its endpoint: what is left of its length is the harness's own share.
//!
//! A run waits while a call is under way at the endpoint, and while it watches for an alert. Calls run side by side, so that
//! the lengths of the waits cannot be added up: what counts is the time during which **at least one** was open. Work that the
//! harness does meanwhile costs nobody anything, and is not its share; all time in which nothing was open is.
//!
//! - A call is open from its first byte out to the head of the answer, attempt by attempt: the pause before a retry is the
//!   harness's.
//! - That a container starts and is removed is waited for as well.
//! - A long poll of a queue is no wait: one is open all the time, and whatever it waits for is watched for by a drill.
//! - A function that the harness runs in the target's place runs while its alert is watched for, and is the pipeline's time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use jiff::Timestamp;
use serde::Serialize;

use super::{Clock, Tape};

/// The waits of a run, and its calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    waits: Arc<Mutex<Waits>>,
    /// The target's clock, as its answers tell it.
    clock: Clock,
    /// Where the calls are written down, in a rehearsal.
    tape: Option<Tape>,
}

/// How many attempts a run's calls took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Calls, each counted once.
    pub made: u64,
    /// Attempts beyond the first of a call: it was throttled, the service failed, or no answer came.
    pub retried: u64,
}

#[derive(Debug, Default)]
struct Waits {
    open: usize,
    /// Since when at least one is open.
    since: Option<Instant>,
    past: Duration,
    calls: Calls,
}

/// A wait that lasts until this is dropped.
#[derive(Debug)]
pub(crate) struct Wait(Waiting);

impl Waiting {
    /// One whose calls are written down as well.
    pub(super) fn taped(tape: Option<Tape>) -> Self {
        Self { tape, ..Self::default() }
    }

    /// Whether they are.
    pub(super) fn is_taped(&self) -> bool {
        self.tape.is_some()
    }

    /// Begins a wait.
    pub(crate) fn begin(&self) -> Wait {
        let mut waits = self.lock();
        waits.open += 1;
        waits.since.get_or_insert_with(Instant::now);
        Wait(self.clone())
    }

    /// Counts a wait that is over, during which no other was open.
    pub(crate) fn add(&self, length: Duration) {
        self.lock().past += length;
    }

    /// For how long at least one wait was open.
    pub(crate) fn total(&self) -> Duration {
        let waits = self.lock();
        waits.past + waits.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The target's clock.
    pub(super) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// The calls until now.
    pub(crate) fn calls(&self) -> Calls {
        self.lock().calls
    }

    /// Counts an attempt, by what the SDK says of it: `attempt=2; max=10`. Whether it is the first of its call.
    fn count(&self, attempt: Option<&str>) -> bool {
        let calls = &mut self.lock().calls;
        let first = attempt.is_none_or(|attempt| attempt.split(';').next().is_none_or(|n| n.trim() == "attempt=1"));
        *(if first { &mut calls.made } else { &mut calls.retried }) += 1;
        first
    }

    /// The configuration of clients whose calls are waits.
    pub(crate) fn measuring(&self, config: &SdkConfig) -> SdkConfig {
        let Some(inner) = config.http_client() else { return config.clone() };
        config.to_builder().http_client(Measured { inner, waiting: self.clone() }).build()
    }

    fn lock(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = self.0.lock();
        waits.open -= 1;
        if waits.open == 0
            && let Some(since) = waits.since.take()
        {
            waits.past += since.elapsed();
        }
    }
}

/// An HTTP client, or one of its connectors, whose requests are waits.
#[derive(Debug)]
struct Measured<T> {
    inner: T,
    waiting: Waiting,
}

impl HttpClient for Measured<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Measured { inner, waiting: self.waiting.clone() })
    }
}

impl HttpConnector for Measured<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_long_poll = request.headers().get("x-amz-target") == Some("AmazonSQS.ReceiveMessage");
        let is_first = self.waiting.count(request.headers().get("amz-sdk-request"));
        if let Some(tape) = self.waiting.tape.as_ref().filter(|_| is_first) {
            tape.note(&request);
        }
        let wait = (!is_long_poll).then(|| self.waiting.begin());
        let (clock, sent) = (self.waiting.clock(), Timestamp::now());
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            drop(wait);
            if let Some(date) = answer.as_ref().ok().and_then(|answer| answer.headers().get("date")) {
                clock.answered(sent, Timestamp::now(), date);
            }
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_beyond_the_first_are_retries() {
        let waiting = Waiting::default();
        for attempt in
            [Some("attempt=1"), Some("attempt=2; max=10"), Some("attempt=3; max=10"), Some("attempt=1; max=10")]
        {
            waiting.count(attempt);
        }
        assert_eq!(waiting.calls(), Calls { made: 2, retried: 2 });
    }

    #[test]
    fn waits_side_by_side_count_once() {
        let waiting = Waiting::default();
        let pause = Duration::from_millis(20);
        let started = Instant::now();
        let (first, second) = (waiting.begin(), waiting.begin());
        std::thread::sleep(pause);
        drop(first);
        std::thread::sleep(pause);
        drop(second);
        let waited = waiting.total();
        assert!((pause * 2..=started.elapsed()).contains(&waited), "{waited:?}");
        std::thread::sleep(pause);
        assert_eq!(waiting.total(), waited, "nothing is open");
    }
}
