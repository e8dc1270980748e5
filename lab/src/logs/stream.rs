//! Log streams.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::OVERHEAD;
use super::{Event, EventId, Logs, Stream, check_length, group_name, invalid, limit, no_stream, violated};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

impl Stream {
    pub(super) fn new(created: Timestamp) -> Self {
        Self { created, events: BTreeMap::new(), last_ingestion: None }
    }

    pub(super) fn push(&mut self, taken: &mut u64, timestamp: i64, ingestion: i64, message: String) {
        *taken += 1;
        self.events.insert(EventId::new(timestamp, *taken), Event { timestamp, ingestion, message });
        self.last_ingestion = Some(ingestion);
    }

    pub(super) fn stored_bytes(&self) -> usize {
        self.events.values().map(|event| event.message.len() + OVERHEAD).sum()
    }

    fn first(&self) -> Option<i64> {
        self.events.values().next().map(|event| event.timestamp)
    }

    fn last(&self) -> Option<i64> {
        self.events.values().next_back().map(|event| event.timestamp)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NameInput {
    log_group_name: String,
    log_stream_name: String,
}

pub(super) fn create(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let NameInput { log_group_name, log_stream_name } = call.input()?;
    check_length(&log_stream_name)?;
    if log_stream_name.is_empty() || log_stream_name.contains([':', '*']) {
        let constraint = "Member must satisfy regular expression pattern: [^:*]*";
        return Err(violated(&log_stream_name, "logStreamName", constraint));
    }
    logs.on_group(call, &log_group_name, |group, _| {
        if group.streams.contains_key(&log_stream_name) {
            let message = "The specified log stream already exists";
            return Err(AwsError::bad_request("ResourceAlreadyExistsException", message));
        }
        group.streams.insert(log_stream_name, Stream::new(call.time));
        Ok(())
    })?;
    call.done()
}

pub(super) fn delete(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let NameInput { log_group_name, log_stream_name } = call.input()?;
    logs.on_group(call, &log_group_name, |group, _| {
        group.streams.remove(&log_stream_name).map(|_| ()).ok_or_else(no_stream)
    })?;
    call.done()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OrderBy {
    LogStreamName,
    LastEventTime,
}

impl OrderBy {
    fn of(given: Option<&str>) -> Result<Self, AwsError> {
        match given {
            None | Some("LogStreamName") => Ok(Self::LogStreamName),
            Some("LastEventTime") => Ok(Self::LastEventTime),
            Some(other) => {
                Err(violated(other, "orderBy", "Member must satisfy enum value set: [LogStreamName, LastEventTime]"))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DescribeInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    log_streams: Vec<StreamOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamOutput {
    log_stream_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<i64>,
    arn: String,
    /// AWS has reported 0 for streams since 2019.
    stored_bytes: u8,
}

pub(super) fn describe(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let limit = limit(input.limit, 50, 50)?;
    let order = OrderBy::of(input.order_by.as_deref())?;
    if order == OrderBy::LastEventTime && input.log_stream_name_prefix.is_some() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let prefix = input.log_stream_name_prefix.unwrap_or_default();
    let group_name = group_name(input.log_group_name, input.log_group_identifier)?;
    let mut streams = logs.on_group(call, &group_name, |group, _| {
        let named = group.streams.iter().filter(|(name, _)| name.starts_with(&prefix));
        Ok(named.map(|(name, stream)| output(call, &group_name, name, stream)).collect::<Vec<_>>())
    })?;
    if order == OrderBy::LastEventTime {
        streams.sort_by_key(|stream| stream.last_event_timestamp);
    }
    if input.descending {
        streams.reverse();
    }
    // The token is the name of the page's last stream: its place is found again even if others came before it.
    let start = match input.next_token {
        None => 0,
        Some(token) => {
            let last = streams.iter().position(|stream| stream.log_stream_name == token);
            last.ok_or_else(|| invalid("The specified nextToken is invalid."))? + 1
        }
    };
    let more = streams.len() > start + limit;
    let log_streams: Vec<_> = streams.into_iter().skip(start).take(limit).collect();
    let next_token = log_streams.last().filter(|_| more).map(|stream| stream.log_stream_name.clone());
    call.reply(&DescribeOutput { log_streams, next_token })
}

fn output(call: &Call, group: &str, name: &str, stream: &Stream) -> StreamOutput {
    StreamOutput {
        log_stream_name: name.to_owned(),
        creation_time: stream.created.as_millisecond(),
        first_event_timestamp: stream.first(),
        last_event_timestamp: stream.last(),
        last_ingestion_time: stream.last_ingestion,
        arn: call.scope.arn("logs", format_args!("log-group:{group}:log-stream:{name}")),
        stored_bytes: 0,
    }
}
