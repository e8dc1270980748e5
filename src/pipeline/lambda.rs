//! A function of the run's own, with its role and its log group: the pipeline's, or the one that catches what that one posts.

use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Architecture, Environment, FunctionCode, Runtime, State};
use backon::{ExponentialBuilder, Retryable};
use serde_json::json;

use super::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site};

/// How long a function may take to become active.
const ACTIVATION: Duration = Duration::from_secs(60);

/// What a function is made from.
pub(super) struct Spec<'a> {
    pub(super) name: &'a str,
    pub(super) runtime: &'a str,
    pub(super) architecture: &'a str,
    pub(super) handler: &'a str,
    pub(super) timeout: Duration,
    pub(super) memory_mb: u16,
    /// A zip.
    pub(super) package: &'a [u8],
    pub(super) variables: Vec<(String, String)>,
}

/// Makes the function, and waits until it can be invoked. Returns its ARN.
pub(super) async fn make(site: Site<'_>, spec: &Spec<'_>, role_arn: &str) -> Result<String, ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let name = spec.name;
    let entry = Resource::Function(name.to_owned());
    ledger.intend(entry.clone())?;
    // IAM is slow to tell Lambda of a new role: AWS refuses the first attempts with a 400.
    let create = || {
        target
            .clients
            .lambda
            .create_function()
            .function_name(name)
            .runtime(Runtime::from(spec.runtime))
            .architectures(Architecture::from(spec.architecture))
            .handler(spec.handler)
            .role(role_arn)
            .timeout(i32::try_from(spec.timeout.as_secs().max(1)).unwrap_or(i32::MAX))
            .memory_size(i32::from(spec.memory_mb))
            .code(FunctionCode::builder().zip_file(Blob::new(spec.package)).build())
            .environment(Environment::builder().set_variables(Some(spec.variables.iter().cloned().collect())).build())
            .tags(RUN_TAG, run_id)
            .tags(SCENARIO_TAG, scenario.name.as_str())
            .send()
    };
    let created = create
        .retry(ExponentialBuilder::default().with_min_delay(Duration::from_secs(1)).with_max_times(6))
        .when(|error| crate::sdk::reason(error).contains("cannot be assumed by Lambda"))
        .await
        .map_err(|error| ProvisionError::refused("lambda:CreateFunction", name, &error))?;
    ledger.made(&entry, name);
    let arn = created
        .function_arn()
        .ok_or_else(|| ProvisionError::without("lambda:CreateFunction", name, "FunctionArn"))?
        .to_owned();
    if created.state() != Some(&State::Active) {
        active(site, name).await?;
    }
    Ok(arn)
}

async fn active(site: Site<'_>, name: &str) -> Result<(), ProvisionError> {
    use aws_sdk_lambda::client::Waiters as _;

    let waited = site.target.clients.lambda.wait_until_function_active_v2().function_name(name).wait(ACTIVATION).await;
    waited.map(|_| ()).map_err(|error| ProvisionError::NotActive { name: name.to_owned(), reason: error.to_string() })
}

/// Makes the function's log group, so that it carries the run's tag: Lambda would make it without any. One that is there is
/// somebody's, and stays.
pub(super) async fn log_group(site: Site<'_>, function: &str) -> Result<(), ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let name = format!("/aws/lambda/{function}");
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

/// Makes a role that Lambda may take on, and that may do nothing yet. Returns its ARN.
pub(super) async fn role(site: Site<'_>, name: &str) -> Result<String, ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    });
    let entry = Resource::Role(name.to_owned());
    ledger.intend(entry.clone())?;
    let tag = |key: &str, value: &str| {
        let tag = aws_sdk_iam::types::Tag::builder().key(key).value(value).build();
        tag.map_err(|error| ProvisionError::invalid("iam:CreateRole", key, error))
    };
    let created = target
        .clients
        .iam
        .create_role()
        .role_name(name)
        .assume_role_policy_document(trust.to_string())
        .tags(tag(RUN_TAG, run_id)?)
        .tags(tag(SCENARIO_TAG, scenario.name.as_str())?)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("iam:CreateRole", name, &error))?;
    ledger.made(&entry, name);
    let role = created.role().ok_or_else(|| ProvisionError::without("iam:CreateRole", name, "Role"))?;
    Ok(role.arn().to_owned())
}
