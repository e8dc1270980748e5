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
    /// A message in the channel, or what stands in for it.
    Discord {
        /// Its text.
        content: String,
        /// The message as Discord keeps it.
        message: Arc<Value>,
    },
    /// What was posted, and Discord does not take.
    Refused {
        /// The body of the request.
        text: String,
        /// Discord's answer.
        refusal: String,
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
    /// Why nobody can see the channel at present, where that is so.
    blind: Mutex<Option<String>>,
    /// When a probe said last that it had lost something, in these words.
    lost: Mutex<Option<(Instant, String)>>,
}

impl Observations {
    pub(super) fn new() -> Self {
        Self { list: Mutex::default(), count: watch::Sender::new(0), blind: Mutex::default(), lost: Mutex::default() }
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

    /// Says that the channel cannot be seen at present, and why; or that it can again.
    pub(super) fn set_blind(&self, why: Option<String>) {
        *self.blind.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Why the channel cannot be seen at present; none where it can.
    pub(super) fn why_blind(&self) -> Option<String> {
        self.blind.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that a probe has lost something.
    pub(super) fn lose(&self, what: String) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), what));
    }

    /// What a probe has said since a moment that it had lost.
    pub(super) fn lost_since(&self, moment: Instant) -> Option<String> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.as_ref().filter(|(at, _)| *at >= moment).map(|(_, what)| what.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Observation>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
