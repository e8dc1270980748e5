//! Log events on their way out: one stream's in either direction, or a group's through a filter.

use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::filter::Filter;
use super::{Event, EventId, Group, Logs, Stream, group_name, invalid, limit, no_stream, violated};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The most events on a page, and how many there are where the call does not say.
const MOST_EVENTS: usize = 10_000;

/// The longest filter pattern, in characters ("FilterLogEvents" in the API reference). Each event is searched for its words.
const LONGEST_PATTERN: usize = 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GetInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    #[serde(default)]
    start_from_head: bool,
    /// Nothing is masked.
    #[serde(rename = "unmask")]
    _unmask: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GetOutput {
    events: Vec<EventOutput>,
    next_forward_token: String,
    next_backward_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventOutput {
    timestamp: i64,
    message: String,
    ingestion_time: i64,
}

/// Where a page begins, and in which direction it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// After this event: `f/…`.
    Forward(EventId),
    /// Before this event: `b/…`.
    Backward(EventId),
}

impl Token {
    fn parse(text: &str) -> Result<Self, AwsError> {
        let malformed = || invalid("The specified nextToken is invalid.");
        let (direction, rest) = text.split_once('/').ok_or_else(malformed)?;
        let id = rest.strip_suffix("/s").and_then(|digits| digits.parse().ok()).map(EventId).ok_or_else(malformed)?;
        match direction {
            "f" => Ok(Self::Forward(id)),
            "b" => Ok(Self::Backward(id)),
            _ => Err(malformed()),
        }
    }

    fn forward(id: EventId) -> String {
        format!("f/{id}/s")
    }

    fn backward(id: EventId) -> String {
        format!("b/{id}/s")
    }
}

pub(super) fn get(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: GetInput = call.input()?;
    let limit = limit(input.limit, MOST_EVENTS, MOST_EVENTS)?;
    let token = match &input.next_token {
        Some(text) => Token::parse(text)?,
        None if input.start_from_head => Token::Forward(EventId(0)),
        None => Token::Backward(EventId(u128::MAX)),
    };
    // The start is a part of the range, the end is not.
    let from = EventId::at(input.start_time.unwrap_or(0));
    let to = input.end_time.map_or(EventId(u128::MAX), EventId::at);
    let group = group_name(input.log_group_name, input.log_group_identifier)?;
    let output = logs.on_group(call, &group, |group, _| {
        let stream = group.streams.get(&input.log_stream_name).ok_or_else(no_stream)?;
        Ok(page(stream, token, (from, to), limit))
    })?;
    call.reply(&output)
}

fn page(stream: &Stream, token: Token, (from, to): (EventId, EventId), limit: usize) -> GetOutput {
    let events: Vec<(EventId, &Event)> = match token {
        Token::Forward(after) => {
            range(stream, (Bound::Excluded(after), Bound::Unbounded), from, to).take(limit).collect()
        }
        Token::Backward(before) => {
            let before = range(stream, (Bound::Unbounded, Bound::Excluded(before)), from, to);
            let mut last: Vec<_> = before.rev().take(limit).collect();
            last.reverse();
            last
        }
    };
    // An empty page repeats the token that led to it: so a client knows the end. The other token leads back.
    let (first, last) = match (events.first(), events.last(), token) {
        (Some((first, _)), Some((last, _)), _) => (*first, *last),
        (_, _, Token::Forward(id)) => (EventId(id.0.saturating_add(1)), id),
        (_, _, Token::Backward(EventId(u128::MAX))) => newest_or(stream, EventId(0)),
        (_, _, Token::Backward(id)) => (id, EventId(id.0.saturating_sub(1))),
    };
    let output = |(_, event): &(EventId, &Event)| EventOutput {
        timestamp: event.timestamp,
        message: event.message.clone(),
        ingestion_time: event.ingestion,
    };
    GetOutput {
        events: events.iter().map(output).collect(),
        next_forward_token: Token::forward(last),
        next_backward_token: Token::backward(first),
    }
}

/// The tokens of a first page without events: what comes later is forward of them.
fn newest_or(stream: &Stream, none: EventId) -> (EventId, EventId) {
    let newest = stream.events.keys().next_back().copied().unwrap_or(none);
    (newest, newest)
}

fn range(
    stream: &Stream,
    bounds: (Bound<EventId>, Bound<EventId>),
    from: EventId,
    to: EventId,
) -> impl DoubleEndedIterator<Item = (EventId, &Event)> {
    let events = stream.events.range(bounds).map(|(id, event)| (*id, event));
    events.filter(move |(id, _)| *id >= from && *id < to)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FilterInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    #[serde(default)]
    log_stream_names: Vec<String>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
    /// AWS reads over it since 2019: events of all streams are always interleaved.
    #[serde(rename = "interleaved")]
    _interleaved: Option<bool>,
    /// Nothing is masked.
    #[serde(rename = "unmask")]
    _unmask: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FilterOutput {
    events: Vec<FilteredEvent>,
    /// AWS leaves it empty since 2019.
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FilteredEvent {
    log_stream_name: String,
    timestamp: i64,
    message: String,
    ingestion_time: i64,
    event_id: String,
}

pub(super) fn filter(logs: &Logs, call: &Call) -> Result<Reply, AwsError> {
    let input: FilterInput = call.input()?;
    let limit = limit(input.limit, MOST_EVENTS, MOST_EVENTS)?;
    if !input.log_stream_names.is_empty() && input.log_stream_name_prefix.is_some() {
        return Err(invalid("logStreamNamePrefix and logStreamNames cannot both be specified"));
    }
    let pattern = input.filter_pattern.as_deref().unwrap_or_default();
    if pattern.chars().count() > LONGEST_PATTERN {
        let constraint = format!("Member must have length less than or equal to {LONGEST_PATTERN}");
        return Err(violated(pattern, "filterPattern", &constraint));
    }
    let filter = Filter::parse(call, pattern)?;
    let after = match &input.next_token {
        None => EventId(0),
        Some(token) => {
            let id = token.parse().map(EventId);
            id.map_err(|_| invalid("The specified nextToken is invalid."))?
        }
    };
    // Here both ends are a part of the range.
    let from = EventId::at(input.start_time.unwrap_or(0));
    let to = input.end_time.map_or(EventId(u128::MAX), |end| EventId::at(end.saturating_add(1)));
    let group = group_name(input.log_group_name.clone(), input.log_group_identifier.clone())?;
    let output = logs.on_group(call, &group, |group, _| {
        let mut events = Vec::new();
        for (name, stream) in streams(group, &input)? {
            let within = range(stream, (Bound::Excluded(after), Bound::Unbounded), from, to);
            events.extend(
                within.filter(|(_, event)| filter.matches(&event.message)).map(|(id, event)| (id, name, event)),
            );
        }
        events.sort_by_key(|(id, ..)| *id);
        let more = events.len() > limit;
        events.truncate(limit);
        let next_token = events.last().filter(|_| more).map(|(id, ..)| id.to_string());
        let events = events.into_iter().map(|(id, name, event)| FilteredEvent {
            log_stream_name: name.clone(),
            timestamp: event.timestamp,
            message: event.message.clone(),
            ingestion_time: event.ingestion,
            event_id: id.to_string(),
        });
        Ok(FilterOutput { events: events.collect(), searched_log_streams: [], next_token })
    })?;
    call.reply(&output)
}

/// The streams that a call asks for; a name that is not there is an error.
fn streams<'a>(group: &'a Group, input: &FilterInput) -> Result<Vec<(&'a String, &'a Stream)>, AwsError> {
    if input.log_stream_names.is_empty() {
        let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
        return Ok(group.streams.iter().filter(|(name, _)| name.starts_with(prefix)).collect());
    }
    let named = |name: &String| group.streams.get_key_value(name).ok_or_else(no_stream);
    input.log_stream_names.iter().map(named).collect()
}
