//! `UpdateFunctionCode` and `UpdateFunctionConfiguration`: each brings a new deployment.

use std::mem;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::create::{self, EnvironmentInput};
use super::describe::configuration;
use super::unsupported::{self, is_set};
use super::{FunctionState, Lambda, Settings, check_revision, deploy, engine, function_name, not_found, revision};
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
    s3_bucket: Option<Value>,
    s3_key: Option<Value>,
    s3_object_version: Option<Value>,
    image_uri: Option<Value>,
    #[serde(rename = "SourceKMSKeyArn")]
    source_kms_key_arn: Option<Value>,
}

impl CodeUpdate {
    fn check_supported(&self, call: &Call) -> Result<(), AwsError> {
        let refused = [
            ("Publish", self.publish),
            ("S3Bucket", is_set(self.s3_bucket.as_ref())),
            ("S3Key", is_set(self.s3_key.as_ref())),
            ("S3ObjectVersion", is_set(self.s3_object_version.as_ref())),
            ("ImageUri", is_set(self.image_uri.as_ref())),
            ("SourceKMSKeyArn", is_set(self.source_kms_key_arn.as_ref())),
        ];
        unsupported::refuse(call, &refused)
    }
}

pub(super) async fn code(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let input: CodeUpdate = call.input()?;
    input.check_supported(call)?;
    let architectures = input.architectures.as_deref().map(create::architectures).transpose()?;
    // Unpacking takes time: a call that is wrong anyway is refused before it.
    lambda.on_function(call, |function| check_revision(input.revision_id.as_deref(), &function.revision_id))?;
    let package = create::unpack(input.zip_file.as_deref()).await?;
    let change = |function: &mut FunctionState| {
        function.package = package;
        if let Some(architectures) = architectures {
            function.settings.architectures = architectures;
        }
        Ok(())
    };
    if input.dry_run {
        let mut function = lambda.on_function(call, |function| Ok(function.clone()))?;
        change(&mut function)?;
        return call.reply(&configuration(&function));
    }
    redeploy(lambda, cloud, call, input.revision_id.as_deref(), change)
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
    layers: Option<Value>,
    vpc_config: Option<Value>,
    dead_letter_config: Option<Value>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<Value>,
    tracing_config: Option<Value>,
    file_system_configs: Option<Value>,
    image_config: Option<Value>,
    ephemeral_storage: Option<Value>,
    snap_start: Option<Value>,
    logging_config: Option<Value>,
}

impl ConfigurationUpdate {
    fn check_supported(&self, call: &Call, name: &str) -> Result<(), AwsError> {
        let refused = [
            ("Layers", is_set(self.layers.as_ref())),
            ("VpcConfig", is_set(self.vpc_config.as_ref())),
            ("DeadLetterConfig", is_set(self.dead_letter_config.as_ref())),
            ("KMSKeyArn", is_set(self.kms_key_arn.as_ref())),
            ("TracingConfig Active", unsupported::wants_tracing(self.tracing_config.as_ref())),
            ("FileSystemConfigs", is_set(self.file_system_configs.as_ref())),
            ("ImageConfig", is_set(self.image_config.as_ref())),
            ("EphemeralStorage", unsupported::wants_disk(self.ephemeral_storage.as_ref())),
            ("SnapStart", unsupported::wants_snapshots(self.snap_start.as_ref())),
            ("LoggingConfig", unsupported::wants_logging(self.logging_config.as_ref(), name)),
        ];
        unsupported::refuse(call, &refused)
    }

    fn apply(self, cloud: &Cloud, settings: &mut Settings) -> Result<(), AwsError> {
        if let Some(role) = self.role {
            create::check_role(cloud, &role)?;
            settings.role = role;
        }
        if let Some(handler) = self.handler {
            settings.handler = create::handler(Some(&handler))?;
        }
        if let Some(description) = self.description {
            settings.description = description;
        }
        if let Some(timeout) = self.timeout {
            settings.timeout = create::timeout(timeout)?;
        }
        if let Some(memory) = self.memory_size {
            settings.memory_size = create::memory(memory)?;
        }
        if self.environment.is_some() {
            settings.environment = create::environment(self.environment)?;
        }
        if let Some(runtime) = self.runtime {
            settings.runtime = create::runtime(Some(&runtime))?;
        }
        Ok(())
    }
}

pub(super) fn configuration_update(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let input: ConfigurationUpdate = call.input()?;
    let name = function_name(call, call.label("FunctionName")?)?;
    input.check_supported(call, &name)?;
    let revision_id = input.revision_id.clone();
    let change = |function: &mut FunctionState| input.apply(cloud, &mut function.settings);
    redeploy(lambda, cloud, call, revision_id.as_deref(), change)
}

/// Changes the function as it is now, deploys it, and retires the deployment before it, which finishes what it has begun.
///
/// All of it happens under the lock: of two changes at a time neither undoes the other.
fn redeploy(
    lambda: &Lambda,
    cloud: &Arc<Cloud>,
    call: &Call,
    revision_id: Option<&str>,
    change: impl FnOnce(&mut FunctionState) -> Result<(), AwsError>,
) -> Result<Reply, AwsError> {
    let name = function_name(call, call.label("FunctionName")?)?;
    let (before, answer) = lambda.regions.with(&call.scope, |region| {
        let engine = engine(region, cloud, &call.scope)?;
        let function = region.functions.get_mut(&name).ok_or_else(|| not_found(&call.scope, &name))?;
        check_revision(revision_id, &function.revision_id)?;
        let mut changed = function.clone();
        change(&mut changed)?;
        let FunctionState { settings, package, concurrency, .. } = &changed;
        changed.deployed = deploy(&engine, cloud, &call.scope, settings, package, concurrency)?;
        changed.revision_id = revision();
        changed.last_modified = Timestamp::now();
        let answer = configuration(&changed);
        Ok((mem::replace(function, changed), answer))
    })?;
    // Outside of the lock: retiring kills processes, and the last reference to a package removes its files.
    before.deployed.retire();
    call.reply(&answer)
}
