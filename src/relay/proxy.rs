//! The proxy: streams requests to the upstream and answers back, and keeps a copy of both for the recorder.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use alert_drill_lab::observed::Observed;
use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri, http};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::recorder::Recorder;
use crate::sdk;

/// A body of which more than this has passed belongs to no call that makes a record: it is streamed on, and not kept.
const KEPT: usize = 16 << 20;

type Sent = UnsyncBoxBody<Bytes, hyper::Error>;

pub(super) struct Proxy {
    upstream: Uri,
    client: Client<HttpConnector, Sent>,
    recorder: Arc<Recorder>,
    exchanges: TaskTracker,
}

impl Proxy {
    pub(super) fn new(upstream: Uri, recorder: Arc<Recorder>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            // Header names reach the other side as they were written.
            .http1_preserve_header_case(true)
            .build(connector);
        Self { upstream, client, recorder, exchanges: TaskTracker::new() }
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
        let sent = Copy::default();
        match self.address(&head.uri) {
            Ok(uri) => head.uri = uri,
            Err(error) => return refusal(StatusCode::BAD_REQUEST, &format!("the relay cannot pass this on: {error}")),
        }
        let body = Tee { body: Some(body), copy: sent.clone(), at_end: None };
        let answer = self.client.request(Request::from_parts(head, body.boxed_unsync())).await;
        let (head, body) = match answer {
            Ok(answer) => answer.into_parts(),
            Err(error) => {
                let upstream = &self.upstream;
                let text = format!("the relay's upstream {upstream} did not answer: {}", sdk::cause(&error));
                return refusal(StatusCode::BAD_GATEWAY, &text);
            }
        };
        let exchange =
            Exchange { asked, sent, time, peer, answered: head.clone(), recorder: Arc::clone(&self.recorder) };
        let tee = Tee { body: Some(body), copy: Copy::default(), at_end: Some((exchange, self.exchanges.clone())) };
        Response::from_parts(head, tee.boxed_unsync())
    }

    /// The same path and query at the upstream.
    fn address(&self, asked: &Uri) -> Result<Uri, http::Error> {
        let path = asked.path_and_query().map_or("/", |path| path.as_str());
        let mut uri = Uri::builder().scheme("http");
        if let Some(authority) = self.upstream.authority() {
            uri = uri.authority(authority.clone());
        }
        uri.path_and_query(path).build()
    }
}

/// The relay's own answer where there is none of the upstream's.
fn refusal(status: StatusCode, text: &str) -> Response<Sent> {
    let body = Full::new(Bytes::from(format!("{text}\n"))).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
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
    fn ended(self, answer: &Copy) {
        let (Some(request_body), Some(response_body)) = (self.sent.take(), answer.take()) else { return };
        let observed = Observed {
            request: &self.asked,
            request_body: &request_body,
            time: self.time,
            source_ip: self.peer.ip(),
            response: &self.answered,
            response_body: &response_body,
        };
        if let Some(record) = observed.record() {
            self.recorder.take(record);
        }
    }
}

/// What has passed of a body; nothing once it is too long to be kept.
#[derive(Clone, Debug)]
struct Copy(Arc<Mutex<Option<BytesMut>>>);

impl Default for Copy {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some(BytesMut::new()))))
    }
}

impl Copy {
    fn push(&self, data: &Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_mut() {
            Some(bytes) if bytes.len() + data.len() <= KEPT => bytes.extend_from_slice(data),
            _ => *kept = None,
        }
    }

    fn take(&self) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(BytesMut::freeze)
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
            // Half an answer: whether the call succeeded is in its head, and what is there of the body is read.
            Poll::Ready(Some(Err(_))) => self.end(),
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
            while let Some(Ok(frame)) = rest.frame().await {
                if let Some(data) = frame.data_ref() {
                    copy.push(data);
                }
            }
            exchange.ended(&copy);
        });
    }
}
