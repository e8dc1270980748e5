//! The lab as a target: an embedded AWS in this process, whose own log of deliveries can be read.

use alert_drill_lab::Lab;
use alert_drill_lab::deliveries::{self, Delivery};

use super::clients::{Clients, emulator};
use super::waiting::Waiting;
use super::{Capabilities, Reach, Tape, Target, TargetError, account_of};
use crate::scenario::{Hop, TargetKind};

/// What the names of the tap's rule and queue begin with.
pub(crate) const TAP_PREFIX: &str = "alert-drill-tap-";

/// What the name of the temporary queue on the topic begins with.
pub(crate) const QUEUE_PREFIX: &str = "alert-drill-queue-";

/// The hop of the ladder that a delivery of the lab is; files and HTTP subscriptions are none.
pub(crate) fn ladder_hop(logged: deliveries::Hop) -> Option<Hop> {
    match logged {
        deliveries::Hop::Trail => Some(Hop::Trail),
        deliveries::Hop::Bus => Some(Hop::Bus),
        deliveries::Hop::Rule => Some(Hop::Rule),
        deliveries::Hop::Topic => Some(Hop::Topic),
        deliveries::Hop::Queue => Some(Hop::Queue),
        deliveries::Hop::Function => Some(Hop::Function),
        deliveries::Hop::Mail => Some(Hop::Mail),
        deliveries::Hop::Http | deliveries::Hop::Bucket => None,
    }
}

/// Whether a delivery is a link of the chain under test. The record travels on behind the chain, too.
fn is_of_pipeline(delivery: &Delivery) -> bool {
    let by_topic = delivery.from.starts_with("arn:aws:sns:");
    match delivery.hop {
        deliveries::Hop::Queue => by_topic && delivery.to.contains(QUEUE_PREFIX),
        deliveries::Hop::Function | deliveries::Hop::Mail => by_topic,
        _ => !delivery.from.contains(TAP_PREFIX) && !delivery.to.contains(TAP_PREFIX),
    }
}

/// A lab that belongs to one target.
#[derive(Debug)]
pub struct LabTarget {
    lab: Lab,
}

impl LabTarget {
    /// The pipeline's deliveries of the CloudTrail record with this `requestID`, oldest first. What else the record sets
    /// off is left out: the harness's own tap, dead-letter queues, and the destinations of functions.
    pub fn deliveries(&self, request_id: &str) -> Vec<Delivery> {
        let mut deliveries = self.lab.deliveries_of(request_id);
        deliveries.retain(is_of_pipeline);
        deliveries
    }

    /// Waits until `holds`, which is asked again with every delivery. It waits without a limit: put a timeout around it.
    pub async fn until(&self, holds: impl Fn() -> bool) {
        self.lab.until(holds).await;
    }

    /// The link of the newest confirmation mail that this address got for this topic.
    pub fn confirmation_link(&self, topic_arn: &str, email: &str) -> Option<String> {
        let mails = self.lab.mail(Some(email));
        mails.into_iter().rev().filter(|mail| mail.topic_arn == topic_arn).find_map(|mail| mail.confirmation_url)
    }

    /// The lab itself.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    pub(super) async fn stop(self) {
        self.lab.stop().await;
    }
}

impl Target {
    /// What a lab of the run's own is called.
    pub(crate) const LAB: &'static str = "the lab of this run";
}

impl Capabilities {
    /// Everything that there is to show.
    pub(crate) const fn of_a_lab() -> Self {
        Self { reads_mail: true, explains_deliveries: true, reaches_harness: true, ..Self::of_aws() }
    }

    /// What AWS shows of itself. Its functions cannot reach a machine of somebody's.
    pub(crate) const fn of_aws() -> Self {
        Self {
            emits_cloudtrail_events: true,
            serves_cloudtrail: true,
            accepts_aws_events: Some(false),
            delivers_to_topics: Some(true),
            runs_functions: Some(true),
            enforces_policies: true,
            reads_mail: false,
            explains_deliveries: false,
            reaches_harness: false,
        }
    }
}

/// Starts a lab of the run's own. Its calls are no waits, and are written down where there is a tape.
pub(super) async fn open(region: &str, account: &str, run_id: &str, tape: Option<Tape>) -> Result<Target, TargetError> {
    let lab = Lab::start().await?;
    let endpoint = lab.endpoint_url();
    let config = emulator(&endpoint, region, account, run_id);
    let waiting = Waiting::taped(tape);
    let clients = if waiting.is_taped() { Clients::measured(&config, &waiting) } else { Clients::new(&config) };
    let account = account_of(&clients, &endpoint).await?;
    Ok(Target {
        kind: TargetKind::Lab,
        product: Target::LAB.to_owned(),
        endpoint_url: Some(endpoint),
        clients,
        region: region.to_owned(),
        account,
        capabilities: Capabilities::of_a_lab(),
        waiting,
        lab: Some(LabTarget { lab }),
        relay: None,
        container: None,
        reach: Reach::from_here(),
    })
}
