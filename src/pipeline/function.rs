//! The function with its role, the permission that lets the topic invoke it, and its subscription.

use aws_sdk_lambda::types::State;

use super::lambda::{self, Spec};
use super::package::{Notifier, PackageError};
use super::stand_in::StandIn;
use super::{ProvisionError, Site, WebhookUrls};
use crate::scenario::{self, TargetKind};

/// The managed policy that lets a function write its log.
const LOGS_POLICY: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

/// What gets the topic's messages and posts to the channel.
pub(super) enum Receiver {
    /// The function, by ARN.
    Function(String),
    /// The harness in its place, where the target runs no functions.
    StandIn(StandIn),
}

/// Makes the function. A target that makes no CloudTrail events is an emulator, and may run no functions either: there the
/// harness runs it.
pub(super) async fn provision(
    site: Site<'_>,
    notifier: &Notifier,
    webhook: Option<&WebhookUrls>,
) -> Result<Receiver, ProvisionError> {
    let function = &site.scenario.pipeline.function;
    let (package, missing) = package(site, notifier)?;
    let variables = |webhook_url: Option<&String>| {
        let mut variables = environment(function);
        variables.extend(webhook_url.map(|url| (function.webhook_variable.to_string(), url.clone())));
        variables
    };
    match make(site, &package, variables(webhook.map(|urls| &urls.from_target))).await {
        Ok(arn) => missing.map_or(Ok(Receiver::Function(arn)), |missing| Err(missing.into())),
        Err(error) if site.target.is_relayed() && runs_no_functions(site, &error).await => {
            // The harness runs it on this machine, whatever would have been deployed.
            let package = notifier.package(site.scenario)?;
            StandIn::start(site, &package, &variables(webhook.map(|urls| &urls.from_here))).await.map(Receiver::StandIn)
        }
        Err(error) => Err(error),
    }
}

/// The package to deploy, and why it cannot run there if it cannot. An emulator that runs no functions needs none, and only
/// shows that when it is given one: it gets this machine's.
fn package(site: Site<'_>, notifier: &Notifier) -> Result<(Vec<u8>, Option<PackageError>), PackageError> {
    if site.target.kind == TargetKind::Lab {
        return Ok((notifier.package(site.scenario)?, None));
    }
    match notifier.deployable(site.scenario) {
        Ok(zip) => Ok((zip, None)),
        Err(missing @ PackageError::NoDeployable { .. }) if site.target.is_relayed() => {
            Ok((notifier.package(site.scenario)?, Some(missing)))
        }
        Err(error) => Err(error),
    }
}

/// Whether the target could not make the function because it runs none at all. One that an earlier run could not make
/// either still has the name there: LocalStack does not delete what it failed to start.
async fn runs_no_functions(site: Site<'_>, error: &ProvisionError) -> bool {
    match error {
        ProvisionError::NotActive { .. } => true,
        ProvisionError::Refused { call: "lambda:CreateFunction", reason, .. } => {
            let get = site.target.clients.lambda.get_function_configuration();
            let standing = get.function_name(site.scenario.pipeline.function.name.as_str()).send().await;
            let failed = standing.is_ok_and(|function| function.state() == Some(&State::Failed));
            failed || reason.to_ascii_lowercase().replace([' ', '_'], "").contains("notimplemented")
        }
        _ => false,
    }
}

/// Makes the role and the function, and waits until it can be invoked. Returns the function's ARN.
async fn make(site: Site<'_>, package: &[u8], variables: Vec<(String, String)>) -> Result<String, ProvisionError> {
    let function = &site.scenario.pipeline.function;
    let role_arn = role(site).await?;
    site.go_on()?;
    lambda::log_group(site, function.name.as_str()).await?;
    site.go_on()?;
    let spec = Spec {
        name: function.name.as_str(),
        runtime: function.runtime.as_str(),
        architecture: function.architecture.as_str(),
        handler: function.handler.as_str(),
        timeout: function.timeout.duration(),
        memory_mb: function.memory_mb.get(),
        package,
        variables,
    };
    lambda::make(site, &spec, &role_arn).await
}

fn environment(function: &scenario::Function) -> Vec<(String, String)> {
    function.environment.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

/// The name of the role that a function runs under. An account has its roles once for all Regions, so that the Region is in it:
/// runs in several of them would be in each other's way. A role's name has 64 characters at the most.
pub(crate) fn role_name(function: &str, region: &str) -> String {
    const OF_FUNCTION: usize = 44;
    let function: String = function.chars().take(OF_FUNCTION).collect();
    format!("{function}-{region}-role")
}

/// Makes the role that the function runs under. Returns its ARN.
async fn role(site: Site<'_>) -> Result<String, ProvisionError> {
    let name = role_name(site.scenario.pipeline.function.name.as_str(), &site.target.region);
    let role_arn = lambda::role(site, &name).await?;
    site.go_on()?;
    let attach = site.target.clients.iam.attach_role_policy().role_name(&name).policy_arn(LOGS_POLICY);
    attach.send().await.map_err(|error| ProvisionError::refused("iam:AttachRolePolicy", &name, &error))?;
    Ok(role_arn)
}

impl Receiver {
    /// Subscribes the receiver to the topic.
    pub(super) async fn subscribe(&self, site: Site<'_>, topic_arn: &str) -> Result<(), ProvisionError> {
        match self {
            Self::Function(arn) => subscribe_function(site, topic_arn, arn).await,
            Self::StandIn(stand_in) => {
                let subscribe = site.target.clients.sns.subscribe().topic_arn(topic_arn).protocol("http");
                let endpoint = stand_in.endpoint();
                let subscribed = subscribe.endpoint(&endpoint).send().await;
                subscribed.map_err(|error| ProvisionError::refused("sns:Subscribe", &endpoint, &error))?;
                stand_in.confirmed(site).await
            }
        }
    }
}

/// Lets the topic invoke the function, and subscribes it.
async fn subscribe_function(site: Site<'_>, topic_arn: &str, function_arn: &str) -> Result<(), ProvisionError> {
    let Site { target, scenario, .. } = site;
    let name = &scenario.pipeline.function.name;
    target
        .clients
        .lambda
        .add_permission()
        .function_name(name.as_str())
        .statement_id("topic-may-invoke")
        .action("lambda:InvokeFunction")
        .principal("sns.amazonaws.com")
        .source_arn(topic_arn)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("lambda:AddPermission", name, &error))?;
    site.go_on()?;
    target
        .clients
        .sns
        .subscribe()
        .topic_arn(topic_arn)
        .protocol("lambda")
        .endpoint(function_arn)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("sns:Subscribe", name, &error))?;
    Ok(())
}
