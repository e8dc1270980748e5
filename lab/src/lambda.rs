//! To be written.

use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// To be written.
#[derive(Debug, Default)]
pub struct Lambda {}

impl Lambda {
    pub(crate) async fn call(
        &self,
        _cloud: &std::sync::Arc<crate::cloud::Cloud>,
        call: &Call,
    ) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }
}

impl Lambda {
    pub(crate) fn kill_all(&self) {}
    pub(crate) async fn stop(&self) {}
}

impl Lambda {
    /// Invokes a function asynchronously on behalf of a service; the function's policy decides.
    ///
    /// Returns once the event is queued. What becomes of each attempt is logged by Lambda itself in
    /// [`Deliveries`](crate::deliveries::Deliveries) under [`Hop::Function`](crate::deliveries::Hop::Function).
    pub(crate) fn invoke_as_service(
        &self,
        _cloud: &std::sync::Arc<crate::cloud::Cloud>,
        _deliverer: &crate::cloud::Deliverer,
        function_arn: &str,
        _payload: bytes::Bytes,
        _carried: &crate::deliveries::Carried,
    ) -> Result<(), crate::deliveries::Refusal> {
        let detail = format!("there is no function {function_arn}");
        Err(crate::deliveries::Refusal::new(crate::deliveries::Reason::NotFound, detail))
    }
}
