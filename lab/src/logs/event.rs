//! Log events on their way in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EventId, Logs, invalid, no_stream};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// What each event counts beside its message, in bytes.
pub(super) const OVERHEAD: usize = 26;
/// The largest batch, in bytes.
const LARGEST_BATCH: usize = 1_048_576;
/// The most events in a batch.
const MOST_EVENTS: usize = 10_000;
/// Milliseconds of an hour and a day.
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

impl EventId {
    /// The first 64 bits are the time, so that ids are in the order of time.
    pub(super) fn new(timestamp: i64, taken: u64) -> Self {
        Self(u128::from(u64::try_from(timestamp).unwrap_or_default()) << 64 | u128::from(taken))
    }

    /// Before every event of this time.
    pub(super) fn at(timestamp: i64) -> Self {
        Self::new(timestamp, 0)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:056}", self.0)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PutInput {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<EventInput>,
    /// AWS reads over it since 2023.
    #[serde(rename = "sequenceToken")]
    _sequence_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventInput {
    timestamp: i64,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PutOutput {
    next_sequence_token: String,
    #[serde(skip_serializing_if = "Rejected::is_none")]
    rejected_log_events_info: Rejected,
}

/// Which events of a batch were left out: all before an end, all from a start.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rejected {
    #[serde(skip_serializing_if = "Option::is_none")]
    too_new_log_event_start_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_old_log_event_end_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_log_event_end_index: Option<usize>,
}

impl Rejected {
    fn is_none(&self) -> bool {
        self.too_new_log_event_start_index.is_none()
            && self.too_old_log_event_end_index.is_none()
            && self.expired_log_event_end_index.is_none()
    }

    /// Events over 14 days old, older than the group keeps them, or over two hours ahead are left out.
    fn of(events: &[EventInput], now: i64, retention_days: Option<i32>) -> Self {
        let before = |time: i64| Some(events.partition_point(|event| event.timestamp < time)).filter(|end| *end > 0);
        let start = events.partition_point(|event| event.timestamp <= now + 2 * HOUR);
        Self {
            too_new_log_event_start_index: Some(start).filter(|start| *start < events.len()),
            too_old_log_event_end_index: before(now - 14 * DAY),
            expired_log_event_end_index: retention_days.and_then(|days| before(now - i64::from(days) * DAY)),
        }
    }

    fn accepted(&self, events: usize) -> std::ops::Range<usize> {
        let start = self.too_old_log_event_end_index.max(self.expired_log_event_end_index).unwrap_or(0);
        start..self.too_new_log_event_start_index.unwrap_or(events)
    }
}

pub(super) fn put(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: PutInput = call.input()?;
    let mut events = input.log_events;
    check_batch(&events)?;
    let now = call.time.as_millisecond();
    let rejected = logs.on_group(call, &input.log_group_name, |group, taken| {
        let rejected = Rejected::of(&events, now, group.retention_days);
        let stream = group.streams.get_mut(&input.log_stream_name).ok_or_else(no_stream)?;
        for event in events.drain(rejected.accepted(events.len())) {
            stream.push(taken, event.timestamp, now, event.message);
        }
        Ok(rejected)
    })?;
    call.reply(&PutOutput { next_sequence_token: ids::hex(56), rejected_log_events_info: rejected })
}

fn check_batch(events: &[EventInput]) -> Result<(), AwsError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Err(invalid(
            "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ));
    };
    if events.len() > MOST_EVENTS {
        return Err(invalid(format!("Upload too large: {} events exceeds limit of {MOST_EVENTS}", events.len())));
    }
    if events.iter().any(|event| event.timestamp < 0) {
        return Err(invalid("A timestamp must not be negative"));
    }
    if events.iter().any(|event| event.message.is_empty()) {
        return Err(invalid("Log event message must not be empty"));
    }
    let bytes: usize = events.iter().map(|event| event.message.len() + OVERHEAD).sum();
    if bytes > LARGEST_BATCH {
        return Err(invalid(format!("Upload too large: {bytes} bytes exceeds limit of {LARGEST_BATCH}")));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    if last.timestamp - first.timestamp > DAY {
        return Err(invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(())
}
