//! The cloud that a lab serves now. A reset does not tidy up: it puts a new cloud in the old one's place, so that nothing
//! that is still under way in the old one can reach the new one.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::FromRef;
use tokio::sync::Semaphore;

use super::body::Bodies;
use super::guard::Guard;
use super::page::MOST_READERS;
use crate::cloud::{Cloud, Limits};
use crate::discord::{Bot, Discord, Webhook};
use crate::faults::Faults;
use crate::trust::Trust;

/// What the server and the [`Lab`](super::Lab) share.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    cloud: Arc<RwLock<Arc<Cloud>>>,
    start: Arc<Start>,
    pub(super) guard: Arc<Guard>,
    pub(super) bodies: Bodies,
    /// The places of those who read `/_lab/live`.
    pub(super) readers: Arc<Semaphore>,
}

/// How a cloud of this lab starts.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) address: SocketAddr,
    pub(super) discord: Discord,
    pub(super) webhook: Webhook,
    pub(super) bot: Bot,
    pub(super) limits: Limits,
    pub(super) faults: Faults,
    pub(super) enforce_iam: bool,
    pub(super) trust: Arc<Trust>,
}

impl Start {
    fn cloud(&self) -> Arc<Cloud> {
        let mut cloud = Cloud::at(self.address, self.discord.clone(), self.limits, &self.faults);
        cloud.enforces_iam = self.enforce_iam;
        cloud.trust = Arc::clone(&self.trust);
        Arc::new(cloud)
    }
}

impl Current {
    pub(super) fn new(start: Start, guard: Guard) -> Self {
        let cloud = Arc::new(RwLock::new(start.cloud()));
        let readers = Arc::new(Semaphore::new(MOST_READERS));
        Self { cloud, start: Arc::new(start), guard: Arc::new(guard), bodies: Bodies::default(), readers }
    }

    /// The cloud of now.
    pub(super) fn cloud(&self) -> Arc<Cloud> {
        Arc::clone(&self.cloud.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn start(&self) -> &Start {
        &self.start
    }

    /// Makes everything as at the start, and waits until the functions' processes are gone.
    pub(super) async fn reset(&self) {
        let fresh = self.start.cloud();
        let old = std::mem::replace(&mut *self.cloud.write().unwrap_or_else(PoisonError::into_inner), fresh);
        old.lambda.stop().await;
        // Last, so that no function of the old cloud posts into the new channels.
        self.start.discord.reset(&self.start.webhook, &self.start.bot);
        // Those who look on see the new cloud from here on, and nothing that Discord still had of the old one.
        old.retired.cancel();
    }
}

/// Handlers ask for the cloud alone.
impl FromRef<Current> for Arc<Cloud> {
    fn from_ref(current: &Current) -> Self {
        current.cloud()
    }
}
