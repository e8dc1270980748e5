//! The Runtime API of one environment: HTTP on a loopback port of its own, because `AWS_LAMBDA_RUNTIME_API` holds no
//! path that could tell environments apart.
//!
//! Routes, headers, states and errors are those of version 2018-06-01 ("Using the Lambda runtime API for custom
//! runtimes") and of AWS's runtime interface emulator.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::fault::reported_type;
use super::logs::Sent;
use body::{RequestBody, read};
use phase::Phase;

mod body;
mod phase;
mod reply;

/// Names the type of a reported error.
const ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";
/// The lab's own header, which its Python runtime sends: what of this machine may have caused the error.
const NOTE: &str = "Alert-Drill-Note";
/// Says that the response is a stream.
const RESPONSE_MODE: &str = "Lambda-Runtime-Function-Response-Mode";

/// One event for the function.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline: SystemTime,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) client_context: Option<String>,
}

/// What the function did.
#[derive(Debug)]
pub(super) enum RuntimeEvent {
    /// It asks for the next event: INIT, or the invocation before, is complete.
    Ready,
    /// It answered.
    Response(Bytes, Sent),
    /// Its answer was larger than 6 MB.
    ResponseTooLarge(String),
    /// It reported an error of the invocation.
    Error(ReportedError),
    /// It reported an error of INIT.
    InitError(ReportedError),
}

/// An error that the function reported itself.
#[derive(Clone, Debug)]
pub(super) struct ReportedError {
    /// The type that the phase's status shows.
    pub(super) error_type: String,
    /// The error document.
    pub(super) payload: Bytes,
    /// What of this machine may have caused it, in words.
    pub(super) note: Option<String>,
}

/// The server, which ends when it is dropped, and the environment's side of the conversation.
pub(super) struct RuntimeApi {
    address: SocketAddr,
    server: tokio::task::JoinHandle<()>,
    invocations: mpsc::UnboundedSender<Invocation>,
    events: mpsc::UnboundedReceiver<RuntimeEvent>,
}

/// The function's side.
struct Shared {
    invocations: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    events: mpsc::UnboundedSender<RuntimeEvent>,
    phase: Mutex<Phase>,
}

impl RuntimeApi {
    /// Opens a port and serves on it.
    pub(super) async fn serve() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (invocations, receiver) = mpsc::unbounded_channel();
        let (sender, events) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            invocations: tokio::sync::Mutex::new(receiver),
            events: sender,
            phase: Mutex::new(Phase::Init),
        });
        // Without this, a response of two small segments waits for an acknowledgement.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let server = tokio::spawn(async move {
            // Ends only with the task.
            let _ = axum::serve(listener, routes(shared)).await;
        });
        Ok(Self { address, server, invocations, events })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives the function an event.
    pub(super) fn send(&self, invocation: Invocation) {
        // The server holds the other end for as long as this exists.
        let _ = self.invocations.send(invocation);
    }

    /// What the function does next. Never ends.
    pub(super) async fn event(&mut self) -> RuntimeEvent {
        match self.events.recv().await {
            Some(event) => event,
            // Only when the server's task is gone, with its runtime.
            None => std::future::pending().await,
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .route("/2018-06-01/runtime/restore/{*rest}", any(not_run))
        .route("/2020-01-01/extension/{*rest}", any(not_run))
        .route("/2020-08-15/logs", any(not_run))
        .route("/2022-07-01/telemetry", any(not_run))
        .fallback(no_such_route)
        .with_state(shared)
}

impl Shared {
    fn phase(&self) -> std::sync::MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: RuntimeEvent) {
        // Nobody listens once the environment is on its way out.
        let _ = self.events.send(event);
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    match shared.phase().ask_for_next() {
        Ok(true) => shared.tell(RuntimeEvent::Ready),
        // The runtime asks again after its connection broke.
        Ok(false) => {}
        Err(refusal) => return reply::refused(refusal),
    }
    let Some(invocation) = shared.invocations.lock().await.recv().await else {
        return reply::internal();
    };
    shared.phase().run(invocation.request_id.clone());
    reply::invocation(invocation)
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, request: Request) -> Response {
    let begun = Instant::now();
    // A response is one piece unless it says that it is a stream; there is no third mode.
    if request.headers().get(RESPONSE_MODE).is_some_and(|mode| mode != "streaming") {
        return reply::failure(400, "InvalidFunctionResponseMode", "Invalid function response mode");
    }
    if let Err(refusal) = shared.phase().answer(&id, "InvocationResponse") {
        return reply::refused(refusal);
    }
    match read(request).await {
        RequestBody::Whole(payload) => {
            shared.tell(RuntimeEvent::Response(payload, Sent { begun, ended: Instant::now() }));
            reply::accepted()
        }
        RequestBody::FailedMidway { error_type, payload } => {
            shared.tell(RuntimeEvent::Error(ReportedError { error_type, payload, note: None }));
            reply::accepted()
        }
        RequestBody::TooLarge(message) => {
            shared.tell(RuntimeEvent::ResponseTooLarge(message));
            reply::too_large()
        }
        RequestBody::Truncated => {
            let message = "HTTP request detected as truncated";
            let payload = reply::document("Runtime.TruncatedResponse", message);
            let error_type = "Runtime.TruncatedResponse".into();
            shared.tell(RuntimeEvent::Error(ReportedError { error_type, payload, note: None }));
            reply::failure(400, "TruncatedHTTPRequest", message)
        }
    }
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, request: Request) -> Response {
    if let Err(refusal) = shared.phase().answer(&id, "InvocationErrorResponse") {
        return reply::refused(refusal);
    }
    shared.tell(RuntimeEvent::Error(reported(request).await));
    reply::accepted()
}

async fn init_error(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if let Err(refusal) = shared.phase().fail_init() {
        return reply::refused(refusal);
    }
    shared.tell(RuntimeEvent::InitError(reported(request).await));
    reply::accepted()
}

/// A reported error: its type and its document. One that is too large or cut off keeps its type.
async fn reported(request: Request) -> ReportedError {
    let note = request.headers().get(NOTE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let header = request.headers().get(ERROR_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let payload = match read(request).await {
        RequestBody::Whole(payload) => payload,
        _ => Bytes::new(),
    };
    ReportedError { error_type: reported_type(header.as_deref(), &payload), payload, note }
}

async fn not_run(request: Request) -> Response {
    let message = format!("the lab does not run extensions, SnapStart or the Telemetry API: {}", request.uri().path());
    reply::failure(501, "NotImplemented", &message)
}

async fn no_such_route(request: Request) -> Response {
    reply::failure(404, "NotFound", &format!("the Runtime API has no {} {}", request.method(), request.uri().path()))
}

#[cfg(test)]
mod tests;
