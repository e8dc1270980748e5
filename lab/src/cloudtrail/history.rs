//! The event history: the management records of 90 days, with or without a trail.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CloudTrail;
use super::record::Record;
use crate::cloud::Limits;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::time;

/// How long CloudTrail keeps records.
///
/// Source: "Working with CloudTrail Event history" in the CloudTrail user guide.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A record as the history keeps it: as text, which takes a fifth of the memory of the value that it was.
#[derive(Debug)]
pub(super) struct Kept {
    /// The record; its `json` is null.
    record: Record,
    text: Box<str>,
}

impl Kept {
    fn of(record: &Record) -> Self {
        let text = record.json.to_string().into_boxed_str();
        let record = Record {
            scope: record.scope.clone(),
            time: record.time,
            service: record.service,
            event_name: record.event_name.clone(),
            event_id: record.event_id.clone(),
            request_id: record.request_id.clone(),
            read_only: record.read_only,
            access_key: record.access_key.clone(),
            username: record.username.clone(),
            resources: record.resources.clone(),
            json: Value::Null,
        };
        Self { record, text }
    }

    /// When the call was made.
    pub(super) fn time(&self) -> Timestamp {
        self.record.time
    }

    /// The record as CloudTrail writes it.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// The records of all accounts, in the order in which the calls were answered.
#[derive(Debug)]
pub(super) struct History {
    records: Mutex<VecDeque<Arc<Kept>>>,
    /// How many are kept; the oldest go first.
    most: usize,
    /// How many there were so far, those that are no longer kept included. Changed under the lock.
    count: AtomicU64,
}

impl Default for History {
    fn default() -> Self {
        Self::keeping(Limits::default().records)
    }
}

impl History {
    /// A history of the newest `most` records.
    pub(super) fn keeping(most: usize) -> Self {
        Self { records: Mutex::default(), most, count: AtomicU64::new(0) }
    }

    pub(super) fn push(&self, record: &Record) {
        let record = Arc::new(Kept::of(record));
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.push_back(record);
        while records.len() > self.most {
            records.pop_front();
        }
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// The records that are kept, at most `most` of them, from the one with this number on (the first has 0), and the
    /// number of the first of them.
    pub(super) fn since(&self, number: u64, most: usize) -> (u64, Vec<Arc<Kept>>) {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = self.count.load(Ordering::Relaxed).saturating_sub(records.len() as u64);
        let first = number.max(oldest);
        let skipped = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        (first, records.iter().skip(skipped).take(most).cloned().collect())
    }

    /// How many records there were so far.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The wanted records, oldest first.
    pub(super) fn all(&self, wanted: impl Fn(&Record) -> bool) -> Vec<Arc<Kept>> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.iter().filter(|kept| wanted(&kept.record)).cloned().collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct LookupEvents {
    #[serde(default)]
    lookup_attributes: Vec<Attribute>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    event_category: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Attribute {
    attribute_key: Key,
    attribute_value: String,
}

#[derive(Clone, Copy, Deserialize)]
enum Key {
    EventId,
    EventName,
    ReadOnly,
    Username,
    ResourceType,
    ResourceName,
    EventSource,
    AccessKeyId,
}

impl Attribute {
    fn holds(&self, record: &Record) -> bool {
        let value = self.attribute_value.as_str();
        match self.attribute_key {
            Key::EventId => record.event_id == value,
            Key::EventName => record.event_name == value,
            Key::ReadOnly => record.read_only.to_string() == value,
            Key::Username => record.username == value,
            Key::ResourceType => record.resources.iter().any(|(kind, _)| kind == value),
            Key::ResourceName => record.resources.iter().any(|(_, name)| name == value),
            Key::EventSource => record.service.event_source() == value,
            Key::AccessKeyId => record.access_key == value,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    events: Vec<Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    event_id: String,
    event_name: String,
    read_only: String,
    /// What a service calls by itself has neither key nor name.
    #[serde(skip_serializing_if = "String::is_empty")]
    access_key_id: String,
    event_time: f64,
    event_source: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    resources: Vec<Resource>,
    cloud_trail_event: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    resource_type: String,
    resource_name: String,
}

impl Event {
    fn of(kept: &Kept) -> Self {
        let Kept { record, text } = kept;
        let resources = record
            .resources
            .iter()
            .map(|(kind, name)| Resource { resource_type: kind.clone(), resource_name: name.clone() });
        Self {
            event_id: record.event_id.clone(),
            event_name: record.event_name.clone(),
            read_only: record.read_only.to_string(),
            access_key_id: record.access_key.clone(),
            // To the second, as in the record.
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far from 2^52")]
            event_time: record.time.as_second() as f64,
            event_source: record.service.event_source(),
            username: record.username.clone(),
            resources: resources.collect(),
            cloud_trail_event: text.to_string(),
        }
    }
}

impl CloudTrail {
    /// The records of the caller's account and Region, newest first.
    pub(super) fn lookup_events(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: LookupEvents = call.input()?;
        if input.event_category.is_some() {
            return Err(call.unsupported_parameter("EventCategory"));
        }
        if input.lookup_attributes.len() > 1 {
            let message = "You can specify only one lookup attribute.";
            return Err(AwsError::bad_request("InvalidLookupAttributesException", message));
        }
        if input.lookup_attributes.iter().any(|attribute| attribute.attribute_value.is_empty()) {
            let message = "The value of a lookup attribute cannot be empty.";
            return Err(AwsError::bad_request("InvalidLookupAttributesException", message));
        }
        let most = input.max_results.unwrap_or(50);
        if !(1..=50).contains(&most) {
            let message = format!("The value of MaxResults must be from 1 to 50, not {most}.");
            return Err(AwsError::bad_request("InvalidMaxResultsException", message));
        }
        if input.start_time.zip(input.end_time).is_some_and(|(start, end)| start > end) {
            let message = "The start time must not be later than the end time.";
            return Err(AwsError::bad_request("InvalidTimeRangeException", message));
        }
        let oldest = Timestamp::now() - KEPT_FOR;
        let wanted = |record: &Record| {
            let time = time::epoch(record.time);
            record.scope == call.scope
                && record.time >= oldest
                && input.start_time.is_none_or(|start| time >= start)
                // The end is given in whole seconds, as the times of the records are.
                && input.end_time.is_none_or(|end| time < end + 1.0)
                && input.lookup_attributes.iter().all(|attribute| attribute.holds(record))
        };
        let mut found = self.history.all(wanted);
        found.reverse();
        let from = first_after(&found, input.next_token.as_deref())?;
        let page: Vec<_> = found[from..].iter().take(usize::try_from(most).unwrap_or(50)).collect();
        let more = from + page.len() < found.len();
        let next_token = page.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(&last.record.event_id));
        call.reply(&Found { events: page.into_iter().map(|kept| Event::of(kept)).collect(), next_token })
    }
}

/// Where the page after a token begins. A token names the last record of the page before, so that new records do not shift
/// the pages.
fn first_after(found: &[Arc<Kept>], token: Option<&str>) -> Result<usize, AwsError> {
    let Some(token) = token else { return Ok(0) };
    let last = URL_SAFE_NO_PAD.decode(token).ok();
    let place = last.and_then(|last| found.iter().position(|kept| kept.record.event_id.as_bytes() == last));
    place.map(|place| place + 1).ok_or_else(|| {
        let message = "The NextToken is not one that a call with these parameters returned.";
        AwsError::bad_request("InvalidNextTokenException", message)
    })
}
