//! All that the lab emulates, in one place: the services, and what they hand each other.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::changes::Changes;
use crate::cloudtrail::CloudTrail;
use crate::deliveries::Deliveries;
use crate::discord::Discord;
use crate::ec2::Ec2;
use crate::events::Events;
use crate::iam::Iam;
use crate::lambda::Lambda;
use crate::logs::Logs;
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::s3::S3;
use crate::sns::Sns;
use crate::sqs::Sqs;

/// The embedded AWS: its services, and what stands around them.
///
/// A handler gets it to reach other services: EventBridge publishes to SNS, SNS invokes Lambda. Such deliveries run in
/// tasks of their own, each under a guard of [`Deliveries::begin`], and say in [`Deliveries`] what became of them.
#[derive(Debug, Default)]
pub(crate) struct Cloud {
    pub(crate) cloudtrail: CloudTrail,
    pub(crate) ec2: Ec2,
    pub(crate) events: Events,
    pub(crate) iam: Iam,
    pub(crate) lambda: Lambda,
    pub(crate) logs: Logs,
    pub(crate) s3: S3,
    pub(crate) sns: Sns,
    pub(crate) sqs: Sqs,
    pub(crate) discord: Discord,
    pub(crate) mail: Mail,
    pub(crate) metrics: Metrics,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) changes: Changes,
    address: Mutex<Option<SocketAddr>>,
}

impl Cloud {
    /// Where the lab listens, once it does: what links in mails and the environment of functions point to.
    pub(crate) fn endpoint_url(&self) -> String {
        match *self.address.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(address) => format!("http://{address}"),
            None => String::new(),
        }
    }

    pub(crate) fn listens_at(&self, address: SocketAddr) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }
}

/// A service that delivers something to a resource: what resource policies decide on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deliverer {
    /// The service principal: `events.amazonaws.com`.
    pub service: &'static str,
    /// The ARN that the policy sees as `aws:SourceArn`: the rule, the topic.
    pub source_arn: String,
    /// The account that the policy sees as `aws:SourceAccount`.
    pub source_account: String,
}
