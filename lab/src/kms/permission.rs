//! Whether a key's policy lets a caller do something with it.

use super::error::access_denied;
use super::key::Key;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::policy::{Decision, Principal, RequestContext};

/// Whether the key's policy lets the caller do `action`. Unlike other resources' policies it must, in the account of the
/// key too: the default policy does by naming the account.
///
/// `keys` are further condition keys: the encryption context, the service by way of which the call comes.
pub(super) fn allows_call(key: &Key, call: &Call, action: &str, keys: &[(&str, &str)]) -> Result<(), AwsError> {
    let who = call.identity.arn();
    let request = RequestContext::new(Principal::aws(who.clone()), action, key.arn.clone())
        .key("kms:CallerAccount", call.identity.account.clone())
        .key("aws:SourceIp", call.source_ip.to_string())
        // The lab stands for an endpoint that is reached by TLS only.
        .key("aws:SecureTransport", "true");
    let request = keys.iter().fold(request, |request, (name, value)| request.key(name, *value));
    let because = match key.policy.evaluate(&request) {
        Decision::Allow(_) => return Ok(()),
        Decision::ExplicitDeny(_) => "with an explicit deny in a resource-based policy".to_owned(),
        Decision::ImplicitDeny(_) => format!("because no resource-based policy allows the {action} action"),
    };
    let arn = &key.arn;
    Err(access_denied(format!("User: {who} is not authorized to perform: {action} on resource: {arn} {because}")))
}
