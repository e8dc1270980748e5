//! Reserved concurrency, which a function and all its versions share.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Lambda;
use super::name::{LATEST, Named};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The concurrency of an account in a Region: AWS's default quota.
const ACCOUNT: u32 = 1000;
/// What of an account's concurrency cannot be reserved.
const UNRESERVED: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    reserved_concurrent_executions: u32,
}

pub(super) fn put(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let wanted = call.input::<Input>()?.reserved_concurrent_executions;
    let named = Named::whole(call)?;
    lambda.regions.with(&named.scope, |region| {
        let latest = || Named { qualifier: Some(LATEST.to_owned()), ..named.clone() };
        let function = region.functions.get(&named.name).ok_or_else(|| latest().not_found())?;
        let others = region.functions.iter().filter(|(other, _)| **other != named.name);
        let reserved: u32 = others.filter_map(|(_, other)| other.concurrency.limit()).sum();
        if wanted.saturating_add(reserved) > ACCOUNT - UNRESERVED {
            return Err(AwsError::bad_request(
                "InvalidParameterValueException",
                format!(
                    "Specified ReservedConcurrentExecutions for function decreases account's \
                     UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
                ),
            ));
        }
        function.concurrency.set(Some(wanted));
        Ok(())
    })?;
    call.reply(&json!({ "ReservedConcurrentExecutions": wanted }))
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let limit = lambda.on_whole(call, |function| Ok(function.concurrency.limit()))?;
    match limit {
        Some(limit) => call.reply(&json!({ "ReservedConcurrentExecutions": limit })),
        None => call.done(),
    }
}

pub(super) fn delete(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    lambda.on_whole(call, |function| {
        function.concurrency.set(None);
        Ok(())
    })?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}
