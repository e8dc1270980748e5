//! Connections: how many, how long they may take to say something, and what becomes of each request.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use std::{fmt, future};

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::body::Whole;
use super::current::Current;
use super::room::{Place, Room};
use super::{body, control, page, pages};
use crate::gateway::call::{self, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::service::Service;
use crate::{gateway, ids};

/// How long a head may take, and how long a connection may be idle. Clients keep connections for their next call.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes. A signed request has about 1 KB; a presigned URL with a session token, 3.
const LARGEST_HEAD: usize = 64 * 1024;
/// The most headers of a request.
const MOST_HEADERS: usize = 100;

/// Accepts connections until the lab stops. The connections live in this task's set, so that none outlives it.
pub(super) async fn accept(listener: TcpListener, current: Current, room: Arc<Room>, stop: CancellationToken) {
    let router =
        pages::routes().merge(page::routes()).merge(control::routes()).fallback(api).with_state(current.clone());
    let mut connections = JoinSet::new();
    // As often as CloudWatch looks at how full queues are.
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            _ = minute.tick() => {
                let cloud = current.cloud();
                cloud.cloudwatch.sample(&cloud);
                continue;
            }
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let place = tokio::select! {
                    () = stop.cancelled() => break,
                    place = room.enter() => Arc::new(place),
                };
                // Requests are small and many; waiting to fill a packet would add 40 ms to some.
                let _ = stream.set_nodelay(true);
                let (router, current) = (router.clone(), current.clone());
                connections.spawn(async move {
                    tokio::select! {
                        () = place.wanted() => {}
                        () = serve(TokioIo::new(stream), peer, &place, router, current) => {}
                    }
                });
            }
            // Out of file descriptors, most likely: let the connections that are open end first.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    connections.shutdown().await;
    current.cloud().lambda.stop().await;
}

async fn serve(stream: TokioIo<TcpStream>, peer: SocketAddr, place: &Arc<Place>, router: Router, current: Current) {
    let service = service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        let current = current.clone();
        request.extensions_mut().insert(Arc::clone(place));
        async move { answer(router, &current, peer, request.map(Body::new)).await }
    });
    // An error here is the client's: it went away, it does not speak HTTP, or it was too slow. It was not waiting for our
    // word on it. Or it is a fault that was to close the connection.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(stream, service)
        .await;
}

/// In place of an answer: the connection is to be closed.
#[derive(Clone, Copy, Debug)]
struct HangUp;

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault closes the connection")
    }
}

impl std::error::Error for HangUp {}

async fn answer(mut router: Router, current: &Current, peer: SocketAddr, request: Request) -> Result<Response, HangUp> {
    use tower_service::Service as _;

    let (parts, body) = request.into_parts();
    if let Some(why) = current.guard.refuses(&parts) {
        return Ok((StatusCode::FORBIDDEN, Json(json!({ "message": why }))).into_response());
    }
    // Shared, not copied: only a panic needs it.
    let uri = parts.uri.clone();
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = match caught(router.call(request)).await {
        Some(Ok(response)) => response,
        Some(Err(never)) => match never {},
        None => {
            eprintln!("alert-drill-lab: a mistake in the lab: the page {} panicked", uri.path());
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "message": "a mistake in the lab" }))).into_response()
        }
    };
    match response.extensions().get::<HangUp>() {
        Some(hang_up) => Err(*hang_up),
        None => Ok(response),
    }
}

/// What a future comes to; nothing if it panics. The panic itself was printed by the hook.
async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    future::poll_fn(|context| {
        // A handler's state is behind locks that are taken over when they are poisoned.
        match panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// Everything that is not a page of the lab's own: Discord's API, and AWS.
async fn api(State(current): State<Current>, request: Request) -> Response {
    let cloud = current.cloud();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let place = request.extensions().get::<Arc<Place>>().cloned();
    let (parts, body) = request.into_parts();
    if pages::is_discord(parts.uri.path()) {
        return match current.bodies.read(body, body::LARGEST_OF_DISCORD).await {
            Ok(body) => pages::discord_api(&cloud, &parts, body.bytes),
            Err(unread) => unread.of_discord(),
        };
    }
    let service = gateway::service_of(&parts);
    let Whole { bytes: body, held } = match current.bodies.read(body, body::largest(service)).await {
        Ok(body) => body,
        Err(unread) => return response(unread.of_aws(service, &parts)),
    };
    let _busy = place.as_deref().map(Place::busy);
    let source_ip = peer.unwrap_or(std::net::Ipv4Addr::LOCALHOST.into());
    let is_long_poll = gateway::is_long_poll(&parts, &body);
    let parts = Arc::new(parts);
    let asked = Arc::clone(&parts);
    let serve = async move {
        let _held = held;
        caught(gateway::answer(&cloud, &asked, body, source_ip)).await
    };
    // In a task of its own: a client that hangs up in the middle must not cut a change in half. A long poll changes
    // nothing while it waits, and ends with its connection, so that it takes no message that nobody would read.
    let served = if is_long_poll { serve.await } else { tokio::spawn(serve).await.ok().flatten() };
    match served {
        Some(Some(reply)) => response(reply),
        Some(None) => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(HangUp);
            response
        }
        None => response(panicked(service, &parts)),
    }
}

/// The answer to a call whose handler panicked. The hook has printed where; this says for which call.
fn panicked(service: Option<Service>, parts: &Parts) -> Reply {
    let what = described(service, parts);
    eprintln!("alert-drill-lab: a mistake in the lab: {what} panicked");
    let error = AwsError::new(500, "InternalFailure", format!("a mistake in the lab: {what} panicked"));
    let service = service.unwrap_or(Service::Sts);
    call::refuse(service, service.protocol_of(&parts.headers), &ids::uuid(), &error)
}

/// A request in a few words, for a message about the lab's own mistake.
fn described(service: Option<Service>, parts: &Parts) -> String {
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let service = service.map_or("AWS", Service::title);
    format!("{service} {target} {} {}", parts.method, parts.uri.path())
}

fn response(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::super::Lab;
    use super::*;

    #[tokio::test]
    async fn a_panic_before_or_after_a_wait_is_caught() {
        let panics = async |after: bool| {
            if after {
                tokio::task::yield_now().await;
            }
            panic!("on purpose");
        };
        assert!(caught(panics(false)).await.is_none());
        assert!(caught(panics(true)).await.is_none());
        assert_eq!(caught(async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn a_page_that_panics_is_answered_and_the_connection_lives() {
        let lab = Lab::start().await.unwrap();
        let panics = get(async || -> &'static str { panic!("on purpose") });
        let router = Router::new().route("/_lab/panics", panics);
        let request = Request::get("/_lab/panics").header("host", "localhost").body(Body::empty()).unwrap();
        let response = answer(router, lab.current(), lab.address(), request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"{\"message\":"), "{body:?}");
        lab.stop().await;
    }

    #[tokio::test]
    async fn connections_that_say_nothing_keep_nobody_out() {
        let lab = Lab::start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let server = tokio::spawn(accept(listener, lab.current().clone(), Room::for_most(4), stop.clone()));
        let mut idle = Vec::new();
        for _ in 0..12 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /_lab/health HTTP/1.1\r\nx: ").await.unwrap();
            idle.push(stream);
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /_lab/health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        let mut rest = Vec::new();
        // Closed, with or without a reset: the lab had not read all.
        let read = idle[0].read_to_end(&mut rest).await;
        assert!(rest.is_empty() && read.map_or(true, |read| read == 0));
        stop.cancel();
        server.await.unwrap();
        lab.stop().await;
    }

    #[test]
    fn a_call_that_panics_is_an_internal_failure_of_its_service() {
        let parts = Request::post("/").body(()).unwrap().into_parts().0;
        let reply = panicked(Some(Service::Ec2), &parts);
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(String::from_utf8_lossy(&reply.body).contains("<Code>InternalFailure</Code>"));
    }
}
