//! `LoggingConfig` as the API has it.
//!
//! What a call does not name stays as it is. Levels belong to the format `JSON`, where they are `INFO` unless given; a
//! change to `Text` ends them. The group need not be there: it is made with the first event.
//!
//! Source: `LoggingConfig` in the Lambda API reference.

use serde::Deserialize;
use serde_json::{Value, json};

use super::create::invalid;
use super::name;
use crate::gateway::error::AwsError;
use crate::lambda::logging::{Level, LogFormat, Logging, default_group};

/// The characters of the longest name of a log group.
const LONGEST_GROUP: usize = 512;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct LoggingInput {
    log_format: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
    log_group: Option<String>,
}

impl LoggingInput {
    /// The settings that a call makes of the present ones.
    pub(super) fn apply(input: Option<Self>, present: &Logging, function: &str) -> Result<Logging, AwsError> {
        let Some(input) = input else { return Ok(present.clone()) };
        let group = match input.log_group.as_deref() {
            None => present.group.clone(),
            // The console and infrastructure tools clear it so.
            Some("") => default_group(function),
            Some(group) => checked_group(group)?,
        };
        let application = level("applicationLogLevel", input.application_log_level.as_deref(), &Level::ALL)?;
        let system =
            level("systemLogLevel", input.system_log_level.as_deref(), &[Level::Debug, Level::Info, Level::Warn])?;
        let wants_json = match input.log_format.as_deref() {
            None => present.format != LogFormat::Text,
            Some("JSON") => true,
            Some("Text") => false,
            Some(other) => return Err(not_one_of(other, "logFormat", "JSON, Text")),
        };
        if !wants_json && (application.is_some() || system.is_some()) {
            let message = "ApplicationLogLevel and SystemLogLevel can only be set for functions configured to use JSON log format.";
            return Err(invalid(message));
        }
        let before = match present.format {
            LogFormat::Json { application, system } => (application, system),
            LogFormat::Text => (Level::Info, Level::Info),
        };
        let format = match wants_json {
            true => {
                LogFormat::Json { application: application.unwrap_or(before.0), system: system.unwrap_or(before.1) }
            }
            false => LogFormat::Text,
        };
        Ok(Logging { group, format })
    }
}

fn checked_group(group: &str) -> Result<String, AwsError> {
    let is_right = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '#');
    if group.len() > LONGEST_GROUP {
        let constraint = format!("Member must have length less than or equal to {LONGEST_GROUP}");
        return Err(name::invalid(group, "loggingConfig.logGroup", &constraint));
    }
    if !group.chars().all(is_right) {
        let constraint = "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+";
        return Err(name::invalid(group, "loggingConfig.logGroup", constraint));
    }
    Ok(group.to_owned())
}

fn level(member: &str, given: Option<&str>, known: &[Level]) -> Result<Option<Level>, AwsError> {
    let Some(given) = given else { return Ok(None) };
    let level = known.iter().find(|level| level.name() == given).copied();
    let names = || known.iter().map(|level| level.name()).collect::<Vec<_>>().join(", ");
    level.map(Some).ok_or_else(|| not_one_of(given, member, &names()))
}

fn not_one_of(given: &str, member: &str, names: &str) -> AwsError {
    let constraint = format!("Member must satisfy enum value set: [{names}]");
    name::invalid(given, &format!("loggingConfig.{member}"), &constraint)
}

pub(super) fn describe(logging: &Logging) -> Value {
    match logging.format {
        LogFormat::Text => json!({ "LogFormat": "Text", "LogGroup": logging.group }),
        LogFormat::Json { application, system } => json!({
            "LogFormat": "JSON",
            "ApplicationLogLevel": application.name(),
            "SystemLogLevel": system.name(),
            "LogGroup": logging.group,
        }),
    }
}
