//! How the time of an invocation was spent: the spans of `platform.runtimeDone`.
//!
//! Source: "Lambda Telemetry API Event schema reference" in the Lambda developer guide.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// When the runtime sent its response.
#[derive(Clone, Copy, Debug)]
pub(in crate::lambda) struct Sent {
    /// It began: its request was there.
    pub(in crate::lambda) begun: Instant,
    /// Its last byte was there.
    pub(in crate::lambda) ended: Instant,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug)]
pub(in crate::lambda) struct Span {
    /// AWS's name for it.
    pub(super) name: &'static str,
    pub(super) start: Timestamp,
    pub(super) duration: Duration,
}

impl Span {
    fn new(name: &'static str, begun: Instant, ended: Instant) -> Self {
        // The clock that can be put on the wall is another than the one that only goes forward.
        let now = Timestamp::now();
        let start = now.checked_sub(begun.elapsed()).unwrap_or(now);
        Self { name, start, duration: ended.saturating_duration_since(begun) }
    }

    /// Those of an invocation that began at a time: until the response began, until it was sent, and until the runtime
    /// asked for its next event. What did not come to pass has none.
    pub(in crate::lambda) fn of(begun: Instant, sent: Option<Sent>, ready: Option<Instant>) -> Vec<Self> {
        let Some(sent) = sent else { return Vec::new() };
        let mut spans = vec![
            Self::new("responseLatency", begun, sent.begun),
            Self::new("responseDuration", sent.begun, sent.ended),
        ];
        spans.extend(ready.map(|ready| Self::new("runtimeOverhead", sent.ended, ready)));
        spans
    }
}
