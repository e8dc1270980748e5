//! What the drills of a run stand on: the group that an account's run holds, the pipeline, and the probes around it.
//!
//! ```text
//! hold the group ─► what the function posts to ─► pipeline ─┬─► the queue behind the topic, and the channel read back
//! (in an account)                                     tap ──┘
//! ```
//! Everything that is made is in the ledger before it is made, so that whatever fails here, the run cleans up.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::event::RunEvent;
use super::lane::{self, Held, Stage};
use super::probe::{ChannelProbe, DiscordProbe, QueueProbe, Source};
use super::way::DiscordWay;
use crate::inspection::Names;
use crate::pipeline::{DrillGroup, Lease, Notifier, Pipeline, ProvisionError, Site, WebhookUrls, rule};
use crate::scenario::{Drill, TargetKind};
use crate::target::{QUEUE_PREFIX, TAP_PREFIX};

/// What is to be built, or taken as it stands.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    /// The names of the pipeline that stands; none where the run builds its own.
    pub(super) adopted: Option<&'a Names>,
    /// What the function's package is made from.
    pub(super) notifier: &'a Notifier,
    /// Whether a group that is attached to something else may be opened.
    pub(super) shared_group: bool,
    /// How the channel is watched.
    pub(super) discord: &'a DiscordWay,
}

/// The pipeline and the probes of a run; they see until they are dropped.
pub(super) struct Ground {
    pub(super) pipeline: Pipeline,
    _discord: Option<DiscordProbe>,
    _channel: Option<ChannelProbe>,
    _tap: QueueProbe,
    _queue: QueueProbe,
}

impl Plan<'_> {
    /// Builds it.
    pub(super) async fn build(self, stage: &Stage, drills: &[Drill]) -> Result<Ground, ProvisionError> {
        let site = stage.site();
        if stage.target.kind == TargetKind::Aws {
            self.hold_group(stage).await?;
        }
        let observations = &stage.observations;
        let discord = DiscordProbe::start(site, stage.discord, self.discord, Arc::clone(observations)).await?;
        if let Some(chain) = discord.as_ref().and_then(DiscordProbe::chain) {
            // A run has one channel, once.
            let _ = stage.chain.set(chain.clone());
        }
        let webhook = discord.as_ref().map(DiscordProbe::webhook_urls);
        let short = lane::short(&stage.run_id);
        let (queue_name, tap_name) = (format!("{QUEUE_PREFIX}{short}"), format!("{TAP_PREFIX}{short}"));
        let tap = async {
            let source = Source::Tap(tap_name.clone());
            let probe = QueueProbe::start(site, &tap_name, source, Arc::clone(observations)).await?;
            rule::put(site, &tap_name, &tap_pattern(drills), &probe.arn).await?;
            Ok::<_, ProvisionError>(probe)
        };
        let instance = async {
            match stage.held.get() {
                Some(held) if !stage.adopts => held.launch(site).await,
                _ => Ok(()),
            }
        };
        // All are awaited to their ends, so that no call is dropped in flight.
        let (pipeline, tap, instance) = tokio::join!(self.pipeline(site, webhook.as_ref()), tap, instance);
        let (pipeline, tap, ()) = (pipeline?, tap?, instance?);
        site.go_on()?;
        let channel = match self.discord {
            DiscordWay::Live(live) => {
                Some(ChannelProbe::start(site, live, pipeline.posts_to(), Arc::clone(observations)).await?)
            }
            _ => None,
        };
        let source = Source::Topic(pipeline.topic_arn.clone());
        let queue = QueueProbe::start(site, &queue_name, source, Arc::clone(observations)).await?;
        stage.function_stands_in.store(pipeline.is_stood_in(), Ordering::Relaxed);
        Ok(Ground { pipeline, _discord: discord, _channel: channel, _tap: tap, _queue: queue })
    }

    /// Takes the group that the drills of an account open and close, and the lease on it: before anything else is changed.
    async fn hold_group(self, stage: &Stage) -> Result<(), ProvisionError> {
        let site = stage.site();
        let held = match self.adopted {
            Some(names) => {
                let group = DrillGroup::standing(site, &names.group, self.shared_group).await?;
                let lease = Lease::take(site, &group.id).await?;
                Held::new(group, lease)
            }
            None => {
                let group = DrillGroup::make(site, stage.scenario.pipeline.group.name.to_string()).await?;
                let lease = Lease::of_own_group(site, &group.id);
                Held::new(group, lease)
            }
        };
        // A run holds one group, once.
        let _ = stage.held.set(held);
        stage.tell(RunEvent::GroupHeld);
        Ok(())
    }

    /// The pipeline to drill: built, or taken as it stands.
    async fn pipeline(self, site: Site<'_>, webhook: Option<&WebhookUrls>) -> Result<Pipeline, ProvisionError> {
        match self.adopted {
            Some(names) => Pipeline::adopt(site, names, webhook.map(|urls| urls.from_target.as_str())).await,
            None => Pipeline::provision(site, self.notifier, webhook).await,
        }
    }
}

/// A pattern that sees every call of the drills on the bus, whatever the pattern under test says.
fn tap_pattern(drills: &[Drill]) -> String {
    let mut names: Vec<&str> = drills.iter().map(|drill| drill.action.event_name()).collect();
    names.sort_unstable();
    names.dedup();
    json!({
        "source": ["aws.ec2"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": { "eventSource": ["ec2.amazonaws.com"], "eventName": names },
    })
    .to_string()
}
