//! Lambda's API: functions, their code, their policies, and who may invoke them.
//!
//! Each account and Region has an [`Engine`] of its own, which runs the code; this module keeps what the API sets and
//! says. A change of code or configuration deploys the function anew and retires the deployment before it, as a change
//! in AWS brings new execution environments. Versions, aliases, layers and function URLs are refused by name.
//!
//! Source: the Lambda API reference.

mod concurrency;
mod create;
mod describe;
mod invoke;
mod permission;
mod snapshot;
mod summary;
mod tags;
mod unsupported;
mod update;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::engine::{Engine, EngineSettings};
use super::function::Function;
use super::logs::{LogEvent, LogSink};
use super::package::Package;
use super::runtimes::Runtime;
use super::{Credentials, FunctionConfig, ReservedConcurrency, RetryPolicy};
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::ids;
use crate::policy::PolicyDocument;
use crate::scope::{Scope, Scoped};

/// The functions of all accounts.
#[derive(Default)]
pub(crate) struct Lambda {
    regions: Scoped<Region>,
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lambda").finish_non_exhaustive()
    }
}

/// The functions of one account in one Region.
#[derive(Default)]
struct Region {
    engine: Option<Arc<Engine>>,
    functions: BTreeMap<String, FunctionState>,
}

/// A function as the API has set it.
#[derive(Clone)]
struct FunctionState {
    settings: Settings,
    arn: String,
    revision_id: String,
    last_modified: Timestamp,
    package: Arc<Package>,
    deployed: Arc<Function>,
    concurrency: ReservedConcurrency,
    policy: Option<PolicyDocument>,
    policy_revision_id: String,
    tags: BTreeMap<String, String>,
    retry: Option<Retry>,
}

/// What `CreateFunction` and `UpdateFunctionConfiguration` set.
#[derive(Clone)]
struct Settings {
    name: String,
    role: String,
    runtime: Runtime,
    handler: String,
    description: String,
    timeout: u32,
    memory_size: u32,
    environment: BTreeMap<String, String>,
    architectures: Vec<String>,
}

/// What the asynchronous invocation of a function is set to.
#[derive(Clone, Copy)]
struct Retry {
    attempts: u32,
    age_seconds: u32,
    changed: Timestamp,
}

impl FunctionState {
    fn retry_policy(&self) -> RetryPolicy {
        let policy = RetryPolicy::default();
        match self.retry {
            None => policy,
            Some(retry) => RetryPolicy {
                maximum_retry_attempts: retry.attempts,
                maximum_event_age: Duration::from_secs(retry.age_seconds.into()),
                ..policy
            },
        }
    }
}

impl Lambda {
    operations! { OPERATIONS =
        pub(crate) async fn call(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateFunction" => create::create(self, cloud, call).await,
            "GetFunction" => describe::get(self, call),
            "GetFunctionConfiguration" => describe::get_configuration(self, call),
            "ListFunctions" => describe::list(self, call),
            "GetAccountSettings" => describe::account_settings(self, call),
            "UpdateFunctionCode" => update::code(self, cloud, call).await,
            "UpdateFunctionConfiguration" => update::configuration_update(self, cloud, call),
            "DeleteFunction" => self.delete(call),
            "Invoke" => invoke::invoke(self, cloud, call).await,
            "AddPermission" => permission::add(self, call),
            "RemovePermission" => permission::remove(self, call),
            "GetPolicy" => permission::get(self, call),
            "PutFunctionConcurrency" => concurrency::put(self, call),
            "GetFunctionConcurrency" => concurrency::get(self, call),
            "DeleteFunctionConcurrency" => concurrency::delete(self, call),
            "PutFunctionEventInvokeConfig" | "UpdateFunctionEventInvokeConfig" => concurrency::put_retry(self, call),
            "GetFunctionEventInvokeConfig" => concurrency::get_retry(self, call),
            "DeleteFunctionEventInvokeConfig" => concurrency::delete_retry(self, call),
            "ListTags" => tags::list(self, call),
            "TagResource" => tags::tag(self, call),
            "UntagResource" => tags::untag(self, call),
            refused "CreateEventSourceMapping", "PublishLayerVersion",
        }
    }

    /// Invokes a function asynchronously on behalf of a service; the function's policy decides.
    ///
    /// Returns once the event is queued. What becomes of each attempt is logged by Lambda itself in
    /// [`Deliveries`](crate::deliveries::Deliveries) under [`Hop::Function`](crate::deliveries::Hop::Function).
    pub(crate) fn invoke_as_service(
        &self,
        cloud: &Arc<Cloud>,
        deliverer: &Deliverer,
        function_arn: &str,
        payload: Bytes,
        carried: &Carried,
    ) -> Result<(), Refusal> {
        invoke::as_service(self, cloud, deliverer, function_arn, payload, carried)
    }

    fn delete(&self, call: &Call) -> Result<Reply, AwsError> {
        let name = function_name(call, call.label("FunctionName")?)?;
        let removed = self.regions.with(&call.scope, |region| region.functions.remove(&name));
        removed.ok_or_else(|| not_found(&call.scope, &name))?.deployed.stop();
        call.reply_with(axum::http::StatusCode::NO_CONTENT, &serde_json::json!({}))
    }

    /// Runs `f` on a function that the call names in its path.
    fn on_function<R>(
        &self,
        call: &Call,
        f: impl FnOnce(&mut FunctionState) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        let name = function_name(call, call.label("FunctionName")?)?;
        self.regions.with(&call.scope, |region| match region.functions.get_mut(&name) {
            Some(function) => f(function),
            None => Err(not_found(&call.scope, &name)),
        })
    }

    /// Kills every process of every function at once.
    pub(crate) fn kill_all(&self) {
        self.regions.for_each(|_, region| {
            if let Some(engine) = &region.engine {
                engine.stop_all();
            }
        });
    }

    /// Stops every function and waits until its processes are gone.
    pub(crate) async fn stop(&self) {
        let mut engines = Vec::new();
        self.regions.for_each(|_, region| engines.extend(region.engine.clone()));
        for engine in engines {
            engine.shutdown().await;
        }
    }
}

fn engine(region: &mut Region, cloud: &Arc<Cloud>, scope: &Scope) -> Result<Arc<Engine>, AwsError> {
    if let Some(engine) = &region.engine {
        return Ok(Arc::clone(engine));
    }
    let sink = Sink { cloud: Arc::downgrade(cloud), scope: scope.clone() };
    let engine = Engine::new(EngineSettings::default(), Arc::new(sink)).map_err(|error| {
        AwsError::new(500, "ServiceException", format!("the lab cannot write its runtimes to disk: {error}"))
    })?;
    Ok(Arc::clone(region.engine.insert(Arc::new(engine))))
}

/// Makes a function's settings and package runnable.
fn deploy(
    engine: &Engine,
    cloud: &Cloud,
    scope: &Scope,
    settings: &Settings,
    package: &Arc<Package>,
    concurrency: &ReservedConcurrency,
) -> Result<Arc<Function>, AwsError> {
    let config = FunctionConfig {
        name: settings.name.clone(),
        arn: function_arn(scope, &settings.name),
        version: "$LATEST".to_owned(),
        region: scope.region.clone(),
        account: scope.account.clone(),
        runtime: settings.runtime,
        handler: settings.handler.clone(),
        timeout: Duration::from_secs(settings.timeout.into()),
        memory_size: settings.memory_size,
        environment: settings.environment.clone(),
        log_group: format!("/aws/lambda/{}", settings.name),
        credentials: credentials(cloud, settings)?,
        endpoint_url: Some(cloud.endpoint_url()).filter(|url| !url.is_empty()),
    };
    Ok(engine.deploy(config, Arc::clone(package), concurrency))
}

/// Functions' logs go to CloudWatch Logs. The cloud owns the engine that owns this, so that it must not own the cloud.
struct Sink {
    cloud: Weak<Cloud>,
    scope: Scope,
}

impl LogSink for Sink {
    fn write(&self, event: LogEvent) {
        if let Some(cloud) = self.cloud.upgrade() {
            cloud.logs.append(&self.scope, &event.group, &event.stream, vec![(event.timestamp, event.message)]);
        }
    }
}

fn credentials(cloud: &Cloud, settings: &Settings) -> Result<Credentials, AwsError> {
    let session = cloud.iam.role(&settings.role).and_then(|role| cloud.iam.session(&role, &settings.name));
    let session = session.ok_or_else(create::role_cannot_be_assumed)?;
    Ok(Credentials {
        access_key_id: session.access_key,
        secret_access_key: session.secret_key,
        session_token: session.session_token,
    })
}

fn function_arn(scope: &Scope, name: &str) -> String {
    scope.arn("lambda", format_args!("function:{name}"))
}

fn not_found(scope: &Scope, name: &str) -> AwsError {
    AwsError::new(404, "ResourceNotFoundException", format!("Function not found: {}", function_arn(scope, name)))
}

/// The longest name of a function.
const LONGEST_NAME: usize = 64;

/// The name of a function of the caller's own, in any of the forms that [`resolve`] takes.
fn function_name(call: &Call, given: &str) -> Result<String, AwsError> {
    let (scope, name) = resolve(call, given)?;
    if scope == call.scope { Ok(name) } else { Err(not_found(&scope, &name)) }
}

/// Where a function is and what it is called, from any of the forms that the API takes: a name, a partial ARN
/// (`ACCOUNT:function:NAME`), or an ARN. `$LATEST` is the one version that there is.
fn resolve(call: &Call, given: &str) -> Result<(Scope, String), AwsError> {
    let wrong = |constraint: &str| {
        AwsError::bad_request(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{given}' at 'functionName' failed to satisfy constraint: {constraint}"
            ),
        )
    };
    let refused = || {
        wrong(
            "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
        )
    };
    let (prefix, rest) = given.split_once("function:").unwrap_or(("", given));
    let scope = owner(call, prefix).ok_or_else(refused)?;
    let mut parts = rest.split(':');
    let name = parts.next().unwrap_or_default();
    let version = parts.next().map(str::to_owned);
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(refused());
    }
    if parts.next().is_some() {
        return Err(refused());
    }
    if name.len() > LONGEST_NAME {
        return Err(wrong("Member must have length less than or equal to 64"));
    }
    match version.or_else(|| call.query("Qualifier")).as_deref() {
        None | Some("$LATEST") => {}
        Some(version) => {
            return Err(AwsError::unsupported(format_args!("versions and aliases of functions ({version})")));
        }
    }
    if scope.region != call.scope.region {
        let message =
            format!("Functions from '{}' are not reachable in this region ('{}')", scope.region, call.scope.region);
        return Err(AwsError::new(404, "ResourceNotFoundException", message));
    }
    Ok((scope, name.to_owned()))
}

/// The scope that the part of a function's ARN before `function:` names; the caller's own where it names none.
fn owner(call: &Call, prefix: &str) -> Option<Scope> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = prefix.split(':').collect();
    match parts[..] {
        [""] => Some(call.scope.clone()),
        [account, ""] if is_account(account) => Some(Scope::new(account, call.scope.region.clone())),
        ["arn", partition, "lambda", region, account, ""]
            if partition.starts_with("aws") && !region.is_empty() && is_account(account) =>
        {
            Some(Scope::new(account, region))
        }
        _ => None,
    }
}

fn revision() -> String {
    ids::uuid()
}

/// The refusal of a change that was made on an older state than the present one.
fn check_revision(wanted: Option<&str>, present: &str) -> Result<(), AwsError> {
    match wanted {
        Some(wanted) if wanted != present => Err(AwsError::new(
            412,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve \
             the latest Revision Id",
        )),
        _ => Ok(()),
    }
}
