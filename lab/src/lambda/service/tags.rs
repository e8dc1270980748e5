//! Tags of functions.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::name;
use super::{FunctionState, Lambda};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// What can have tags, in the words of the service's model.
const TAGGABLE: &str = r"arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)";

pub(super) fn list(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let tags = on_resource(lambda, call, |function| function.tags.clone())?;
    call.reply(&json!({ "Tags": tags }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    tags: BTreeMap<String, String>,
}

pub(super) fn tag(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    on_resource(lambda, call, |function| function.tags.extend(input.tags))?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

pub(super) fn untag(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let query = call.uri.query().unwrap_or_default();
    let keys: Vec<String> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "tagKeys")
        .map(|(_, key)| key.into_owned())
        .collect();
    on_resource(lambda, call, |function| function.tags.retain(|key, _| !keys.contains(key)))?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

fn on_resource<R>(lambda: &Lambda, call: &Call, f: impl FnOnce(&mut FunctionState) -> R) -> Result<R, AwsError> {
    let resource = call.label("Resource")?;
    if !resource.starts_with("arn:aws:lambda:") {
        let pattern = format!("Member must satisfy regular expression pattern: {TAGGABLE}");
        return Err(name::invalid(resource, "resource", &pattern));
    }
    let named = name::own(call, resource)?;
    if named.qualifier.is_some() {
        return Err(AwsError::bad_request(
            "InvalidParameterValueException",
            "Tags on function aliases and versions are not supported. Please specify either a function ARN or an event \
             source mapping ARN.",
        ));
    }
    lambda.on_function(&named, |function| Ok(f(function)))
}
