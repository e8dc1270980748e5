//! The relay: a proxy in front of an AWS endpoint without CloudTrail that gives it the events it lacks.
//!
//! ```text
//! client ──► relay ──► upstream          every byte as it was sent, streamed
//!              │
//!              └─ request + answer ─► CloudTrail record ─► PutEvents on the upstream's default bus
//! ```
//!
//! LocalStack and its relatives serve an EC2 call and tell nobody: no rule ever sees it. The relay builds the record that
//! CloudTrail would have written, with the code that the lab builds its own with, and puts it on the bus.
//!
//! - **Only write calls become events.** A rule in state `ENABLED` does not see read-only calls in AWS; an emulator would
//!   show them to it.
//! - **A record whose call succeeded is not lost**: it is put again until the upstream takes it or the patience is over,
//!   and what was lost is counted and said ([`Totals::lost`]). Calls that failed become records too, as in CloudTrail.
//! - **A client that hangs up changes nothing**: the call that reached the upstream is carried to its end and recorded.
//! - Who called and where is read from the signature, as emulators do: an access key of twelve digits names its account.

mod proxy;
mod recorder;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::proxy::Proxy;
use self::recorder::Recorder;

pub use self::recorder::{Relayed, Totals};

/// How long a stopping relay goes on putting the records that it has.
const FLUSH: Duration = Duration::from_secs(10);

/// What a relay is started with.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// The endpoint behind it: `http://127.0.0.1:4566`.
    pub upstream: String,
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// How long a record is put again and again while the upstream does not take it.
    pub patience: Duration,
}

impl RelayConfig {
    /// A relay in front of `upstream` at any free port of this machine.
    pub fn new(upstream: impl Into<String>) -> Self {
        Self {
            upstream: upstream.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            patience: Duration::from_secs(30),
        }
    }
}

/// A relay could not start.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The upstream's address is no address of an endpoint.
    #[error("{upstream} is no endpoint that the relay can stand in front of: {reason}")]
    Upstream {
        /// As it was given.
        upstream: String,
        /// Why not.
        reason: String,
    },
    /// The relay cannot listen.
    #[error("the relay cannot listen at {listen}: {source}")]
    Listen {
        /// Where.
        listen: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A relay that runs. Dropping it ends it at once; [`stop`](Self::stop) lets it finish.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    upstream: Uri,
    recorder: Arc<Recorder>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Relay {
    /// Starts a relay. `on_record` is told what became of each record.
    pub async fn start(
        config: RelayConfig,
        on_record: impl Fn(&Relayed) + Send + Sync + 'static,
    ) -> Result<Self, RelayError> {
        let upstream = upstream(&config.upstream)?;
        let refused = |source| RelayError::Listen { listen: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let recorder = Arc::new(Recorder::start(&config.upstream, config.patience, on_record));
        let stop = CancellationToken::new();
        let proxy = Proxy::new(upstream.clone(), Arc::clone(&recorder));
        let serving = tokio::spawn(proxy.serve(listener, stop.clone()));
        Ok(Self { address, upstream, recorder, stop, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that clients are pointed at in place of the upstream's.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The endpoint behind it.
    pub fn upstream(&self) -> &Uri {
        &self.upstream
    }

    /// What became of the records so far.
    pub fn totals(&self) -> Totals {
        self.recorder.totals()
    }

    /// Takes no more connections, and waits until what it has taken is served and recorded.
    pub async fn stop(mut self) -> Totals {
        self.stop.cancel();
        let finished = async {
            // It ends with the connections that were open.
            let _ = (&mut self.serving).await;
            self.recorder.flushed().await;
        };
        let _ = tokio::time::timeout(FLUSH, finished).await;
        self.recorder.totals()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.cancel();
        self.serving.abort();
        self.recorder.abort();
    }
}

/// The upstream's address: plain HTTP with host and port, and no path.
fn upstream(text: &str) -> Result<Uri, RelayError> {
    let wrong = |reason: &str| RelayError::Upstream { upstream: text.to_owned(), reason: reason.to_owned() };
    let uri: Uri = text.parse().map_err(|_| wrong("it is no URL such as http://127.0.0.1:4566"))?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => {
            return Err(wrong("the relay reads what passes, so it speaks plain HTTP; name the http:// address"));
        }
        _ => return Err(wrong("it must begin with http://")),
    }
    if uri.authority().is_none_or(|authority| authority.host().is_empty()) {
        return Err(wrong("it names no host"));
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(wrong("an endpoint has no path of its own"));
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_an_http_address_without_a_path() {
        for text in ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:80", "http://localstack"] {
            assert!(upstream(text).is_ok(), "{text}");
        }
        for (text, why) in [
            ("127.0.0.1:4566", "http://"),
            ("https://localhost:4566", "plain HTTP"),
            ("http://localhost/path", "no path"),
            ("ftp://localhost", "http://"),
            ("not a url", "http://127.0.0.1:4566"),
        ] {
            let error = upstream(text).unwrap_err().to_string();
            assert!(error.starts_with(text) && error.contains(why), "{text}: {error}");
        }
    }
}
