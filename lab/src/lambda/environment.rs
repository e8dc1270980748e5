//! An execution environment: one process, its Runtime API and its log stream. One invocation at a time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Deployment;
use super::engine::Shared;
use super::fault::Fault;
use super::logs::LogStream;
use super::process::{FunctionProcess, describe_exit};
use super::runtime_api::{RuntimeApi, RuntimeEvent};
use super::runtimes::{Launch, LaunchError, Runtime};

/// How often to look at the memory of a process that works.
const MEMORY_CHECK: Duration = Duration::from_millis(20);
/// How long to wait for what a process that has exited may still have said.
const LAST_WORDS: Duration = Duration::from_millis(10);

pub(super) struct Environment {
    pub(super) api: RuntimeApi,
    pub(super) stream: Arc<LogStream>,
    process: FunctionProcess,
    /// What it may use, in MB.
    memory_size: u64,
    memory_used: u64,
}

/// Why INIT did not complete.
pub(super) enum InitFailure {
    /// The function's fault.
    Fault(Fault),
    /// The lab's: what happened and what to do.
    Lab(String),
}

/// What happens in an environment.
pub(super) enum Happening {
    Event(RuntimeEvent),
    Exited(Fault),
}

impl Environment {
    /// Starts the process and waits until the runtime asks for its first event.
    pub(super) async fn initialize(
        shared: &Arc<Shared>,
        deployment: &Arc<Deployment>,
        stream: &Arc<LogStream>,
        limit: Duration,
    ) -> Result<Self, InitFailure> {
        let deadline = Instant::now() + limit;
        let launch = find_launch(shared, deployment).await?;
        if let Some(remark) = &launch.remark {
            stream.write_own(remark.clone());
        }
        let api = RuntimeApi::serve()
            .await
            .map_err(|error| InitFailure::Lab(format!("cannot open a port for the Runtime API: {error}")))?;
        let process = shared
            .start_process(&launch, deployment, api.address(), stream)
            .await
            .map_err(|error| not_started(&error, &launch, deployment))?;
        let memory_size = deployment.config.memory_size.into();
        let mut environment = Self { api, stream: Arc::clone(stream), process, memory_size, memory_used: 0 };
        match environment.wait_for_init(deadline).await {
            Ok(()) => Ok(environment),
            Err(fault) => {
                environment.kill().await;
                Err(InitFailure::Fault(fault))
            }
        }
    }

    async fn wait_for_init(&mut self, deadline: Instant) -> Result<(), Fault> {
        let happening = tokio::time::timeout_at(deadline, self.happening()).await.map_err(|_| Fault::TimedOut)?;
        match happening {
            Happening::Event(RuntimeEvent::Ready) => Ok(()),
            Happening::Event(RuntimeEvent::InitError(error)) => Err(Fault::Reported(error)),
            // The Runtime API takes no answer before there is an event.
            Happening::Event(_) => Err(Fault::exited("without providing a reason")),
            Happening::Exited(fault) => Err(fault),
        }
    }

    /// What happens next. Whatever the process said comes before its exit.
    pub(super) async fn happening(&mut self) -> Happening {
        let status = loop {
            tokio::select! {
                biased;
                event = self.api.event() => return Happening::Event(event),
                status = self.process.exited() => break status,
                () = tokio::time::sleep(MEMORY_CHECK) => {
                    if self.process.memory().is_some_and(|kibibytes| kibibytes > self.memory_size * 1024) {
                        self.process.kill_group();
                        self.memory_used = self.memory_size;
                        return Happening::Exited(Fault::out_of_memory());
                    }
                }
            }
        };
        match tokio::time::timeout(LAST_WORDS, self.api.event()).await {
            Ok(event) => Happening::Event(event),
            Err(_) => Happening::Exited(Fault::exited(&describe_exit(status))),
        }
    }

    /// The output so far is in the log, and the memory measured.
    pub(super) async fn settle(&mut self) {
        self.process.flush_output().await;
        // The peak counts the pages of files as well, which are nobody's own.
        self.memory_used = self.process.peak_memory().map_or(self.memory_used, |peak| peak.min(self.memory_size));
    }

    /// The most memory used so far, in MB.
    pub(super) fn memory_used(&self) -> u64 {
        self.memory_used
    }

    /// Stops all its processes until [`thaw`](Self::thaw).
    pub(super) fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets them go on.
    pub(super) fn thaw(&self) {
        self.process.thaw();
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.process.has_exited()
    }

    /// Kills all of it and waits for the rest of its output.
    pub(super) async fn kill(self) {
        self.process.kill().await;
    }
}

/// May ask an interpreter for its version, which blocks.
async fn find_launch(shared: &Arc<Shared>, deployment: &Arc<Deployment>) -> Result<Launch, InitFailure> {
    let (shared, deployment) = (Arc::clone(shared), Arc::clone(deployment));
    match tokio::task::spawn_blocking(move || shared.find_launch(&deployment)).await {
        Ok(Ok(launch)) => Ok(launch),
        Ok(Err(LaunchError::InvalidEntrypoint(message))) => Err(InitFailure::Fault(Fault::invalid_entrypoint(message))),
        Ok(Err(LaunchError::Runtime(error))) => Err(InitFailure::Lab(error.to_string())),
        Err(error) => Err(InitFailure::Lab(format!("the search for the runtime failed: {error}"))),
    }
}

/// A program that the system refuses to run is the function's fault; the words are those of AWS's `init` process.
fn not_started(error: &io::Error, launch: &Launch, deployment: &Deployment) -> InitFailure {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::ExecutableFileBusy => "text file busy",
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => "exec format error",
        _ => return InitFailure::Lab(format!("cannot start {}: {error}", launch.program.display())),
    };
    let program = match deployment.config.runtime {
        Runtime::Provided | Runtime::ProvidedAl2 | Runtime::ProvidedAl2023 => "/var/task/bootstrap".into(),
        Runtime::Python(_) => launch.program.display().to_string(),
    };
    InitFailure::Fault(Fault::invalid_entrypoint(format!("fork/exec {program}: {reason}")))
}
