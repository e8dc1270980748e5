//! The lab as a server: one address for every service, Discord, the mailbox, and the lab's own pages.
//!
//! The lab runs the code that it is given and takes every access key. What keeps strangers out is the address: it listens
//! at the loopback interface unless told otherwise, and refuses what a web page may send there ([`guard`]). Whoever does
//! reach it must not bring it down: heads, bodies and the time that they take are limited ([`connection`], [`body`]), and
//! a panic in a handler is that call's `InternalFailure`.

mod body;
mod connection;
mod control;
mod current;
mod guard;
mod page;
mod pages;
mod room;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::current::{Current, Start};
use self::guard::Guard;
use self::room::Room;
use crate::cloud::Limits;
use crate::deliveries::Delivery;
use crate::discord::Discord;
use crate::faults::{Faults, FaultsError};
use crate::mail::Message;
use crate::snapshot::Include;
use crate::trust::{CaBundleError, Trust};

/// A running lab. Dropping it stops it: its connections are closed and its functions' processes are killed.
#[must_use = "dropping the lab stops it"]
#[derive(Debug)]
pub struct Lab {
    address: SocketAddr,
    current: Current,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

/// How a lab is to be started.
#[derive(Clone, Debug)]
pub struct LabBuilder {
    listen: SocketAddr,
    channel: String,
    enforce_iam: bool,
    hosts: Vec<String>,
    limits: Limits,
    faults: Faults,
    ca_bundle: Option<PathBuf>,
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
    /// The faults to start with ask for something that the lab does not have.
    #[error("the faults are wrong: {0}")]
    Faults(#[from] FaultsError),
    /// The file of further certificate authorities cannot be used.
    #[error(transparent)]
    CaBundle(#[from] CaBundleError),
}

impl Lab {
    /// Starts a lab at a free port of the loopback interface.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A lab with other settings than [`Lab::start`]'s.
    pub fn builder() -> LabBuilder {
        LabBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            channel: "alarm".to_owned(),
            enforce_iam: false,
            hosts: Vec::new(),
            limits: Limits::default(),
            faults: Faults::default(),
            ca_bundle: None,
        }
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
        self.current.cloud().deliveries.all()
    }

    /// The deliveries of the CloudTrail record with this `requestID`, oldest first.
    pub fn deliveries_of(&self, request_id: &str) -> Vec<Delivery> {
        self.current.cloud().deliveries.of_request(request_id)
    }

    /// Waits until `holds`, which is asked again with every delivery. It waits without a limit: put a timeout around it.
    /// A [reset](Self::reset) while it waits leaves it waiting.
    pub async fn until(&self, holds: impl Fn() -> bool) {
        self.current.cloud().deliveries.until(holds).await;
    }

    /// The lab's Discord: its webhooks, its messages, and faults to answer with.
    pub fn discord(&self) -> &Discord {
        &self.current.start().discord
    }

    /// The URL of the lab's own Discord webhook, which posts to the channel of the name that [`LabBuilder::channel`] gave.
    pub fn discord_webhook_url(&self) -> String {
        self.current.start().webhook.url(&self.endpoint_url())
    }

    /// The token of the lab's own bot, which may see the channel: `Authorization: Bot TOKEN`.
    pub fn discord_bot_token(&self) -> &str {
        &self.current.start().bot.token
    }

    /// The mails so far, oldest first; with an address, that mailbox alone.
    pub fn mail(&self, to: Option<&str>) -> Vec<Message> {
        self.current.cloud().mail.messages(to)
    }

    /// Waits until nothing is under way any more: what has not arrived by then does not arrive.
    pub async fn settled(&self) {
        self.current.cloud().deliveries.settled().await;
    }

    /// Makes everything as it was when the lab started: resources of all accounts, records, deliveries, mails, Discord,
    /// faults. Functions are stopped, and their processes gone when this returns. The address, the URL of the lab's own
    /// webhook and the token of its bot stay.
    pub async fn reset(&self) {
        self.current.reset().await;
    }

    /// All resources as JSON in a stable order: two snapshots of equal states are equal, byte for byte. Secrets (the
    /// values of functions' environment variables) and history (records, deliveries, mails, Discord) are left out;
    /// [`Lab::snapshot_with`] includes them.
    pub fn snapshot(&self) -> Value {
        self.snapshot_with(Include::default())
    }

    /// The same with what is asked for.
    pub fn snapshot_with(&self, include: Include) -> Value {
        crate::snapshot::of(&self.current.cloud(), include)
    }

    /// Sets the faults from now on, in place of those before. [`Faults::default`] ends them.
    ///
    /// # Errors
    /// When they ask for something that the lab does not have.
    pub fn set_faults(&self, faults: &Faults) -> Result<(), FaultsError> {
        self.current.cloud().faults.set(faults)
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

#[cfg(test)]
impl Lab {
    fn current(&self) -> &Current {
        &self.current
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.cancel();
        self.current.cloud().lambda.kill_all();
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

    /// A further name that the lab answers to, such as that of its container. A request whose `Host` is another name than
    /// the lab's own is refused: see the module's documentation.
    #[must_use]
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// How much of what happened is kept.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What is to go wrong from the start, and again after each reset.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// A file of PEM with certificate authorities that HTTPS subscribers may have their certificates from, beside those that
    /// this machine trusts: AWS accepts none but the public ones, and those who try an endpoint at home have their own.
    #[must_use]
    pub fn ca_bundle(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca_bundle = Some(file.into());
        self
    }

    /// Whether callers are held to their IAM policies: users by an access key that the lab issued, and sessions of roles,
    /// those of functions among them. Every other access key may do everything in its account, as without this.
    #[must_use]
    pub fn enforce_iam(mut self, enforce: bool) -> Self {
        self.enforce_iam = enforce;
        self
    }

    /// Starts the lab.
    pub async fn start(self) -> Result<Lab, StartError> {
        self.faults.check()?;
        let trust = self.ca_bundle.as_deref().map_or_else(|| Ok(Trust::default()), Trust::with_bundle)?;
        let address = self.listen;
        let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::InUse { address },
            _ => StartError::Listen { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let discord = Discord::new();
        discord.keep(self.limits.discord_messages);
        let (webhook, bot) = (discord.add_webhook(&self.channel), discord.add_bot());
        let start = Start {
            address,
            discord,
            webhook,
            bot,
            limits: self.limits,
            faults: self.faults,
            enforce_iam: self.enforce_iam,
            trust: Arc::new(trust),
        };
        let current = Current::new(start, Guard::new(address, &self.hosts));
        let stop = CancellationToken::new();
        let server = tokio::spawn(connection::accept(listener, current.clone(), Room::of_this_process(), stop.clone()));
        Ok(Lab { address, current, stop, server: Some(server) })
    }
}
