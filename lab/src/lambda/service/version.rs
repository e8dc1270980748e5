//! Versions: `PublishVersion` keeps `$LATEST` as it is now under a number, for good.
//!
//! A function that has not changed since its last version is not published again: the answer is that version, with its
//! own description. Whether it has changed goes by its code and its settings, as in AWS.
//!
//! Source: `PublishVersion` in the Lambda API reference.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::describe::{configuration, in_a_list};
use super::name::{LATEST, Named, qualified};
use super::page::page;
use super::state::{FunctionState, Version, label};
use super::{Deployer, Lambda, check_revision, revision};
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
    publish_to: Option<String>,
}

pub(super) fn publish(lambda: &Lambda, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
    let input: Input = if call.body.is_empty() { Input::default() } else { call.input()? };
    if input.publish_to.is_some() {
        return Err(call.unsupported_parameter("PublishTo"));
    }
    let named = Named::whole(call)?;
    let answer = lambda.on_deployable(cloud, &named, |function, deployer| {
        check_revision(input.revision_id.as_deref(), &function.latest.revision_id)?;
        let present = function.latest.package.code_sha256();
        if let Some(wanted) = input.code_sha256.filter(|wanted| !wanted.is_empty() && wanted != present) {
            return Err(AwsError::bad_request(
                "InvalidParameterValueException",
                format!(
                    "CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({present}). Please try again with \
                     the CodeSHA256 in $LATEST."
                ),
            ));
        }
        let version = keep(function, deployer, input.description)?;
        Ok(configuration(&qualified(&function.arn, Some(&version.label())), &version))
    })?;
    call.reply_with(StatusCode::CREATED, &answer)
}

/// Keeps `$LATEST` under the next number, unless it is the last version's equal.
pub(super) fn keep(
    function: &mut FunctionState,
    deployer: &Deployer,
    description: Option<String>,
) -> Result<Version, AwsError> {
    if let Some(last) = function.versions.get(&function.published).filter(|last| last.is_same(&function.latest)) {
        return Ok(last.clone());
    }
    let number = function.published + 1;
    let deployed =
        deployer.deploy(Some(number), &function.latest.settings, &function.latest.package, &function.concurrency)?;
    let version = Version {
        number: Some(number),
        description: description.filter(|description| !description.is_empty()),
        revision_id: revision(),
        deployed,
        ..function.latest.clone()
    };
    function.published = number;
    function.versions.insert(number, version.clone());
    function.revise(LATEST);
    Ok(version)
}

pub(super) fn list(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let named = Named::whole(call)?;
    let (versions, next) = lambda.on_function(&named, |function| {
        let all = function.all_versions().map(|version| {
            let arn = qualified(&function.arn, Some(&version.label()));
            (format!("{:010}", version.number.unwrap_or(0)), in_a_list(configuration(&arn, version)))
        });
        page(call, 10_000, all)
    })?;
    let mut answer = json!({ "Versions": versions });
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    call.reply(&answer)
}

/// Deletes one version; one that is not there is as good as deleted.
pub(super) fn delete(function: &mut FunctionState, number: u32) -> Result<Option<Version>, AwsError> {
    let label = label(Some(number));
    let pointing: Vec<&str> =
        function.aliases.values().filter(|alias| alias.points_to(&label)).map(|alias| alias.name.as_str()).collect();
    if !pointing.is_empty() {
        let message =
            format!("Unable to delete version because the following aliases reference it: [{}]", pointing.join(", "));
        return Err(AwsError::new(409, "ResourceConflictException", message));
    }
    function.forget(&label);
    Ok(function.versions.remove(&number))
}
