//! CloudWatch Logs: where functions write, and where a drill reads why one failed.
//!
//! Groups, streams and events as in AWS, with the paging that clients rely on: the tokens of `GetLogEvents` never end,
//! they repeat. A retention policy is kept, but nothing expires while the lab runs. Filter patterns are those for
//! unstructured text; patterns for JSON, for space-delimited events and with regular expressions are refused by name.
//!
//! Source: the CloudWatch Logs API reference, and *Filter pattern syntax* in the CloudWatch Logs user guide.

mod event;
mod filter;
mod group;
mod read;
mod snapshot;
mod stream;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::scope::{Scope, Scoped};

/// The lab's CloudWatch Logs.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    scopes: Scoped<State>,
}

/// The log groups of an account in a Region.
#[derive(Debug, Default)]
struct State {
    groups: BTreeMap<String, Group>,
    /// How many events were ever taken: it orders those of one millisecond.
    taken: u64,
}

#[derive(Debug)]
struct Group {
    created: Timestamp,
    retention_days: Option<i32>,
    tags: BTreeMap<String, String>,
    streams: BTreeMap<String, Stream>,
}

#[derive(Debug)]
struct Stream {
    created: Timestamp,
    /// By id, which is by time.
    events: BTreeMap<EventId, Event>,
    last_ingestion: Option<i64>,
}

/// An event's place: its time in milliseconds, then the order in which it was taken. Written as AWS writes it, it has
/// 56 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EventId(u128);

#[derive(Clone, Debug)]
struct Event {
    /// Milliseconds since 1970.
    timestamp: i64,
    /// Milliseconds since 1970.
    ingestion: i64,
    message: String,
}

impl Logs {
    operations! { OPERATIONS =
        pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateLogGroup" => group::create(self, call),
            "DeleteLogGroup" => group::delete(self, call),
            "DescribeLogGroups" => group::describe(self, call),
            "ListLogGroups" => group::list(self, call),
            "PutRetentionPolicy" => group::put_retention(self, call),
            "DeleteRetentionPolicy" => group::delete_retention(self, call),
            "TagLogGroup" => tags::tag_group(self, call),
            "UntagLogGroup" => tags::untag_group(self, call),
            "ListTagsLogGroup" => tags::list_of_group(self, call),
            "TagResource" => tags::tag_resource(self, call),
            "UntagResource" => tags::untag_resource(self, call),
            "ListTagsForResource" => tags::list_of_resource(self, call),
            "CreateLogStream" => stream::create(self, call),
            "DeleteLogStream" => stream::delete(self, call),
            "DescribeLogStreams" => stream::describe(self, call),
            "PutLogEvents" => event::put(self, call),
            "GetLogEvents" => read::get(self, call),
            "FilterLogEvents" => read::filter(self, call),
            refused "AssociateKmsKey", "CreateExportTask", "GetQueryResults", "PutSubscriptionFilter", "StartQuery",
        }
    }

    /// Appends events to a log stream, making group and stream where they are not there.
    pub(crate) fn append(&self, scope: &Scope, group: &str, stream: &str, events: Vec<(Timestamp, String)>) {
        let now = Timestamp::now();
        self.scopes.with(scope, |state| {
            let group = state.groups.entry(group.to_owned()).or_insert_with(|| Group::new(now, BTreeMap::new()));
            let stream = group.streams.entry(stream.to_owned()).or_insert_with(|| Stream::new(now));
            for (time, message) in events {
                stream.push(&mut state.taken, time.as_millisecond(), now.as_millisecond(), message);
            }
        });
    }

    /// Runs `f` on a group of the caller's.
    fn on_group<R>(
        &self,
        call: &Call,
        name: &str,
        f: impl FnOnce(&mut Group, &mut u64) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.scopes.with(&call.scope, |state| {
            let group = state.groups.get_mut(name).ok_or_else(no_group)?;
            f(group, &mut state.taken)
        })
    }
}

fn no_group() -> AwsError {
    AwsError::bad_request("ResourceNotFoundException", "The specified log group does not exist.")
}

/// The longest name of a group or a stream, in characters.
const LONGEST_NAME: usize = 512;

/// Names that are too long are refused in these words, before they are looked at as what they are.
fn check_length(name: &str) -> Result<(), AwsError> {
    match name.chars().count() {
        length if length > LONGEST_NAME => Err(invalid(format!(
            "Invalid LogGroup or LogStream, both must have length less than or equal to {LONGEST_NAME}."
        ))),
        _ => Ok(()),
    }
}

fn no_stream() -> AwsError {
    AwsError::bad_request("ResourceNotFoundException", "The specified log stream does not exist.")
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterException", message)
}

/// The words in which CloudWatch Logs says that a parameter breaks a rule of its type.
fn violated(value: &str, at: &str, constraint: &str) -> AwsError {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"
    ))
}

/// How many items a page may have: `default` where the call does not say, at most `most`.
fn limit(given: Option<i64>, default: usize, most: usize) -> Result<usize, AwsError> {
    let Some(given) = given else { return Ok(default) };
    match usize::try_from(given) {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        Ok(limit) if limit > most => {
            Err(violated(&given.to_string(), "limit", &format!("Member must have value less than or equal to {most}")))
        }
        _ => Err(violated(&given.to_string(), "limit", "Member must have value greater than or equal to 1")),
    }
}

/// The name of the group that a call names, by name or by ARN.
fn group_name(name: Option<String>, identifier: Option<String>) -> Result<String, AwsError> {
    match (name, identifier) {
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) if identifier.contains('*') => Err(invalid(
            "1 validation error detected: Value at 'logGroupIdentifier' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\w#+=/:,.@-]*",
        )),
        (None, Some(identifier)) => Ok(name_of_arn(&identifier).unwrap_or(&identifier).to_owned()),
        (None, None) => Err(invalid("Either logGroupName or logGroupIdentifier must be specified")),
        (Some(_), Some(_)) => {
            let message = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
            Err(AwsError::bad_request("ValidationException", message))
        }
    }
}

/// The group that an ARN names: `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, with or without `:*`.
fn name_of_arn(arn: &str) -> Option<&str> {
    let (_, name) = arn.strip_prefix("arn:aws:logs:")?.split_once(":log-group:")?;
    Some(name.strip_suffix(":*").unwrap_or(name))
}
