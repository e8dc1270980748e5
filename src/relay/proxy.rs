//! The proxy: streams requests to the upstream and answers back, and keeps a copy of both for the recorder.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use alert_drill_lab::cloudtrail::record::Record;
use alert_drill_lab::observed::{self, Observed};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue, TRAILER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, http};
use hyper_util::client::legacy;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::recorder::{Observed as Seen, Recorder};
use super::upstream::{Sent, Upstream};
use crate::sdk;

/// What is kept of a body at the most. The longest request that AWS itself takes for a management call is Lambda's
/// `CreateFunction` with a zip file in it.
///
/// Source: "Request must be smaller than 70167211 bytes" of Lambda's `RequestEntityTooLargeException`.
const KEPT: usize = 70_167_211;

/// What is kept of a body that is longer.
const NAMED: usize = 4096;

pub(super) struct Proxy {
    upstream: Upstream,
    recorder: Arc<Recorder>,
    exchanges: TaskTracker,
}

impl Proxy {
    pub(super) fn new(upstream: Upstream, recorder: Arc<Recorder>) -> Self {
        Self { upstream, recorder, exchanges: TaskTracker::new() }
    }

    /// Serves until `stop`, and then until the open exchanges have ended.
    pub(super) async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let proxy = Arc::new(self);
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            // One connection that could not be accepted says nothing of the next.
            let Ok((stream, peer)) = accepted else { continue };
            connections.spawn(Arc::clone(&proxy).connection(stream, peer, stop.clone()));
        }
        connections.close();
        connections.wait().await;
        proxy.exchanges.close();
        proxy.exchanges.wait().await;
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, stop: CancellationToken) {
        // A socket without it still works, only slower.
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| {
            let proxy = Arc::clone(&self);
            async move { Ok::<_, Infallible>(proxy.exchange(request, peer).await) }
        });
        let connection =
            http1::Builder::new().preserve_header_case(true).serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        // The client hung up, or did not speak HTTP: it knows, and nobody else can be told.
        drop(ended);
    }

    /// One request and its answer. The exchange with the upstream is a task of its own: a client that hangs up does not
    /// take a call back that AWS has begun.
    async fn exchange(self: Arc<Self>, request: Request<Incoming>, peer: SocketAddr) -> Response<Sent> {
        let exchange = Arc::clone(&self).forward(request, peer);
        match self.exchanges.spawn(exchange).await {
            Ok(response) => response,
            Err(failed) => refusal(StatusCode::BAD_GATEWAY, &format!("the relay failed: {failed}")),
        }
    }

    async fn forward(self: Arc<Self>, request: Request<Incoming>, peer: SocketAddr) -> Response<Sent> {
        let time = Timestamp::now();
        let (mut head, body) = request.into_parts();
        let asked = head.clone();
        // What cannot become a record is not kept.
        let is_kept = observed::may_change_something(&asked);
        let sent = Copy::new(is_kept);
        match self.upstream.address(&head.uri) {
            Ok(uri) => head.uri = uri,
            Err(error) => return refusal(StatusCode::BAD_REQUEST, &format!("the relay cannot pass this on: {error}")),
        }
        announce_trailers(&mut head);
        let body = Tee { body: Some(body), copy: sent.clone(), at_end: None };
        let answer = self.upstream.request(Request::from_parts(head, body.boxed_unsync())).await;
        let exchange = |answered| Exchange { asked, sent, time, peer, answered, recorder: Arc::clone(&self.recorder) };
        let (head, body) = match answer {
            Ok(answer) => answer.into_parts(),
            Err(error) => {
                let (status, code) = if is_time_out(&error) {
                    (StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout")
                } else {
                    (StatusCode::BAD_GATEWAY, "BadGateway")
                };
                let upstream = self.upstream.uri();
                let text = format!("the relay's upstream {upstream} did not answer: {}", sdk::cause(&error));
                let refused = exchange(unanswered(status));
                let response = observed::refusal(&refused.asked, status.as_u16(), code, &text);
                // A request that never arrived changed nothing.
                if !error.is_connect() && is_kept {
                    refused.broke(&Copy::new(true), &text);
                }
                return response.map_or_else(|| refusal(status, &text), |response| response.map(full));
            }
        };
        let copy = Copy::new(is_kept);
        let at_end = is_kept.then(|| (exchange(head.clone()), self.exchanges.clone()));
        Response::from_parts(head, Tee { body: Some(body), copy, at_end }.boxed_unsync())
    }
}

/// Names the trailers that the request says it will end with in the header that has them written out. The SDKs say it in
/// `X-Amz-Trailer` only, and without its checksum S3 refuses the object.
fn announce_trailers(head: &mut http::request::Parts) {
    if !head.headers.contains_key(TRAILER)
        && let Some(names) = head.headers.get("x-amz-trailer").cloned()
    {
        head.headers.insert(TRAILER, names);
    }
}

/// Whether the upstream took too long to be connected to. No other time-out is the relay's own.
fn is_time_out(error: &legacy::Error) -> bool {
    let error = sdk::cause(error).downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
}

/// A head for an answer that never came.
fn unanswered(status: StatusCode) -> http::response::Parts {
    let mut response = Response::new(());
    *response.status_mut() = status;
    response.into_parts().0
}

fn full(bytes: Bytes) -> Sent {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// The relay's own answer where there is none of the upstream's.
fn refusal(status: StatusCode, text: &str) -> Response<Sent> {
    let mut response = Response::new(full(Bytes::from(format!("{text}\n"))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// An exchange whose answer is still on its way.
struct Exchange {
    asked: http::request::Parts,
    sent: Copy,
    time: Timestamp,
    peer: SocketAddr,
    answered: http::response::Parts,
    recorder: Arc<Recorder>,
}

impl Exchange {
    /// The answer came to its end.
    fn ended(self, answer: &Copy) {
        let (answer, recorder) = (answer.clone(), Arc::clone(&self.recorder));
        recorder.take(move || {
            let (request, response) = (self.sent.take(), answer.take());
            let record = self.record(&request, &response)?;
            Some(if request.is_whole && response.is_whole {
                Seen::Recorded(record)
            } else {
                Seen::Missed(record, format!("it is longer than {} MB", KEPT / 1_000_000))
            })
        });
    }

    /// The answer did not come, or not to its end: nobody can say whether the call changed anything.
    fn broke(self, answer: &Copy, why: &str) {
        let (answer, why, recorder) = (answer.clone(), why.to_owned(), Arc::clone(&self.recorder));
        recorder.take(move || {
            let (request, response) = (self.sent.take(), answer.take());
            Some(Seen::Missed(self.record(&request, &response)?, why))
        });
    }

    fn record(&self, request: &Kept, response: &Kept) -> Option<Record> {
        let observed = Observed {
            request: &self.asked,
            request_body: &request.bytes,
            time: self.time,
            source_ip: self.peer.ip(),
            response: &self.answered,
            response_body: &response.bytes,
        };
        observed.record()
    }
}

/// What has passed of a body.
#[derive(Clone, Debug, Default)]
struct Copy(Arc<Mutex<Passing>>);

#[derive(Debug, Default)]
struct Passing {
    /// Nothing is kept of what cannot become a record.
    kept: Option<BytesMut>,
    is_cut: bool,
}

/// What was kept of a body.
struct Kept {
    bytes: Bytes,
    /// Whether that is all of it.
    is_whole: bool,
}

impl Copy {
    fn new(is_kept: bool) -> Self {
        Self(Arc::new(Mutex::new(Passing { kept: is_kept.then(BytesMut::new), is_cut: false })))
    }

    fn push(&self, data: &Bytes) {
        let mut passing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Passing { kept: Some(kept), is_cut } = &mut *passing else { return };
        if !*is_cut && kept.len() + data.len() <= KEPT {
            kept.extend_from_slice(data);
        } else {
            // The beginning is enough to name the call.
            *is_cut = true;
            kept.truncate(NAMED);
        }
    }

    fn take(&self) -> Kept {
        let mut passing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Kept { bytes: passing.kept.take().unwrap_or_default().freeze(), is_whole: !passing.is_cut }
    }
}

/// A body that is copied as it passes. At its end, however it comes, the exchange is recorded: a client that hangs up
/// leaves the rest of the answer to a task that reads it.
struct Tee {
    /// There until it is dropped.
    body: Option<Incoming>,
    copy: Copy,
    at_end: Option<(Exchange, TaskTracker)>,
}

impl Tee {
    fn end(&mut self) {
        if let Some((exchange, _)) = self.at_end.take() {
            exchange.ended(&self.copy);
        }
    }

    fn break_off(&mut self, why: &str) {
        if let Some((exchange, _)) = self.at_end.take() {
            exchange.broke(&self.copy, why);
        }
    }
}

impl Body for Tee {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.copy.push(data);
                }
                // With a known length nobody asks for the end after the last byte.
                if self.body.as_ref().is_none_or(Body::is_end_stream) {
                    self.end();
                }
            }
            Poll::Ready(None) => self.end(),
            Poll::Ready(Some(Err(error))) => {
                let why = broken(error);
                self.break_off(&why);
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        // An answer without a body has to be recorded too, and nobody polls it.
        self.at_end.is_none() && self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        let Some((exchange, tasks)) = self.at_end.take() else { return };
        let copy = self.copy.clone();
        let Some(mut rest) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return exchange.ended(&copy);
        };
        tasks.spawn(async move {
            loop {
                match rest.frame().await {
                    Some(Ok(frame)) => {
                        if let Some(data) = frame.data_ref() {
                            copy.push(data);
                        }
                    }
                    Some(Err(error)) => return exchange.broke(&copy, &broken(&error)),
                    None => return exchange.ended(&copy),
                }
            }
        });
    }
}

fn broken(error: &hyper::Error) -> String {
    format!("the answer broke off: {}", sdk::cause(error))
}
