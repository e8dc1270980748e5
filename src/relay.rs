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
//! - **Nobody waits for a record**: it is built after the answer has gone back, and those that wait are put ten at a time.
//! - **A client that hangs up changes nothing**: the call that reached the upstream is carried to its end and recorded.
//! - **What is not seen to its end is not recorded**: an upstream that breaks off may or may not have done what it was asked.
//!   The client sees the break, and [`Totals::unrecorded`] counts the call. The same goes for a call that is too long to keep.
//! - **Time-outs are the client's**: a slow answer is waited for as long as the client waits. An upstream that is not there is
//!   a 502 or 504 in the protocol of the called service.
//! - Who called and where is read from the signature, as emulators do: an access key of twelve digits names its account.

mod bus;
mod proxy;
mod recorder;
mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::proxy::Proxy;
use self::recorder::Recorder;
use self::upstream::Upstream;

pub use self::recorder::{Outcome, Relayed, Totals};

/// How long a stopping relay goes on putting the records that it has.
const FLUSH: Duration = Duration::from_secs(10);

/// What a relay is started with.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// The endpoint behind it: `http://127.0.0.1:4566`. Of `https://`, the certificate is verified against the machine's.
    pub upstream: String,
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// How long a record is put again and again while the upstream does not take it.
    pub patience: Duration,
    /// How long a connection to the upstream may take: a client is told then that the upstream is not there (504). How long
    /// an answer takes is the client's own affair.
    pub connect_within: Duration,
}

impl RelayConfig {
    /// A relay in front of `upstream` at any free port of this machine.
    pub fn new(upstream: impl Into<String>) -> Self {
        Self {
            upstream: upstream.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            patience: Duration::from_secs(30),
            connect_within: Duration::from_secs(10),
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
    /// The machine's certificates, which an `https://` upstream is verified with, could not be read.
    #[error("{upstream} cannot be verified: {source}")]
    Certificates {
        /// As it was given.
        upstream: String,
        /// What the system said.
        source: std::io::Error,
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
        let upstream = Upstream::of(&config.upstream, config.connect_within).await?;
        let refused = |source| RelayError::Listen { listen: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let recorder = Arc::new(Recorder::start(&config.upstream, config.patience, on_record));
        let stop = CancellationToken::new();
        let uri = upstream.uri().clone();
        let proxy = Proxy::new(upstream, Arc::clone(&recorder));
        let serving = tokio::spawn(proxy.serve(listener, stop.clone()));
        Ok(Self { address, upstream: uri, recorder, stop, serving })
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

    /// Whether every call that has ended is recorded, and every record on the bus or lost.
    pub fn is_settled(&self) -> bool {
        self.recorder.is_settled()
    }

    /// Waits until every call that has ended is recorded, and every record on the bus or lost.
    pub async fn settled(&self) {
        self.recorder.flushed().await;
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
