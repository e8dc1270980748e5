//! Every delivery that the lab tried, and what stopped it: the place to look when an alarm stays silent.
//!
//! AWS says nothing of most of these, or minutes later in a metric. The lab keeps them all, in order, so that a test can
//! assert *why* there was silence and a person can read it at `/_lab/deliveries`.

mod explanation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Notify, watch};

pub use self::explanation::{Explanation, FunctionFailure};
use crate::cloud::Limits;
use crate::pattern::Pattern;
use crate::scope::Scope;

/// The hop that a delivery takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    /// A record reaches a trail, or no trail takes it.
    Trail,
    /// An event reaches a bus.
    Bus,
    /// A rule is tried on an event.
    Rule,
    /// A rule's target that is a topic.
    Topic,
    /// A queue, as a target or a subscription.
    Queue,
    /// A function, as a target or a subscription.
    Function,
    /// A mail to a subscriber.
    Mail,
    /// An HTTP or HTTPS subscription.
    Http,
    /// A file of records into a trail's bucket.
    Bucket,
}

/// Why a delivery did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No trail of the account covers the Region.
    NoTrail,
    /// The trail exists but was never started, or was stopped.
    TrailNotLogging,
    /// The trail's event selectors leave this event out.
    SelectorExcludes,
    /// The rule is disabled.
    RuleDisabled,
    /// A read-only management event meets a rule in state `ENABLED`, which does not see those.
    ReadOnlyEvent,
    /// The rule's event pattern does not match.
    PatternMismatch,
    /// The rule has no target.
    NoTarget,
    /// The resource's policy does not allow the delivering service.
    PolicyDenied,
    /// The resource that the delivery names does not exist.
    NotFound,
    /// The subscription's filter policy drops the message.
    FilterPolicy,
    /// The subscription is not confirmed.
    Unconfirmed,
    /// The function failed: at INIT, in its handler, by a timeout, or by dying.
    FunctionError,
    /// The function's concurrency is used up, or reserved to be 0.
    Throttled,
    /// An input transformer, an encoding or a size made the delivery impossible.
    Invalid,
    /// The receiver answered with an error, or not at all.
    ReceiverError,
    /// A fault that was set in the lab dropped it ([`crate::faults`]). AWS has no part in it.
    Fault,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It did not, and AWS would say no more.
    Stopped,
    /// It did not arrive at this attempt; another one follows.
    Retried,
    /// It has begun and has not ended: a function that has not answered yet.
    UnderWay,
}

/// The event that a delivery carries on from the API call, where there is one: how deliveries of one alarm are told
/// from those of another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// The `eventID` of the CloudTrail record.
    pub event_id: Option<String>,
    /// The `eventName` of the CloudTrail record.
    pub event_name: Option<String>,
    /// The `requestID` of the CloudTrail record.
    pub request_id: Option<String>,
}

/// One delivery that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// When it was tried.
    pub time: Timestamp,
    /// The account in which it was tried.
    pub account: String,
    /// The Region in which it was tried.
    pub region: String,
    /// The hop it takes.
    pub hop: Hop,
    /// From what: an ARN, or the source of a record.
    pub from: String,
    /// To what: an ARN, or an address.
    pub to: String,
    /// The event it carries.
    #[serde(flatten)]
    pub carried: Carried,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it did not arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The full explanation of a pattern, a policy or a failure. That of an event pattern is made by
    /// [`Delivery::explained`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    #[serde(skip)]
    mismatch: Option<Mismatch>,
}

/// An event that a pattern does not match: explaining costs more than matching, and most mismatches nobody asks about.
#[derive(Clone, Debug)]
struct Mismatch {
    pattern: Arc<Pattern>,
    event: Arc<Value>,
}

impl Delivery {
    fn new(leg: Leg, outcome: Outcome, refusal: Option<Refusal>, mismatch: Option<Mismatch>) -> Self {
        let Leg { scope, hop, from, to, carried } = leg;
        let (reason, detail, explanation) = match refusal {
            Some(Refusal { reason, detail, explanation }) => (Some(reason), Some(detail), explanation),
            None => (None, None, None),
        };
        let Scope { account, region } = scope;
        let time = Timestamp::now();
        Self { time, account, region, hop, from, to, carried, outcome, reason, detail, explanation, mismatch }
    }

    /// The same delivery with all that can be said of it: where an event pattern stopped it, `explanation` holds the
    /// paths that failed, and `detail` says them in words.
    #[must_use]
    pub fn explained(mut self) -> Self {
        if let Some(Mismatch { pattern, event }) = self.mismatch.take() {
            let explanation = pattern.explain(&event);
            self.detail = Some(explanation.to_string());
            self.explanation = Some(explanation.into());
        }
        self
    }
}

/// A delivery that did not arrive: what the receiving service tells the delivering one.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Why, in words.
    pub detail: String,
    /// The full explanation of a policy or a failure.
    pub explanation: Option<Explanation>,
}

impl Refusal {
    /// A refusal without further explanation.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), explanation: None }
    }

    /// A refusal that a policy, a filter or a function's error explains.
    #[must_use]
    pub fn explained(mut self, explanation: impl Into<Explanation>) -> Self {
        self.explanation = Some(explanation.into());
        self
    }
}

/// One end of a delivery to the other: what is logged, whatever becomes of it.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Account and Region of the delivering resource.
    pub scope: Scope,
    /// The hop it takes.
    pub hop: Hop,
    /// From what.
    pub from: String,
    /// To what.
    pub to: String,
    /// The event it carries.
    pub carried: Carried,
}

/// The deliveries of a lab, and whether any is still under way.
#[derive(Debug)]
pub struct Deliveries {
    log: Mutex<VecDeque<Delivery>>,
    /// How many are kept.
    most: usize,
    /// Those that were announced when they began, by a number of their own.
    begun: Mutex<BTreeMap<usize, Delivery>>,
    next_begun: AtomicUsize,
    under_way: AtomicUsize,
    settled: Notify,
    /// Counts the entries, for those who wait for one.
    logged: watch::Sender<u64>,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self::keeping(Limits::default().deliveries)
    }
}

impl Deliveries {
    /// A log of the newest `most` deliveries.
    pub(crate) fn keeping(most: usize) -> Self {
        Self {
            log: Mutex::default(),
            most,
            begun: Mutex::default(),
            next_begun: AtomicUsize::default(),
            under_way: AtomicUsize::default(),
            settled: Notify::default(),
            logged: watch::Sender::default(),
        }
    }

    /// Logs that a delivery arrived.
    pub fn delivered(&self, leg: Leg) {
        self.push(leg, Outcome::Delivered, None, None);
    }

    /// Logs that a delivery did not arrive.
    pub fn stopped(&self, leg: Leg, refusal: Refusal) {
        self.push(leg, Outcome::Stopped, Some(refusal), None);
    }

    /// Logs that a rule's pattern does not match an event; [`Delivery::explained`] says why.
    pub fn mismatched(&self, leg: Leg, pattern: &Arc<Pattern>, event: &Arc<Value>) {
        let refusal = Refusal::new(Reason::PatternMismatch, "the event does not match the rule's event pattern");
        let mismatch = Mismatch { pattern: Arc::clone(pattern), event: Arc::clone(event) };
        self.push(leg, Outcome::Stopped, Some(refusal), Some(mismatch));
    }

    /// Logs that an attempt failed and another follows.
    pub fn retried(&self, leg: Leg, refusal: Refusal) {
        self.push(leg, Outcome::Retried, Some(refusal), None);
    }

    /// Logs what became of a delivery.
    pub fn log<T>(&self, leg: Leg, result: &Result<T, Refusal>) {
        match result {
            Ok(_) => self.delivered(leg),
            Err(refusal) => self.stopped(leg, refusal.clone()),
        }
    }

    fn push(&self, leg: Leg, outcome: Outcome, refusal: Option<Refusal>, mismatch: Option<Mismatch>) {
        let delivery = Delivery::new(leg, outcome, refusal, mismatch);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_back(delivery);
        while log.len() > self.most {
            log.pop_front();
        }
        // Under the lock: the newest entry's number is always the count.
        self.logged.send_modify(|count| *count += 1);
    }

    /// Changes with every entry, and when an announced delivery begins or ends; the value is the number of entries so far, those that are no longer kept included.
    pub(crate) fn logged(&self) -> watch::Receiver<u64> {
        self.logged.subscribe()
    }

    /// The entries that are kept, at most `most` of them, from the one with this number on (the first has 0), and the
    /// number of the first of them.
    pub(crate) fn since(&self, number: u64, most: usize) -> (u64, Vec<Delivery>) {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = self.logged.borrow().saturating_sub(log.len() as u64);
        let first = number.max(oldest);
        let skipped = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        (first, log.iter().skip(skipped).take(most).cloned().collect())
    }

    /// The deliveries that have begun and not ended.
    pub(crate) fn begun(&self) -> Vec<Delivery> {
        self.lock_begun().values().cloned().collect()
    }

    /// The deliveries so far, oldest first; those that are under way come last.
    pub fn all(&self) -> Vec<Delivery> {
        self.which(|_| true)
    }

    /// The deliveries of the record with this `requestID`, oldest first; those that are under way come last.
    pub fn of_request(&self, request_id: &str) -> Vec<Delivery> {
        self.which(|delivery| delivery.carried.request_id.as_deref() == Some(request_id))
    }

    /// The wanted deliveries, oldest first; those that are under way come last.
    pub(crate) fn which(&self, wanted: impl Fn(&Delivery) -> bool) -> Vec<Delivery> {
        // In this order, a delivery that ends meanwhile is seen once more rather than not at all.
        let begun: Vec<Delivery> = self.lock_begun().values().filter(|delivery| wanted(delivery)).cloned().collect();
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter(|delivery| wanted(delivery)).cloned().chain(begun).collect()
    }

    fn lock_begun(&self) -> MutexGuard<'_, BTreeMap<usize, Delivery>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `holds`, which is asked again with every entry. It waits without a limit: put a timeout around it.
    pub async fn until(&self, holds: impl Fn() -> bool) {
        let mut logged = self.logged.subscribe();
        loop {
            logged.mark_unchanged();
            if holds() {
                return;
            }
            // The sender lives in `self`, so that the channel cannot be closed here.
            let _ = logged.changed().await;
        }
    }

    /// Marks that something is under way until the guard drops: a delivery in a task of its own.
    pub fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay { deliveries: Arc::clone(self), announced: None }
    }

    /// The same for a delivery that may take long or never end: it is listed as [`Outcome::UnderWay`] until then.
    pub fn announce(self: &Arc<Self>, leg: Leg) -> UnderWay {
        let number = self.next_begun.fetch_add(1, Ordering::Relaxed);
        self.lock_begun().insert(number, Delivery::new(leg, Outcome::UnderWay, None, None));
        let mut under_way = self.begin();
        under_way.announced = Some(number);
        // There is no new entry, and yet something to see.
        self.logged.send_modify(|_| {});
        under_way
    }

    /// Waits until no delivery is under way. What comes after is silence, until the next call.
    pub async fn settled(&self) {
        loop {
            let woken = self.settled.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            if self.under_way.load(Ordering::SeqCst) == 0 {
                return;
            }
            woken.await;
        }
    }
}

/// A delivery that is under way; dropping it says that it has ended.
#[must_use = "dropping the guard says that the delivery has ended"]
#[derive(Debug)]
pub struct UnderWay {
    deliveries: Arc<Deliveries>,
    announced: Option<usize>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(number) = self.announced {
            self.deliveries.lock_begun().remove(&number);
            self.deliveries.logged.send_modify(|_| {});
        }
        if self.deliveries.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.deliveries.settled.notify_waiters();
        }
    }
}
