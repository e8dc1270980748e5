//! Where a drill runs: the lab, LocalStack, or a real account, and what each can show.

mod account;
mod clients;
mod clock;
mod container;
mod endpoint;
mod lab;
mod localstack;
mod reach;
mod rehearsed;
mod relayed;
mod role;
mod tape;
mod waiting;

use std::fmt;
use std::time::{Duration, Instant};

use alert_drill_lab::identity::DEFAULT_ACCOUNT;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

pub use self::account::RealAccount;
pub(crate) use self::account::is_of_this_machine;
pub use self::clients::Clients;
pub(crate) use self::clients::{AGENT, emulator};
pub(crate) use self::clock::Clock;
pub use self::clock::Skew;
use self::container::Container;
pub(crate) use self::endpoint::{PROBE_PREFIX, emulator_at};
pub use self::lab::LabTarget;
pub(crate) use self::lab::{QUEUE_PREFIX, TAP_PREFIX, ladder_hop};
pub use self::localstack::{LOCALSTACK_IMAGE, LocalStack};
pub(crate) use self::reach::Reach;
pub(crate) use self::rehearsed::Likeness;
use self::relayed::Relayed;
pub use self::role::Role;
pub(crate) use self::tape::{Tape, Taped};
pub use self::waiting::Calls;
pub(crate) use self::waiting::Waiting;
use crate::scenario::TargetKind;
use crate::sdk;

/// How long a target that is suspected to be gone is given to answer.
const STILL_THERE: Duration = Duration::from_secs(10);

/// What a target can show of the ladder. What it cannot is skipped with a reason, never silently green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// An EC2 call makes a CloudTrail event of its own. Where it does not, a relay in front of the target makes it.
    pub emits_cloudtrail_events: bool,
    /// It has CloudTrail's API, so that there can be a trail.
    pub serves_cloudtrail: bool,
    /// Its event bus takes `aws.*` events from anybody, which AWS's does not; `null` where nobody tried.
    pub accepts_aws_events: Option<bool>,
    /// What a rule sends to a topic comes out behind it; `null` where nobody tried.
    pub delivers_to_topics: Option<bool>,
    /// It runs functions. Where it does not, the harness runs them; `null` where nobody tried.
    pub runs_functions: Option<bool>,
    /// Resource policies, disabled rules and unconfirmed mails silence an alarm as in AWS.
    pub enforces_policies: bool,
    /// The mailbox of an e-mail subscription can be read.
    pub reads_mail: bool,
    /// The target says of each delivery what became of it.
    pub explains_deliveries: bool,
    /// What it runs reaches this machine, so that its function can post to a mocked webhook.
    pub reaches_harness: bool,
}

/// A target that was opened for one run.
#[derive(Debug)]
pub struct Target {
    /// Which one.
    pub kind: TargetKind,
    /// What stands there, by its own name: `LocalStack 4.14.0`.
    pub product: String,
    /// Its address; none of AWS itself.
    pub endpoint_url: Option<String>,
    /// The clients of its API.
    pub clients: Clients,
    /// The Region of the run.
    pub region: String,
    /// The account that the credentials belong to.
    pub account: String,
    /// What it can show.
    pub capabilities: Capabilities,
    /// How long the run has waited for it.
    waiting: Waiting,
    /// The lab behind it, where it is one of this process's own.
    lab: Option<LabTarget>,
    /// The relay in front of it, where it makes no CloudTrail events.
    relay: Option<Relayed>,
    /// The container that it runs in, where it is one of this run's own.
    container: Option<Container>,
    /// How what it runs reaches this process.
    reach: Reach,
}

/// Where to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// A lab of the run's own.
    #[default]
    Lab,
    /// An endpoint that runs already, by its URL.
    Endpoint(String),
    /// A LocalStack in a container of the run's own.
    LocalStack(LocalStack),
    /// A real account.
    Account(RealAccount),
}

/// A target could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The lab did not start.
    #[error("the lab did not start: {0}")]
    Lab(#[from] alert_drill_lab::StartError),
    /// Nothing answers there.
    #[error("nothing answers at {endpoint}: {reason}")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// What the system said.
        reason: String,
    },
    /// The target makes no CloudTrail events and takes none.
    #[error(
        "{endpoint} makes no CloudTrail events, and its event bus takes none either ({reason}): no alarm could ever ring \
         there"
    )]
    NoEvents {
        /// Where.
        endpoint: String,
        /// What it said.
        reason: String,
    },
    /// The target takes events, and hands them to no topic.
    #[error(
        "{endpoint} makes no CloudTrail events, and its event bus hands none to an SNS topic ({reason}): no alarm could \
         ever ring there"
    )]
    NoDelivery {
        /// Where.
        endpoint: String,
        /// What it said.
        reason: String,
    },
    /// What answers there is neither a lab nor LocalStack: it might be AWS itself.
    #[error("{endpoint} is neither a lab of alert-drill nor LocalStack; nothing was changed there")]
    NoEmulator {
        /// Where.
        endpoint: String,
    },
    /// There is no Docker to start a container with.
    #[error(
        "LocalStack runs in a container, and Docker does not answer ({reason}). Without Docker, run the drills on the lab \
         (leave --target out), or name a LocalStack that runs already with --endpoint-url"
    )]
    NoDocker {
        /// What was tried and how it ended.
        reason: String,
    },
    /// Docker did not start the container.
    #[error("the image {image} could not be started: {reason}")]
    NotStarted {
        /// The image.
        image: String,
        /// What Docker said.
        reason: String,
    },
    /// The container was started, and what runs in it did not become healthy.
    #[error("the container of the image {image} did not become healthy: {reason}{}", last_lines(log))]
    NotHealthy {
        /// The image.
        image: String,
        /// How long it was waited for, or how it ended.
        reason: String,
        /// Its last lines.
        log: String,
    },
    /// The run was interrupted before the target was open.
    #[error("interrupted")]
    Interrupted,
    /// The relay did not start.
    #[error(transparent)]
    Relay(#[from] crate::relay::RelayError),
    /// The role cannot be taken on.
    #[error("the role {role} cannot be assumed: {reason}")]
    Role {
        /// Its ARN.
        role: String,
        /// What STS said.
        reason: String,
    },
    /// The credentials are of another account than the one that was named.
    #[error("the credentials are those of the account {found}, not of {wanted}; nothing was changed")]
    OtherAccount {
        /// Which was named.
        wanted: String,
        /// Whose the credentials are.
        found: String,
    },
    /// A Region of a partition that the pipeline's ARNs are not written for.
    #[error("the Region {region} is of another partition than `aws`, which is not supported; nothing was changed")]
    Partition {
        /// The Region.
        region: String,
    },
    /// An endpoint in place of AWS's own, to which credentials would travel in the clear.
    #[error(
        "{endpoint} is neither on this machine nor behind https: the credentials of an account are not sent there in the \
         clear"
    )]
    PlainEndpoint {
        /// Where.
        endpoint: String,
    },
    /// The target does not answer, or refuses the credentials.
    #[error("{endpoint} does not say whose credentials these are: {reason}")]
    Identity {
        /// Where.
        endpoint: String,
        /// What it said.
        reason: String,
    },
}

/// What a container said last, below the sentence that says why that matters.
fn last_lines(log: &str) -> String {
    if log.is_empty() { String::new() } else { format!("; it said at the end:\n{log}") }
}

impl Target {
    /// Opens the target at this place. `account` is whose calls an emulator takes them for. Cancelling `stop` interrupts what
    /// takes long, and leaves nothing.
    pub async fn open(
        place: &Place,
        region: &str,
        account: &str,
        run_id: &str,
        stop: &CancellationToken,
    ) -> Result<Self, TargetError> {
        Self::open_as(place, region, account, None, run_id, stop).await
    }

    /// As [`open`](Self::open), by the session of a role. What the run starts itself is empty and holds no role: only the role's
    /// account counts there.
    pub(crate) async fn open_as(
        place: &Place,
        region: &str,
        account: &str,
        role: Option<&Role>,
        run_id: &str,
        stop: &CancellationToken,
    ) -> Result<Self, TargetError> {
        match place {
            Place::Lab => lab::open(region, role.map_or(account, |role| role.arn.account()), run_id, None).await,
            Place::Endpoint(url) => {
                let mut target = endpoint::open(url, region, account, role, run_id).await?;
                if target.is_relayed() {
                    target.reach = Reach::from_endpoint(url).await;
                }
                Ok(target)
            }
            Place::LocalStack(asked) => {
                let account = role.map_or(account, |role| role.arn.account());
                localstack::open(asked, region, account, run_id, stop).await
            }
            Place::Account(asked) => account::open(asked, region, role, run_id).await,
        }
    }

    /// How what the target runs reaches this process.
    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Whether everything in the target ends with it: it is a lab or a container of the run's own.
    pub(crate) fn is_own(&self) -> bool {
        self.lab.is_some() || self.container.is_some()
    }

    /// Waits until the target's own container ends, and says how; forever where there is none, or it does not.
    pub(crate) async fn until_ended(&self) -> String {
        match &self.container {
            Some(container) => container.until_ended().await,
            None => std::future::pending().await,
        }
    }

    /// Opens the target only to look at it: nothing is put in front of it, and nothing is tried out. `account` is whose
    /// calls an emulator takes them for.
    pub(crate) async fn look_at(place: &Place, region: &str, account: &str, run_id: &str) -> Result<Self, TargetError> {
        Self::look_at_as(place, region, account, None, run_id).await
    }

    /// As [`look_at`](Self::look_at), by the session of a role.
    pub(crate) async fn look_at_as(
        place: &Place,
        region: &str,
        account: &str,
        role: Option<&Role>,
        run_id: &str,
    ) -> Result<Self, TargetError> {
        match place {
            Place::Lab => lab::open(region, account, run_id, None).await,
            Place::Endpoint(url) => endpoint::look_at(url, region, account, role, run_id).await,
            Place::LocalStack(asked) => localstack::look_at(asked, region, account, run_id).await,
            Place::Account(asked) => account::open(asked, region, role, run_id).await,
        }
    }

    /// Whether it is a lab that runs functions on this machine anyway. Whoever answers at another address may call itself one.
    pub(crate) fn is_lab_of_this_machine(&self) -> bool {
        self.kind == TargetKind::Lab && self.endpoint_url.as_deref().is_some_and(is_of_this_machine)
    }

    /// Whether the harness makes CloudTrail's events in the target's place.
    pub fn is_relayed(&self) -> bool {
        self.relay.is_some()
    }

    /// Why the record of this request was not on the bus by then, where the relay should have put it there; none if it was,
    /// or if there was none to put.
    pub(crate) async fn why_unrelayed(&self, request_id: &str, deadline: Instant) -> Option<String> {
        self.relay.as_ref()?.why_not(request_id, deadline).await
    }

    /// Why the target cannot be asked any more, where it stopped answering in the middle of a run; a lab of this process's
    /// own cannot.
    pub(crate) async fn why_gone(&self) -> Option<String> {
        if self.lab.is_some() {
            return None;
        }
        let place = self.endpoint_url.as_deref().unwrap_or("AWS");
        let asked = tokio::time::timeout(STILL_THERE, account_of(&self.clients, place)).await;
        match asked {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("{place} does not answer any more (waited {STILL_THERE:?})")),
        }
    }

    /// The waits for a target that is no part of this process; they are counted until it is closed.
    pub(crate) fn waits(&self) -> Option<Waiting> {
        self.lab.is_none().then(|| self.waiting.clone())
    }

    /// The calls of the run until now; `None` where the target is part of this process.
    pub fn calls(&self) -> Option<Calls> {
        self.lab.is_none().then(|| self.waiting.calls())
    }

    /// The waits for the target.
    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Starts a lab of this process's own and opens it. It stops when the target is closed or dropped.
    pub async fn lab(region: &str, run_id: &str) -> Result<Self, TargetError> {
        lab::open(region, DEFAULT_ACCOUNT, run_id, None).await
    }

    /// The lab behind the target, where it is one of this process's own.
    pub fn own_lab(&self) -> Option<&LabTarget> {
        self.lab.as_ref()
    }

    /// Closes the target: a lab is stopped, and its processes are gone when this returns; so is a container of the run's
    /// own, with those that it started.
    pub async fn close(self) {
        if let Some(relayed) = self.relay {
            relayed.stop().await;
        }
        if let Some(container) = self.container {
            let _wait = self.waiting.begin();
            container.remove().await;
        }
        if let Some(lab) = self.lab {
            lab.stop().await;
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.kind, self.account, self.region)
    }
}

/// The account that the clients' credentials belong to, as the endpoint says.
async fn account_of(clients: &Clients, endpoint: &str) -> Result<String, TargetError> {
    let identity = |reason: String| TargetError::Identity { endpoint: endpoint.to_owned(), reason };
    let caller = clients.sts.get_caller_identity().send().await.map_err(|error| {
        let reason = sdk::reason(&error);
        // What is signed by a wrong clock is refused, and the refusal need not say so.
        match clients.clock.skew().filter(|skew| skew.is_refused()) {
            Some(skew) => {
                let way = if skew.ms > 0 { "behind" } else { "ahead" };
                let off = skew.ms.abs() / 1000;
                identity(format!(
                    "{reason}. The clock of this machine is {off} s {way}, and AWS takes five minutes at the most"
                ))
            }
            None => identity(reason),
        }
    })?;
    caller.account().map(str::to_owned).ok_or_else(|| identity("the answer names no account".to_owned()))
}

/// A client for plain HTTP. Without certificates: loading the machine's would take longer than the rest of a run, and a
/// machine that has none (a small image) needs none.
pub(crate) fn plain_http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_certs_only([]).no_proxy()
}

/// A client for this address: for plain HTTP where that is enough.
pub(crate) fn client_for(url: &str) -> reqwest::ClientBuilder {
    if url.starts_with("http://") { plain_http() } else { reqwest::Client::builder() }
}

/// Opens a link as a browser would, for its effect: a confirmation mail's.
pub(crate) async fn open_link(link: &str) -> Result<(), String> {
    let client = plain_http().build().map_err(|error| error.to_string())?;
    let answer = client.get(link).send().await.map_err(|error| error.to_string())?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(format!("{link} answered {}", answer.status()))
}
