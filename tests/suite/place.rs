//! Where the suite runs, and what that place can show.

use alert_drill::lab::identity::DEFAULT_ACCOUNT;
use alert_drill::target::{Capabilities, LocalStack, Place, Target};
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use tokio_util::sync::CancellationToken;

use crate::Skipped;
use crate::common::REGION;

/// The LocalStack of this process, started once.
static SHARED: OnceCell<Shared> = OnceCell::const_new();

/// The pipeline's names are those of the scenario: in one account, one run at a time can use them.
static TURN: Mutex<()> = Mutex::const_new(());

/// A LocalStack that all tests share.
pub(crate) struct Shared {
    pub(crate) endpoint_url: String,
    pub(crate) product: String,
    pub(crate) capabilities: Capabilities,
    /// Held for its container.
    target: Mutex<Option<Target>>,
}

/// The target's name.
pub(crate) fn name() -> String {
    std::env::var("ALERT_DRILL_TARGET").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "lab".to_owned())
}

/// The LocalStack that the suite runs on; none where it runs on the lab.
pub(crate) async fn localstack() -> Option<&'static Shared> {
    match name().as_str() {
        "lab" => None,
        "localstack" => Some(SHARED.get_or_init(start).await),
        other => panic!("ALERT_DRILL_TARGET is {other}; the suite runs on lab or localstack"),
    }
}

async fn start() -> Shared {
    let given = std::env::var("ALERT_DRILL_ENDPOINT_URL").ok().filter(|url| !url.is_empty());
    let place = given.map_or_else(|| Place::LocalStack(LocalStack::of_environment()), Place::Endpoint);
    let target = Target::open(&place, REGION, DEFAULT_ACCOUNT, "suite", &CancellationToken::new()).await;
    let target = target.unwrap_or_else(|error| panic!("{error}"));
    Shared {
        endpoint_url: target.endpoint_url.clone().unwrap(),
        product: target.product.clone(),
        capabilities: target.capabilities,
        target: Mutex::new(Some(target)),
    }
}

/// Removes the LocalStack that was started, if one was.
pub(crate) async fn close() {
    let Some(shared) = SHARED.get() else { return };
    if let Some(target) = shared.target.lock().await.take() {
        target.close().await;
    }
}

/// A place for one run, and its turn there, which is over when it is dropped.
pub(crate) async fn turn() -> (Place, Option<MutexGuard<'static, ()>>) {
    match localstack().await {
        None => (Place::Lab, None),
        Some(shared) => (Place::Endpoint(shared.endpoint_url.clone()), Some(TURN.lock().await)),
    }
}

/// Whether the suite runs on the lab, which says of each delivery what became of it.
pub(crate) fn is_lab() -> bool {
    name() == "lab"
}

/// What a test is about, where a target may not have it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// A trail decides which events there are.
    Trail,
    /// CloudTrail makes the events, and nobody else can.
    OwnEvents,
    /// Policies and disabled rules silence an alarm.
    Policies,
    /// Functions run.
    Functions,
    /// The mailbox can be read.
    Mail,
}

/// Skips the test where the target does not have what it is about.
pub(crate) async fn needs(need: Need) -> Result<(), Skipped> {
    let Some(Shared { product, capabilities, .. }) = localstack().await else { return Ok(()) };
    let (has, lack) = match need {
        Need::Trail => (capabilities.serves_cloudtrail, "has no CloudTrail API, so there is no trail to break"),
        Need::OwnEvents => (
            capabilities.emits_cloudtrail_events,
            "makes no CloudTrail events: the relay makes those of write calls, and the bus takes forged ones",
        ),
        Need::Policies => {
            (capabilities.enforces_policies, "enforces no resource policies and delivers to disabled rules")
        }
        Need::Functions => (
            false,
            "runs functions only beside Docker and with images that it pulls: the drills show the function, run by the harness",
        ),
        Need::Mail => (capabilities.reads_mail, "has no mailbox to read, and sends mail to unconfirmed addresses"),
    };
    if has { Ok(()) } else { Err(Skipped(format!("{product} {lack}"))) }
}
