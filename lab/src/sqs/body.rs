//! What a message's body may be.

use std::collections::BTreeMap;

use super::error::missing;
use super::message::{MessageAttribute, size};
use crate::gateway::error::AwsError;

/// Whether SQS takes this body with these attributes in a queue with this limit, in bytes.
pub(super) fn check(body: &str, attributes: &BTreeMap<String, MessageAttribute>, largest: u32) -> Result<(), AwsError> {
    if body.is_empty() {
        return Err(missing("MessageBody"));
    }
    let is_valid =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    if !body.chars().all(is_valid) {
        let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 \
                       to #xFFFD | #x10000 to #x10FFFF";
        return Err(AwsError::bad_request("InvalidMessageContents", message));
    }
    if size(body, attributes) > usize::try_from(largest).unwrap_or(usize::MAX) {
        let message =
            format!("One or more parameters are invalid. Reason: Message must be shorter than {largest} bytes.");
        return Err(AwsError::bad_request("InvalidParameterValue", message));
    }
    Ok(())
}
