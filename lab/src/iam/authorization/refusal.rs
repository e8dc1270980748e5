//! The refusal of a call, in each service's own words.
//!
//! Source: IAM User Guide, *Troubleshoot access denied error messages*; for the codes, *Common errors* of each service.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::Need;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::gateway::service::{Protocol, Service};
use crate::policy::Denial;

/// What begins an encoded message of the lab's.
const MARK: &str = "lab.";

/// The error that says what is in the way.
pub(super) fn of(call: &Call, need: &Need, denial: &Denial, is_own: bool) -> AwsError {
    let who = call.identity.arn();
    let (action, resource) = (spelled(call.service, &need.action), need.resource.as_str());
    let because = denial.because(&action);
    let sentence = format!("User: {who} is not authorized to perform: {action} on resource: {resource} {because}");
    match call.service {
        Service::Ec2 => {
            let on = if resource == "*" { String::new() } else { format!(" on resource: {resource}") };
            let mut message = format!(
                "You are not authorized to perform this operation. User: {who} is not authorized to perform: \
                 {action}{on} {because}"
            );
            // Calls that only look get no code to decode.
            if resource != "*" {
                message.push_str(&format!(". Encoded authorization failure message: {}", encoded(call, need, denial)));
            }
            AwsError::new(403, "UnauthorizedOperation", message)
        }
        // To another account, or of another's bucket, S3 gives no reasons.
        Service::S3 if !is_own => AwsError::new(403, "AccessDenied", "Access Denied"),
        Service::S3 => AwsError::new(
            403,
            "AccessDenied",
            format!("User: {who} is not authorized to perform: {action} on resource: \"{resource}\" {because}"),
        ),
        // The reasons would tell a stranger what the trust policy says.
        Service::Sts if need.action.starts_with("sts:") => AwsError::new(
            403,
            "AccessDenied",
            format!("User: {who} is not authorized to perform: {action} on resource: {resource}"),
        ),
        Service::Sns => AwsError::new(403, "AuthorizationError", sentence),
        Service::Iam | Service::Sts | Service::Sqs => AwsError::new(403, "AccessDenied", sentence),
        Service::Lambda => AwsError::new(403, "AccessDeniedException", sentence),
        _ => match call.service.protocol() {
            Protocol::Json { .. } | Protocol::RestJson => AwsError::bad_request("AccessDeniedException", sentence),
            _ => AwsError::new(403, "AccessDenied", sentence),
        },
    }
}

/// The action as the service spells it in its refusals.
fn spelled(service: Service, action: &str) -> String {
    match (service, action.split_once(':')) {
        (Service::Sns, Some(("sns", name))) => format!("SNS:{name}"),
        (Service::Sqs, Some(("sqs", name))) => format!("sqs:{}", name.to_ascii_lowercase()),
        _ => action.to_owned(),
    }
}

/// What EC2 hides from the caller and `DecodeAuthorizationMessage` shows. The lab hides nothing, it only encodes.
fn encoded(call: &Call, need: &Need, denial: &Denial) -> String {
    let conditions: Vec<_> = need
        .keys
        .iter()
        .map(|(name, values)| {
            let items: Vec<_> = values.iter().map(|value| json!({ "value": value })).collect();
            json!({ "key": name, "values": { "items": items } })
        })
        .collect();
    let explanation = &denial.explanation;
    let matched: Vec<_> = explanation.statements().iter().filter(|one| one.applied()).collect();
    let message = json!({
        "allowed": false,
        "explicitDeny": denial.explicit,
        "matchedStatements": { "items": matched },
        "failures": { "items": [] },
        "context": {
            "principal": { "id": call.identity.principal_id(), "name": call.identity.username(), "arn": call.identity.arn() },
            "action": need.action,
            "resource": need.resource,
            "conditions": { "items": conditions },
        },
        // The lab's own: which kind of policy, and what kept each of its statements from allowing.
        "lab": { "layer": denial.layer, "explanation": explanation },
    });
    format!("{MARK}{}", URL_SAFE_NO_PAD.encode(message.to_string()))
}

/// The message in an encoded one of the lab's.
pub(in crate::iam) fn decoded(text: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
    String::from_utf8(bytes).ok()
}
