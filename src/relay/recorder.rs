//! From exchanges to events: builds the records and puts them on the upstream's default bus.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alert_drill_lab::cloudtrail::record::Record;
use alert_drill_lab::scope::Scope;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use backon::{ExponentialBuilder, Retryable as _};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::sdk;
use crate::target::emulator;

/// What became of a record.
#[derive(Clone, Debug)]
pub struct Relayed {
    /// `eventName`.
    pub event_name: String,
    /// `requestID`.
    pub request_id: String,
    /// Account and Region.
    pub scope: Scope,
    /// How long the upstream took to take it, from the end of the call; or why it did not.
    pub outcome: Result<Duration, String>,
}

/// How many records there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Write calls that were seen.
    pub records: u64,
    /// Those that are on the upstream's bus.
    pub put: u64,
    /// Those that the upstream did not take.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Counters {
    put: AtomicU64,
    lost: AtomicU64,
}

/// A task that puts records, one after another, in the order in which their calls ended.
#[derive(Debug)]
pub(super) struct Recorder {
    records: mpsc::UnboundedSender<(Record, Instant)>,
    taken: watch::Sender<u64>,
    done: watch::Receiver<u64>,
    counters: Arc<Counters>,
    task: JoinHandle<()>,
}

impl Recorder {
    pub(super) fn start(
        upstream: &str,
        patience: Duration,
        on_record: impl Fn(&Relayed) + Send + Sync + 'static,
    ) -> Self {
        let (records, mut waiting) = mpsc::unbounded_channel::<(Record, Instant)>();
        let (finished, done) = watch::channel(0);
        let counters = Arc::new(Counters::default());
        let counted = Arc::clone(&counters);
        let mut bus = Bus { upstream: upstream.to_owned(), patience, clients: HashMap::new() };
        let task = tokio::spawn(async move {
            while let Some((record, ended)) = waiting.recv().await {
                let outcome = bus.put(&record).await.map(|()| ended.elapsed());
                let counter = if outcome.is_ok() { &counted.put } else { &counted.lost };
                counter.fetch_add(1, Ordering::Relaxed);
                let Record { event_name, request_id, scope, .. } = record;
                on_record(&Relayed { event_name, request_id, scope, outcome });
                finished.send_modify(|count| *count += 1);
            }
        });
        Self { records, taken: watch::Sender::new(0), done, counters, task }
    }

    /// Takes the record of a call that ended just now.
    pub(super) fn take(&self, record: Record) {
        // Without this, a rule on an emulator would see what a rule in state ENABLED does not see in AWS.
        if record.read_only {
            return;
        }
        self.taken.send_modify(|count| *count += 1);
        // The receiver lives as long as the task; after an abort nobody counts any more.
        let _ = self.records.send((record, Instant::now()));
    }

    pub(super) fn totals(&self) -> Totals {
        let (put, lost) = (self.counters.put.load(Ordering::Relaxed), self.counters.lost.load(Ordering::Relaxed));
        Totals { records: *self.taken.borrow(), put, lost }
    }

    /// Waits until every record that was taken is put or lost.
    pub(super) async fn flushed(&self) {
        let mut done = self.done.clone();
        // It fails only when the task is gone, and then nothing follows.
        let _ = done.wait_for(|done| *done >= *self.taken.borrow()).await;
    }

    pub(super) fn abort(&self) {
        self.task.abort();
    }
}

/// The upstream's default buses, one for each account and Region.
struct Bus {
    upstream: String,
    patience: Duration,
    clients: HashMap<Scope, Client>,
}

/// Why an event was not taken.
enum Refused {
    /// It may be taken later.
    Now(String),
    /// It never will be.
    Forever(String),
}

impl Bus {
    async fn put(&mut self, record: &Record) -> Result<(), String> {
        let (upstream, scope) = (&self.upstream, &record.scope);
        let client = self
            .clients
            .entry(scope.clone())
            .or_insert_with(|| Client::new(&emulator(upstream, &scope.region, &scope.account, "relay")));
        let event = record.to_event();
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let entry = PutEventsRequestEntry::builder()
            .source(text("source"))
            .detail_type(text("detail-type"))
            .detail(event["detail"].to_string())
            .time(DateTime::from_secs(record.time.as_second()))
            .build();
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(2))
            .with_total_delay(Some(self.patience))
            .without_max_times();
        let put = || async { once(client, entry.clone()).await };
        let outcome = put.retry(backoff).when(|refused| matches!(refused, Refused::Now(_))).await;
        outcome.map_err(|(Refused::Now(why) | Refused::Forever(why))| why)
    }
}

async fn once(client: &Client, entry: PutEventsRequestEntry) -> Result<(), Refused> {
    let answer = client.put_events().entries(entry).send().await.map_err(|error| {
        let why = sdk::reason(&error);
        // The endpoint answered and means it; anything else may pass.
        let is_refused = error.raw_response().is_some_and(|response| response.status().is_client_error());
        if is_refused && sdk::code(&error) != Some("ThrottlingException") {
            Refused::Forever(why)
        } else {
            Refused::Now(why)
        }
    })?;
    // The call succeeds even where its entry was refused.
    match answer.entries().iter().find_map(|entry| Some((entry.error_code()?, entry.error_message()))) {
        None => Ok(()),
        Some((code, message)) => {
            let why = format!("{code}: {}", message.unwrap_or_default());
            let may_pass = matches!(code, "InternalFailure" | "InternalException" | "ThrottlingException");
            Err(if may_pass { Refused::Now(why) } else { Refused::Forever(why) })
        }
    }
}
