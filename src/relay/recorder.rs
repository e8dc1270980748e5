//! From exchanges to events: builds the records and has them put on the upstream's default bus.
//!
//! ```text
//! the answer's last byte ─► reader (the record is built, and counted) ─► putter (what waits, in batches)
//! ```
//!
//! Both are tasks of their own, so that no client waits for a record: not for its building, and not for the bus.

use std::sync::Arc;
use std::time::Duration;

use alert_drill_lab::cloudtrail::record::Record;
use alert_drill_lab::scope::Scope;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::bus::Bus;

/// How many records are taken from those that wait at once: of each account and Region, so many fit in a few batches.
const AT_ONCE: usize = 100;

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
}

/// What is known of a call that has ended.
pub(super) enum Observed {
    /// Its record.
    Recorded(Record),
    /// It was not seen to the end that its record would need, and why.
    Missed(Record, String),
}

impl Observed {
    fn record(&self) -> &Record {
        match self {
            Self::Recorded(record) | Self::Missed(record, _) => record,
        }
    }
}

/// A call that has ended, and how to read it; there is nothing in what CloudTrail does not record.
type Ended = (Instant, Box<dyn FnOnce() -> Option<Observed> + Send>);

/// What was counted.
#[derive(Debug, Default)]
struct Counts {
    /// The calls that have ended and were not read.
    unread: u64,
    totals: Totals,
}

impl Counts {
    fn are_settled(&self) -> bool {
        self.unread == 0 && self.totals.waiting() == 0
    }
}

type Counting = Arc<watch::Sender<Counts>>;

/// The tasks that read the calls that ended, and put their records, in the order in which they ended.
#[derive(Debug)]
pub(super) struct Recorder {
    ended: mpsc::UnboundedSender<Ended>,
    counting: Counting,
    reader: JoinHandle<()>,
    putter: JoinHandle<()>,
}

impl Recorder {
    pub(super) fn start(
        upstream: &str,
        patience: Duration,
        on_record: impl Fn(&Relayed) + Send + Sync + 'static,
    ) -> Self {
        let (ended, unread) = mpsc::unbounded_channel();
        let (records, waiting) = mpsc::unbounded_channel();
        let counting = Counting::default();
        let reader = tokio::spawn(read(unread, records, Arc::clone(&counting)));
        let bus = Bus::new(upstream, patience);
        let putter = tokio::spawn(put(waiting, bus, on_record, Arc::clone(&counting)));
        Self { ended, counting, reader, putter }
    }

    /// Takes a call that ended just now. It is read later: whoever tells of its end may still have to pass the answer on.
    pub(super) fn take(&self, read: impl FnOnce() -> Option<Observed> + Send + 'static) {
        self.counting.send_modify(|counts| counts.unread += 1);
        // The receiver lives as long as the task; after an abort nobody counts any more.
        let _ = self.ended.send((Instant::now(), Box::new(read)));
    }

    pub(super) fn totals(&self) -> Totals {
        self.counting.borrow().totals
    }

    /// Whether every call that has ended is read, and every record put or lost.
    pub(super) fn is_settled(&self) -> bool {
        self.counting.borrow().are_settled()
    }

    /// Waits until every call that has ended is read, and every record put or lost.
    pub(super) async fn flushed(&self) {
        // The sender lives in `self`, so that the channel cannot be closed here.
        let _ = self.counting.subscribe().wait_for(Counts::are_settled).await;
    }

    pub(super) fn abort(&self) {
        self.reader.abort();
        self.putter.abort();
    }
}

async fn read(
    mut unread: mpsc::UnboundedReceiver<Ended>,
    records: mpsc::UnboundedSender<(Instant, Observed)>,
    counting: Counting,
) {
    while let Some((ended, read)) = unread.recv().await {
        // Without this, a rule on an emulator would see what a rule in state ENABLED does not see in AWS.
        let observed = read().filter(|observed| !observed.record().read_only);
        counting.send_modify(|counts| {
            counts.unread -= 1;
            if let Some(observed) = observed {
                counts.totals.records += 1;
                // At once with the count: what is counted waits, and nothing is put before it was counted.
                let _ = records.send((ended, observed));
            }
        });
    }
}

async fn put(
    mut waiting: mpsc::UnboundedReceiver<(Instant, Observed)>,
    mut bus: Bus,
    on_record: impl Fn(&Relayed) + Send + Sync + 'static,
    counting: Counting,
) {
    let say = |record: &Record, outcome: Outcome| {
        on_record(&Relayed {
            event_name: record.event_name.clone(),
            request_id: record.request_id.clone(),
            scope: record.scope.clone(),
            outcome: outcome.clone(),
        });
        // Counted when it is said: whoever waits for the totals has heard of every record.
        counting.send_modify(|counts| match outcome {
            Outcome::Put(_) => counts.totals.put += 1,
            Outcome::Lost(_) => counts.totals.lost += 1,
            Outcome::Unrecorded(_) => counts.totals.unrecorded += 1,
        });
    };
    let mut taken = Vec::new();
    while waiting.recv_many(&mut taken, AT_ONCE).await > 0 {
        let mut recorded = Vec::new();
        for (ended, observed) in taken.drain(..) {
            match observed {
                Observed::Recorded(record) => recorded.push((ended, record)),
                Observed::Missed(record, why) => say(&record, Outcome::Unrecorded(why)),
            }
        }
        let records: Vec<&Record> = recorded.iter().map(|(_, record)| record).collect();
        let done = |position: usize, put: Result<(), String>| {
            let (ended, record) = &recorded[position];
            say(record, put.map_or_else(Outcome::Lost, |()| Outcome::Put(ended.elapsed())));
        };
        bus.put(&records, done).await;
    }
}
