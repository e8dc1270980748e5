//! `UpdateFunctionCode` and `UpdateFunctionConfiguration`: each brings a new deployment.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::create::{self, EnvironmentInput};
use super::describe::configuration;
use super::{FunctionState, Lambda, check_revision, revision};
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CodeUpdate {
    zip_file: Option<String>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    publish: bool,
    revision_id: Option<String>,
    architectures: Option<Vec<String>>,
}

pub(super) async fn code(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let input: CodeUpdate = call.input()?;
    if input.publish {
        return Err(call.unsupported_parameter("Publish"));
    }
    lambda.on_function(call, |function| check_revision(input.revision_id.as_deref(), &function.revision_id))?;
    let code = serde_json::from_value(serde_json::json!({ "ZipFile": input.zip_file }));
    let code = code.map_err(|error| AwsError::new(500, "ServiceException", error.to_string()))?;
    let package = create::unpack(call, &code).await?;
    let mut function = lambda.on_function(call, |function| Ok(function.clone()))?;
    function.package = package;
    if let Some(architectures) = input.architectures {
        function.settings.architectures = architectures;
    }
    if input.dry_run {
        return call.reply(&configuration(&function));
    }
    redeploy(lambda, cloud, call, function)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ConfigurationUpdate {
    role: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    environment: Option<EnvironmentInput>,
    runtime: Option<String>,
    revision_id: Option<String>,
    layers: Option<Vec<Value>>,
}

fn apply(input: ConfigurationUpdate, cloud: &Cloud, function: &mut FunctionState) -> Result<(), AwsError> {
    let settings = &mut function.settings;
    if let Some(role) = input.role {
        create::check_role(cloud, &role)?;
        settings.role = role;
    }
    if let Some(handler) = input.handler {
        settings.handler = create::handler(Some(&handler))?;
    }
    if let Some(description) = input.description {
        settings.description = description;
    }
    if let Some(timeout) = input.timeout {
        settings.timeout = create::timeout(timeout)?;
    }
    if let Some(memory) = input.memory_size {
        settings.memory_size = create::memory(memory)?;
    }
    if input.environment.is_some() {
        settings.environment = create::environment(input.environment)?;
    }
    if let Some(runtime) = input.runtime {
        settings.runtime = create::runtime(Some(&runtime))?;
    }
    Ok(())
}

pub(super) fn configuration_update(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let input: ConfigurationUpdate = call.input()?;
    if input.layers.as_ref().is_some_and(|layers| !layers.is_empty()) {
        return Err(call.unsupported_parameter("Layers"));
    }
    let mut function = lambda.on_function(call, |function| {
        check_revision(input.revision_id.as_deref(), &function.revision_id)?;
        Ok(function.clone())
    })?;
    apply(input, cloud, &mut function)?;
    redeploy(lambda, cloud, call, function)
}

/// Deploys the changed function and retires the deployment before it, which finishes what it has begun.
fn redeploy(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call, mut changed: FunctionState) -> Result<Reply, AwsError> {
    changed.deployed = lambda.deploy(cloud, &call.scope, &changed.settings, &changed.package, &changed.concurrency)?;
    changed.revision_id = revision();
    changed.last_modified = Timestamp::now();
    let before = lambda.on_function(call, |function| {
        let FunctionState { settings, package, deployed, revision_id, last_modified, .. } = changed.clone();
        function.settings = settings;
        function.package = package;
        function.revision_id = revision_id;
        function.last_modified = last_modified;
        Ok(std::mem::replace(&mut function.deployed, deployed))
    });
    match before {
        Ok(before) => before.retire(),
        // It was deleted meanwhile.
        Err(gone) => {
            changed.deployed.stop();
            return Err(gone);
        }
    }
    call.reply(&configuration(&changed))
}
