//! CloudTrail: the record of every management call, the trails that take them, and where they go.

pub mod record;

use std::sync::Arc;

use self::record::Record;
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// To be written.
#[derive(Debug, Default)]
pub struct CloudTrail {}

impl CloudTrail {
    /// Takes a record: into the event history, and through each logging trail that selects it to the default bus.
    pub(crate) fn observe(&self, _cloud: &Arc<Cloud>, _record: Arc<Record>) {}

    pub(crate) fn call(&self, _cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }
}
