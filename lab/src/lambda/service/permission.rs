//! The policies of a function, its versions and its aliases: who else than the owner may invoke them.
//!
//! Source: `AddPermission` in the Lambda API reference, and "Control access to Lambda function URLs" in the developer
//! guide.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::name::{LATEST, Named, invalid, is_word, qualified};
use super::state::FunctionState;
use super::{Lambda, check_revision};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::{Grant, Policy, PolicyDocument};
use crate::scope::Scope;

impl Lambda {
    /// The policy of a function, or of the version or alias that the ARN names.
    pub(crate) fn policy_of(&self, function_arn: &str) -> Option<Policy> {
        let scope = Scope::of_arn(function_arn)?;
        let name = function_arn.split(':').nth(6)?;
        let key = function_arn.split(':').nth(7).unwrap_or(LATEST);
        let policy = self.regions.with(&scope, |region| region.functions.get(name)?.policies.get(key).cloned())?;
        Policy::parse(&policy.to_json()).ok()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    revision_id: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    event_source_token: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
}

pub(super) fn add(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    if input.event_source_token.is_some() {
        return Err(call.unsupported_parameter("EventSourceToken"));
    }
    check(&input)?;
    let named = Named::own(call)?;
    if named.qualifier.as_deref() == Some(LATEST) {
        let message = "We currently do not support adding policies for $LATEST.";
        return Err(AwsError::bad_request("InvalidParameterValueException", message));
    }
    let statement = lambda.on_function(&named, |function| {
        let key = function.key(named.qualifier.as_deref())?;
        check_policy_revision(function, &key, input.revision_id.as_deref())?;
        let grant = grant(&input, &qualified(&function.arn, named.qualifier.as_deref()));
        let policy = function.policies.entry(key.clone()).or_insert_with(PolicyDocument::lambda_base);
        policy.add(&grant).map_err(|_| {
            AwsError::new(
                409,
                "ResourceConflictException",
                format!(
                    "The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing \
                     statement.",
                    input.statement_id
                ),
            )
        })?;
        function.revise(&key);
        Ok(grant.to_value().to_string())
    })?;
    call.reply_with(StatusCode::CREATED, &json!({ "Statement": statement }))
}

fn check_policy_revision(function: &mut FunctionState, key: &str, wanted: Option<&str>) -> Result<(), AwsError> {
    match function.revision(key) {
        Some(present) => check_revision(wanted, present),
        None => Ok(()),
    }
}

fn grant(input: &Input, arn: &str) -> Grant {
    let mut grant = Grant::lambda_permission(
        &input.statement_id,
        &input.principal,
        &input.action,
        arn,
        input.source_account.as_deref(),
        input.source_arn.as_deref(),
    );
    if let Some(organization) = &input.principal_org_id {
        grant = grant.condition("StringEquals", "aws:PrincipalOrgID", organization);
    }
    if let Some(auth_type) = &input.function_url_auth_type {
        grant = grant.condition("StringEquals", "lambda:FunctionUrlAuthType", auth_type);
    }
    if input.invoked_via_function_url == Some(true) {
        grant = grant.condition("Bool", "lambda:InvokedViaFunctionUrl", "true");
    }
    grant
}

fn check(input: &Input) -> Result<(), AwsError> {
    let pattern = |value: &str, field: &str, pattern: &str| {
        invalid(value, field, &format!("Member must satisfy regular expression pattern: {pattern}"))
    };
    if !is_word(&input.statement_id) || input.statement_id.len() > 100 {
        return Err(pattern(&input.statement_id, "statementId", "([a-zA-Z0-9-_]+)"));
    }
    if input.action != "*" && !input.action.strip_prefix("lambda:").is_some_and(|verb| verb == "*" || is_word(verb)) {
        return Err(pattern(&input.action, "action", "(lambda:[*]|lambda:[a-zA-Z]+|[*])"));
    }
    let principal = &input.principal;
    let is_account = principal.len() == 12 && principal.bytes().all(|b| b.is_ascii_digit());
    let is_service = principal.ends_with(".amazonaws.com") || principal.ends_with(".aws.internal");
    if principal != "*" && !is_account && !is_service && !principal.starts_with("arn:") {
        return Err(AwsError::bad_request(
            "InvalidParameterValueException",
            "The provided principal was invalid. Please check the principal and try again.",
        ));
    }
    if let Some(arn) = input.source_arn.as_deref().filter(|arn| !arn.starts_with("arn:")) {
        return Err(pattern(
            arn,
            "sourceArn",
            "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)",
        ));
    }
    if let Some(account) =
        input.source_account.as_deref().filter(|id| id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(pattern(account, "sourceAccount", "\\d{12}"));
    }
    let url = "lambda:InvokeFunctionUrl";
    match input.function_url_auth_type.as_deref() {
        None => {}
        Some("NONE" | "AWS_IAM") if input.action == url => {}
        Some("NONE" | "AWS_IAM") => {
            let message = format!("FunctionUrlAuthType is only supported for {url} action");
            return Err(AwsError::bad_request("InvalidParameterValueException", message));
        }
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [NONE, AWS_IAM]";
            return Err(invalid(other, "functionUrlAuthType", constraint));
        }
    }
    if input.invoked_via_function_url == Some(true) && input.action != "lambda:InvokeFunction" {
        let message = "InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action";
        return Err(AwsError::bad_request("InvalidParameterValueException", message));
    }
    Ok(())
}

pub(super) fn remove(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let sid = call.label("StatementId")?.to_owned();
    let revision_id = call.query("RevisionId");
    let named = Named::own(call)?;
    lambda.on_function(&named, |function| {
        let key = function.key(named.qualifier.as_deref())?;
        check_policy_revision(function, &key, revision_id.as_deref())?;
        let missing = || {
            AwsError::new(404, "ResourceNotFoundException", format!("Statement {sid} is not found in resource policy."))
        };
        let without = || {
            let message = "No policy is associated with the given resource.";
            AwsError::new(404, "ResourceNotFoundException", message)
        };
        let policy = function.policies.get_mut(&key).ok_or_else(without)?;
        policy.remove(&sid).map_err(|_| missing())?;
        if policy.is_empty() {
            function.policies.remove(&key);
        }
        function.revise(&key);
        Ok(())
    })?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let named = Named::own(call)?;
    let answer = lambda.on_function(&named, |function| {
        let key = function.key(named.qualifier.as_deref())?;
        let policy = function.policies.get(&key).ok_or_else(no_policy)?.to_json();
        Ok(json!({ "Policy": policy, "RevisionId": function.revision(&key) }))
    })?;
    call.reply(&answer)
}

fn no_policy() -> AwsError {
    AwsError::new(404, "ResourceNotFoundException", "The resource you requested does not exist.")
}
