//! `CreateFunction`, and what it checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::code::Source;
use super::describe::{configuration, creating};
use super::execution_role::ExecutionRole;
use super::logging::LoggingInput;
use super::name::{self, Named};
use super::state::{FunctionState, Settings, Version};
use super::unsupported::{self, is_set};
use super::version;
use super::{Deployer, Lambda, Logging, destination, engine, function_arn, revision};
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::lambda::{RESERVED_VARIABLES, ReservedConcurrency};
use crate::policy::{Decision, Policy, PolicyKind, Principal, RequestContext};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    function_name: String,
    role: String,
    code: CodeInput,
    runtime: Option<String>,
    handler: Option<String>,
    #[serde(default)]
    description: String,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    #[serde(default)]
    publish: bool,
    environment: Option<EnvironmentInput>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    architectures: Option<Vec<String>>,
    package_type: Option<String>,
    vpc_config: Option<Value>,
    dead_letter_config: Option<DeadLetterInput>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<Value>,
    tracing_config: Option<Value>,
    layers: Option<Vec<Value>>,
    file_system_configs: Option<Vec<Value>>,
    image_config: Option<Value>,
    code_signing_config_arn: Option<Value>,
    ephemeral_storage: Option<Value>,
    snap_start: Option<Value>,
    logging_config: Option<LoggingInput>,
    publish_to: Option<Value>,
    capacity_provider_config: Option<Value>,
    durable_config: Option<Value>,
    tenancy_config: Option<Value>,
}

/// The code of a function; see [`Source`].
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CodeInput {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    s3_key: Option<String>,
    s3_object_version: Option<Value>,
    image_uri: Option<Value>,
    #[serde(rename = "SourceKMSKeyArn")]
    source_kms_key_arn: Option<Value>,
}

impl From<CodeInput> for Source {
    fn from(input: CodeInput) -> Self {
        let CodeInput { zip_file, s3_bucket, s3_key, s3_object_version, image_uri, source_kms_key_arn } = input;
        Self { zip_file, s3_bucket, s3_key, s3_object_version, image_uri, source_kms_key_arn }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DeadLetterInput {
    target_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct EnvironmentInput {
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
}

impl Input {
    /// Parameters that AWS has and the lab does not, in a form that would change something.
    fn check_supported(&self, call: &Call) -> Result<(), AwsError> {
        let refused = [
            ("PackageType Image", self.package_type.as_deref().is_some_and(|kind| kind != "Zip")),
            ("VpcConfig", is_set(self.vpc_config.as_ref())),
            ("KMSKeyArn", is_set(self.kms_key_arn.as_ref())),
            ("TracingConfig Active", unsupported::wants_tracing(self.tracing_config.as_ref())),
            ("Layers", self.layers.as_ref().is_some_and(|layers| !layers.is_empty())),
            ("FileSystemConfigs", self.file_system_configs.as_ref().is_some_and(|configs| !configs.is_empty())),
            ("ImageConfig", is_set(self.image_config.as_ref())),
            ("CodeSigningConfigArn", is_set(self.code_signing_config_arn.as_ref())),
            ("EphemeralStorage", unsupported::wants_disk(self.ephemeral_storage.as_ref())),
            ("SnapStart", unsupported::wants_snapshots(self.snap_start.as_ref())),
            ("PublishTo", is_set(self.publish_to.as_ref())),
            ("CapacityProviderConfig", is_set(self.capacity_provider_config.as_ref())),
            ("DurableConfig", is_set(self.durable_config.as_ref())),
            ("TenancyConfig", is_set(self.tenancy_config.as_ref())),
        ];
        unsupported::refuse(call, &refused)
    }
}

pub(super) async fn create(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let name = new_name(call, &input.function_name)?;
    input.check_supported(call)?;
    let source = Source::from(input.code);
    source.check_supported(call, "Code.")?;
    let settings = Settings {
        name: name.clone(),
        role: input.role.clone(),
        runtime: runtime(input.runtime.as_deref())?,
        handler: handler(input.handler.as_deref())?,
        description: input.description.clone(),
        timeout: timeout(input.timeout.unwrap_or(3))?,
        memory_size: memory(input.memory_size.unwrap_or(128))?,
        environment: environment(input.environment)?,
        architectures: architectures(input.architectures.as_deref().unwrap_or(&["x86_64".to_owned()]))?,
        dead_letters: dead_letters(input.dead_letter_config)?,
        logging: LoggingInput::apply(input.logging_config, &Logging::of(&name), &name)?,
    };
    check_role(cloud, &call.scope.account, &settings.role)?;
    check_dead_letters(cloud, &settings)?;
    if lambda.regions.with(&call.scope, |region| region.functions.contains_key(&name)) {
        return Err(exists(&name));
    }
    let package = source.unpack(cloud, call).await?;
    let concurrency = ReservedConcurrency::new(None);
    let engine = lambda.regions.with(&call.scope, |region| engine(region, cloud, &call.scope))?;
    let deployer = Deployer { engine, cloud, scope: &call.scope };
    let latest = Version {
        number: None,
        description: None,
        revision_id: revision(),
        last_modified: Timestamp::now(),
        deployed: deployer.deploy(None, &settings, &package, &concurrency)?,
        settings,
        package,
    };
    let mut function = FunctionState {
        name: name.clone(),
        arn: function_arn(&call.scope, &name),
        latest,
        versions: BTreeMap::new(),
        published: 0,
        aliases: BTreeMap::new(),
        concurrency,
        policies: BTreeMap::new(),
        event_invokes: BTreeMap::new(),
        urls: BTreeMap::new(),
        tags: input.tags,
    };
    let created = if input.publish { version::keep(&mut function, &deployer, None)? } else { function.latest.clone() };
    let answer = configuration(&function.arn, &created);
    // Unpacking took time: another call may have made the name its own meanwhile.
    let taken = lambda.regions.with(&call.scope, |region| match region.functions.contains_key(&name) {
        true => true,
        false => region.functions.insert(name.clone(), function).is_some(),
    });
    if taken {
        return Err(exists(&name));
    }
    call.reply_with(StatusCode::CREATED, &creating(answer))
}

/// The name of a function to be, which has no qualifier.
fn new_name(call: &Call, given: &str) -> Result<String, AwsError> {
    let Named { name, qualifier, .. } = name::own(call, given)?;
    match qualifier {
        None => Ok(name),
        Some(_) => Err(name::invalid(
            given,
            "functionName",
            "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)",
        )),
    }
}

/// The queue or topic that events go to which the function did not get through.
pub(super) fn dead_letters(input: Option<DeadLetterInput>) -> Result<Option<String>, AwsError> {
    let Some(arn) = input.and_then(|input| input.target_arn).filter(|arn| !arn.is_empty()) else { return Ok(None) };
    if destination::takes_dead_letters(&arn) {
        Ok(Some(arn))
    } else {
        Err(invalid(format!("The target {arn} of DeadLetterConfig is no standard queue and no standard topic.",)))
    }
}

/// Refuses a dead-letter queue that the function's role may not send to.
pub(super) fn check_dead_letters(cloud: &Cloud, settings: &Settings) -> Result<(), AwsError> {
    let role = ExecutionRole { arn: &settings.role, function: &settings.name };
    settings.dead_letters.as_ref().map_or(Ok(()), |target| role.check_dead_letters(cloud, target))
}

fn exists(name: &str) -> AwsError {
    AwsError::new(409, "ResourceConflictException", format!("Function already exist: {name}"))
}

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterValueException", message)
}

pub(super) fn runtime(id: Option<&str>) -> Result<super::Runtime, AwsError> {
    let id = id.ok_or_else(|| {
        invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    })?;
    id.parse::<super::Runtime>().map_err(|error| invalid(error.to_string()))
}

pub(super) fn handler(handler: Option<&str>) -> Result<String, AwsError> {
    match handler {
        Some(handler) if !handler.is_empty() && handler.len() <= 128 && !handler.contains(char::is_whitespace) => {
            Ok(handler.to_owned())
        }
        Some(handler) => Err(invalid(format!(
            "1 validation error detected: Value '{handler}' at 'handler' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [^\\s]+"
        ))),
        None => {
            Err(invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages."))
        }
    }
}

pub(super) fn timeout(seconds: u32) -> Result<u32, AwsError> {
    within("timeout", seconds, 1, 900)
}

pub(super) fn memory(megabytes: u32) -> Result<u32, AwsError> {
    within("memorySize", megabytes, 128, 10_240)
}

/// Reported, not obeyed: the code runs on the lab's own machine.
pub(super) fn architectures(wanted: &[String]) -> Result<Vec<String>, AwsError> {
    let constraint = match wanted {
        [one] if one == "x86_64" || one == "arm64" => return Ok(wanted.to_vec()),
        [] => "Member must have length greater than or equal to 1",
        [_] => {
            "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
        }
        _ => "Member must have length less than or equal to 1",
    };
    Err(name::invalid(&format!("[{}]", wanted.join(", ")), "architectures", constraint))
}

pub(super) fn within(name: &str, value: u32, least: u32, most: u32) -> Result<u32, AwsError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let (bound, limit) = if value < least { ("greater", least) } else { ("less", most) };
    Err(AwsError::bad_request(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must have value \
             {bound} than or equal to {limit}"
        ),
    ))
}

/// The variables, within Lambda's limit of 4 KB for all of them together.
pub(super) fn environment(input: Option<EnvironmentInput>) -> Result<BTreeMap<String, String>, AwsError> {
    let variables = input.map(|input| input.variables).unwrap_or_default();
    let reserved: Vec<&str> =
        variables.keys().map(String::as_str).filter(|name| RESERVED_VARIABLES.contains(name)).collect();
    if !reserved.is_empty() {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have provided \
             contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    let is_name = |name: &str| {
        name.len() >= 2
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if let Some(name) = variables.keys().find(|name| !is_name(name)) {
        return Err(AwsError::bad_request(
            "ValidationException",
            format!(
                "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must \
                 satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+] (the name is \
                 '{name}')"
            ),
        ));
    }
    let size = serde_json::to_string(&variables).map_or(0, |text| text.len());
    if size > 4096 {
        return Err(invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have provided \
             exceeded the 4KB limit.",
        ));
    }
    Ok(variables)
}

/// The role must be there, in the function's account, and its trust policy must let Lambda assume it.
pub(super) fn check_role(cloud: &Cloud, account: &str, arn: &str) -> Result<(), AwsError> {
    if !(arn.starts_with("arn:") && arn.contains(":iam::") && arn.contains(":role/")) {
        return Err(AwsError::bad_request(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{arn}' at 'role' failed to satisfy constraint: Member must satisfy \
                 regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::(\\d{{12}}):role/?[a-zA-Z_0-9+=,.@\\-_/]+"
            ),
        ));
    }
    if arn.split(':').nth(4).is_some_and(|owner| owner != account) {
        return Err(AwsError::new(403, "AccessDeniedException", "Cross-account pass role is not allowed."));
    }
    let role = cloud.iam.role(arn).ok_or_else(role_cannot_be_assumed)?;
    let trust = Policy::parse_as(&role.trust_policy, PolicyKind::Trust).map_err(|_| role_cannot_be_assumed())?;
    let request = RequestContext::new(Principal::service("lambda.amazonaws.com"), "sts:AssumeRole", arn);
    match trust.evaluate(&request) {
        Decision::Allow(_) => Ok(()),
        Decision::ExplicitDeny(_) | Decision::ImplicitDeny(_) => Err(role_cannot_be_assumed()),
    }
}

pub(super) fn role_cannot_be_assumed() -> AwsError {
    invalid("The role defined for the function cannot be assumed by Lambda.")
}
