//! To be written.

use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// To be written.
#[derive(Debug, Default)]
pub(crate) struct Events {}

impl Events {
    pub(crate) fn call(&self, _cloud: &std::sync::Arc<crate::cloud::Cloud>, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }

    /// Puts the event of a service's own on the default bus of its scope, as CloudTrail does with a record.
    ///
    /// `read_only` events are seen only by rules in state `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub(crate) fn put_service_event(
        &self,
        _cloud: &std::sync::Arc<crate::cloud::Cloud>,
        _scope: &crate::scope::Scope,
        _event: std::sync::Arc<serde_json::Value>,
        _read_only: bool,
        _carried: &crate::deliveries::Carried,
    ) {
    }
}
