//! What the API says of functions.

use serde_json::{Value, json};

use super::{FunctionState, Lambda};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::lambda::runtimes::Runtime;

/// The most functions that one page lists.
const PAGE: usize = 50;

/// A function's configuration as every operation answers with it.
pub(super) fn configuration(function: &FunctionState) -> Value {
    let settings = &function.settings;
    let mut configuration = json!({
        "FunctionName": settings.name,
        "FunctionArn": function.arn,
        "Runtime": settings.runtime.to_string(),
        "Role": settings.role,
        "Handler": settings.handler,
        "CodeSize": function.package.code_size(),
        "Description": settings.description,
        "Timeout": settings.timeout,
        "MemorySize": settings.memory_size,
        "LastModified": function.last_modified.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string(),
        "CodeSha256": function.package.code_sha256(),
        "Version": "$LATEST",
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": function.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": settings.architectures,
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", settings.name) },
    });
    if !settings.environment.is_empty() {
        configuration["Environment"] = json!({ "Variables": settings.environment });
    }
    if let Runtime::Python(_) = settings.runtime {
        let arn = format!(
            "arn:aws:lambda:{}::runtime:lab",
            crate::scope::Scope::of_arn(&function.arn).map_or_else(String::new, |scope| scope.region)
        );
        configuration["RuntimeVersionConfig"] = json!({ "RuntimeVersionArn": arn });
    }
    configuration
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let answer = lambda.on_function(call, |function| {
        let mut answer = json!({
            "Configuration": configuration(function),
            "Code": { "RepositoryType": "S3" },
            "Tags": function.tags,
        });
        if let Some(limit) = function.concurrency.limit() {
            answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": limit });
        }
        Ok(answer)
    })?;
    call.reply(&answer)
}

pub(super) fn get_configuration(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let answer = lambda.on_function(call, |function| Ok(configuration(function)))?;
    call.reply(&answer)
}

pub(super) fn list(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    for name in ["MasterRegion", "FunctionVersion"] {
        if call.query(name).is_some_and(|value| name == "MasterRegion" || value != "ALL") {
            return Err(call.unsupported_parameter(name));
        }
    }
    let most = match call.query("MaxItems").map(|most| most.parse::<usize>()) {
        None => PAGE,
        Some(Ok(most)) if (1..=10_000).contains(&most) => most.min(PAGE),
        Some(_) => {
            return Err(AwsError::bad_request("InvalidParameterValueException", "MaxItems must be from 1 to 10000"));
        }
    };
    let after = call.query("Marker");
    let (page, more) = lambda.regions.with(&call.scope, |region| {
        let mut rest =
            region.functions.values().filter(|f| after.as_ref().is_none_or(|after| f.settings.name > *after));
        let page: Vec<FunctionState> = rest.by_ref().take(most).cloned().collect();
        (page, rest.next().is_some())
    });
    let mut answer = json!({ "Functions": page.iter().map(configuration).collect::<Vec<_>>() });
    if let Some(last) = page.last().filter(|_| more) {
        answer["NextMarker"] = last.settings.name.clone().into();
    }
    call.reply(&answer)
}

pub(super) fn account_settings(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let (count, size, reserved) = lambda.regions.with(&call.scope, |region| {
        let functions = region.functions.values();
        let size: u64 = functions.clone().map(|function| function.package.code_size()).sum();
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
