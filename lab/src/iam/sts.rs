//! STS: who am I, and the sessions of roles and users.
//!
//! Source: the STS API reference, and *Troubleshoot IAM roles* in the IAM user guide for the words of a refusal.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Credentials, Iam, name, role};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::identity::{Caller, Identity};
use crate::policy::{Decision, Principal, RequestContext};
use crate::time;

/// The shortest session, in seconds.
const SHORTEST: i32 = 900;
/// The longest session of a role that was assumed from another role's session, in seconds.
const LONGEST_CHAINED: i32 = 3600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoInput {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CallerOutput {
    user_id: String,
    account: String,
    arn: String,
}

pub(super) fn caller_identity(call: &Call) -> Result<Reply, AwsError> {
    let NoInput {} = call.input()?;
    let Identity { account, .. } = &call.identity;
    call.reply(&CallerOutput {
        user_id: call.identity.principal_id(),
        account: account.clone(),
        arn: call.identity.arn(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CredentialsOutput {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: String,
}

impl CredentialsOutput {
    fn new(credentials: Credentials, now: Timestamp, seconds: i32) -> Self {
        let expiration = now.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(now);
        Self {
            access_key_id: credentials.access_key,
            secret_access_key: credentials.secret_key,
            session_token: credentials.session_token,
            expiration: time::seconds(expiration),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AssumeRoleInput {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<i32>,
    external_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRoleOutput {
    credentials: CredentialsOutput,
    assumed_role_user: AssumedRoleUser,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser {
    assumed_role_id: String,
    arn: String,
}

pub(super) fn assume_role(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: AssumeRoleInput = call.input()?;
    name::check(&input.role_session_name, "roleSessionName", 2..=64)?;
    let seconds = input.duration_seconds.unwrap_or(3600);
    check_duration(seconds, 43_200)?;
    if call.identity.principal == Caller::Root {
        return Err(denied("Roles may not be assumed by root accounts."));
    }
    let Some((account, role_name)) = role::account_and_name(&input.role_arn) else {
        return Err(AwsError::bad_request("ValidationError", format!("{} is invalid", input.role_arn)));
    };
    let (credentials, principal) = iam.with(|state| {
        let roles = state.accounts.get(account).map(|account| &account.roles);
        let role = roles
            .and_then(|roles| roles.get(&role_name.to_ascii_lowercase()))
            .filter(|role| role.arn(account) == input.role_arn)
            .ok_or_else(|| not_authorized(call, &input.role_arn))?;
        let request = request(call, &input);
        if !matches!(role.trust.evaluate(&request), Decision::Allow(_)) {
            return Err(not_authorized(call, &input.role_arn));
        }
        check_session_limit(call, seconds, role.max_session_seconds)?;
        let principal = Caller::AssumedRole {
            role: role.name.clone(),
            id: role.id.clone(),
            session: input.role_session_name.clone(),
            created: call.time,
        };
        Ok((state.issue_session(account, principal.clone()), principal))
    })?;
    let session = Identity { account: account.to_owned(), access_key: credentials.access_key.clone(), principal };
    call.reply(&AssumeRoleOutput {
        credentials: CredentialsOutput::new(credentials, call.time, seconds),
        assumed_role_user: AssumedRoleUser { assumed_role_id: session.principal_id(), arn: session.arn() },
    })
}

/// The request as the trust policy sees it.
fn request(call: &Call, input: &AssumeRoleInput) -> RequestContext {
    let principal = Principal::Aws { arn: call.identity.arn(), account: call.identity.account.clone() };
    RequestContext::new(principal, "sts:AssumeRole", &input.role_arn)
        .key("sts:RoleSessionName", &input.role_session_name)
        .key_values("sts:ExternalId", input.external_id.clone())
        .key("aws:SourceIp", call.source_ip.to_string())
        .key("aws:SecureTransport", "true")
        .key("aws:MultiFactorAuthPresent", "false")
}

/// The lab's `AccessDenied` of a role that is not there is the same as of one that does not trust the caller, as in AWS.
fn not_authorized(call: &Call, role_arn: &str) -> AwsError {
    denied(format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
        call.identity.arn()
    ))
}

fn denied(message: impl Into<String>) -> AwsError {
    AwsError::new(403, "AccessDenied", message)
}

fn check_duration(seconds: i32, longest: i32) -> Result<(), AwsError> {
    let constraint = if seconds < SHORTEST {
        format!("Member must have value greater than or equal to {SHORTEST}")
    } else if seconds > longest {
        format!("Member must have value less than or equal to {longest}")
    } else {
        return Ok(());
    };
    Err(name::violated(&seconds.to_string(), "durationSeconds", &constraint))
}

fn check_session_limit(call: &Call, seconds: i32, longest: i32) -> Result<(), AwsError> {
    let message = if seconds > longest {
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    } else if seconds > LONGEST_CHAINED && matches!(call.identity.principal, Caller::AssumedRole { .. }) {
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    } else {
        return Ok(());
    };
    Err(AwsError::bad_request("ValidationError", message))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SessionTokenInput {
    duration_seconds: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SessionTokenOutput {
    credentials: CredentialsOutput,
}

pub(super) fn session_token(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: SessionTokenInput = call.input()?;
    let seconds = input.duration_seconds.unwrap_or(43_200);
    check_duration(seconds, 129_600)?;
    if call.identity.access_key.starts_with("ASIA") {
        return Err(denied("Cannot call GetSessionToken with session credentials"));
    }
    let Identity { account, principal, .. } = &call.identity;
    let credentials = iam.with(|state| state.issue_session(account, principal.clone()));
    call.reply(&SessionTokenOutput { credentials: CredentialsOutput::new(credentials, call.time, seconds) })
}
