//! CloudTrail: the record of every management call, the trails that take them, and where they go.
//!
//! Every record goes into the event history, which needs no trail and which [`LookupEvents`] reads. Each logging trail that
//! covers the record's Region and selects it takes the record for its bucket; if any does, the record goes once to the
//! default event bus. If none does, the alarm behind the bus stays silent, and the lab's deliveries say which trail left
//! the record out and why.
//!
//! Differences from AWS, all of them in time or volume: files are written about a second after a record rather than five
//! minutes, a file that a bucket refuses is tried again with the next one rather than for 30 days, and the history holds
//! the newest 20,000 records of the whole lab, and the buckets the newest 64 MB of files that trails have written, unless the
//! lab was told other numbers. Log file validation can be switched on, but no digest files are written.
//! The lab makes no records of data events: selectors of data events are kept, and select nothing. Of what services call by
//! themselves, `record::by_service` says which records there are.
//!
//! Not here, and refused by name: organization trails, encryption with KMS, CloudWatch Logs, notifications by SNS,
//! Insights, and CloudTrail Lake.
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/> and the CloudTrail user guide.
//!
//! [`LookupEvents`]: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html

mod bucket;
mod files;
mod history;
mod logging;
mod name;
pub mod record;
pub mod selector;
mod snapshot;
mod tags;
mod trail;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use self::files::Files;
use self::history::History;
use self::record::Record;
use self::trail::Trail;
use crate::cloud::{Cloud, Limits};
use crate::deliveries::{Hop, Leg, Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::gateway::service::Service;

/// CloudTrail: every account's trails, and the event history.
#[derive(Debug)]
pub struct CloudTrail {
    /// By ARN.
    trails: Mutex<BTreeMap<String, Trail>>,
    history: History,
    files: Files,
}

impl Default for CloudTrail {
    fn default() -> Self {
        Self::keeping(Limits::default())
    }
}

/// What becomes of a record.
enum Fate {
    /// A trail takes it; these are to be written soon.
    Taken { by: Vec<String>, due: Vec<String> },
    /// No trail does: the trail that comes nearest, and why it does not.
    Left { trail: String, refusal: Refusal },
}

impl CloudTrail {
    /// A CloudTrail whose event history holds the newest records, and whose trails' files the newest bytes, of these limits.
    pub(crate) fn keeping(limits: Limits) -> Self {
        Self {
            trails: Mutex::default(),
            history: History::keeping(limits.records),
            files: Files::keeping(limits.trail_file_bytes),
        }
    }

    /// Takes a record: into the event history, and through each logging trail that selects it to the default bus.
    pub(crate) fn observe(&self, cloud: &Arc<Cloud>, record: Arc<Record>) {
        self.history.push(&record);
        let leg = |to: String| Leg {
            scope: record.scope.clone(),
            hop: Hop::Trail,
            from: record.service.event_source(),
            to,
            carried: record.carried(),
        };
        match self.fate(&record) {
            Fate::Left { trail, refusal } => cloud.deliveries.stopped(leg(trail), refusal),
            Fate::Taken { by, due } => {
                by.into_iter().for_each(|trail| cloud.deliveries.delivered(leg(trail)));
                due.into_iter().for_each(|trail| bucket::schedule(cloud, trail));
                let event = Arc::new(record.to_event());
                cloud.events.put_service_event(
                    cloud,
                    &record.scope,
                    event,
                    is_read_only_on_the_bus(&record),
                    &record.carried(),
                );
            }
        }
    }

    /// Lets every trail of the account look at a record, and says what became of it.
    fn fate(&self, record: &Arc<Record>) -> Fate {
        let (mut by, mut due) = (Vec::new(), Vec::new());
        let mut nearest: Option<(String, Refusal)> = None;
        let mut elsewhere = Vec::new();
        let mut trails = self.trails();
        for (arn, trail) in trails.iter_mut().filter(|(_, trail)| trail.home.account == record.scope.account) {
            if !trail.covers(&record.scope.region) {
                elsewhere.push(format!("{} in {}", trail.name, trail.home.region));
                continue;
            }
            match trail.refuses(record) {
                None => {
                    by.push(arn.clone());
                    if trail.take(record) {
                        due.push(arn.clone());
                    }
                }
                // A trail that logs and leaves the record out comes nearer than one that does not log.
                Some(refusal) => {
                    if nearest.is_none() || refusal.reason == Reason::SelectorExcludes {
                        nearest = Some((arn.clone(), refusal));
                    }
                }
            }
        }
        if !by.is_empty() {
            return Fate::Taken { by, due };
        }
        let (trail, refusal) = nearest.unwrap_or_else(|| {
            let region = &record.scope.region;
            let detail = match elsewhere.as_slice() {
                [] => "the account has no trail".to_owned(),
                others => format!("no trail covers {region}: {} logs its own Region only", others.join(", ")),
            };
            (String::new(), Refusal::new(Reason::NoTrail, detail))
        });
        Fate::Left { trail, refusal }
    }

    operations! { OPERATIONS =
        pub(crate) fn call(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateTrail" => self.create_trail(cloud, call),
            "UpdateTrail" => self.update_trail(cloud, call),
            "DeleteTrail" => self.delete_trail(cloud, call),
            "GetTrail" => self.get_trail(call),
            "DescribeTrails" => self.describe_trails(call),
            "ListTrails" => self.list_trails(call),
            "GetTrailStatus" => self.get_trail_status(cloud, call),
            "StartLogging" => self.set_logging(call, true),
            "StopLogging" => self.set_logging(call, false),
            "PutEventSelectors" => self.put_event_selectors(call),
            "GetEventSelectors" => self.get_event_selectors(call),
            "PutInsightSelectors" => self.put_insight_selectors(call),
            "GetInsightSelectors" => self.get_insight_selectors(call),
            "LookupEvents" => self.lookup_events(call),
            "AddTags" => self.add_tags(call),
            "RemoveTags" => self.remove_tags(call),
            "ListTags" => self.list_tags(call),
            refused "CreateEventDataStore", "StartQuery",
        }
    }

    /// The records so far as CloudTrail writes them, oldest first; with a name or an id, those alone.
    pub(crate) fn records(&self, event_name: Option<&str>, event_id: Option<&str>) -> Vec<Value> {
        let wanted = |record: &Record| {
            event_name.is_none_or(|name| record.event_name == name) && event_id.is_none_or(|id| record.event_id == id)
        };
        self.history.all(wanted).iter().map(|kept| kept.json()).collect()
    }

    /// The records from a number on, at most `most` of them, each with its time to the millisecond; and the number of the
    /// first of them.
    pub(crate) fn records_since(&self, number: u64, most: usize) -> (u64, Vec<(Timestamp, Value)>) {
        let (first, kept) = self.history.since(number, most);
        (first, kept.iter().map(|kept| (kept.time(), kept.json())).collect())
    }

    /// How many records there were so far.
    pub(crate) fn record_count(&self) -> u64 {
        self.history.count()
    }

    /// Every trail in short, as the lab's own page shows it.
    pub(crate) fn summaries(&self) -> Vec<Value> {
        let summary = |(arn, trail): (&String, &Trail)| {
            json!({
                "name": trail.name,
                "arn": arn,
                "account": trail.home.account,
                "home_region": trail.home.region,
                "is_multi_region": trail.multi_region,
                "is_logging": trail.status.logging,
                "bucket": trail.bucket,
                "latest_delivery_error": trail.status.latest_error,
            })
        };
        self.trails().iter().map(summary).collect()
    }

    fn trails(&self) -> MutexGuard<'_, BTreeMap<String, Trail>> {
        self.trails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether EventBridge holds an event back from rules in state `ENABLED`.
///
/// It goes by the name, not by `readOnly`: `TestEventPattern` and `AssumeRole` change nothing and are delivered, and so are
/// STS's two calls whose names begin with `Get`.
///
/// Source: "Receiving read-only management events from AWS services" in the EventBridge user guide.
fn is_read_only_on_the_bus(record: &Record) -> bool {
    let name = record.event_name.as_str();
    let exempt = record.service == Service::Sts && matches!(name, "GetFederationToken" | "GetSessionToken");
    !exempt && ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb))
}

#[cfg(test)]
pub(crate) mod tests;
