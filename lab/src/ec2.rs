//! To be written.

use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// To be written.
#[derive(Debug, Default)]
pub(crate) struct Ec2 {}

impl Ec2 {
    pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }
}
