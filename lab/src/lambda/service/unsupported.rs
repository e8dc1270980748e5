//! What Lambda can be set to and the lab cannot: accepted at AWS's default, refused by name otherwise.
//!
//! SDKs and infrastructure tools spell defaults out, so that a refusal of every such parameter would refuse ordinary
//! clients.

use serde_json::{Value, json};

use crate::gateway::call::Call;
use crate::gateway::error::AwsError;

/// Refuses the first of these parameters that was given; the flag says whether it was.
pub(super) fn refuse(call: &Call, parameters: &[(&str, bool)]) -> Result<(), AwsError> {
    match parameters.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(call.unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// Whether a parameter was given with anything in it: SDKs send empty structures, and empty strings clear.
pub(super) fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Object(members)) => members.values().any(|member| is_set(Some(member))),
        Some(Value::Array(elements)) => !elements.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

pub(super) fn wants_tracing(config: Option<&Value>) -> bool {
    differs(config, &json!({ "Mode": "PassThrough" }))
}

pub(super) fn wants_disk(storage: Option<&Value>) -> bool {
    differs(storage, &json!({ "Size": 512 }))
}

pub(super) fn wants_snapshots(snap_start: Option<&Value>) -> bool {
    differs(snap_start, &json!({ "ApplyOn": "None" }))
}

/// Whether a structure was given with a member that is not the default's.
fn differs(given: Option<&Value>, default: &Value) -> bool {
    match given {
        Some(Value::Object(members)) => {
            members.iter().any(|(name, member)| is_set(Some(member)) && default.get(name) != Some(member))
        }
        other => is_set(other),
    }
}
