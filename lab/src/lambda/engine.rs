//! What all functions of a lab share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::concurrency::ReservedConcurrency;
use super::function::Function;
use super::logs::{LogSink, LogStream};
use super::package::Package;
use super::process::FunctionProcess;
use super::runtimes::{self, EXEC_WRAPPER, Launch, LaunchError, Runtime, RuntimeError};
use super::variables::variables;
use super::{Deployment, FunctionConfig};

/// How the engine works; the defaults are AWS's but for the idle time, which AWS does not document.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// How long an environment waits for its next invocation before it is dropped.
    pub idle_timeout: Duration,
    /// How long INIT may take, before it is repeated as a part of the invocation.
    pub init_timeout: Duration,
    /// How many invocations of functions without reserved concurrency may run at a time.
    pub account_concurrency: u32,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            idle_timeout: Duration::from_secs(300),
            init_timeout: Duration::from_secs(10),
            account_concurrency: 1000,
        }
    }
}

/// How long processes that were killed may take to be gone.
const DYING_LIMIT: Duration = Duration::from_secs(1);

/// Runs functions. Dropping it stops them and kills their processes.
pub struct Engine {
    shared: Arc<Shared>,
    functions: Mutex<Vec<Weak<Function>>>,
}

pub(super) struct Shared {
    pub(super) settings: EngineSettings,
    pub(super) account: ReservedConcurrency,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// One task a process, which ends when the process is gone.
    reapers: TaskTracker,
    sink: Arc<dyn LogSink>,
    runtime_directory: TempDir,
}

impl Engine {
    /// Makes an engine whose functions' logs go to `sink`.
    ///
    /// # Errors
    /// When the directory of the runtimes cannot be written.
    pub fn new(settings: EngineSettings, sink: Arc<dyn LogSink>) -> std::io::Result<Self> {
        let runtime_directory = tempfile::Builder::new().prefix("lambda-runtime-").tempdir()?;
        runtimes::install(runtime_directory.path())?;
        let account = ReservedConcurrency::new(Some(settings.account_concurrency));
        let shared = Shared {
            settings,
            account,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            reapers: TaskTracker::new(),
            sink,
            runtime_directory,
        };
        Ok(Self { shared: Arc::new(shared), functions: Mutex::default() })
    }

    /// Makes a version runnable; starts nothing yet. A change of code or configuration is a new deployment: the
    /// caller [retires](Function::retire) the one before. All versions of a function share one `concurrency`.
    pub fn deploy(
        &self,
        config: FunctionConfig,
        package: Arc<Package>,
        concurrency: &ReservedConcurrency,
    ) -> Arc<Function> {
        let deployment = Deployment { config, package };
        let function = Arc::new(Function::new(Arc::clone(&self.shared), deployment, concurrency.clone()));
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.retain(|function| function.strong_count() > 0);
        functions.push(Arc::downgrade(&function));
        function
    }

    /// Stops every function, kills every process, and waits until all is gone.
    pub async fn shutdown(&self) {
        self.stop_all();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        self.shared.reapers.close();
        // Killing is not yet dying. Only a process that left its group was not killed, and nobody waits for that one.
        let _ = tokio::time::timeout(DYING_LIMIT, self.shared.reapers.wait()).await;
    }

    /// Stops every function, those that were replaced as well, and kills every process without waiting for its end.
    pub fn stop_all(&self) {
        self.shared.stop.cancel();
        let functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.iter().filter_map(Weak::upgrade).for_each(|function| function.stop());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop_all();
    }
}

impl Shared {
    pub(super) fn open_log_stream(&self, deployment: &Deployment) -> Arc<LogStream> {
        let config = &deployment.config;
        let stream = LogStream::open(Arc::clone(&self.sink), config);
        let label = config.runtime.version_label();
        let arn = format!("arn:aws:lambda:{}::runtime:{}", config.region, hexadecimal(&Sha256::digest(&label)));
        stream.init_start(&label, &arn);
        stream
    }

    pub(super) fn find_launch(&self, deployment: &Deployment) -> Result<Launch, LaunchError> {
        let directory = self.runtime_directory.path();
        let config = &deployment.config;
        // Custom runtimes may read the variable or not; Lambda itself heeds it for managed runtimes.
        if let (Runtime::Python(_), Some(wrapper)) = (config.runtime, config.environment.get(EXEC_WRAPPER)) {
            return Err(LaunchError::Runtime(RuntimeError::ExecWrapper(wrapper.clone())));
        }
        Launch::find(config.runtime, &deployment.package, directory)
    }

    pub(super) async fn start_process(
        &self,
        launch: &Launch,
        deployment: &Deployment,
        runtime_api: SocketAddr,
        stream: &Arc<LogStream>,
    ) -> std::io::Result<FunctionProcess> {
        let variables = variables(deployment, self.runtime_directory.path(), stream, runtime_api);
        FunctionProcess::start(launch, deployment.package.root(), &variables, stream, &self.reapers).await
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
