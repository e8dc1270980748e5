//! From exchanges to events: builds the records and puts them on the upstream's default bus.

use std::collections::HashMap;
use std::sync::Arc;
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
    /// What became of it.
    pub outcome: Outcome,
}

/// The end of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the bus, so long after the end of the call.
    Put(Duration),
    /// The upstream did not take it, and why.
    Lost(String),
    /// There is none: the call was not seen to its end, and why.
    Unrecorded(String),
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
    /// Those of which there is no record, because they were not seen to their end.
    pub unrecorded: u64,
}

impl Totals {
    /// Those whose record is still on its way to the bus.
    pub fn waiting(&self) -> u64 {
        self.records - self.put - self.lost - self.unrecorded
    }

    fn are_settled(&self) -> bool {
        self.waiting() == 0
    }
}

/// A call that has ended.
enum Observed {
    /// Just now, or since then.
    Recorded(Record, Instant),
    /// Not to the end that its record would need, and why.
    Missed(Record, String),
}

/// A task that puts records, one after another, in the order in which their calls ended.
#[derive(Debug)]
pub(super) struct Recorder {
    records: mpsc::UnboundedSender<Observed>,
    totals: Arc<watch::Sender<Totals>>,
    task: JoinHandle<()>,
}

impl Recorder {
    pub(super) fn start(
        upstream: &str,
        patience: Duration,
        on_record: impl Fn(&Relayed) + Send + Sync + 'static,
    ) -> Self {
        let (records, mut waiting) = mpsc::unbounded_channel::<Observed>();
        let totals = Arc::new(watch::Sender::new(Totals::default()));
        let counted = Arc::clone(&totals);
        let mut bus = Bus { upstream: upstream.to_owned(), patience, clients: HashMap::new() };
        let task = tokio::spawn(async move {
            while let Some(observed) = waiting.recv().await {
                let (record, outcome) = match observed {
                    Observed::Recorded(record, ended) => {
                        let put = bus.put(&record).await;
                        (record, put.map_or_else(Outcome::Lost, |()| Outcome::Put(ended.elapsed())))
                    }
                    Observed::Missed(record, why) => (record, Outcome::Unrecorded(why)),
                };
                let Record { event_name, request_id, scope, .. } = record;
                on_record(&Relayed { event_name, request_id, scope, outcome: outcome.clone() });
                // Counted when it is said: whoever waits for the totals has heard of every record.
                counted.send_modify(|totals| match outcome {
                    Outcome::Put(_) => totals.put += 1,
                    Outcome::Lost(_) => totals.lost += 1,
                    Outcome::Unrecorded(_) => totals.unrecorded += 1,
                });
            }
        });
        Self { records, totals, task }
    }

    /// Takes the record of a call that ended just now.
    pub(super) fn take(&self, record: Record) {
        let ended = Instant::now();
        self.count(record, |record| Observed::Recorded(record, ended));
    }

    /// Takes what is known of a call that was not seen to its end.
    pub(super) fn miss(&self, record: Record, why: String) {
        self.count(record, |record| Observed::Missed(record, why));
    }

    fn count(&self, record: Record, observed: impl FnOnce(Record) -> Observed) {
        // Without this, a rule on an emulator would see what a rule in state ENABLED does not see in AWS.
        if record.read_only {
            return;
        }
        self.totals.send_modify(|totals| totals.records += 1);
        // The receiver lives as long as the task; after an abort nobody counts any more.
        let _ = self.records.send(observed(record));
    }

    pub(super) fn totals(&self) -> Totals {
        *self.totals.borrow()
    }

    /// Waits until every record that was taken is put or lost.
    pub(super) async fn flushed(&self) {
        // The sender lives in `self`, so that the channel cannot be closed here.
        let _ = self.totals.subscribe().wait_for(Totals::are_settled).await;
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
    match sdk::refused_event(&answer) {
        None => Ok(()),
        Some(("InternalFailure" | "InternalException" | "ThrottlingException", why)) => Err(Refused::Now(why)),
        Some((_, why)) => Err(Refused::Forever(why)),
    }
}
