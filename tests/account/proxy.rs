//! Stands between a run and its account, counts the calls, and stops at one of them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Where the calls stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before this call reaches the account.
    Before(usize),
    /// Once it was made, before its answer reaches the run.
    After(usize),
}

impl Cut {
    fn call(self) -> usize {
        let (Self::Before(call) | Self::After(call)) = self;
        call
    }
}

/// Calls that only read a probe's queue: how many there are depends on the time.
const READING: [&str; 2] = ["AmazonSQS.ReceiveMessage", "AmazonSQS.DeleteMessageBatch"];

#[derive(Debug)]
struct Shared {
    endpoint: String,
    client: reqwest::Client,
    state: Mutex<State>,
    /// Whether the run is stopped at its cut.
    struck: watch::Sender<bool>,
    /// How many of the calls that count are being made.
    under_way: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<String>,
    cut: Option<Cut>,
    /// By how many seconds the account's clock is ahead.
    ahead: i64,
}

pub(crate) struct Proxy {
    shared: Arc<Shared>,
    pub(crate) url: String,
}

impl Proxy {
    pub(crate) async fn start(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            endpoint: endpoint.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            state: Mutex::default(),
            struck: watch::Sender::new(false),
            under_way: watch::Sender::new(0),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    let service = service_fn(|request| serve(Arc::clone(&shared), request));
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { shared, url }
    }

    /// Begins to count anew, and stops at this cut.
    pub(crate) fn arm(&self, cut: Option<Cut>) {
        let mut state = self.shared.state.lock().unwrap();
        (state.calls, state.cut) = (Vec::new(), cut);
        drop(state);
        self.shared.struck.send_replace(false);
    }

    /// Puts the account's clock ahead, as far as answers tell the time.
    pub(crate) fn set_clock(&self, ahead: i64) {
        self.shared.state.lock().unwrap().ahead = ahead;
    }

    /// Waits until a run has come to the cut.
    pub(crate) async fn struck(&self) {
        self.shared.struck.subscribe().wait_for(|struck| *struck).await.unwrap();
    }

    /// Waits until no call is being made any more.
    pub(crate) async fn settled(&self) {
        self.shared.under_way.subscribe().wait_for(|under_way| *under_way == 0).await.unwrap();
    }

    /// Waits until this operation was called and answered, with a limit that only a failure reaches.
    pub(crate) async fn called(&self, operation: &str) {
        let mut under_way = self.shared.under_way.subscribe();
        let called = async {
            while !self.calls().iter().any(|call| call == operation) {
                under_way.changed().await.unwrap();
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), called).await.unwrap();
        self.settled().await;
    }

    /// The calls since it was armed, by operation.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().calls.clone()
    }
}

async fn serve(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let is_counted = !READING.contains(&target);
    let cut = is_counted.then(|| {
        let mut state = shared.state.lock().unwrap();
        state.calls.push(operation(target, &parts.method, parts.uri.path(), &body));
        state.cut.filter(|cut| cut.call() == state.calls.len())
    });
    let cut = cut.flatten();
    if matches!(cut, Some(Cut::Before(_))) {
        shared.struck.send_replace(true);
        std::future::pending::<()>().await;
    }
    // In a task of its own: the call is made to its end, also where the run that asked is gone.
    let forwarding = Arc::clone(&shared);
    let answer = tokio::spawn(async move {
        forwarding.under_way.send_modify(|under_way| *under_way += usize::from(is_counted));
        let answer = forward(&forwarding, parts, body).await;
        forwarding.under_way.send_modify(|under_way| *under_way -= usize::from(is_counted));
        answer
    });
    let answer = answer.await.unwrap();
    if matches!(cut, Some(Cut::After(_))) {
        shared.struck.send_replace(true);
        std::future::pending::<()>().await;
    }
    Ok(answer)
}

async fn forward(shared: &Shared, parts: hyper::http::request::Parts, body: Bytes) -> Response<Full<Bytes>> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = shared.client.request(parts.method, format!("{}{path}", shared.endpoint)).body(body);
    for (name, value) in &parts.headers {
        if !["host", "content-length", "connection", "transfer-encoding"].contains(&name.as_str()) {
            request = request.header(name, value);
        }
    }
    let Ok(answer) = request.send().await else {
        return Response::builder().status(502).body(Full::default()).unwrap();
    };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if !["content-length", "connection", "transfer-encoding", "date"].contains(&name.as_str()) {
            response = response.header(name, value);
        }
    }
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(shared.state.lock().unwrap().ahead);
    response = response.header("date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    response.body(Full::new(answer.bytes().await.unwrap_or_default())).unwrap()
}

/// What a call asks for, as far as it says so itself.
fn operation(target: &str, method: &hyper::Method, path: &str, body: &[u8]) -> String {
    if !target.is_empty() {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let body = String::from_utf8_lossy(body);
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    action.map_or_else(|| format!("{method} {path}"), str::to_owned)
}
