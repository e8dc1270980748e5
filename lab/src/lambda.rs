//! The execution engine of AWS Lambda: packages, processes, the Runtime API, invocations and their logs.
//!
//! A function runs as a real process that speaks the real Runtime API, so that what breaks a function in AWS breaks
//! it here, with AWS's error types and AWS's log lines. The control plane (`CreateFunction` and its like) is not
//! here: it unpacks a [`Package`], [deploys](Engine::deploy) it with a [`FunctionConfig`], and invokes the
//! [`Function`] that it gets.
//!
//! ```text
//! Engine ──deploy──► Function (one code and configuration) ──invoke──► Environment (one process, one Runtime API)
//!                       └─ pool of idle environments, one invocation at a time each
//! ```
//!
//! # What is as in AWS
//!
//! - **INIT** may take 10 seconds. An INIT that fails (the process exits, reports `/runtime/init/error`, cannot be
//!   started, or takes too long) is repeated once as a part of the invocation, within the function's own timeout
//!   (AWS's "suppressed init"): both show as `INIT_REPORT` lines, and only the second failure reaches the caller.
//! - A **timeout** or a **crash** destroys the environment; the next invocation starts a new one. AWS resets the
//!   environment and keeps its log stream; the lab opens a new stream.
//! - The **answer** is handed over when the function asks for its next invocation, or 50 ms after the response if it
//!   works on in the background. That work still counts in the duration and against the timeout.
//! - `Billed Duration` includes INIT, rounded up to the millisecond.
//! - Between two invocations the processes are **frozen** (SIGSTOP): an alarm that a handler leaves to a thread and does
//!   not wait for is not sent before the next event comes, if ever.
//! - A function that uses **more memory** than it has is killed: `Runtime.OutOfMemory`, `signal: killed`.
//!
//! - The **log** has the form that `LoggingConfig` chose: see [`Logging`]. A record of Python's `logging` is one event.
//!
//! # What is not
//!
//! - As JSON, what a function prints stays as it printed it, and a platform record has no spans; a timeout or a crash is the
//!   status of its report alone.
//! - The process runs with the lab's user, file system and network: the package is not in `/var/task` but where
//!   `LAMBDA_TASK_ROOT` says, `/tmp` is the machine's own, and neither is read-only.
//! - Memory is that of the function's own process, from Linux's `/proc`, and looked at fifty times a second; elsewhere it
//!   is neither reported nor limited.
//! - Extensions, SnapStart and the Telemetry API are refused by name.
//! - A stop is a SIGKILL: AWS sends SIGTERM first only to functions with extensions.
//! - A process that leaves its process group (`setsid`) is not followed.
//!
//! Sources: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle", "Using the Lambda
//! runtime API for custom runtimes", "Error handling for an asynchronous invocation", "Defined runtime environment
//! variables".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

mod concurrency;
mod engine;
mod environment;
mod fault;
mod function;
mod invocation;
mod logging;
mod logs;
mod package;
mod process;
mod retry;
mod runtime_api;
mod runtimes;
mod service;
mod variables;

#[cfg(test)]
mod tests;

pub use concurrency::ReservedConcurrency;
pub use engine::{Engine, EngineSettings};
pub use function::Function;
pub use logging::{Level, LogFormat, Logging};
pub use logs::{LogEvent, LogSink};
pub use package::{Package, PackageError};
pub use retry::{AsyncCondition, AsyncEvent, AsyncInvocation, AsyncOutcome, RetryPolicy};
pub use runtimes::{Python, PythonVersion, Runtime, RuntimeError};
pub(crate) use service::{Lambda, UrlRequest};
pub use variables::RESERVED_VARIABLES;

/// The largest payload of a synchronous invocation, and of a response, in bytes (6 MB).
pub const MAX_SYNC_PAYLOAD: usize = 6_291_456;
/// The largest payload of an asynchronous invocation, in bytes (1 MB since October 2025).
pub const MAX_ASYNC_PAYLOAD: usize = 1_048_576;

/// What a version of a function is, as far as running it goes. Its `Debug` form leaves the user's variables out:
/// they hold secrets.
#[derive(Clone)]
pub struct FunctionConfig {
    /// The function's name, `AWS_LAMBDA_FUNCTION_NAME`.
    pub name: String,
    /// The ARN of this version; it is the invoked ARN of an invocation that names no other.
    pub arn: String,
    /// `$LATEST`, or the number of a published version.
    pub version: String,
    /// The Region, such as `ap-northeast-2`.
    pub region: String,
    /// The account id, twelve digits.
    pub account: String,
    /// What runs the code.
    pub runtime: Runtime,
    /// The handler, `_HANDLER`. Custom runtimes may ignore it.
    pub handler: String,
    /// How long an invocation may take. AWS allows 1 to 900 seconds.
    pub timeout: Duration,
    /// The configured memory in MB. Who uses more is killed.
    pub memory_size: u32,
    /// The user's environment variables.
    pub environment: BTreeMap<String, String>,
    /// Where the log goes, and in which form.
    pub logging: Logging,
    /// The credentials of the execution role.
    pub credentials: Credentials,
    /// Where the function's SDK calls go (`AWS_ENDPOINT_URL`); `None` leaves the SDK to itself.
    pub endpoint_url: Option<String>,
}

impl std::fmt::Debug for FunctionConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FunctionConfig")
            .field("arn", &self.arn)
            .field("version", &self.version)
            .field("runtime", &self.runtime)
            .field("handler", &self.handler)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Temporary credentials, as the execution role gives them.
#[derive(Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// One request to invoke a function.
#[derive(Clone, Debug, Default)]
pub struct InvokeRequest {
    /// The event, a JSON document. An empty payload is given to the function as `{}`.
    pub payload: Bytes,
    /// The client context as JSON (already decoded from the header's base64).
    pub client_context: Option<String>,
    /// The `X-Amzn-Trace-Id` of the caller; one is made when there is none.
    pub trace_id: Option<String>,
    /// The ARN that the caller used, when it is not the version's own (an alias, an unqualified name).
    pub invoked_arn: Option<String>,
    /// The request id to use; one is made when there is none.
    pub request_id: Option<String>,
}

impl InvokeRequest {
    /// A request with this payload and nothing else.
    #[must_use]
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self { payload: payload.into(), ..Self::default() }
    }
}

/// What came of an invocation that the function took part in, whether it succeeded or not.
#[derive(Clone, Debug)]
pub struct InvokeOutcome {
    /// The response, or the error document (`errorType`, `errorMessage`, …).
    pub payload: Bytes,
    /// Set when the function failed; AWS's `X-Amz-Function-Error`.
    pub function_error: Option<FunctionError>,
    /// What of this machine, and not of AWS, may have caused the failure, and what to do; in words. AWS has nothing of the
    /// kind: it shows in the lab's deliveries and as a line `LAB` of the log.
    pub note: Option<String>,
    /// The last 4 KB of the environment's log, not yet base64.
    pub log_tail: Bytes,
    /// The request id.
    pub request_id: String,
    /// How long the INVOKE phase took so far.
    pub duration: Duration,
    /// What AWS would bill: INIT and INVOKE, rounded up to the millisecond.
    pub billed_duration: Duration,
    /// How long INIT took, when this invocation was a cold start.
    pub init_duration: Option<Duration>,
    /// The version that ran.
    pub executed_version: String,
    /// The log stream that it wrote to.
    pub log_stream: String,
}

/// AWS's `FunctionError`. Lambda reports every failure of a function as `Unhandled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionError {
    /// The function raised an error, exited, or timed out.
    Unhandled,
}

impl FunctionError {
    /// The value of the header `X-Amz-Function-Error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unhandled => "Unhandled",
        }
    }
}

/// Why a request to invoke did not reach the function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// `TooManyRequestsException`, HTTP 429.
    #[error("Rate Exceeded.")]
    TooManyRequests {
        /// Which limit.
        reason: ThrottleReason,
    },
    /// `RequestTooLargeException`, HTTP 413.
    #[error("{size} byte payload is too large for the {invocation_type} invocation type (limit {limit} bytes)")]
    RequestTooLarge {
        /// Bytes in the payload.
        size: usize,
        /// Bytes allowed.
        limit: usize,
        /// `RequestResponse` or `Event`.
        invocation_type: &'static str,
    },
    /// `InvalidRequestContentException`, HTTP 400.
    #[error("Could not parse request body into json: Could not parse payload into json: {reason}")]
    InvalidRequestContent {
        /// What the parser said.
        reason: String,
    },
    /// `ServiceException`, HTTP 500: the lab itself could not run the function.
    #[error("the lab could not run the function: {reason}")]
    Service {
        /// What happened and what to do.
        reason: String,
    },
    /// `ServiceException`, HTTP 500: the function or the lab was stopped while the invocation waited or ran.
    #[error("the function was stopped while the invocation ran")]
    Stopped,
}

impl InvokeError {
    /// AWS's name of the error.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::TooManyRequests { .. } => "TooManyRequestsException",
            Self::RequestTooLarge { .. } => "RequestTooLargeException",
            Self::InvalidRequestContent { .. } => "InvalidRequestContentException",
            Self::Service { .. } | Self::Stopped => "ServiceException",
        }
    }

    /// AWS's HTTP status of the error.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::TooManyRequests { .. } => 429,
            Self::RequestTooLarge { .. } => 413,
            Self::InvalidRequestContent { .. } => 400,
            Self::Service { .. } | Self::Stopped => 500,
        }
    }
}

/// AWS's `ThrottleReason`, as far as the lab throttles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleReason {
    /// The function has a reserved concurrency, and it is used up.
    ReservedFunctionConcurrentInvocationLimitExceeded,
    /// The account's concurrency is used up.
    ConcurrentInvocationLimitExceeded,
}

impl ThrottleReason {
    /// The value of the field `Reason`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReservedFunctionConcurrentInvocationLimitExceeded => {
                "ReservedFunctionConcurrentInvocationLimitExceeded"
            }
            Self::ConcurrentInvocationLimitExceeded => "ConcurrentInvocationLimitExceeded",
        }
    }
}

/// A deployed version and what all its environments share.
#[derive(Debug)]
struct Deployment {
    config: FunctionConfig,
    package: Arc<Package>,
}
