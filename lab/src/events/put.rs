//! Events that callers put, and the test of a pattern.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rule::read_pattern;
use super::{Events, bus, invalid, permission};
use crate::cloud::Cloud;
use crate::deliveries::{Carried, Hop, Leg, Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::scope::Scope;
use crate::time;

/// The most that the entries of one call may weigh together, in bytes.
const MOST_BYTES: usize = 256 * 1024;

/// The most entries of one call.
const MOST_ENTRIES: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutEvents {
    entries: Vec<Entry>,
    endpoint_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    time: Option<f64>,
    source: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    /// For AWS X-Ray, which the lab has not.
    #[serde(rename = "TraceHeader")]
    _trace_header: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    failed_entry_count: usize,
    entries: Vec<EntryResult>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EntryResult {
    #[serde(rename_all = "PascalCase")]
    Taken { event_id: String },
    #[serde(rename_all = "PascalCase")]
    Refused { error_code: &'static str, error_message: String },
}

impl EntryResult {
    fn refused(error_code: &'static str, error_message: impl Into<String>) -> Self {
        Self::Refused { error_code, error_message: error_message.into() }
    }

    fn missing(parameter: &str) -> Self {
        let message = format!("Parameter {parameter} is not valid. Reason: {parameter} is a required argument.");
        Self::refused("InvalidArgument", message)
    }
}

impl Entry {
    /// The entry's weight, as "Calculating PutEvents event entry size" in the user guide counts it.
    fn weight(&self) -> usize {
        let time = if self.time.is_some() { 14 } else { 0 };
        let texts = [&self.source, &self.detail_type, &self.detail];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        time + texts + self.resources.iter().map(String::len).sum::<usize>()
    }

    /// The event of the entry, or why it is refused.
    fn to_event(&self, scope: &Scope, id: &str) -> Result<Value, EntryResult> {
        fn given(text: Option<&String>) -> Option<&str> {
            text.map(String::as_str).filter(|text| !text.is_empty())
        }
        let source = given(self.source.as_ref()).ok_or_else(|| EntryResult::missing("Source"))?;
        let detail_type = given(self.detail_type.as_ref()).ok_or_else(|| EntryResult::missing("DetailType"))?;
        let detail = given(self.detail.as_ref()).ok_or_else(|| EntryResult::missing("Detail"))?;
        // Otherwise anybody could forge what the services of AWS say.
        if source.starts_with("aws.") {
            return Err(EntryResult::refused("NotAuthorizedForSourceException", "Not authorized for the source."));
        }
        let detail = serde_json::from_str(detail).ok().filter(Value::is_object);
        let detail = detail.ok_or_else(|| EntryResult::refused("MalformedDetail", "Detail is malformed."))?;
        let time = self.time.map_or_else(Timestamp::now, timestamp);
        Ok(json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": scope.account,
            "time": time::seconds(time),
            "region": scope.region,
            "resources": self.resources,
            "detail": detail,
        }))
    }
}

fn timestamp(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "a cast from f64 saturates, and what is too large is refused")]
    let millis = (seconds * 1000.0).round() as i64;
    Timestamp::from_millisecond(millis).unwrap_or_else(|_| Timestamp::now())
}

/// What deliveries of an event are logged under: an event that carries a CloudTrail record is that record's, whoever put it.
fn carried(event: &Value) -> Carried {
    let field = |name: &str| event["detail"][name].as_str().map(str::to_owned);
    Carried { event_id: field("eventID"), event_name: field("eventName"), request_id: field("requestID") }
}

impl Events {
    pub(super) fn put_events(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let PutEvents { entries, endpoint_id } = call.input()?;
        if endpoint_id.is_some() {
            return Err(call.unsupported_parameter("EndpointId"));
        }
        if entries.is_empty() {
            return Err(invalid("[]", "entries", "Member must have length greater than or equal to 1"));
        }
        if entries.len() > MOST_ENTRIES {
            let value = format!("[{} entries]", entries.len());
            return Err(invalid(&value, "entries", "Member must have length less than or equal to 10"));
        }
        if entries.iter().map(Entry::weight).sum::<usize>() > MOST_BYTES {
            let message = "Total size of the entries in the request is over the limit.";
            return Err(AwsError::bad_request("ValidationException", message));
        }
        let buses: Vec<_> = entries
            .iter()
            .map(|entry| permission::bus_of_entry(call, entry.event_bus_name.as_deref()))
            .collect::<Result<_, _>>()?;
        let results: Vec<_> =
            entries.iter().zip(&buses).map(|(entry, bus)| self.put_entry(cloud, call, entry, bus)).collect();
        let failed = results.iter().filter(|result| matches!(result, EntryResult::Refused { .. })).count();
        call.reply(&Put { failed_entry_count: failed, entries: results })
    }

    fn put_entry(&self, cloud: &Arc<Cloud>, call: &Call, entry: &Entry, (owner, bus): &(Scope, String)) -> EntryResult {
        let event_id = ids::uuid();
        let event = match entry.to_event(&call.scope, &event_id) {
            Ok(event) => Arc::new(event),
            Err(refused) => return refused,
        };
        let carried = carried(&event);
        // AWS takes an event for a bus that is not there, answers with an id, and drops it.
        let allowed =
            self.buses.with(owner, |buses| buses.get(bus).ok().map(|one| permission::allows(call, owner, bus, one)));
        if let Some(Err(denied)) = allowed {
            return EntryResult::refused("AccessDeniedException", denied);
        }
        if allowed.is_none() {
            let from = entry.source.clone().unwrap_or_default();
            let to = bus::arn(owner, bus);
            let refusal = Refusal::new(Reason::NotFound, format!("there is no event bus {bus}"));
            let leg = Leg { scope: call.scope.clone(), hop: Hop::Bus, from, to, carried };
            cloud.deliveries.stopped(leg, refusal);
        } else {
            self.deliver(cloud, owner, bus, event, false, &carried);
        }
        EntryResult::Taken { event_id }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TestEventPattern {
    event_pattern: String,
    event: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tested {
    result: bool,
}

/// Whether a pattern matches an event. The event must have the fields of the envelope; `resources`, which the API
/// reference asks for too, AWS does not miss.
pub(super) fn test_event_pattern(call: &Call) -> Result<Reply, AwsError> {
    const FIELDS: [&str; 6] = ["id", "account", "source", "time", "region", "detail-type"];
    let TestEventPattern { event_pattern, event } = call.input()?;
    let pattern = read_pattern(&event_pattern)?;
    let event = serde_json::from_str::<Value>(&event).ok();
    let event = event.filter(|event| FIELDS.iter().all(|field| event.get(*field).is_some()));
    let event = event.ok_or_else(|| AwsError::bad_request("ValidationException", "Parameter Event is not valid."))?;
    call.reply(&Tested { result: pattern.matches(&event) })
}
