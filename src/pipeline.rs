//! The pipeline under test: built as the workbook builds it, and taken down in reverse order.
//!
//! ```text
//! bucket ─► trail                      topic ─► e-mail, confirmed where the mailbox can be read
//! role ─► function ─► permission ───────► subscription
//!                                       rule ─► target
//! ```
//!
//! Every change is entered in the [`Ledger`] before it is made, so that whatever happens next (a refusal, Ctrl-C, `kill -9`)
//! it is known what has to go. One file a kind of resource knows how to make it, and one below [`Resource`] how to find
//! and remove it.

mod adopt;
mod capture;
mod function;
mod group;
mod lambda;
mod lease;
mod ledger;
pub(crate) mod package;
mod resource;
pub(crate) mod rule;
mod stand_in;
mod standing_group;
mod topic;
mod trail;

use std::fmt;
use std::net::SocketAddr;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::inspection::Names;
use crate::journal::JournalError;
use crate::scenario::Scenario;
use crate::sdk;
use crate::target::Target;

use self::function::Receiver;
use self::stand_in::StandIn;

pub(crate) use self::capture::{CAPTURE_PREFIX, CaptureFunction};
pub(crate) use self::function::role_name;
pub use self::group::{DrillGroup, DrillInstance};
pub(crate) use self::lease::{Claim, KEY as LEASE_TAG, Lease, all_good as good_leases};
pub use self::ledger::{Ledger, LeftBehind, Removed};
pub(crate) use self::package::ENTER_VARIABLE;
pub use self::package::{Notifier, PackageError};
pub use self::resource::Resource;
pub(crate) use self::resource::{Found, LookAlike, Search, Unlisted, all as all_of_runs, rule_description};
pub(crate) use self::stand_in::event as sns_event;

/// The tag that names the run on everything that it makes.
pub const RUN_TAG: &str = "alert-drill:run-id";

/// The tag that names the scenario on everything that a run makes.
pub const SCENARIO_TAG: &str = "alert-drill:scenario";

/// What provisioning needs.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// Where.
    pub target: &'a Target,
    /// What.
    pub scenario: &'a Scenario,
    /// For which run.
    pub run_id: &'a str,
    /// Where each change is entered.
    pub ledger: &'a Ledger,
    /// Whether to go on: looked at between two calls, never in the middle of one.
    pub stop: &'a CancellationToken,
}

impl Site<'_> {
    /// Stops provisioning here if the run was interrupted. A call in flight is never dropped: AWS might have made what the
    /// ledger then would not know.
    pub(crate) fn go_on(&self) -> Result<(), ProvisionError> {
        if self.stop.is_cancelled() { Err(ProvisionError::Interrupted) } else { Ok(()) }
    }
}

/// The webhook's URL, which is a secret, as seen from where the function may run.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrls {
    /// From a function that the target runs.
    pub from_target: String,
    /// From one that this process runs.
    pub from_here: String,
}

/// What the function of a pipeline that stands posts to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostsTo {
    /// The function's name.
    pub(crate) function: String,
    /// The variable that has the webhook's URL.
    pub(crate) variable: String,
    /// The variable's value, which is a secret; none where it is not set.
    pub(crate) url: Option<String>,
}

impl fmt::Debug for PostsTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostsTo({} of {})", self.variable, self.function)
    }
}

/// A pipeline that stands.
#[derive(Debug)]
pub struct Pipeline {
    /// The trail's ARN; none where the target has no CloudTrail.
    pub trail_arn: Option<String>,
    /// The rule's ARN.
    pub rule_arn: String,
    /// The topic's ARN.
    pub topic_arn: String,
    /// The function's ARN; none where the harness runs it in the target's place.
    pub function_arn: Option<String>,
    stand_in: Option<StandIn>,
    /// Where the function of a pipeline that was there before the run posts by itself.
    posts_to: Option<PostsTo>,
}

/// A step of provisioning that AWS refused, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// A call was refused.
    #[error("{call} of {what}: {reason}")]
    Refused {
        /// The call, as IAM names it.
        call: &'static str,
        /// The resource.
        what: String,
        /// What AWS said.
        reason: String,
    },
    /// There is no pipeline to drill.
    #[error("there is no {what} {name}: `alert-drill check` says what stands and what does not")]
    NothingThere {
        /// What is missing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// What the run would make is there already, and is not the run's.
    #[error(
        "there is a {what} {name} already, and this run did not make it: nothing of it was changed. If another run left it, \
         `alert-drill cleanup` removes it; if it is yours, drill the pipeline that stands"
    )]
    AlreadyThere {
        /// The kind of resource.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The group that stands is not one that drills may open.
    #[error("the security group {group} is left alone: {reason}")]
    NotForDrills {
        /// The group.
        group: String,
        /// Why.
        reason: String,
    },
    /// Another run is at work on the group.
    #[error(
        "the run {run_id} is at work on the security group {group}: its lease lasts until {until}, or less if it ends before"
    )]
    Held {
        /// The group.
        group: String,
        /// The other run.
        run_id: String,
        /// When its lease expires.
        until: Timestamp,
    },
    /// A run that is at work, or was killed, has changed the function.
    #[error(
        "the run {run_id} has changed the webhook of the function {function} and not put it back: it is at work, or was \
         killed, and then `alert-drill cleanup` puts it back"
    )]
    Changed {
        /// The function.
        function: String,
        /// The other run.
        run_id: String,
    },
    /// A public address does not lead to the mocked webhook.
    #[error(
        "{url} does not lead to the mocked webhook, which listens at {listens}: {what}. Start the tunnel so that it hands on what \
         it gets to that address, path and all"
    )]
    Tunnel {
        /// The address.
        url: String,
        /// Where the mock listens.
        listens: SocketAddr,
        /// What came in place of the webhook.
        what: String,
    },
    /// The Discord channel cannot be read back.
    #[error("the Discord channel cannot be read back: {reason}")]
    ChannelUnread {
        /// Why.
        reason: String,
    },
    /// The journal could not be written; the change was not made.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The run was interrupted.
    #[error("interrupted")]
    Interrupted,
    /// The function's package could not be made.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// AWS took the function and then could not make it ready.
    #[error("the function {name} did not become active: {reason}")]
    NotActive {
        /// The function.
        name: String,
        /// What AWS said.
        reason: String,
    },
}

impl ProvisionError {
    pub(crate) fn refused<E>(
        call: &'static str,
        what: impl fmt::Display,
        error: &aws_sdk_ec2::error::SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>,
    ) -> Self
    where
        E: aws_sdk_ec2::error::ProvideErrorMetadata + std::error::Error + 'static,
    {
        Self::Refused { call, what: what.to_string(), reason: sdk::reason(error) }
    }

    pub(crate) fn invalid(call: &'static str, what: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::Refused { call, what: what.to_string(), reason: reason.to_string() }
    }

    pub(crate) fn without(call: &'static str, what: impl fmt::Display, member: &str) -> Self {
        Self::Refused { call, what: what.to_string(), reason: format!("the answer has no {member}") }
    }
}

impl Pipeline {
    /// Builds the scenario's pipeline on the target. What was made is in the ledger, whether or not this succeeds.
    ///
    /// `webhook` is what the function posts to; without one, its variable is left out.
    pub async fn provision(
        site: Site<'_>,
        notifier: &Notifier,
        webhook: Option<&WebhookUrls>,
    ) -> Result<Self, ProvisionError> {
        // Three strands that do not need each other, and then what ties them together.
        let topic_strand = async {
            let topic_arn = topic::provision(site).await?;
            let rule_arn = rule::provision(site, &topic_arn).await?;
            Ok::<_, ProvisionError>((topic_arn, rule_arn))
        };
        let function_strand = function::provision(site, notifier, webhook);
        // Not `try_join`: it would drop the other strands' calls in flight when one fails.
        let trail_strand = async {
            // Without CloudTrail there is no trail to make, and the relay takes its place.
            if !site.target.capabilities.serves_cloudtrail {
                return Ok(None);
            }
            trail::provision(site).await.map(Some)
        };
        let (trail_arn, topic_and_rule, receiver) = tokio::join!(trail_strand, topic_strand, function_strand);
        let (trail_arn, (topic_arn, rule_arn), receiver) = (trail_arn?, topic_and_rule?, receiver?);
        receiver.subscribe(site, &topic_arn).await?;
        let (function_arn, stand_in) = match receiver {
            Receiver::Function(arn) => (Some(arn), None),
            Receiver::StandIn(stand_in) => (None, Some(stand_in)),
        };
        Ok(Self { trail_arn, rule_arn, topic_arn, function_arn, stand_in, posts_to: None })
    }

    /// Makes sure that what the run would make first is not there already: the rule, and the group of an account. Nothing is
    /// changed.
    ///
    /// # Errors
    /// It is there, or it cannot be looked for.
    pub(crate) async fn is_free(site: Site<'_>) -> Result<(), ProvisionError> {
        DrillGroup::is_free(site).await?;
        rule::is_free(site).await
    }

    /// Takes a pipeline that stands, and points its function to `webhook_url` until the ledger is cleaned up; without one, it
    /// posts where it always does.
    pub async fn adopt(site: Site<'_>, names: &Names, webhook_url: Option<&str>) -> Result<Self, ProvisionError> {
        adopt::adopt(site, names, webhook_url).await
    }

    /// Where the function of a pipeline that was there before the run posts by itself.
    pub(crate) fn posts_to(&self) -> Option<&PostsTo> {
        self.posts_to.as_ref()
    }

    /// Whether the harness runs the function in the target's place.
    pub(crate) fn is_stood_in(&self) -> bool {
        self.stand_in.is_some()
    }

    /// Ends what of the pipeline runs in this process: the function, where the harness stands in for Lambda.
    pub(crate) async fn stop(&self) {
        if let Some(stand_in) = &self.stand_in {
            stand_in.stop().await;
        }
    }
}
