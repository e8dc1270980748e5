//! How asynchronous invocations of a function, a version or an alias are tried again, and where their records go.
//!
//! Source: `PutFunctionEventInvokeConfig` in the Lambda API reference.

use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::create::within;
use super::execution_role::ExecutionRole;
use super::name::{LATEST, Named, invalid, qualified};
use super::page::page;
use super::state::FunctionState;
use super::{Lambda, Region};
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::lambda::RetryPolicy;
use crate::time;

#[derive(Clone, Serialize)]
pub(super) struct EventInvoke {
    attempts: Option<u32>,
    age_seconds: Option<u32>,
    pub(super) on_success: Option<String>,
    pub(super) on_failure: Option<String>,
    changed: Timestamp,
}

impl EventInvoke {
    pub(super) fn retry_policy(config: Option<&Self>) -> RetryPolicy {
        let policy = RetryPolicy::default();
        let Some(config) = config else { return policy };
        RetryPolicy {
            maximum_retry_attempts: config.attempts.unwrap_or(policy.maximum_retry_attempts),
            maximum_event_age: config
                .age_seconds
                .map_or(policy.maximum_event_age, |seconds| Duration::from_secs(seconds.into())),
            ..policy
        }
    }

    fn describe(&self, function: &FunctionState, key: &str) -> Value {
        let destination = |arn: Option<&String>| arn.map_or_else(|| json!({}), |arn| json!({ "Destination": arn }));
        let mut answer = json!({
            "LastModified": time::epoch(self.changed),
            "FunctionArn": qualified(&function.arn, Some(key)),
            "DestinationConfig": {
                "OnSuccess": destination(self.on_success.as_ref()),
                "OnFailure": destination(self.on_failure.as_ref()),
            },
        });
        if let Some(attempts) = self.attempts {
            answer["MaximumRetryAttempts"] = attempts.into();
        }
        if let Some(seconds) = self.age_seconds {
            answer["MaximumEventAgeInSeconds"] = seconds.into();
        }
        answer
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Option<Destinations>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destinations {
    #[serde(default)]
    on_success: Destination,
    #[serde(default)]
    on_failure: Destination,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    destination: Option<String>,
}

impl Destinations {
    /// The two ARNs; an empty one takes a destination away.
    fn arns(self) -> (Option<String>, Option<String>) {
        let given = |arn: &String| !arn.is_empty();
        (self.on_success.destination.filter(given), self.on_failure.destination.filter(given))
    }
}

fn wrong(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterValueException", message)
}

/// `PutFunctionEventInvokeConfig`, which forgets what was set before, and `UpdateFunctionEventInvokeConfig`, which keeps
/// what the call does not name.
pub(super) fn put(lambda: &Lambda, cloud: &Cloud, call: &Call) -> Result<Reply, AwsError> {
    let Input { maximum_retry_attempts: attempts, maximum_event_age_in_seconds: age_seconds, destination_config } =
        call.input()?;
    if attempts.is_none() && age_seconds.is_none() && destination_config.is_none() {
        return Err(wrong("You must specify at least one of error handling or destination setting."));
    }
    if let Some(attempts) = attempts {
        within("maximumRetryAttempts", attempts, 0, 2)?;
    }
    if let Some(seconds) = age_seconds {
        within("maximumEventAgeInSeconds", seconds, 60, 21_600)?;
    }
    let named = Named::own(call)?;
    let destinations = destination_config.map(Destinations::arns);
    let updates = call.operation.starts_with("Update");
    if let Some((on_success, on_failure)) = &destinations {
        let role = lambda.regions.with(&named.scope, |region| {
            check_destinations(region, &named, on_success.as_deref(), on_failure.as_deref())?;
            let (function, _) = find(region, &named)?;
            Ok(function.named_version(&named)?.settings.role.clone())
        })?;
        // Outside of the lock: the policy of a function that is a destination counts, too.
        let role = ExecutionRole { arn: &role, function: &named.name };
        let mut targets = [on_success, on_failure].into_iter().flatten();
        targets.try_for_each(|target| role.check_destination(cloud, target))?;
    }
    let answer = lambda.regions.with(&named.scope, |region| {
        let (function, key) = find(region, &named)?;
        let before = function.event_invokes.get(&key).filter(|_| updates);
        if updates && before.is_none() {
            return Err(none(&named));
        }
        let kept = before.map(|before| (before.on_success.clone(), before.on_failure.clone()));
        let (on_success, on_failure) = destinations.or(kept).unwrap_or_default();
        let config = EventInvoke {
            attempts: attempts.or(before.and_then(|before| before.attempts)),
            age_seconds: age_seconds.or(before.and_then(|before| before.age_seconds)),
            on_success,
            on_failure,
            changed: Timestamp::now(),
        };
        let answer = config.describe(function, &key);
        function.event_invokes.insert(key, config);
        Ok(answer)
    })?;
    call.reply(&answer)
}

/// What the destination of an asynchronous invocation looks like, in the words of the service's model.
const PATTERN: &str = r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)";

/// Whether a text has the form of an ARN, whatever it is of.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, _] = parts[..] else { return false };
    let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_region = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let is_account = account.is_empty() || (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
    arn == "arn"
        && partition.starts_with("aws")
        && is_word(partition)
        && !service.is_empty()
        && is_word(service)
        && is_region
        && is_account
}

/// A destination is of one of the kinds that AWS has; of these the lab lacks S3 alone. Whether a queue, a topic or a bus is
/// there shows when a record is sent.
fn check_destinations(
    region: &Region,
    named: &Named,
    on_success: Option<&str>,
    on_failure: Option<&str>,
) -> Result<(), AwsError> {
    let refused = || {
        let part = |name: &str, arn: Option<&str>| {
            arn.map_or_else(|| "null".to_owned(), |arn| format!("{name}(destination={arn})"))
        };
        wrong(format!(
            "The provided destination config DestinationConfig(onSuccess={}, onFailure={}) is invalid.",
            part("OnSuccess", on_success),
            part("OnFailure", on_failure)
        ))
    };
    for (name, arn) in [("onSuccess", on_success), ("onFailure", on_failure)] {
        let Some(arn) = arn else { continue };
        if !is_arn(arn) {
            let pattern = format!("Member must satisfy regular expression pattern: {PATTERN}");
            return Err(invalid(arn, &format!("destinationConfig.{name}.destination"), &pattern));
        }
        match arn.split(':').nth(2) {
            Some("sqs" | "sns") if arn.ends_with(".fifo") => return Err(refused()),
            Some("sqs" | "sns" | "events") => {}
            Some("lambda") => {
                let target = Named::of_arn(arn).ok_or_else(refused)?;
                if target.scope == named.scope && target.name == named.name {
                    return Err(wrong("You can't specify the function as a destination for itself."));
                }
                if target.scope == named.scope && !region.functions.contains_key(&target.name) {
                    return Err(wrong(format!("The destination ARN {arn} is invalid.")));
                }
            }
            Some("s3") => {
                let what = format_args!("destinations of asynchronous invocations in S3 ({arn})");
                return Err(AwsError::unsupported(what));
            }
            _ => return Err(refused()),
        }
    }
    Ok(())
}

/// The function and the key that the configuration stands under.
fn find<'a>(region: &'a mut Region, named: &Named) -> Result<(&'a mut FunctionState, String), AwsError> {
    let missing = || AwsError::new(404, "ResourceNotFoundException", "The function doesn't exist.");
    let function = region.functions.get_mut(&named.name).ok_or_else(missing)?;
    let key = function.key(named.qualifier.as_deref()).map_err(|_| missing())?;
    Ok((function, key))
}

/// A configuration that is not there, of a function that may not be there either: AWS says the same of both.
fn none(named: &Named) -> AwsError {
    let key = named.qualifier.as_deref().unwrap_or(LATEST);
    let arn = qualified(&super::function_arn(&named.scope, &named.name), Some(key));
    let message = format!("The function {arn} doesn't have an EventInvokeConfig");
    AwsError::new(404, "ResourceNotFoundException", message)
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let named = Named::own(call)?;
    let answer = lambda.regions.with(&named.scope, |region| {
        let key = named.qualifier.as_deref().unwrap_or(LATEST);
        let function = region.functions.get(&named.name).ok_or_else(|| none(&named))?;
        let config = function.event_invokes.get(key).ok_or_else(|| none(&named))?;
        Ok(config.describe(function, key))
    })?;
    call.reply(&answer)
}

pub(super) fn delete(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let named = Named::own(call)?;
    lambda.regions.with(&named.scope, |region| {
        let key = named.qualifier.as_deref().unwrap_or(LATEST);
        let function = region.functions.get_mut(&named.name).ok_or_else(|| none(&named))?;
        function.event_invokes.remove(key).map(drop).ok_or_else(|| none(&named))
    })?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

pub(super) fn list(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let named = Named::own(call)?;
    let (configs, next) = lambda.regions.with(&named.scope, |region| {
        let (function, _) = find(region, &Named { qualifier: None, ..named.clone() })?;
        let function = &*function;
        page(call, 50, function.event_invokes.iter().map(|(key, config)| (key.clone(), config.describe(function, key))))
    })?;
    let mut answer = json!({ "FunctionEventInvokeConfigs": configs });
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    call.reply(&answer)
}
