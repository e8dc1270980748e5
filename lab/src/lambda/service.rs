//! Lambda's API: functions, their code, their policies, and who may invoke them. To be written.

use std::sync::Arc;

use bytes::Bytes;

use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// To be written.
#[derive(Debug, Default)]
pub(crate) struct Lambda {}

impl Lambda {
    pub(crate) async fn call(&self, _cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }

    /// Invokes a function asynchronously on behalf of a service; the function's policy decides.
    ///
    /// Returns once the event is queued. What becomes of each attempt is logged by Lambda itself in
    /// [`Deliveries`](crate::deliveries::Deliveries) under [`Hop::Function`](crate::deliveries::Hop::Function).
    pub(crate) fn invoke_as_service(
        &self,
        _cloud: &Arc<Cloud>,
        _deliverer: &Deliverer,
        function_arn: &str,
        _payload: Bytes,
        _carried: &Carried,
    ) -> Result<(), Refusal> {
        Err(Refusal::new(Reason::NotFound, format!("there is no function {function_arn}")))
    }

    /// Kills every process of every function at once.
    pub(crate) fn kill_all(&self) {}

    /// Stops every function and waits until its processes are gone.
    pub(crate) async fn stop(&self) {}
}
