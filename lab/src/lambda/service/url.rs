//! Function URLs: a function behind an address of its own.
//!
//! # The address
//!
//! AWS gives `https://ID.lambda-url.REGION.on.aws/`, a name that resolves to AWS's servers and to nothing on a machine
//! without them. The lab therefore answers with an address that works wherever the caller reached the lab:
//!
//! ```text
//! http://127.0.0.1:4566/_lab/lambda-url/ID/
//! ```
//!
//! The function sees neither host nor prefix: its event has AWS's domain name, and the path from behind the id on. A request
//! whose `Host` begins with `ID.lambda-url.` is served too, for those who can make such a name resolve.
//!
//! # Who may call
//!
//! `AuthType` `NONE` means only that Lambda asks for no signature. The policy of the function, or of the alias that the URL
//! belongs to, must still let everyone in, and for **both** actions: `lambda:InvokeFunctionUrl`, and since October 2025
//! `lambda:InvokeFunction` as well. The console writes the two statements, the API does not. With `AWS_IAM` whoever does not
//! sign gets 403; signatures are read, not verified.
//!
//! Streamed responses (`InvokeMode` `RESPONSE_STREAM`) are refused by name.
//!
//! Source: "Creating and managing Lambda function URLs", "Control access to Lambda function URLs" and "Invoking Lambda
//! function URLs" in the Lambda developer guide.

mod access;
mod answer;
mod cors;
mod event;
mod serve;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::cors::Cors;
pub(crate) use self::serve::UrlRequest;
pub(super) use self::serve::serve;
use super::Lambda;
use super::name::{LATEST, Named, invalid, is_alias, qualified};
use super::page::page;
use super::state::FunctionState;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// What stands before the id in the path form of a function URL. No bucket can have this name.
const PREFIX: &str = "/_lab/lambda-url/";

#[derive(Clone, Serialize)]
pub(super) struct FunctionUrl {
    /// The first label of the host in AWS.
    id: String,
    auth_type: AuthType,
    cors: Option<Cors>,
    created: Timestamp,
    changed: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
enum AuthType {
    #[serde(rename = "NONE")]
    None,
    #[serde(rename = "AWS_IAM")]
    AwsIam,
}

impl AuthType {
    /// The value of the condition key `lambda:FunctionUrlAuthType`.
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::AwsIam => "AWS_IAM",
        }
    }
}

impl FunctionUrl {
    fn describe(&self, call: &Call, function: &FunctionState, key: &str) -> Value {
        let qualifier = Some(key).filter(|key| *key != LATEST);
        let mut answer = json!({
            "FunctionUrl": format!("http://{}{PREFIX}{}/", call.host, self.id),
            "FunctionArn": qualified(&function.arn, qualifier),
            "AuthType": self.auth_type,
            "CreationTime": format!("{:.6}", self.created),
            "LastModifiedTime": format!("{:.6}", self.changed),
            "InvokeMode": "BUFFERED",
        });
        if let Some(cors) = &self.cors {
            answer["Cors"] = json!(cors);
        }
        answer
    }

    /// The answer to a call that makes or changes it, which repeats the mode only where the call gave one.
    fn describe_written(&self, call: &Call, function: &FunctionState, key: &str, mode: Option<&String>) -> Value {
        let mut answer = self.describe(call, function, key);
        if let (Some(members), None) = (answer.as_object_mut(), mode) {
            members.remove("InvokeMode");
        }
        answer
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    auth_type: Option<AuthType>,
    cors: Option<Cors>,
    invoke_mode: Option<String>,
}

impl Input {
    fn read(call: &Call) -> Result<Self, AwsError> {
        let input: Self = call.input()?;
        match input.invoke_mode.as_deref() {
            None | Some("BUFFERED") => {}
            Some("RESPONSE_STREAM") => return Err(call.unsupported_parameter("InvokeMode RESPONSE_STREAM")),
            Some(other) => {
                let constraint = "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]";
                return Err(invalid(other, "invokeMode", constraint));
            }
        }
        if let Some(cors) = &input.cors {
            cors.check()?;
        }
        Ok(input)
    }
}

/// The function or alias that the call names: a URL belongs to one of these, never to a version.
fn named(call: &Call) -> Result<Named, AwsError> {
    let named = Named::own(call)?;
    match &named.qualifier {
        Some(qualifier) if !is_alias(qualifier) => {
            let pattern = "Member must satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)";
            Err(invalid(qualifier, "qualifier", pattern))
        }
        _ => Ok(named),
    }
}

fn missing(message: &str) -> AwsError {
    AwsError::new(404, "ResourceNotFoundException", message)
}

const NONE: &str = "The resource you requested does not exist.";

impl Lambda {
    /// Runs `f` on the function and the key that a URL stands under.
    fn on_url_owner<R>(
        &self,
        named: &Named,
        absent: &str,
        f: impl FnOnce(&mut FunctionState, &str) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.regions.with(&named.scope, |region| {
            let function = region.functions.get_mut(&named.name).ok_or_else(|| missing(absent))?;
            let key = function.key(named.qualifier.as_deref()).map_err(|_| missing(absent))?;
            f(function, &key)
        })
    }
}

pub(super) fn create(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let Input { auth_type, cors, invoke_mode } = Input::read(call)?;
    let auth_type = auth_type.ok_or_else(|| {
        AwsError::bad_request(
            "ValidationException",
            "1 validation error detected: Value null at 'authType' failed to satisfy constraint: Member must not be null",
        )
    })?;
    let named = named(call)?;
    let mut answer = lambda.on_url_owner(&named, "Function does not exist", |function, key| {
        if function.urls.contains_key(key) {
            let message = format!(
                "Failed to create function url config for [functionArn = {}]. Error message:  FunctionUrlConfig exists for \
                 this Lambda function",
                qualified(&function.arn, named.qualifier.as_deref())
            );
            return Err(AwsError::new(409, "ResourceConflictException", message));
        }
        let now = Timestamp::now();
        let url = FunctionUrl { id: ids::hex(32), auth_type, cors, created: now, changed: now };
        let answer = url.describe_written(call, function, key, invoke_mode.as_ref());
        function.urls.insert(key.to_owned(), url);
        Ok(answer)
    })?;
    if let Some(members) = answer.as_object_mut() {
        members.remove("LastModifiedTime");
    }
    call.reply_with(StatusCode::CREATED, &answer)
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let answer = lambda.on_url_owner(&named(call)?, NONE, |function, key| {
        let url = function.urls.get(key).ok_or_else(|| missing(NONE))?;
        Ok(url.describe(call, function, key))
    })?;
    call.reply(&answer)
}

pub(super) fn update(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let Input { auth_type, cors, invoke_mode } = Input::read(call)?;
    let answer = lambda.on_url_owner(&named(call)?, NONE, |function, key| {
        let url = function.urls.get_mut(key).ok_or_else(|| missing(NONE))?;
        url.auth_type = auth_type.unwrap_or(url.auth_type);
        url.cors = cors.or(url.cors.take());
        url.changed = Timestamp::now();
        let url = url.clone();
        Ok(url.describe_written(call, function, key, invoke_mode.as_ref()))
    })?;
    call.reply(&answer)
}

pub(super) fn delete(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    lambda.on_url_owner(&named(call)?, NONE, |function, key| {
        function.urls.remove(key).map(drop).ok_or_else(|| missing(NONE))
    })?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

pub(super) fn list(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let named = Named::whole(call)?;
    let (configs, next) = lambda.on_url_owner(&named, NONE, |function, _| {
        let function = &*function;
        page(call, 50, function.urls.iter().map(|(key, url)| (key.clone(), url.describe(call, function, key))))
    })?;
    let mut answer = json!({ "FunctionUrlConfigs": configs });
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    call.reply(&answer)
}
