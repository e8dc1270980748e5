//! What the probes see, in one list that drills watch.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

/// What a probe saw.
#[derive(Clone, Debug)]
pub(super) enum Sighting {
    /// An event on the bus, through the tap.
    Bus {
        /// The EventBridge event.
        event: Value,
    },
    /// A notification of the topic, at the temporary queue.
    Queue {
        /// The EventBridge event that it carries; null where it carries something else.
        event: Value,
        /// SNS's message id.
        message_id: String,
        /// When SNS published it, by AWS's clock.
        published: Option<Timestamp>,
    },
    /// A message at the mocked webhook.
    Discord {
        /// Its text.
        content: String,
        /// The message as Discord keeps it.
        message: Arc<Value>,
    },
}

/// A sighting with its time.
#[derive(Clone, Debug)]
pub(super) struct Observation {
    /// When, on the clock that latencies are measured with.
    pub(super) at: Instant,
    /// When, on the calendar.
    pub(super) time: Timestamp,
    /// What.
    pub(super) sighting: Sighting,
}

/// All observations of a run.
#[derive(Debug)]
pub(super) struct Observations {
    list: Mutex<Vec<Observation>>,
    count: watch::Sender<usize>,
}

impl Observations {
    pub(super) fn new() -> Self {
        Self { list: Mutex::default(), count: watch::Sender::new(0) }
    }

    /// Enters a sighting that was made just now, and wakes those who watch.
    pub(super) fn saw(&self, sighting: Sighting) {
        self.saw_at(Instant::now(), Timestamp::now(), sighting);
    }

    /// Enters a sighting of an earlier moment.
    pub(super) fn saw_at(&self, at: Instant, time: Timestamp, sighting: Sighting) {
        let mut list = self.lock();
        list.push(Observation { at, time, sighting });
        let count = list.len();
        drop(list);
        self.count.send_replace(count);
    }

    /// The observations from `start` on.
    pub(super) fn since(&self, start: usize) -> Vec<Observation> {
        self.lock().get(start..).unwrap_or_default().to_vec()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Changes with every observation.
    pub(super) fn watch(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Observation>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
