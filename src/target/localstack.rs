//! LocalStack as a target: a pinned image in a container of the run's own, started through testcontainers and removed again.
//!
//! The container's port is published to the loopback interface alone. Where Docker's socket is a file of this machine,
//! LocalStack gets it and can run functions; where it cannot, the harness runs them (see [`pipeline`](crate::pipeline)).
//! Once LocalStack says that it is healthy, it is an endpoint like any other: probed, and given a relay.

use std::fmt;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::container::{Container, Recipe};
use super::reach::Reach;
use super::{Target, TargetError, endpoint};
use crate::scenario::TargetKind;

/// The last image that starts without a token.
pub const LOCALSTACK_IMAGE: &str = "localstack/localstack:4.14.0";

/// How long LocalStack may take from the start of its container until it is healthy.
const HEALTHY_WITHIN: Duration = Duration::from_secs(60);

/// Where LocalStack says how it is, and with which port.
const HEALTH: &str = "/_localstack/health";
const PORT: u16 = 4566;

/// Where Docker listens on a machine that has it, and where LocalStack looks for it inside of its container.
const SOCKET: &str = "/var/run/docker.sock";

/// A LocalStack that is to be started.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalStack {
    /// The image.
    pub image: String,
    /// The token that newer images ask for.
    pub auth_token: Option<String>,
    /// Whether LocalStack gets Docker's socket, by which it runs functions, and by which it could do anything on this machine.
    pub docker_socket: bool,
    /// How long it may take from the start of its container until it is healthy.
    pub healthy_within: Duration,
}

impl Default for LocalStack {
    fn default() -> Self {
        Self {
            image: LOCALSTACK_IMAGE.to_owned(),
            auth_token: None,
            docker_socket: true,
            healthy_within: HEALTHY_WITHIN,
        }
    }
}

impl LocalStack {
    /// What the environment says: `ALERT_DRILL_LOCALSTACK_IMAGE` names the image, and `LOCALSTACK_AUTH_TOKEN` is handed on.
    pub fn of_environment() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            image: variable("ALERT_DRILL_LOCALSTACK_IMAGE").unwrap_or_else(|| LOCALSTACK_IMAGE.to_owned()),
            auth_token: variable("LOCALSTACK_AUTH_TOKEN"),
            ..Self::default()
        }
    }

    fn recipe(&self) -> Recipe {
        let mut variables = vec![
            // It listens to everybody inside of its container, and the port is published to this machine alone.
            ("GATEWAY_LISTEN", format!("0.0.0.0:{PORT}")),
            // No reports to its makers, and no certificate from the network: the endpoint speaks plain HTTP.
            ("DISABLE_EVENTS", "1".to_owned()),
            ("SKIP_SSL_CERT_DOWNLOAD", "1".to_owned()),
        ];
        if let Some(token) = &self.auth_token {
            variables.push(("LOCALSTACK_AUTH_TOKEN", token.clone()));
        }
        Recipe {
            image: self.image.clone(),
            port: PORT,
            variables,
            // A socket that is there for this process is where the engine is; an engine elsewhere has none to give.
            socket: (self.docker_socket && std::path::Path::new(SOCKET).exists()).then_some(SOCKET),
            function_flags: "LAMBDA_DOCKER_FLAGS",
        }
    }
}

impl fmt::Debug for LocalStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the token.
        f.debug_struct("LocalStack")
            .field("image", &self.image)
            .field("docker_socket", &self.docker_socket)
            .field("healthy_within", &self.healthy_within)
            .finish_non_exhaustive()
    }
}

pub(super) async fn open(
    asked: &LocalStack,
    region: &str,
    account: &str,
    run_id: &str,
    stop: &CancellationToken,
) -> Result<Target, TargetError> {
    start(asked, stop, async |url| endpoint::open(url, region, account, run_id).await).await
}

/// The same without trying anything out, and without a relay.
pub(super) async fn look_at(
    asked: &LocalStack,
    region: &str,
    account: &str,
    run_id: &str,
) -> Result<Target, TargetError> {
    let stop = CancellationToken::new();
    start(asked, &stop, async |url| endpoint::look_at(url, region, account, run_id).await).await
}

async fn start(
    asked: &LocalStack,
    stop: &CancellationToken,
    open: impl AsyncFnOnce(&str) -> Result<Target, TargetError>,
) -> Result<Target, TargetError> {
    let started = Instant::now();
    let container = Container::start(&asked.recipe(), stop).await?;
    let opened = async {
        let endpoint_url = container.healthy(HEALTH, asked.healthy_within, stop).await?;
        let starting = started.elapsed();
        let mut target = open(&endpoint_url).await?;
        target.waiting.add(starting);
        target.reach = Reach::from_container(container.gateway(), &endpoint_url);
        target.kind = TargetKind::Localstack;
        Ok(target)
    };
    match opened.await {
        Ok(mut target) => {
            target.container = Some(container);
            Ok(target)
        }
        Err(error) => {
            let error = container.explained(error).await;
            container.remove().await;
            Err(error)
        }
    }
}
