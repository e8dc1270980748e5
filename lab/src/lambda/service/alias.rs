//! Aliases: names that point to a version, or to two of them by weight.
//!
//! Source: "Manage Lambda function versions" and "Create an alias for a Lambda function" in the Lambda developer guide.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::name::{LATEST, Named, invalid, is_alias, is_word, qualified};
use super::page::page;
use super::state::FunctionState;
use super::{Lambda, check_revision, revision};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Clone, Serialize)]
pub(super) struct Alias {
    pub(super) name: String,
    /// A number, or `$LATEST`.
    pub(super) function_version: String,
    pub(super) description: String,
    /// Another version and the share of the invocations that it gets, if there is one.
    pub(super) weights: BTreeMap<String, f64>,
    pub(super) revision_id: String,
}

impl Alias {
    /// The version that the next invocation runs on.
    pub(super) fn choose(&self) -> &str {
        let mut point: f64 = rand::random();
        for (version, weight) in &self.weights {
            if point < *weight {
                return version;
            }
            point -= weight;
        }
        &self.function_version
    }

    /// Whether the alias points to this version at all.
    pub(super) fn points_to(&self, version: &str) -> bool {
        self.function_version == version || self.weights.contains_key(version)
    }

    fn describe(&self, function: &FunctionState) -> Value {
        let mut alias = json!({
            "AliasArn": qualified(&function.arn, Some(&self.name)),
            "Name": self.name,
            "FunctionVersion": self.function_version,
            "Description": self.description,
            "RevisionId": self.revision_id,
        });
        if !self.weights.is_empty() {
            alias["RoutingConfig"] = json!({ "AdditionalVersionWeights": self.weights });
        }
        alias
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Routing {
    additional_version_weights: Option<BTreeMap<String, f64>>,
}

impl Routing {
    fn weights(routing: Option<Self>) -> BTreeMap<String, f64> {
        routing.and_then(|routing| routing.additional_version_weights).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    name: String,
    function_version: String,
    #[serde(default)]
    description: String,
    routing_config: Option<Routing>,
}

pub(super) fn create(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    if !is_word(&input.name) || !is_alias(&input.name) || input.name.len() > 128 {
        let pattern = "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)";
        return Err(invalid(&input.name, "name", pattern));
    }
    // Of a function that is not there, Lambda misses the version.
    let named = Named { qualifier: Some(input.function_version.clone()), ..Named::whole(call)? };
    let answer = lambda.on_function(&named, |function| {
        if function.aliases.contains_key(&input.name) {
            let arn = qualified(&function.arn, Some(&input.name));
            let message = format!("Alias already exists: {arn}");
            return Err(AwsError::new(409, "ResourceConflictException", message));
        }
        let alias = Alias {
            name: input.name.clone(),
            function_version: input.function_version,
            description: input.description,
            weights: Routing::weights(input.routing_config),
            revision_id: revision(),
        };
        check(function, &alias)?;
        let answer = alias.describe(function);
        function.aliases.insert(input.name, alias);
        Ok(answer)
    })?;
    call.reply_with(StatusCode::CREATED, &answer)
}

/// The versions of an alias must be there, and its weights make sense.
fn check(function: &FunctionState, alias: &Alias) -> Result<(), AwsError> {
    let present = |version: &str| match function.numbered(version) {
        Some(_) => Ok(()),
        None => {
            let message = format!("Function not found: {}", qualified(&function.arn, Some(version)));
            Err(AwsError::new(404, "ResourceNotFoundException", message))
        }
    };
    let wrong = |message: String| AwsError::bad_request("InvalidParameterValueException", message);
    if is_alias(&alias.function_version) {
        let pattern = "Member must satisfy regular expression pattern: (\\$LATEST|[0-9]+)";
        return Err(invalid(&alias.function_version, "functionVersion", pattern));
    }
    present(&alias.function_version)?;
    if alias.weights.len() > 1 {
        return Err(wrong("Number of items in AdditionalVersionWeights cannot be greater than 1".to_owned()));
    }
    let Some((version, weight)) = alias.weights.first_key_value() else { return Ok(()) };
    let refused = |constraint: &str| {
        invalid(&format!("{{{version}={weight:?}}}"), "routingConfig.additionalVersionWeights", constraint)
    };
    if !(0.0..=1.0).contains(weight) {
        return Err(refused(
            "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value \
             greater than or equal to 0.0, Member must not be null]",
        ));
    }
    if version == &alias.function_version {
        return Err(wrong(format!(
            "Invalid function version {version}. Function version {version} is already included in routing configuration."
        )));
    }
    if alias.function_version == LATEST {
        return Err(wrong("$LATEST is not supported for an alias pointing to more than 1 version".to_owned()));
    }
    if !version.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refused(
            "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length \
             greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must not be null]",
        ));
    }
    present(version)
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let name = call.label("Name")?.to_owned();
    let answer = lambda.on_whole(call, |function| {
        let alias = function.aliases.get(&name).ok_or_else(|| missing(function, &name))?;
        Ok(alias.describe(function))
    })?;
    call.reply(&answer)
}

fn missing(function: &FunctionState, name: &str) -> AwsError {
    let message = format!("Cannot find alias arn: {}", qualified(&function.arn, Some(name)));
    AwsError::new(404, "ResourceNotFoundException", message)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateInput {
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<Routing>,
    revision_id: Option<String>,
}

pub(super) fn update(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let input: UpdateInput = call.input()?;
    let name = call.label("Name")?.to_owned();
    let answer = lambda.on_whole(call, |function| {
        let mut alias = function.aliases.get(&name).cloned().ok_or_else(|| missing(function, &name))?;
        check_revision(input.revision_id.as_deref(), &alias.revision_id)?;
        if let Some(version) = input.function_version {
            alias.function_version = version;
        }
        if let Some(description) = input.description {
            alias.description = description;
        }
        if input.routing_config.is_some() {
            alias.weights = Routing::weights(input.routing_config);
        }
        check(function, &alias)?;
        alias.revision_id = revision();
        let answer = alias.describe(function);
        function.aliases.insert(name, alias);
        Ok(answer)
    })?;
    call.reply(&answer)
}

/// An alias that is not there is as good as deleted. Its policy, its URL and its settings go with it.
pub(super) fn delete(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let name = call.label("Name")?.to_owned();
    lambda.on_whole(call, |function| {
        if function.aliases.remove(&name).is_some() {
            function.forget(&name);
        }
        Ok(())
    })?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

pub(super) fn list(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let version = call.query("FunctionVersion");
    let named = Named::whole(call)?;
    let (aliases, next) = lambda.on_function(&named, |function| {
        let wanted = |alias: &&Alias| version.as_ref().is_none_or(|version| alias.points_to(version));
        let aliases = function.aliases.values().filter(wanted);
        page(call, 10_000, aliases.map(|alias| (alias.name.clone(), alias.describe(function))))
    })?;
    let mut answer = json!({ "Aliases": aliases });
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    call.reply(&answer)
}
