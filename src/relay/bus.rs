//! The upstream's default buses: puts records there, as many as `PutEvents` takes at once.
//!
//! `PutEvents` takes each entry by itself, and its answer says which it did not take. Those alone are put again; whatever is
//! behind them waits, so that a bus sees the calls in the order in which they ended, but for what it refused at first.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use alert_drill_lab::cloudtrail::record::Record;
use alert_drill_lab::scope::Scope;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::sdk;
use crate::target::emulator;

/// How many entries a `PutEvents` takes. Source: its API reference, `Entries`.
const ENTRIES: usize = 10;

/// How many bytes they may have together. Source: "Calculating PutEvents event entry size" in EventBridge's user guide.
const BYTES: usize = 256 * 1024;

/// What the time of an entry counts for there.
const TIME_BYTES: usize = 14;

/// What became of an entry: `Err` says why the upstream did not take it.
pub(super) type Put = Result<(), String>;

/// The upstream's default buses, one for each account and Region.
pub(super) struct Bus {
    upstream: String,
    /// How long what the upstream does not take is put again.
    patience: Duration,
    clients: HashMap<Scope, Client>,
}

/// Why something was not taken.
enum Refused {
    /// It may be taken later.
    Now(String),
    /// It never will be.
    Forever(String),
}

/// Records of one account and Region that are put together: their positions and entries.
struct Batch {
    scope: Scope,
    bytes: usize,
    entries: Vec<(usize, PutEventsRequestEntry)>,
}

impl Bus {
    pub(super) fn new(upstream: &str, patience: Duration) -> Self {
        Self { upstream: upstream.to_owned(), patience, clients: HashMap::new() }
    }

    /// Puts the records, and tells `done` of each, by its position, what became of it as soon as that is known.
    pub(super) async fn put(&mut self, records: &[&Record], mut done: impl FnMut(usize, Put)) {
        for batch in batches(records) {
            let client = self.client(&batch.scope);
            put_batch(&client, batch.entries, self.patience, &mut done).await;
        }
    }

    fn client(&mut self, scope: &Scope) -> Client {
        let upstream = &self.upstream;
        let client = self
            .clients
            .entry(scope.clone())
            .or_insert_with(|| Client::new(&emulator(upstream, &scope.region, &scope.account, "relay")));
        client.clone()
    }
}

/// The fewest batches that keep the order within each account and Region.
fn batches(records: &[&Record]) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for (position, record) in records.iter().enumerate() {
        let (entry, bytes) = entry(record);
        let last = batches.iter_mut().rev().find(|batch| batch.scope == record.scope);
        match last.filter(|batch| batch.entries.len() < ENTRIES && batch.bytes + bytes <= BYTES) {
            Some(batch) => {
                batch.bytes += bytes;
                batch.entries.push((position, entry));
            }
            None => batches.push(Batch { scope: record.scope.clone(), bytes, entries: vec![(position, entry)] }),
        }
    }
    batches
}

/// The entry of a record, and its size as `PutEvents` counts it.
fn entry(record: &Record) -> (PutEventsRequestEntry, usize) {
    let event = record.to_event();
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let (source, detail_type, detail) = (text("source"), text("detail-type"), event["detail"].to_string());
    let bytes = TIME_BYTES + source.len() + detail_type.len() + detail.len();
    let time = DateTime::from_secs(record.time.as_second());
    let entry = PutEventsRequestEntry::builder().source(source).detail_type(detail_type).detail(detail).time(time);
    (entry.build(), bytes)
}

async fn put_batch(
    client: &Client,
    entries: Vec<(usize, PutEventsRequestEntry)>,
    patience: Duration,
    done: &mut impl FnMut(usize, Put),
) {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(2))
        .with_total_delay(Some(patience))
        .without_max_times();
    let mut pauses = backoff.build();
    let mut left = VecDeque::from([entries]);
    while let Some(entries) = left.pop_front() {
        // The entries to put again, each with why it was not taken.
        let again: Vec<_> = match once(client, &entries).await {
            Ok(answer) => {
                let mut again = Vec::new();
                for (number, (position, entry)) in entries.into_iter().enumerate() {
                    match taken(&answer, number) {
                        Ok(()) => done(position, Ok(())),
                        Err(Refused::Forever(why)) => done(position, Err(why)),
                        Err(Refused::Now(why)) => again.push((position, entry, why)),
                    }
                }
                again
            }
            // One that nobody takes must not take the others with it: each is asked about by itself.
            Err(Refused::Forever(_)) if entries.len() > 1 => {
                entries.into_iter().rev().for_each(|entry| left.push_front(vec![entry]));
                continue;
            }
            Err(Refused::Forever(why)) => {
                entries.into_iter().for_each(|(position, _)| done(position, Err(why.clone())));
                continue;
            }
            Err(Refused::Now(why)) => {
                entries.into_iter().map(|(position, entry)| (position, entry, why.clone())).collect()
            }
        };
        if again.is_empty() {
            continue;
        }
        match pauses.next() {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                left.push_front(again.into_iter().map(|(position, entry, _)| (position, entry)).collect());
            }
            None => again.into_iter().for_each(|(position, _, why)| done(position, Err(why))),
        }
    }
}

async fn once(client: &Client, entries: &[(usize, PutEventsRequestEntry)]) -> Result<PutEventsOutput, Refused> {
    let entries = entries.iter().map(|(_, entry)| entry.clone()).collect();
    client.put_events().set_entries(Some(entries)).send().await.map_err(|error| {
        let why = sdk::reason(&error);
        // The endpoint answered and means it; anything else may pass.
        let is_refused = error.raw_response().is_some_and(|response| response.status().is_client_error());
        if is_refused && sdk::code(&error) != Some("ThrottlingException") {
            Refused::Forever(why)
        } else {
            Refused::Now(why)
        }
    })
}

/// Whether the entry of this number was taken.
fn taken(answer: &PutEventsOutput, number: usize) -> Result<(), Refused> {
    let named = answer.entries().iter().filter(|entry| entry.error_code().is_some()).count();
    let failed = usize::try_from(answer.failed_entry_count()).unwrap_or_default();
    let entry = answer.entries().get(number);
    if let Some(code) = entry.and_then(|entry| entry.error_code()) {
        let why = format!("{code}: {}", entry.and_then(|entry| entry.error_message()).unwrap_or_default());
        return Err(match code {
            "InternalFailure" | "InternalException" | "ThrottlingException" => Refused::Now(why),
            _ => Refused::Forever(why),
        });
    }
    // An answer that counts more failures than it names: an entry without an id may be one of them. It may have been taken
    // as well, so that it is not put again.
    if failed > named && entry.is_none_or(|entry| entry.event_id().is_none()) {
        return Err(Refused::Forever(format!("the bus says that {failed} entries failed, and names {named} of them")));
    }
    Ok(())
}
