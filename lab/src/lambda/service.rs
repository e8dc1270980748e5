//! Lambda's API: functions, their versions and aliases, their code, their policies, and who may invoke them.
//!
//! Each account and Region has an [`Engine`] of its own, which runs the code; this module keeps what the API sets and
//! says. A change of code or configuration deploys the function anew and retires the deployment before it, as a change
//! in AWS brings new execution environments. Every published version is a deployment of its own.
//!
//! What surprises people, as it does in AWS: a **policy belongs to a qualifier**. A topic that is subscribed to
//! `function:alarm:live` needs a statement in the policy of the alias `live`; one in the function's own policy does not
//! help, and the alarm stays silent. The same holds for the settings of asynchronous invocation.
//!
//! What is not as in AWS: a new function is `Pending`, and a change `InProgress`, in the answer to the call alone; whoever
//! looks again, as waiters do, finds it `Active` and `Successful`. Layers, images, provisioned concurrency, SnapStart, streamed responses, event source
//! mappings and code signing are refused by name.
//!
//! Source: the Lambda API reference.

mod alias;
mod asynchronous;
mod code;
mod concurrency;
mod create;
mod describe;
mod destination;
mod event_invoke;
mod execution_role;
mod invoke;
mod logging;
mod name;
mod page;
mod permission;
mod snapshot;
mod state;
mod summary;
mod tags;
mod unsupported;
mod update;
mod url;
mod version;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;

use self::name::{Named, qualified};
use self::state::{FunctionState, Settings, label};
pub(crate) use self::url::UrlRequest;
use super::engine::{Engine, EngineSettings};
use super::function::Function;
use super::logging::Logging;
use super::logs::{LogEvent, LogSink};
use super::package::Package;
use super::runtimes::Runtime;
use super::{Credentials, FunctionConfig, InvokeError, InvokeRequest, ReservedConcurrency};
use crate::cloud::{Cloud, Deliverer};
use crate::cloudtrail::record::by_service::{self, RoleSession};
use crate::deliveries::{Carried, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;
use crate::identity::IssuedTo;
use crate::ids;
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

impl Lambda {
    operations! { OPERATIONS =
        pub(crate) async fn call(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "CreateFunction" => create::create(self, cloud, call).await,
            "GetFunction" => describe::get(self, call),
            "GetFunctionConfiguration" => describe::get_configuration(self, call),
            "GetFunctionCodeSigningConfig" => describe::code_signing(self, call),
            "ListFunctions" => describe::list(self, call),
            "GetAccountSettings" => describe::account_settings(self, call),
            "UpdateFunctionCode" => update::code(self, cloud, call).await,
            "UpdateFunctionConfiguration" => update::configuration_update(self, cloud, call),
            "DeleteFunction" => self.delete(call),
            "Invoke" => invoke::invoke(self, cloud, call).await,
            "PublishVersion" => version::publish(self, cloud, call),
            "ListVersionsByFunction" => version::list(self, call),
            "CreateAlias" => alias::create(self, call),
            "GetAlias" => alias::get(self, call),
            "UpdateAlias" => alias::update(self, call),
            "DeleteAlias" => alias::delete(self, call),
            "ListAliases" => alias::list(self, call),
            "AddPermission" => permission::add(self, call),
            "RemovePermission" => permission::remove(self, call),
            "GetPolicy" => permission::get(self, call),
            "PutFunctionConcurrency" => concurrency::put(self, call),
            "GetFunctionConcurrency" => concurrency::get(self, call),
            "DeleteFunctionConcurrency" => concurrency::delete(self, call),
            "PutFunctionEventInvokeConfig" => event_invoke::put(self, cloud, call),
            "UpdateFunctionEventInvokeConfig" => event_invoke::put(self, cloud, call),
            "GetFunctionEventInvokeConfig" => event_invoke::get(self, call),
            "DeleteFunctionEventInvokeConfig" => event_invoke::delete(self, call),
            "ListFunctionEventInvokeConfigs" => event_invoke::list(self, call),
            "CreateFunctionUrlConfig" => url::create(self, call),
            "GetFunctionUrlConfig" => url::get(self, call),
            "UpdateFunctionUrlConfig" => url::update(self, call),
            "DeleteFunctionUrlConfig" => url::delete(self, call),
            "ListFunctionUrlConfigs" => url::list(self, call),
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

    /// Answers a request to a function's URL.
    pub(crate) async fn serve_url(&self, cloud: &Arc<Cloud>, request: UrlRequest<'_>) -> Reply {
        url::serve(self, cloud, request).await
    }

    /// `DeleteFunction`: the function with all that it has, or one version of it.
    fn delete(&self, call: &Call) -> Result<Reply, AwsError> {
        let named = Named::own(call)?;
        let wrong = |message: &str| AwsError::bad_request("InvalidParameterValueException", message);
        let gone = match named.qualifier.as_deref() {
            None => self.regions.with(&named.scope, |region| {
                let function = region.functions.remove(&named.name).ok_or_else(|| named.not_found())?;
                Ok(function.all_versions().map(|version| Arc::clone(&version.deployed)).collect::<Vec<_>>())
            }),
            Some(name::LATEST) => Err(wrong("$LATEST version cannot be deleted without deleting the function.")),
            Some(number) => {
                let number = number.parse().map_err(|_| wrong("Deletion of aliases is not currently supported."))?;
                let removed = self.on_function(&named, |function| version::delete(function, number))?;
                Ok(removed.into_iter().map(|version| version.deployed).collect())
            }
        }?;
        for deployed in gone {
            deployed.stop();
        }
        call.reply_with(axum::http::StatusCode::NO_CONTENT, &serde_json::json!({}))
    }

    /// Runs `f` on a function.
    fn on_function<R>(
        &self,
        named: &Named,
        f: impl FnOnce(&mut FunctionState) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.regions.with(&named.scope, |region| match region.functions.get_mut(&named.name) {
            Some(function) => f(function),
            None => Err(named.not_found()),
        })
    }

    /// Runs `f` on the function that the call names in its path, for an operation on a function as a whole.
    fn on_whole<R>(
        &self,
        call: &Call,
        f: impl FnOnce(&mut FunctionState) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.on_function(&Named::whole(call)?, f)
    }

    /// The same for an operation that makes code runnable.
    fn on_deployable<R>(
        &self,
        cloud: &Arc<Cloud>,
        named: &Named,
        f: impl FnOnce(&mut FunctionState, &Deployer) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.regions.with(&named.scope, |region| {
            let deployer = Deployer { engine: engine(region, cloud, &named.scope)?, cloud, scope: &named.scope };
            f(region.functions.get_mut(&named.name).ok_or_else(|| named.not_found())?, &deployer)
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

/// Makes versions of functions runnable.
struct Deployer<'a> {
    engine: Arc<Engine>,
    cloud: &'a Arc<Cloud>,
    scope: &'a Scope,
}

impl Deployer<'_> {
    /// Makes settings and a package runnable, as `$LATEST` or as the version with this number.
    fn deploy(
        &self,
        number: Option<u32>,
        settings: &Settings,
        package: &Arc<Package>,
        concurrency: &ReservedConcurrency,
    ) -> Result<Arc<Function>, AwsError> {
        let arn = function_arn(self.scope, &settings.name);
        let config = FunctionConfig {
            name: settings.name.clone(),
            arn: number.map_or_else(|| arn.clone(), |number| qualified(&arn, Some(&number.to_string()))),
            version: label(number),
            region: self.scope.region.clone(),
            account: self.scope.account.clone(),
            runtime: settings.runtime,
            handler: settings.handler.clone(),
            timeout: Duration::from_secs(settings.timeout.into()),
            memory_size: settings.memory_size,
            environment: settings.environment.clone(),
            logging: settings.logging.clone(),
            credentials: self.credentials(settings, label(number))?,
            endpoint_url: Some(self.cloud.endpoint_url()).filter(|url| !url.is_empty()),
        };
        Ok(self.engine.deploy(config, Arc::clone(package), concurrency))
    }
}

impl Deployer<'_> {
    /// Takes on the function's role. CloudTrail records it, as Lambda calls STS for it.
    fn credentials(&self, settings: &Settings, version: String) -> Result<Credentials, AwsError> {
        let issued_to = IssuedTo { function_arn: function_arn(self.scope, &settings.name), version };
        let taken = self.cloud.iam.role(&settings.role).and_then(|role| {
            let session = self.cloud.iam.session(&role, &settings.name, issued_to)?;
            Some((role, session))
        });
        let (role, session) = taken.ok_or_else(create::role_cannot_be_assumed)?;
        let record = by_service::role_assumed(
            self.scope,
            &RoleSession {
                service: "lambda.amazonaws.com",
                role_arn: &settings.role,
                role_name: &role.name,
                role_id: &role.id,
                name: &settings.name,
                access_key: &session.access_key,
                session_token: &session.session_token,
                expires: session.expires,
            },
        );
        self.cloud.cloudtrail.observe(self.cloud, Arc::new(record));
        Ok(Credentials {
            access_key_id: session.access_key,
            secret_access_key: session.secret_key,
            session_token: session.session_token,
        })
    }
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

fn function_arn(scope: &Scope, name: &str) -> String {
    scope.arn("lambda", format_args!("function:{name}"))
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
