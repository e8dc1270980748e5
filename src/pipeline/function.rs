//! The function with its role, the permission that lets the topic invoke it, and its subscription.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Architecture, Environment, FunctionCode, Runtime, State};
use backon::{ExponentialBuilder, Retryable};
use serde_json::json;
use std::time::Duration;

use super::package::{Notifier, PackageError};
use super::stand_in::StandIn;
use super::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site, WebhookUrls};
use crate::scenario::{self, TargetKind};

/// The managed policy that lets a function write its log.
const LOGS_POLICY: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

/// How long a function may take to become active.
const ACTIVATION: Duration = Duration::from_secs(60);

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
    match make(site, &package, &variables(webhook.map(|urls| &urls.from_target))).await {
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
async fn make(site: Site<'_>, package: &[u8], variables: &[(String, String)]) -> Result<String, ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let function = &scenario.pipeline.function;
    let role_arn = role(site).await?;
    site.go_on()?;
    log_group(site).await?;
    site.go_on()?;
    let entry = Resource::Function(function.name.to_string());
    ledger.intend(entry.clone())?;
    // IAM is slow to tell Lambda of a new role: AWS refuses the first attempts with a 400.
    let create = || {
        target
            .clients
            .lambda
            .create_function()
            .function_name(function.name.as_str())
            .runtime(Runtime::from(function.runtime.as_str()))
            .architectures(Architecture::from(function.architecture.as_str()))
            .handler(function.handler.as_str())
            .role(&role_arn)
            .timeout(i32::try_from(function.timeout.duration().as_secs().max(1)).unwrap_or(i32::MAX))
            .memory_size(i32::from(function.memory_mb.get()))
            .code(FunctionCode::builder().zip_file(Blob::new(package)).build())
            .environment(Environment::builder().set_variables(Some(variables.iter().cloned().collect())).build())
            .tags(RUN_TAG, run_id)
            .tags(SCENARIO_TAG, scenario.name.as_str())
            .send()
    };
    let created = create
        .retry(ExponentialBuilder::default().with_min_delay(Duration::from_secs(1)).with_max_times(6))
        .when(|error| crate::sdk::reason(error).contains("cannot be assumed by Lambda"))
        .await
        .map_err(|error| ProvisionError::refused("lambda:CreateFunction", &function.name, &error))?;
    ledger.made(&entry, function.name.as_str());
    let arn = created
        .function_arn()
        .ok_or_else(|| ProvisionError::without("lambda:CreateFunction", &function.name, "FunctionArn"))?
        .to_owned();
    if created.state() != Some(&State::Active) {
        active(site).await?;
    }
    Ok(arn)
}

/// Makes the function's log group, so that it carries the run's tag: Lambda would make it without any. One that is there is
/// somebody's, and stays.
async fn log_group(site: Site<'_>) -> Result<(), ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let name = format!("/aws/lambda/{}", scenario.pipeline.function.name);
    let entry = Resource::LogGroup(name.clone());
    ledger.intend(entry.clone())?;
    let create = target.clients.logs.create_log_group().log_group_name(&name);
    match create.tags(RUN_TAG, run_id).tags(SCENARIO_TAG, scenario.name.as_str()).send().await {
        Ok(_) => ledger.made(&entry, &name),
        Err(error) if crate::sdk::code(&error) == Some("ResourceAlreadyExistsException") => {
            // It may be the run's own after all, where an answer was lost.
            let of_run = entry.of_run(&target.clients, run_id).await;
            match of_run.map_err(|reason| ProvisionError::invalid("logs:ListTagsForResource", &name, reason))?.first() {
                Some(id) => ledger.made(&entry, id),
                None => ledger.strike(&entry),
            }
        }
        Err(error) => return Err(ProvisionError::refused("logs:CreateLogGroup", &name, &error)),
    }
    Ok(())
}

fn environment(function: &scenario::Function) -> Vec<(String, String)> {
    function.environment.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

async fn active(site: Site<'_>) -> Result<(), ProvisionError> {
    use aws_sdk_lambda::client::Waiters as _;

    let name = &site.scenario.pipeline.function.name;
    let wait = site.target.clients.lambda.wait_until_function_active_v2().function_name(name.as_str());
    let waited = wait.wait(ACTIVATION).await;
    waited.map(|_| ()).map_err(|error| ProvisionError::NotActive { name: name.to_string(), reason: error.to_string() })
}

/// Makes the role that the function runs under. Returns its ARN.
async fn role(site: Site<'_>) -> Result<String, ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let name = format!("{}-role", scenario.pipeline.function.name);
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    });
    let iam = &target.clients.iam;
    let entry = Resource::Role(name.clone());
    ledger.intend(entry.clone())?;
    let tag = |key: &str, value: &str| {
        let tag = aws_sdk_iam::types::Tag::builder().key(key).value(value).build();
        tag.map_err(|error| ProvisionError::invalid("iam:CreateRole", key, error))
    };
    let created = iam
        .create_role()
        .role_name(&name)
        .assume_role_policy_document(trust.to_string())
        .tags(tag(RUN_TAG, run_id)?)
        .tags(tag(SCENARIO_TAG, scenario.name.as_str())?)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("iam:CreateRole", &name, &error))?;
    ledger.made(&entry, &name);
    site.go_on()?;
    iam.attach_role_policy()
        .role_name(&name)
        .policy_arn(LOGS_POLICY)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("iam:AttachRolePolicy", &name, &error))?;
    let role = created.role().ok_or_else(|| ProvisionError::without("iam:CreateRole", &name, "Role"))?;
    Ok(role.arn().to_owned())
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
