//! What is new, as server-sent events: records, deliveries, mails and Discord's answers.
//!
//! | event | data |
//! |---|---|
//! | `hello` | what the numbers begin with: the page forgets what it has seen |
//! | `records` | CloudTrail records, each with its number and its time to the millisecond |
//! | `deliveries` | deliveries with their explanations, as at `/_lab/deliveries` |
//! | `under_way` | all deliveries that have begun and not ended |
//! | `mails` | mails, as at `/_lab/mail` |
//! | `discord` | requests to Discord with its answers, and the messages that they were about |
//! | `changed` | a call was answered: the resources may be others |
//!
//! Each event's id says how far the reader has come. A browser that lost the connection sends it as `Last-Event-ID` and
//! goes on from there. Nothing is kept for a reader: what it has not seen is read from the lab's own logs when its
//! connection can take more, so that a slow one costs one event's memory ([`LARGEST`]); it misses what the logs have dropped
//! by then. One that never reads keeps nothing alive after a reset either.
//!
//! There may be [`MOST_READERS`] at a time; one more is answered 503, with a message that says so.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

use crate::cloud::Cloud;
use crate::deliveries::Delivery;
use crate::discord::{Exchange, Received};
use crate::server::current::Current;

/// The most entries of one kind in one event.
const MOST: usize = 200;

/// How many bytes one event has at most, but for a single entry that is larger.
const LARGEST: usize = 1 << 20;

/// How many read at a time. A person has a page or two, a class of a workshop some tens.
pub(in crate::server) const MOST_READERS: usize = 100;

/// How far back a new reader sees.
const LOOKS_BACK: u64 = 2000;

/// How long there is silence on the line at most: proxies and browsers take a longer one for a lost connection.
const BREATH: Duration = Duration::from_secs(15);

/// How soon a browser tries again, in milliseconds.
const RETRY: u32 = 1000;

/// `/_lab/live`.
pub(super) async fn live(State(current): State<Current>, headers: HeaderMap) -> Response {
    let Ok(place) = Arc::clone(&current.readers).try_acquire_owned() else {
        let message =
            format!("{MOST_READERS} read /_lab/live already, which is as many as the lab serves: close one of them");
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "message": message }))).into_response();
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let reader = Reader::new(current, last, place);
    let body = stream::unfold(reader, async |mut reader| {
        let chunk = reader.next().await;
        Some((Ok::<_, Infallible>(Bytes::from(chunk)), reader))
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// How far a reader has come: the number of the next entry of each log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    record: u64,
    delivery: u64,
    mail: u64,
    exchange: u64,
}

impl Place {
    /// Where a new reader begins.
    fn recent(cloud: &Cloud) -> Self {
        Self {
            record: cloud.cloudtrail.record_count().saturating_sub(LOOKS_BACK),
            delivery: cloud.deliveries.logged().borrow().saturating_sub(LOOKS_BACK),
            mail: cloud.mail.sent().borrow().saturating_sub(LOOKS_BACK),
            exchange: cloud.discord.exchange_count().saturating_sub(LOOKS_BACK),
        }
    }

    /// From the id of an event of this lab; none from that of another one.
    fn parse(id: &str, cloud: &Cloud) -> Option<Self> {
        let (lab, numbers) = id.split_once('.')?;
        let numbers: Vec<u64> = numbers.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let &[record, delivery, mail, exchange] = numbers.as_slice() else { return None };
        let place = Self { record, delivery, mail, exchange };
        (lab == cloud.changes.lab() && place.is_of(cloud)).then_some(place)
    }

    /// Whether the lab has come as far.
    fn is_of(&self, cloud: &Cloud) -> bool {
        self.record <= cloud.cloudtrail.record_count()
            && self.delivery <= *cloud.deliveries.logged().borrow()
            && self.mail <= *cloud.mail.sent().borrow()
            && self.exchange <= cloud.discord.exchange_count()
    }

    fn id(&self, lab: &str) -> String {
        let Self { record, delivery, mail, exchange } = self;
        format!("{lab}.{record}.{delivery}.{mail}.{exchange}")
    }
}

/// One open page.
struct Reader {
    current: Current,
    /// The cloud that it was told of. Not held: a page that does not read must not keep a cloud that a reset has replaced.
    cloud: Weak<Cloud>,
    place: Place,
    /// Whether the page is to forget what it has seen.
    greets: bool,
    /// The deliveries under way that the page knows of.
    under_way: Vec<Value>,
    signals: Signals,
    _place: OwnedSemaphorePermit,
}

/// What wakes a reader.
struct Signals {
    deliveries: watch::Receiver<u64>,
    mails: watch::Receiver<u64>,
    exchanges: watch::Receiver<usize>,
    calls: watch::Receiver<u64>,
    retired: CancellationToken,
}

impl Signals {
    fn of(cloud: &Cloud) -> Self {
        let mut signals = Self {
            deliveries: cloud.deliveries.logged(),
            mails: cloud.mail.sent(),
            exchanges: cloud.discord.subscribe(),
            calls: cloud.changes.calls(),
            retired: cloud.retired.clone(),
        };
        // A new page asks for the resources by itself, and a returning one cannot know what it has missed.
        signals.calls.mark_changed();
        signals
    }

    /// Waits for anything new. The senders live in the cloud: a channel is closed once that is gone, by a reset.
    async fn any(&mut self) {
        tokio::select! {
            _ = self.deliveries.changed() => {}
            _ = self.mails.changed() => {}
            _ = self.exchanges.changed() => {}
            changed = self.calls.changed() => if changed.is_ok() { self.calls.mark_changed() },
            () = self.retired.cancelled() => {}
        }
    }
}

impl Reader {
    fn new(current: Current, last: Option<&str>, permit: OwnedSemaphorePermit) -> Self {
        let cloud = current.cloud();
        let known = last.and_then(|id| Place::parse(id, &cloud));
        let place = known.unwrap_or_else(|| Place::recent(&cloud));
        let signals = Signals::of(&cloud);
        let (cloud, greets) = (Arc::downgrade(&cloud), known.is_none());
        Self { current, cloud, place, greets, under_way: Vec::new(), signals, _place: permit }
    }

    /// The next piece of the answer: what is new, or a sign of life when nothing is for a while.
    async fn next(&mut self) -> String {
        loop {
            let news = self.news();
            if !news.is_empty() {
                return news;
            }
            if tokio::time::timeout(BREATH, self.signals.any()).await.is_err() {
                return ": nothing new\n\n".to_owned();
            }
        }
    }

    /// What is new, in the order in which a page can make sense of it: a record comes before its deliveries. What has no
    /// room any more comes with the next piece.
    fn news(&mut self) -> String {
        let mut out = String::new();
        let cloud = match self.cloud.upgrade().filter(|_| !self.signals.retired.is_cancelled()) {
            Some(cloud) => cloud,
            None => self.after_reset(),
        };
        // The reset empties Discord a moment after it made the new cloud: the numbers may fall under a new page, too.
        if !self.place.is_of(&cloud) {
            self.place = Place::recent(&cloud);
            self.greets = true;
        }
        if std::mem::take(&mut self.greets) {
            self.under_way.clear();
            let hello = json!({ "version": env!("CARGO_PKG_VERSION"), "endpoint_url": cloud.endpoint_url() });
            out.push_str(&format!("retry: {RETRY}\n"));
            self.tell(&cloud, &mut out, "hello", &hello.to_string());
        }
        for tell in [Self::tell_records, Self::tell_deliveries, Self::tell_mails, Self::tell_exchanges] {
            tell(self, &cloud, &mut out);
            if out.len() >= LARGEST {
                return out;
            }
        }
        if self.signals.calls.has_changed().unwrap_or_default() {
            let calls = *self.signals.calls.borrow_and_update();
            self.tell(&cloud, &mut out, "changed", &json!({ "calls": calls }).to_string());
        }
        out
    }

    /// Another cloud is in the place of the one that the page knows.
    fn after_reset(&mut self) -> Arc<Cloud> {
        let cloud = self.current.cloud();
        self.cloud = Arc::downgrade(&cloud);
        self.signals = Signals::of(&cloud);
        self.place = Place::recent(&cloud);
        self.greets = true;
        cloud
    }

    fn tell_records(&mut self, cloud: &Cloud, out: &mut String) {
        let (first, records) = cloud.cloudtrail.records_since(self.place.record, MOST);
        let shown = (first..)
            .zip(&records)
            .map(|(number, (time, record))| json!({ "number": number, "time": time, "record": record }));
        let (list, count) = fitting(shown);
        self.place.record = first + count;
        self.tell_some(cloud, out, "records", &list, count);
    }

    fn tell_deliveries(&mut self, cloud: &Cloud, out: &mut String) {
        let (first, deliveries) = cloud.deliveries.since(self.place.delivery, MOST);
        let shown = (first..)
            .zip(deliveries.into_iter().map(Delivery::explained))
            .map(|(number, delivery)| numbered(number, &delivery));
        let (list, count) = fitting(shown);
        self.place.delivery = first + count;
        self.tell_some(cloud, out, "deliveries", &list, count);
        let under_way: Vec<Value> = cloud.deliveries.begun().iter().map(|one| json!(one)).collect();
        if under_way != self.under_way {
            self.tell(cloud, out, "under_way", &json!(under_way).to_string());
            self.under_way = under_way;
        }
    }

    fn tell_mails(&mut self, cloud: &Cloud, out: &mut String) {
        let (first, mails) = cloud.mail.since(self.place.mail, MOST);
        let (list, count) = fitting((first..).zip(&mails).map(|(number, mail)| numbered(number, mail)));
        self.place.mail = first + count;
        self.tell_some(cloud, out, "mails", &list, count);
    }

    fn tell_exchanges(&mut self, cloud: &Cloud, out: &mut String) {
        let (first, exchanges) = cloud.discord.exchanges_since(self.place.exchange, MOST);
        let shown = (first..).zip(&exchanges).map(|(number, (exchange, message))| shown(number, exchange, message));
        let (list, count) = fitting(shown);
        self.place.exchange = first + count;
        self.tell_some(cloud, out, "discord", &list, count);
    }

    fn tell_some(&self, cloud: &Cloud, out: &mut String, event: &str, list: &str, count: u64) {
        if count > 0 {
            self.tell(cloud, out, event, list);
        }
    }

    /// Adds one event. JSON has no line breaks outside its strings, and escapes them inside.
    fn tell(&self, cloud: &Cloud, out: &mut String, event: &str, data: &str) {
        let id = self.place.id(cloud.changes.lab());
        out.push_str(&format!("id: {id}\nevent: {event}\ndata: {data}\n\n"));
    }
}

/// As many entries as fit into one event, one at least, as a JSON array; and how many they are.
pub(super) fn fitting(entries: impl Iterator<Item = Value>) -> (String, u64) {
    let (mut list, mut count) = ("[".to_owned(), 0);
    for entry in entries {
        let entry = entry.to_string();
        if count > 0 && list.len() + entry.len() > LARGEST {
            break;
        }
        if count > 0 {
            list.push(',');
        }
        list.push_str(&entry);
        count += 1;
    }
    list.push(']');
    (list, count)
}

fn numbered(number: u64, entry: &impl Serialize) -> Value {
    let mut entry = json!(entry);
    entry["number"] = number.into();
    entry
}

fn shown(number: u64, exchange: &Exchange, message: &Option<Received>) -> Value {
    json!({
        "number": number,
        "time": exchange.at,
        "method": exchange.method,
        "webhook_id": exchange.webhook_id,
        "status": exchange.status,
        "refusal": exchange.refusal.as_ref().map(crate::discord::Refusal::shown),
        "scripted": exchange.scripted,
        "message_id": exchange.message_id,
        "message": message.as_ref().map(|message| &message.message),
    })
}
