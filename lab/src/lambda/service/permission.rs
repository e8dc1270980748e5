//! A function's policy: who else than its owner may invoke it.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{Lambda, check_revision, revision};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::{Grant, Policy, PolicyDocument};
use crate::scope::Scope;

impl Lambda {
    /// The policy of a function.
    pub(crate) fn policy_of(&self, function_arn: &str) -> Option<Policy> {
        let scope = Scope::of_arn(function_arn)?;
        let name = function_arn.split(':').nth(6)?;
        let policy = self.regions.with(&scope, |region| region.functions.get(name)?.policy.clone())?;
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
    let refused = [
        ("EventSourceToken", input.event_source_token.is_some()),
        ("FunctionUrlAuthType", input.function_url_auth_type.is_some()),
        ("InvokedViaFunctionUrl", input.invoked_via_function_url.is_some()),
    ];
    if let Some((name, _)) = refused.into_iter().find(|(_, given)| *given) {
        return Err(call.unsupported_parameter(name));
    }
    check(&input)?;
    let statement = lambda.on_function(call, |function| {
        check_revision(input.revision_id.as_deref(), &function.policy_revision_id)?;
        let mut grant = Grant::lambda_permission(
            &input.statement_id,
            &input.principal,
            &input.action,
            &function.arn,
            input.source_account.as_deref(),
            input.source_arn.as_deref(),
        );
        if let Some(organization) = &input.principal_org_id {
            grant = grant.condition("StringEquals", "aws:PrincipalOrgID", organization);
        }
        let policy = function.policy.get_or_insert_with(PolicyDocument::lambda_base);
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
        function.policy_revision_id = revision();
        Ok(grant.to_value().to_string())
    })?;
    call.reply_with(StatusCode::CREATED, &json!({ "Statement": statement }))
}

fn check(input: &Input) -> Result<(), AwsError> {
    let invalid = |value: &str, field: &str, pattern: &str| {
        AwsError::bad_request(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must satisfy \
                 regular expression pattern: {pattern}"
            ),
        )
    };
    let word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !word(&input.statement_id) || input.statement_id.len() > 100 {
        return Err(invalid(&input.statement_id, "statementId", "([a-zA-Z0-9-_]+)"));
    }
    if input.action != "*" && !input.action.strip_prefix("lambda:").is_some_and(|verb| verb == "*" || word(verb)) {
        return Err(invalid(&input.action, "action", "(lambda:[*]|lambda:[a-zA-Z]+|[*])"));
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
        return Err(invalid(
            arn,
            "sourceArn",
            "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)",
        ));
    }
    if let Some(account) =
        input.source_account.as_deref().filter(|id| id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(invalid(account, "sourceAccount", "\\d{12}"));
    }
    Ok(())
}

pub(super) fn remove(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let sid = call.label("StatementId")?.to_owned();
    let revision_id = call.query("RevisionId");
    lambda.on_function(call, |function| {
        check_revision(revision_id.as_deref(), &function.policy_revision_id)?;
        let missing = || {
            AwsError::new(404, "ResourceNotFoundException", format!("Statement {sid} is not found in resource policy."))
        };
        let policy = function.policy.as_mut().ok_or_else(no_policy)?;
        policy.remove(&sid).map_err(|_| missing())?;
        if policy.is_empty() {
            function.policy = None;
        }
        function.policy_revision_id = revision();
        Ok(())
    })?;
    call.reply_with(StatusCode::NO_CONTENT, &json!({}))
}

pub(super) fn get(lambda: &Lambda, call: &Call) -> Result<Reply, AwsError> {
    let answer = lambda.on_function(call, |function| {
        let policy = function.policy.as_ref().ok_or_else(no_policy)?;
        Ok(json!({ "Policy": policy.to_json(), "RevisionId": function.policy_revision_id }))
    })?;
    call.reply(&answer)
}

fn no_policy() -> AwsError {
    AwsError::new(404, "ResourceNotFoundException", "The resource you requested does not exist.")
}
