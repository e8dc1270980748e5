//! Queue URLs: `http://HOST/ACCOUNT/NAME`.
//!
//! The host is the one that the caller reached the lab by, so that the URL works wherever the caller is. On the way back
//! any host is taken: account and name are in the path, the Region is that of the call.

use super::error::no_queue;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// The URL of a queue, for this caller.
pub(super) fn of_queue(call: &Call, account: &str, name: &str) -> String {
    format!("http://{}/{account}/{name}", call.host)
}

/// The scope and the name of the queue that a URL names.
///
/// A bare name is taken too, as AWS does: it is a queue of the caller's.
pub(super) fn parse(call: &Call, url: &str) -> Result<(Scope, String), AwsError> {
    if url.is_empty() {
        return Err(super::error::missing("QueueUrl"));
    }
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let mut parts = path.trim_end_matches('/').rsplit('/');
    let name = parts.next().unwrap_or_default().to_owned();
    let account = match parts.next() {
        None if !url.contains("://") => call.scope.account.clone(),
        Some(account) if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) => account.to_owned(),
        // No account and no queue at all: AWS looks for a queue, and finds none.
        _ if name.is_empty() || !path.contains('/') => return Err(no_queue()),
        _ => {
            let message = format!("The address {url} is not valid for this endpoint.");
            return Err(AwsError::bad_request("InvalidAddress", message));
        }
    };
    if name.is_empty() {
        return Err(no_queue());
    }
    Ok((Scope::new(account, call.scope.region.clone()), name))
}
