//! A deployed version of a function and its pool of environments.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::concurrency::ReservedConcurrency;
use super::engine::Shared;
use super::environment::Environment;
use super::invocation::Run;
use super::{Deployment, FunctionConfig, InvokeError, InvokeOutcome, InvokeRequest, MAX_SYNC_PAYLOAD, Package};

/// One code and configuration, ready to be invoked. Environments start as invocations need them, are used again, and
/// are dropped after a time without work. Dropping the last reference kills the idle ones.
pub struct Function {
    pub(super) shared: Arc<Shared>,
    pub(super) deployment: Arc<Deployment>,
    pub(super) concurrency: ReservedConcurrency,
    pub(super) stop: CancellationToken,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    idle: Vec<(Instant, Environment)>,
    retired: bool,
    sweeping: bool,
}

impl Function {
    pub(super) fn new(shared: Arc<Shared>, deployment: Deployment, concurrency: ReservedConcurrency) -> Self {
        let stop = shared.stop.child_token();
        Self { shared, deployment: Arc::new(deployment), concurrency, stop, pool: Mutex::default() }
    }

    /// What was deployed.
    #[must_use]
    pub fn config(&self) -> &FunctionConfig {
        &self.deployment.config
    }

    /// The code that was deployed.
    #[must_use]
    pub fn package(&self) -> &Arc<Package> {
        &self.deployment.package
    }

    /// Invokes the function and waits for its answer (`RequestResponse`). The invocation runs to its end even when
    /// the caller stops waiting, as in AWS.
    ///
    /// # Errors
    /// When the request does not reach the function. A failure of the function itself is an [`InvokeOutcome`] with
    /// `function_error`.
    pub async fn invoke(self: &Arc<Self>, request: InvokeRequest) -> Result<InvokeOutcome, InvokeError> {
        let request = self.check(request, MAX_SYNC_PAYLOAD, "RequestResponse")?;
        if self.stop.is_cancelled() {
            return Err(InvokeError::Stopped);
        }
        let permit =
            self.concurrency.take(&self.shared.account).map_err(|reason| InvokeError::TooManyRequests { reason })?;
        let (answer, answered) = oneshot::channel();
        let run = Run::new(Arc::clone(self), request, permit, answer);
        let stop = self.stop.clone();
        self.shared.tasks.spawn(async move {
            // Dropping the run kills its environment, and closes the channel.
            stop.run_until_cancelled(run.drive()).await;
        });
        answered.await.unwrap_or(Err(InvokeError::Stopped))
    }

    /// Checks the payload and completes the request: an event and a request id.
    pub(super) fn check(
        &self,
        mut request: InvokeRequest,
        limit: usize,
        invocation_type: &'static str,
    ) -> Result<InvokeRequest, InvokeError> {
        let size = request.payload.len();
        if size > limit {
            return Err(InvokeError::RequestTooLarge { size, limit, invocation_type });
        }
        if request.payload.is_empty() {
            request.payload = Bytes::from_static(b"{}");
        }
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&request.payload) {
            return Err(InvokeError::InvalidRequestContent { reason: error.to_string() });
        }
        request.request_id.get_or_insert_with(|| Uuid::new_v4().to_string());
        Ok(request)
    }

    /// Lets what runs come to its end and drops the environments: for a version that was replaced or deleted.
    pub fn retire(&self) {
        let idle = {
            let mut pool = self.pool();
            pool.retired = true;
            std::mem::take(&mut pool.idle)
        };
        drop(idle);
    }

    /// Kills every environment, running or idle. Invocations that run end with [`InvokeError::Stopped`], and so do
    /// later ones.
    pub fn stop(&self) {
        self.stop.cancel();
        self.retire();
    }

    /// How many environments wait for an invocation.
    #[must_use]
    pub fn idle_environments(&self) -> usize {
        self.pool().idle.len()
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The environment that was used last, if one waits.
    pub(super) fn take_idle(&self) -> Option<Environment> {
        let mut dead = Vec::new();
        let mut pool = self.pool();
        let found = loop {
            match pool.idle.pop() {
                Some((_, environment)) if environment.is_alive() => break Some(environment),
                Some(gone) => dead.push(gone),
                None => break None,
            }
        };
        drop(pool);
        if let Some(environment) = &found {
            environment.thaw();
        }
        found
    }

    /// Takes an environment back, frozen, for the next invocation.
    pub(super) fn give_back(self: &Arc<Self>, environment: Environment) {
        let mut pool = self.pool();
        if pool.retired {
            drop(pool);
            drop(environment);
            return;
        }
        environment.freeze();
        pool.idle.push((Instant::now(), environment));
        if !std::mem::replace(&mut pool.sweeping, true) {
            let stop = self.stop.clone();
            let sweep = sweep(Arc::downgrade(self), self.shared.settings.idle_timeout);
            self.shared.tasks.spawn(async move { stop.run_until_cancelled(sweep).await });
        }
    }

    /// Drops what has waited since `before` or longer. Returns since when the longest of the rest has waited.
    fn drop_idle_since(&self, before: Instant) -> Option<Instant> {
        let mut pool = self.pool();
        let expired: Vec<_> = pool.idle.extract_if(.., |(since, _)| *since <= before).collect();
        let oldest = pool.idle.iter().map(|(since, _)| *since).min();
        pool.sweeping = oldest.is_some();
        drop(pool);
        drop(expired);
        oldest
    }
}

/// Drops environments that have waited too long, until none waits.
async fn sweep(function: Weak<Function>, idle_timeout: std::time::Duration) {
    let mut next = Instant::now() + idle_timeout;
    loop {
        tokio::time::sleep_until(next).await;
        let Some(function) = function.upgrade() else { return };
        let Some(before) = Instant::now().checked_sub(idle_timeout) else { return };
        match function.drop_idle_since(before) {
            Some(oldest) => next = oldest + idle_timeout,
            None => return,
        }
    }
}
