//! What the API says of functions.

use serde_json::{Value, json};

use super::Lambda;
use super::name::{Named, qualified};
use super::page::page;
use super::state::Version;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::lambda::runtimes::Runtime;
use crate::scope::Scope;

/// A version's configuration as every operation answers with it, under the ARN by which the caller named it.
pub(super) fn configuration(arn: &str, version: &Version) -> Value {
    let settings = &version.settings;
    let mut configuration = json!({
        "FunctionName": settings.name,
        "FunctionArn": arn,
        "Runtime": settings.runtime.to_string(),
        "Role": settings.role,
        "Handler": settings.handler,
        "CodeSize": version.package.code_size(),
        "Description": version.description(),
        "Timeout": settings.timeout,
        "MemorySize": settings.memory_size,
        "LastModified": version.last_modified.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string(),
        "CodeSha256": version.package.code_sha256(),
        "Version": version.label(),
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": version.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": settings.architectures,
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": super::logging::describe(&settings.logging),
    });
    if !settings.environment.is_empty() {
        configuration["Environment"] = json!({ "Variables": settings.environment });
    }
    if let Some(target) = &settings.dead_letters {
        configuration["DeadLetterConfig"] = json!({ "TargetArn": target });
    }
    if let Runtime::Python(_) = settings.runtime {
        let region = Scope::of_arn(arn).map_or_else(String::new, |scope| scope.region);
        let arn = format!("arn:aws:lambda:{region}::runtime:lab");
        configuration["RuntimeVersionConfig"] = json!({ "RuntimeVersionArn": arn });
    }
    configuration
}

/// What AWS says while it makes a function or a change of one ready. It takes the lab no time: whoever looks again finds
/// that it is done.
const CREATING: (&str, &str) = ("The function is being created.", "Creating");

/// The configuration of a function that was created just now.
pub(super) fn creating(mut configuration: Value) -> Value {
    configuration["State"] = "Pending".into();
    (configuration["StateReason"], configuration["StateReasonCode"]) = (CREATING.0.into(), CREATING.1.into());
    if let Some(members) = configuration.as_object_mut() {
        members.remove("LastUpdateStatus");
    }
    configuration
}

/// The configuration of a function that was changed just now.
pub(super) fn changing(mut configuration: Value) -> Value {
    configuration["LastUpdateStatus"] = "InProgress".into();
    (configuration["LastUpdateStatusReason"], configuration["LastUpdateStatusReasonCode"]) =
        (CREATING.0.into(), CREATING.1.into());
    configuration
}

/// A configuration without what AWS leaves out of lists.
///
/// Source: `ListFunctions` in the Lambda API reference.
pub(super) fn in_a_list(mut configuration: Value) -> Value {
    if let Some(members) = configuration.as_object_mut() {
        members.retain(|name, _| !matches!(name.as_str(), "State" | "LastUpdateStatus" | "RuntimeVersionConfig"));
    }
    configuration
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let named = Named::own(call)?;
    let answer = lambda.on_function(&named, |function| {
        let version = function.named_version(&named)?;
        let mut answer = json!({
            "Configuration": configuration(&named.arn(), version),
            "Code": { "RepositoryType": "S3", "Location": super::code::location(&call.host, &version.package) },
        });
        if !function.tags.is_empty() {
            answer["Tags"] = json!(function.tags);
        }
        if let Some(limit) = function.concurrency.limit() {
            answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": limit });
        }
        Ok(answer)
    })?;
    call.reply(&answer)
}

pub(super) fn get_configuration(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let named = Named::own(call)?;
    let answer =
        lambda.on_function(&named, |function| Ok(configuration(&named.arn(), function.named_version(&named)?)))?;
    call.reply(&answer)
}

/// No function of the lab has a code signing configuration; infrastructure tools ask every function for one.
pub(super) fn code_signing(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let name = lambda.on_whole(call, |function| Ok(function.name.clone()))?;
    call.reply(&json!({ "FunctionName": name }))
}

pub(super) fn list(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    if call.query("MasterRegion").is_some() {
        return Err(call.unsupported_parameter("MasterRegion"));
    }
    let all = match call.query("FunctionVersion").as_deref() {
        None => false,
        Some("ALL") => true,
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [ALL]";
            return Err(super::name::invalid(other, "functionVersion", constraint));
        }
    };
    let (functions, next) = lambda.regions.with(&call.scope, |region| {
        let versions = region.functions.values().flat_map(|function| {
            let wanted = function.all_versions().filter(move |version| all || version.number.is_none());
            wanted.map(move |version| match all {
                // The sign comes before every other that a name may have, so that the keys have the order of the list.
                true => {
                    let arn = qualified(&function.arn, Some(&version.label()));
                    (format!("{}!{:010}", function.name, version.number.unwrap_or(0)), configuration(&arn, version))
                }
                false => (function.name.clone(), configuration(&function.arn, version)),
            })
        });
        page(call, 10_000, versions.map(|(key, configuration)| (key, in_a_list(configuration))))
    })?;
    let mut answer = json!({ "Functions": functions });
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    call.reply(&answer)
}

pub(super) fn account_settings(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let (count, size, reserved) = lambda.regions.with(&call.scope, |region| {
        let functions = region.functions.values();
        let size: u64 = functions
            .clone()
            .flat_map(|function| function.all_versions())
            .map(|version| version.package.code_size())
            .sum();
        let reserved: u32 = functions.filter_map(|function| function.concurrency.limit()).sum();
        (region.functions.len(), size, reserved)
    });
    call.reply(&json!({
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800_u64,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 1000_u32.saturating_sub(reserved),
        },
        "AccountUsage": { "TotalCodeSize": size, "FunctionCount": count },
    }))
}
