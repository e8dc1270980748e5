//! To be written.

use crate::cloud::Deliverer;
use crate::deliveries::{Carried, Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// To be written.
#[derive(Debug, Default)]
pub(crate) struct Sns {}

impl Sns {
    pub(crate) async fn call(
        &self,
        _cloud: &std::sync::Arc<crate::cloud::Cloud>,
        call: &Call,
    ) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }

    /// Publishes to a topic on behalf of a service, such as EventBridge for a rule; the topic's policy decides.
    ///
    /// Returns the message id once the topic has taken the message; the subscribers are served in tasks of their own.
    pub(crate) fn publish_as_service(
        &self,
        _cloud: &std::sync::Arc<crate::cloud::Cloud>,
        _deliverer: &Deliverer,
        topic_arn: &str,
        _message: String,
        _carried: &Carried,
    ) -> Result<String, Refusal> {
        Err(Refusal::new(Reason::NotFound, format!("there is no topic {topic_arn}")))
    }
}
