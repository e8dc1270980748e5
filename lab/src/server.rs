//! The lab as a server: one address for every service, Discord, the mailbox, and the lab's own pages.

mod page;
mod pages;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::cloud::Cloud;
use crate::deliveries::Delivery;
use crate::discord::{Discord, Webhook};
use crate::gateway;
use crate::mail::Message;

/// The largest request body that the lab takes: Lambda's limit for a zipped package in a request is 50 MB, which is 70 MB
/// in base64.
const LARGEST_BODY: usize = 72 * 1024 * 1024;

/// A running lab. Dropping it stops it: its connections are closed and its functions' processes are killed.
#[must_use = "dropping the lab stops it"]
#[derive(Debug)]
pub struct Lab {
    address: SocketAddr,
    cloud: Arc<Cloud>,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    webhook: Webhook,
}

/// How a lab is to be started.
#[derive(Clone, Debug)]
pub struct LabBuilder {
    listen: SocketAddr,
    channel: String,
}

/// Why a lab did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process listens there.
    #[error("{address} is in use by another process: stop it, or give another port (port 0 takes any free one)")]
    InUse {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl Lab {
    /// Starts a lab at a free port of the loopback interface.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A lab with other settings than [`Lab::start`]'s.
    pub fn builder() -> LabBuilder {
        LabBuilder { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), channel: "alarm".to_owned() }
    }

    /// The address that the lab listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What an AWS client takes as its endpoint URL.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every delivery that was tried so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.cloud.deliveries.all()
    }

    /// The deliveries of the CloudTrail record with this `requestID`, oldest first.
    pub fn deliveries_of(&self, request_id: &str) -> Vec<Delivery> {
        self.cloud.deliveries.of_request(request_id)
    }

    /// Waits until `holds`, which is asked again with every delivery. It waits without a limit: put a timeout around it.
    pub async fn until(&self, holds: impl Fn() -> bool) {
        self.cloud.deliveries.until(holds).await;
    }

    /// The lab's Discord: its webhooks, its messages, and faults to answer with.
    pub fn discord(&self) -> &Discord {
        &self.cloud.discord
    }

    /// The URL of the lab's own Discord webhook, which posts to the channel of the name that [`LabBuilder::channel`] gave.
    pub fn discord_webhook_url(&self) -> String {
        self.webhook.url(&self.endpoint_url())
    }

    /// The mails so far, oldest first; with an address, that mailbox alone.
    pub fn mail(&self, to: Option<&str>) -> Vec<Message> {
        self.cloud.mail.messages(to)
    }

    /// Waits until nothing is under way any more: what has not arrived by then does not arrive.
    pub async fn settled(&self) {
        self.cloud.deliveries.settled().await;
    }

    /// Stops the lab and waits until its connections are closed and its processes gone.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            // The task ends by the token; a panic in it was reported when it happened.
            let _ = server.await;
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.cancel();
        self.cloud.lambda.kill_all();
    }
}

impl LabBuilder {
    /// The address to listen at; port 0 takes any free one. A lab accepts every access key and runs the code that it
    /// is given: think twice before you let others than this machine reach it.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The name of the Discord channel that the lab's own webhook posts to.
    #[must_use]
    pub fn channel(mut self, name: impl Into<String>) -> Self {
        self.channel = name.into();
        self
    }

    /// Starts the lab.
    pub async fn start(self) -> Result<Lab, StartError> {
        let address = self.listen;
        let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::InUse { address },
            _ => StartError::Listen { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let cloud = Arc::new(Cloud::default());
        cloud.listens_at(address);
        let webhook = cloud.discord.add_webhook(&self.channel);
        let stop = CancellationToken::new();
        let server = tokio::spawn(accept(listener, Arc::clone(&cloud), stop.clone()));
        Ok(Lab { address, cloud, stop, server: Some(server), webhook })
    }
}

/// Accepts connections until the lab stops. The connections live in this task's set, so that none outlives it.
async fn accept(listener: TcpListener, cloud: Arc<Cloud>, stop: CancellationToken) {
    let router = pages::routes().merge(page::routes()).fallback(api).with_state(Arc::clone(&cloud));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Requests are small and many; waiting to fill a packet would add 40 ms to some.
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(TokioIo::new(stream), peer, router.clone()));
            }
            // Out of file descriptors, most likely: let the connections that are open end first.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    connections.shutdown().await;
    cloud.lambda.stop().await;
}

async fn serve(stream: TokioIo<tokio::net::TcpStream>, peer: SocketAddr, router: Router) {
    let service = tower_service(router, peer);
    // An error here is the client's: it went away, or it does not speak HTTP. It was not waiting for our word on it.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
}

fn tower_service(router: Router, peer: SocketAddr) -> TowerToHyperService<Router> {
    TowerToHyperService::new(router.layer(axum::Extension(ConnectInfo(peer))))
}

/// Everything that is not a page of the lab's own: Discord's API, and AWS.
async fn api(State(cloud): State<Arc<Cloud>>, request: Request) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            return (axum::http::StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too large").into_response();
        }
    };
    if pages::is_discord(parts.uri.path()) {
        return pages::discord_api(&cloud, &parts, body);
    }
    let source_ip = peer.unwrap_or(Ipv4Addr::LOCALHOST.into());
    let is_long_poll = parts.headers.get("x-amz-target").is_some_and(|target| target == "AmazonSQS.ReceiveMessage");
    let serve = async move { gateway::serve(&cloud, &parts, body, source_ip).await };
    // In a task of its own: a client that hangs up in the middle must not cut a change in half. A long poll changes
    // nothing while it waits, and ends with its connection, so that it takes no message that nobody would read.
    let served = if is_long_poll { Ok(serve.await) } else { tokio::spawn(serve).await };
    match served {
        Ok(reply) => {
            let mut response = Response::new(Body::from(reply.body));
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            response
        }
        Err(panic) => {
            (axum::http::StatusCode::INTERNAL_SERVER_ERROR, format!("a mistake in the lab: {panic}")).into_response()
        }
    }
}
