//! All that the lab emulates, in one place: the services, and what they hand each other.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::changes::Changes;
use crate::cloudtrail::CloudTrail;
use crate::cloudwatch::CloudWatch;
use crate::deliveries::Deliveries;
use crate::discord::Discord;
use crate::ec2::Ec2;
use crate::events::Events;
use crate::faults::{Faults, Injector};
use crate::iam::Iam;
use crate::kms::Kms;
use crate::lambda::Lambda;
use crate::logs::Logs;
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::s3::S3;
use crate::scope::Seen;
use crate::sns::Sns;
use crate::sqs::Sqs;
use crate::trust::Trust;

/// The embedded AWS: its services, and what stands around them.
///
/// A handler gets it to reach other services: EventBridge publishes to SNS, SNS invokes Lambda. Such deliveries run in
/// tasks of their own, each under a guard of [`Deliveries::begin`], and say in [`Deliveries`] what became of them.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) cloudtrail: CloudTrail,
    pub(crate) cloudwatch: CloudWatch,
    pub(crate) ec2: Ec2,
    pub(crate) events: Events,
    pub(crate) iam: Iam,
    /// SQS has it as well: it encrypts on behalf of every service that sends.
    pub(crate) kms: Arc<Kms>,
    pub(crate) lambda: Lambda,
    pub(crate) logs: Logs,
    pub(crate) s3: S3,
    pub(crate) sns: Sns,
    pub(crate) sqs: Sqs,
    pub(crate) discord: Discord,
    pub(crate) mail: Mail,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) changes: Changes,
    /// Whether callers are held to their identity policies.
    pub(crate) enforces_iam: bool,
    /// SQS has them as well: it moves messages to dead-letter queues by itself.
    pub(crate) faults: Arc<Injector>,
    pub(crate) seen: Seen,
    /// Whose endpoints are called over TLS.
    pub(crate) trust: Arc<Trust>,
    /// Cancelled once a reset has put another cloud in this one's place: what streams this one's events ends then.
    pub(crate) retired: CancellationToken,
    address: Option<SocketAddr>,
}

/// How much of what happened is kept. The oldest goes first, and nothing is said of it.
///
/// The defaults hold a day of drills in some tens of megabytes: a record takes about 3 KB, a delivery about 1 KB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// CloudTrail records, of all accounts.
    pub records: usize,
    /// Bytes of the gzipped files that trails have written to their buckets.
    pub trail_file_bytes: usize,
    /// Entries of `/_lab/deliveries`.
    pub deliveries: usize,
    /// Mails, of all mailboxes.
    pub mails: usize,
    /// Messages in Discord's channels; of its requests ten times as many are kept.
    pub discord_messages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            records: 20_000,
            trail_file_bytes: 64 << 20,
            deliveries: 20_000,
            mails: 10_000,
            discord_messages: 10_000,
        }
    }
}

impl Default for Cloud {
    fn default() -> Self {
        Self::with(Arc::default(), Arc::default())
    }
}

impl Cloud {
    fn with(deliveries: Arc<Deliveries>, faults: Arc<Injector>) -> Self {
        let (kms, metrics) = (Arc::<Kms>::default(), Arc::<Metrics>::default());
        let sqs = Sqs::new(Arc::clone(&kms), Arc::clone(&metrics), Arc::clone(&deliveries), Arc::clone(&faults));
        Self {
            cloudtrail: CloudTrail::default(),
            cloudwatch: CloudWatch,
            ec2: Ec2::default(),
            events: Events::default(),
            iam: Iam::default(),
            lambda: Lambda::default(),
            logs: Logs::default(),
            s3: S3::default(),
            sns: Sns::default(),
            sqs,
            kms,
            enforces_iam: false,
            discord: Discord::default(),
            mail: Mail::default(),
            metrics,
            deliveries,
            changes: Changes::default(),
            faults,
            seen: Seen::default(),
            trust: Arc::default(),
            retired: CancellationToken::default(),
            address: None,
        }
    }

    /// A cloud without anything in it, which holds its callers to their identity policies or does not.
    #[cfg(test)]
    pub(crate) fn new(enforces_iam: bool) -> Self {
        Self { enforces_iam, ..Self::default() }
    }

    /// A cloud that nobody has called yet. Its Discord is given, as its webhooks' URLs are known outside.
    pub(crate) fn at(address: SocketAddr, discord: Discord, limits: Limits, faults: &Faults) -> Self {
        Self {
            cloudtrail: CloudTrail::keeping(limits),
            mail: Mail::keeping(limits.mails),
            discord,
            address: Some(address),
            ..Self::with(Arc::new(Deliveries::keeping(limits.deliveries)), Arc::new(Injector::new(faults)))
        }
    }

    /// Where the lab listens, once it does: what links in mails and the environment of functions point to.
    pub(crate) fn endpoint_url(&self) -> String {
        self.address.map(|address| format!("http://{address}")).unwrap_or_default()
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
