//! `UpdateFunctionCode` and `UpdateFunctionConfiguration`: each brings a new deployment.

use std::mem;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::code::Source;
use super::create::{self, DeadLetterInput, EnvironmentInput};
use super::describe::{changing, configuration};
use super::logging::LoggingInput;
use super::name::{Named, qualified};
use super::state::{Settings, Version};
use super::unsupported::{self, is_set};
use super::{Lambda, check_revision, revision, version};
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
    s3_bucket: Option<String>,
    s3_key: Option<String>,
    s3_object_version: Option<Value>,
    image_uri: Option<Value>,
    #[serde(rename = "SourceKMSKeyArn")]
    source_kms_key_arn: Option<Value>,
    publish_to: Option<Value>,
}

impl CodeUpdate {
    fn source(&mut self) -> Source {
        Source {
            zip_file: self.zip_file.take(),
            s3_bucket: self.s3_bucket.take(),
            s3_key: self.s3_key.take(),
            s3_object_version: self.s3_object_version.take(),
            image_uri: self.image_uri.take(),
            source_kms_key_arn: self.source_kms_key_arn.take(),
        }
    }
}

pub(super) async fn code(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let mut input: CodeUpdate = call.input()?;
    unsupported::refuse(call, &[("PublishTo", is_set(input.publish_to.as_ref()))])?;
    let source = input.source();
    source.check_supported(call, "")?;
    let architectures = input.architectures.as_deref().map(create::architectures).transpose()?;
    // Unpacking takes time: a call that is wrong anyway is refused before it.
    let named = Named::whole(call)?;
    let check = |revision_id: &str| check_revision(input.revision_id.as_deref(), revision_id);
    lambda.on_function(&named, |function| check(&function.latest.revision_id))?;
    let package = source.unpack(cloud, call).await?;
    let change = |latest: &mut Version| {
        latest.package = package;
        if let Some(architectures) = architectures {
            latest.settings.architectures = architectures;
        }
        Ok(())
    };
    if input.dry_run {
        let (arn, mut latest) =
            lambda.on_function(&named, |function| Ok((function.arn.clone(), function.latest.clone())))?;
        change(&mut latest)?;
        return call.reply(&configuration(&arn, &latest));
    }
    redeploy(lambda, cloud, call, input.revision_id.as_deref(), input.publish, change)
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
    dead_letter_config: Option<DeadLetterInput>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<Value>,
    tracing_config: Option<Value>,
    file_system_configs: Option<Value>,
    image_config: Option<Value>,
    ephemeral_storage: Option<Value>,
    snap_start: Option<Value>,
    logging_config: Option<LoggingInput>,
    capacity_provider_config: Option<Value>,
    durable_config: Option<Value>,
}

impl ConfigurationUpdate {
    fn check_supported(&self, call: &Call) -> Result<(), AwsError> {
        let refused = [
            ("Layers", is_set(self.layers.as_ref())),
            ("VpcConfig", is_set(self.vpc_config.as_ref())),
            ("KMSKeyArn", is_set(self.kms_key_arn.as_ref())),
            ("TracingConfig Active", unsupported::wants_tracing(self.tracing_config.as_ref())),
            ("FileSystemConfigs", is_set(self.file_system_configs.as_ref())),
            ("ImageConfig", is_set(self.image_config.as_ref())),
            ("EphemeralStorage", unsupported::wants_disk(self.ephemeral_storage.as_ref())),
            ("SnapStart", unsupported::wants_snapshots(self.snap_start.as_ref())),
            ("CapacityProviderConfig", is_set(self.capacity_provider_config.as_ref())),
            ("DurableConfig", is_set(self.durable_config.as_ref())),
        ];
        unsupported::refuse(call, &refused)
    }

    fn apply(self, cloud: &Cloud, account: &str, settings: &mut Settings) -> Result<(), AwsError> {
        let sends_elsewhere = self.role.is_some() || self.dead_letter_config.is_some();
        if let Some(role) = self.role {
            create::check_role(cloud, account, &role)?;
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
        if self.dead_letter_config.is_some() {
            settings.dead_letters = create::dead_letters(self.dead_letter_config)?;
        }
        settings.logging = LoggingInput::apply(self.logging_config, &settings.logging, &settings.name)?;
        if sends_elsewhere {
            create::check_dead_letters(cloud, settings)?;
        }
        Ok(())
    }
}

pub(super) fn configuration_update(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let input: ConfigurationUpdate = call.input()?;
    input.check_supported(call)?;
    let revision_id = input.revision_id.clone();
    let change = |latest: &mut Version| input.apply(cloud, &call.scope.account, &mut latest.settings);
    redeploy(lambda, cloud, call, revision_id.as_deref(), false, change)
}

/// Changes `$LATEST` as it is now, deploys it, and retires the deployment before it, which finishes what it has begun.
///
/// All of it happens under the lock: of two changes at a time neither undoes the other.
fn redeploy(
    lambda: &Lambda,
    cloud: &Arc<Cloud>,
    call: &Call,
    revision_id: Option<&str>,
    publish: bool,
    change: impl FnOnce(&mut Version) -> Result<(), AwsError>,
) -> Result<Reply, AwsError> {
    let (before, answer) = lambda.on_deployable(cloud, &Named::whole(call)?, |function, deployer| {
        check_revision(revision_id, &function.latest.revision_id)?;
        let mut changed = function.latest.clone();
        change(&mut changed)?;
        changed.deployed = deployer.deploy(None, &changed.settings, &changed.package, &function.concurrency)?;
        changed.revision_id = revision();
        changed.last_modified = Timestamp::now();
        let before = mem::replace(&mut function.latest, changed);
        let answer = match publish {
            true => {
                let version = version::keep(function, deployer, None)?;
                configuration(&qualified(&function.arn, Some(&version.label())), &version)
            }
            false => configuration(&function.arn, &function.latest),
        };
        Ok((before, answer))
    })?;
    // Outside of the lock: retiring kills processes, and the last reference to a package removes its files.
    before.deployed.retire();
    call.reply(&changing(answer))
}
