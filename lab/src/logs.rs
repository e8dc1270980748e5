//! To be written.

use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// To be written.
#[derive(Debug, Default)]
pub(crate) struct Logs {}

impl Logs {
    pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }

    /// Appends events to a log stream, making group and stream where they are not there.
    pub(crate) fn append(&self, _scope: &Scope, _group: &str, _stream: &str, _events: Vec<(jiff::Timestamp, String)>) {}
}
