//! STS: who am I, and the sessions of roles and users.
//!
//! Source: the STS API reference, and *Troubleshoot IAM roles* in the IAM user guide for the words of a refusal.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::credentials::Session;
use super::tags::Tag;
use super::{Credentials, Iam, authorization, document, name, no_such_entity, role};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::identity::{Caller, Identity};
use crate::policy::{Decision, PolicyKind, Principal, RequestContext};
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AccessKeyInput {
    access_key_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccessKeyOutput {
    account: String,
}

/// The account of an access key, whoever asks.
pub(super) fn access_key_info(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let AccessKeyInput { access_key_id: id } = call.input()?;
    name::check(&id, "accessKeyId", 16..=128)?;
    let account = iam.with(|state| state.keys.get(&id).map(|owner| owner.account().to_owned()));
    let account = account.unwrap_or_else(|| Identity::of_unknown_key(&id).account);
    call.reply(&AccessKeyOutput { account })
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
        let expiration = after(now, seconds);
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
    source_identity: Option<String>,
    /// The session's own policy, inline.
    policy: Option<String>,
    /// The session's own policies, managed.
    #[serde(default)]
    policy_arns: Vec<PolicyArn>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyArn {
    arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRoleOutput {
    credentials: CredentialsOutput,
    assumed_role_user: AssumedRoleUser,
    packed_policy_size: Option<usize>,
    source_identity: Option<String>,
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
    if let Some(source) = &input.source_identity {
        name::check(source, "sourceIdentity", 2..=64)?;
    }
    let seconds = input.duration_seconds.unwrap_or(3600);
    check_duration(seconds, 43_200)?;
    if call.identity.principal == Caller::Root {
        return Err(denied("Roles may not be assumed by root accounts."));
    }
    let Some((account, role_name)) = role::account_and_name(&input.role_arn) else {
        return Err(AwsError::bad_request("ValidationError", format!("{} is invalid", input.role_arn)));
    };
    check_session_policies(&input)?;
    let (credentials, principal) = iam.with(|state| {
        let known = state.accounts.get(account);
        let role = known
            .and_then(|known| known.roles.get(&role_name.to_ascii_lowercase()))
            .filter(|role| role.arn(account) == input.role_arn)
            .ok_or_else(|| not_authorized(call, &input.role_arn))?;
        for action in actions(&input) {
            let request = request(call, &input, action);
            if !matches!(role.trust.evaluate(&request), Decision::Allow(_)) {
                return Err(not_authorized_to(call, action, &input.role_arn));
            }
        }
        check_session_limit(call, seconds, role.max_session_seconds)?;
        let managed = |arn: &PolicyArn| {
            let document = known.and_then(|known| known.managed_document(&arn.arn));
            document
                .map(str::to_owned)
                .ok_or_else(|| no_such_entity(format!("Policy {} does not exist or is not attachable.", arn.arn)))
        };
        let mut policies = input.policy_arns.iter().map(managed).collect::<Result<Vec<_>, _>>()?;
        policies.extend(input.policy.clone());
        let principal = Caller::AssumedRole {
            role: role.name.clone(),
            id: role.id.clone(),
            path: role.path.clone(),
            session: input.role_session_name.clone(),
            created: call.time,
            issued_to: None,
        };
        let session = Session {
            account: account.to_owned(),
            principal: principal.clone(),
            created: call.time,
            expires: after(call.time, seconds),
            policies: (!policies.is_empty()).then_some(policies),
            tags: input.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
        };
        Ok((state.issue_session(session), principal))
    })?;
    let session = Identity { account: account.to_owned(), access_key: credentials.access_key.clone(), principal };
    let limited = input.policy.is_some() || !input.policy_arns.is_empty() || !input.tags.is_empty();
    call.reply(&AssumeRoleOutput {
        credentials: CredentialsOutput::new(credentials, call.time, seconds),
        assumed_role_user: AssumedRoleUser { assumed_role_id: session.principal_id(), arn: session.arn() },
        packed_policy_size: limited.then(|| packed_size(&input)),
        source_identity: input.source_identity,
    })
}

/// What the trust policy must allow: tags and a source identity are actions of their own.
fn actions(input: &AssumeRoleInput) -> Vec<&'static str> {
    let mut actions = vec!["sts:AssumeRole"];
    if !input.tags.is_empty() {
        actions.push("sts:TagSession");
    }
    if input.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    actions
}

fn check_session_policies(input: &AssumeRoleInput) -> Result<(), AwsError> {
    if let Some(policy) = &input.policy {
        if document::size(policy) > 2048 {
            let constraint = "Member must have length less than or equal to 2048";
            return Err(name::violated(policy, "policy", constraint));
        }
        document::parse(policy, PolicyKind::Identity)?;
    }
    if input.policy_arns.len() > 10 {
        let constraint = "Member must have length less than or equal to 10";
        return Err(name::violated("[PolicyDescriptorType]", "policyArns", constraint));
    }
    Ok(())
}

/// How much of the room for session policies and tags is taken, in percent.
fn packed_size(input: &AssumeRoleInput) -> usize {
    let tags: usize = input.tags.iter().map(|tag| tag.key.len() + tag.value.len()).sum();
    let arns: usize = input.policy_arns.iter().map(|arn| arn.arn.len()).sum();
    (input.policy.as_deref().map_or(0, document::size) + arns + tags).div_ceil(41).max(1)
}

fn after(time: Timestamp, seconds: i32) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(time)
}

/// The request as the trust policy sees it.
fn request(call: &Call, input: &AssumeRoleInput, action: &str) -> RequestContext {
    let principal = Principal::Aws { arn: call.identity.arn(), account: call.identity.account.clone() };
    RequestContext::new(principal, action, &input.role_arn)
        .key("aws:PrincipalArn", call.identity.principal_arn())
        .key("sts:RoleSessionName", &input.role_session_name)
        .key_values("sts:ExternalId", input.external_id.clone())
        .key_values("sts:SourceIdentity", input.source_identity.clone())
        .key_values("aws:TagKeys", input.tags.iter().map(|tag| tag.key.clone()))
        .key("aws:SourceIp", call.source_ip.to_string())
        .key("aws:SecureTransport", "true")
        .key("aws:MultiFactorAuthPresent", "false")
}

/// The lab's `AccessDenied` of a role that is not there is the same as of one that does not trust the caller, as in AWS.
fn not_authorized(call: &Call, role_arn: &str) -> AwsError {
    not_authorized_to(call, "sts:AssumeRole", role_arn)
}

fn not_authorized_to(call: &Call, action: &str, role_arn: &str) -> AwsError {
    let who = call.identity.arn();
    denied(format!("User: {who} is not authorized to perform: {action} on resource: {role_arn}"))
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
    let session = Session {
        account: account.clone(),
        principal: principal.clone(),
        created: call.time,
        expires: after(call.time, seconds),
        policies: None,
        tags: Vec::new(),
    };
    let credentials = iam.with(|state| state.issue_session(session));
    call.reply(&SessionTokenOutput { credentials: CredentialsOutput::new(credentials, call.time, seconds) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DecodeInput {
    encoded_message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DecodeOutput {
    decoded_message: String,
}

/// What EC2 says in code after "Encoded authorization failure message".
pub(super) fn decode_authorization_message(call: &Call) -> Result<Reply, AwsError> {
    let DecodeInput { encoded_message } = call.input()?;
    let decoded_message = authorization::decoded(&encoded_message)
        .ok_or_else(|| AwsError::bad_request("InvalidAuthorizationMessageException", "Message is not valid"))?;
    call.reply(&DecodeOutput { decoded_message })
}
