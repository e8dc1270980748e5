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
//! connection can take more, so that a slow one costs no memory; it misses what the logs have dropped by then.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures_util::stream;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cloud::Cloud;
use crate::deliveries::Delivery;
use crate::discord::{Exchange, Received};
use crate::server::current::Current;

/// The most entries of one kind in one event.
const MOST: usize = 200;

/// How far back a new reader sees.
const LOOKS_BACK: u64 = 2000;

/// How long there is silence on the line at most: proxies and browsers take a longer one for a lost connection.
const BREATH: Duration = Duration::from_secs(15);

/// How soon a browser tries again, in milliseconds.
const RETRY: u32 = 1000;

/// `/_lab/live`.
pub(super) async fn live(State(current): State<Current>, headers: HeaderMap) -> Response {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let reader = Reader::new(current, last);
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
    cloud: Arc<Cloud>,
    place: Place,
    /// Whether the page is to forget what it has seen.
    greets: bool,
    /// The deliveries under way that the page knows of.
    under_way: Vec<Value>,
    signals: Signals,
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

    /// Waits for anything new. The senders live in the cloud, which the reader holds: no channel can be closed.
    async fn any(&mut self) {
        tokio::select! {
            _ = self.deliveries.changed() => {}
            _ = self.mails.changed() => {}
            _ = self.exchanges.changed() => {}
            _ = self.calls.changed() => self.calls.mark_changed(),
            () = self.retired.cancelled() => {}
        }
    }
}

impl Reader {
    fn new(current: Current, last: Option<&str>) -> Self {
        let cloud = current.cloud();
        let known = last.and_then(|id| Place::parse(id, &cloud));
        let place = known.unwrap_or_else(|| Place::recent(&cloud));
        let signals = Signals::of(&cloud);
        Self { current, cloud, place, greets: known.is_none(), under_way: Vec::new(), signals }
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

    /// All that is new, in the order in which a page can make sense of it: a record comes before its deliveries.
    fn news(&mut self) -> String {
        let mut out = String::new();
        let was_reset = self.signals.retired.is_cancelled();
        if was_reset {
            self.cloud = self.current.cloud();
            self.signals = Signals::of(&self.cloud);
        }
        // The reset empties Discord a moment after it made the new cloud: the numbers may fall under a new page, too.
        if was_reset || !self.place.is_of(&self.cloud) {
            self.place = Place::recent(&self.cloud);
            self.greets = true;
        }
        if std::mem::take(&mut self.greets) {
            self.under_way.clear();
            let hello = json!({ "version": env!("CARGO_PKG_VERSION"), "endpoint_url": self.cloud.endpoint_url() });
            out.push_str(&format!("retry: {RETRY}\n"));
            self.tell(&mut out, "hello", &hello);
        }
        self.tell_records(&mut out);
        self.tell_deliveries(&mut out);
        self.tell_mails(&mut out);
        self.tell_exchanges(&mut out);
        if self.signals.calls.has_changed().unwrap_or_default() {
            let calls = *self.signals.calls.borrow_and_update();
            self.tell(&mut out, "changed", &json!({ "calls": calls }));
        }
        out
    }

    fn tell_records(&mut self, out: &mut String) {
        let (first, records) = self.cloud.cloudtrail.records_since(self.place.record, MOST);
        self.place.record = first + records.len() as u64;
        if !records.is_empty() {
            let records: Vec<Value> = (first..)
                .zip(&records)
                .map(|(number, (time, record))| json!({ "number": number, "time": time, "record": record }))
                .collect();
            self.tell(out, "records", &records);
        }
    }

    fn tell_deliveries(&mut self, out: &mut String) {
        let (first, deliveries) = self.cloud.deliveries.since(self.place.delivery, MOST);
        self.place.delivery = first + deliveries.len() as u64;
        if !deliveries.is_empty() {
            let deliveries: Vec<Value> = (first..)
                .zip(deliveries.into_iter().map(Delivery::explained))
                .map(|(number, delivery)| numbered(number, &delivery))
                .collect();
            self.tell(out, "deliveries", &deliveries);
        }
        let under_way: Vec<Value> = self.cloud.deliveries.begun().iter().map(|one| json!(one)).collect();
        if under_way != self.under_way {
            self.tell(out, "under_way", &under_way);
            self.under_way = under_way;
        }
    }

    fn tell_mails(&mut self, out: &mut String) {
        let (first, mails) = self.cloud.mail.since(self.place.mail, MOST);
        self.place.mail = first + mails.len() as u64;
        if !mails.is_empty() {
            let mails: Vec<Value> = (first..).zip(&mails).map(|(number, mail)| numbered(number, mail)).collect();
            self.tell(out, "mails", &mails);
        }
    }

    fn tell_exchanges(&mut self, out: &mut String) {
        let (first, exchanges) = self.cloud.discord.exchanges_since(self.place.exchange, MOST);
        self.place.exchange = first + exchanges.len() as u64;
        if !exchanges.is_empty() {
            let exchanges: Vec<Value> = (first..)
                .zip(&exchanges)
                .map(|(number, (exchange, message))| shown(number, exchange, message))
                .collect();
            self.tell(out, "discord", &exchanges);
        }
    }

    /// Adds one event. JSON has no line breaks outside its strings, and escapes them inside.
    fn tell(&self, out: &mut String, event: &str, data: &impl Serialize) {
        let data = serde_json::to_string(data).unwrap_or_default();
        let id = self.place.id(self.cloud.changes.lab());
        out.push_str(&format!("id: {id}\nevent: {event}\ndata: {data}\n\n"));
    }
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
