//! To be written.

use crate::cloud::Deliverer;
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// To be written.
#[derive(Debug, Default)]
pub(crate) struct Sqs {}

impl Sqs {
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }

    /// Sends to a queue on behalf of a service; the queue's policy decides. Returns the message id.
    ///
    /// `attributes` are message attributes: name, data type, string value.
    pub(crate) fn send_as_service(
        &self,
        _deliverer: &Deliverer,
        queue_arn: &str,
        _body: String,
        _attributes: Vec<(String, String, String)>,
        _message_group_id: Option<&str>,
    ) -> Result<String, Refusal> {
        Err(Refusal::new(Reason::NotFound, format!("there is no queue {queue_arn}")))
    }
}
