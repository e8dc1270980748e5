//! What a run found out: plain data, and the consumers that show it.
//!
//! ```text
//! Report ─┬─► terminal, json      what `run` and `check` print
//!         └─► Document ─► html, junit, json, markdown ─► ReportFile
//!                          └─ groups (repeated drills), words (both languages), discord (a message as its readers see it)
//! ```
//! No consumer decides anything: verdicts and findings are in the data. None shows the token of a webhook.

mod discord;
mod document;
mod file;
mod groups;
mod html;
mod inspection;
pub mod json;
mod junit;
mod markdown;
mod no_run;
pub mod progress;
pub(crate) mod style;
pub mod terminal;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnosis::Finding;
use crate::drill::{DiscordWatch, Strength};
use crate::pipeline::LeftBehind;
use crate::scenario::{Hop, TargetKind};
use crate::target::{Calls, Capabilities, Skew, Target};

pub(crate) use self::discord::plain as message_text;
pub use self::document::Document;
pub use self::file::{FileError, ReportFile};
pub use self::inspection::{ChangeInspection, HopInspection, Inspection, Standing, Trial, UnknownCheck};
pub use self::no_run::NoRun;

/// The version of the JSON document. It goes up when a field changes its meaning or goes; new fields do not change it.
pub const FORMAT_VERSION: u32 = 1;

/// The verdict on a drill, or on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The target cannot show it.
    Skipped,
    /// The pipeline alerted as it must, or was silent as it must.
    Passed,
    /// The pipeline did not.
    Failed,
    /// The harness could not find out.
    Error,
}

/// Whether a hop was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HopStatus {
    /// The event was seen there, or behind it.
    Reached,
    /// The harness stood in for the target there.
    Synthesised,
    /// The event was seen before it, and not here.
    Broken,
    /// A hop before it is broken.
    NotReached,
    /// Nobody can say.
    Unknown,
}

impl HopStatus {
    /// Whether the event came to the hop, or to the harness in its place.
    pub fn is_reached(self) -> bool {
        matches!(self, Self::Reached | Self::Synthesised)
    }
}

/// One hop of a drill's ladder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HopReport {
    /// Which.
    pub hop: Hop,
    /// Whether it was reached.
    pub status: HopStatus,
    /// How long after the EC2 call began, in milliseconds; `null` where no probe measures it.
    pub latency_ms: Option<f64>,
    /// What was seen there.
    pub evidence: Option<String>,
}

/// An alert that the temporary queue received.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueAlert {
    /// The record's `eventID`.
    pub event_id: String,
    /// The record's `eventName`.
    pub event_name: String,
    /// SNS's message id.
    pub message_id: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// How long after the EC2 call began, in milliseconds.
    pub latency_ms: f64,
    /// What tied it to the drill.
    pub matched_by: Strength,
}

/// An alert in the Discord channel, or in what the run put in its place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiscordAlert {
    /// The message's text.
    pub content: String,
    /// The message as Discord keeps it: Discord's message object, embeds and author included.
    pub message: Value,
    /// When it was received; of the real channel, when Discord says that it was.
    pub received_at: Timestamp,
    /// How long after the EC2 call began, in milliseconds.
    pub latency_ms: f64,
    /// What tied it to the drill.
    pub matched_by: Strength,
}

/// An alert in the mailbox of a subscriber. It is there only where the target's mailboxes can be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MailAlert {
    /// The `eventID` of the record that the mail carries.
    pub event_id: String,
    /// The sender.
    pub from: String,
    /// The subscriber.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// When it was sent.
    pub received_at: Timestamp,
    /// How long after the EC2 call began, in milliseconds.
    pub latency_ms: f64,
}

/// The alerts of a drill. More than one of a kind are duplicates: counted, not failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Alerts {
    /// At the temporary queue.
    pub queue: Vec<QueueAlert>,
    /// In the Discord channel, or in what the run put in its place.
    pub discord: Vec<DiscordAlert>,
    /// In the mailboxes, where the target lets them be read.
    pub mail: Vec<MailAlert>,
}

/// The call that a drill made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActionReport {
    /// The operation: `AuthorizeSecurityGroupIngress`.
    pub call: String,
    /// What it did, in words.
    pub what: String,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// The group that it changed.
    pub group_id: String,
    /// The rules that it made or changed.
    pub rule_ids: Vec<String>,
    /// When it began.
    pub started_at: Timestamp,
}

/// What a drill found out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrillReport {
    /// The drill's name.
    pub name: String,
    /// Its title, in the language of the run.
    pub title: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the run's verdict depends on it.
    pub required: bool,
    /// What was expected: an alert at these hops, or silence.
    pub expected: Expected,
    /// The call, once it was made.
    pub action: Option<ActionReport>,
    /// The ladder.
    pub hops: Vec<HopReport>,
    /// The alerts.
    pub alerts: Alerts,
    /// The CloudTrail record of the call, as CloudTrail wrote it; `null` where nobody saw it.
    pub record: Option<Value>,
    /// Why there is no pass, in one sentence.
    pub reason: Option<String>,
    /// What was found of this drill; the [report](Report::findings) has the findings of all of them, each once.
    pub findings: Vec<Finding>,
    /// How long it took, from its preparation until everything it opened was closed again, in milliseconds.
    pub duration_ms: f64,
}

/// What a drill expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// An alert.
    Alert {
        /// Where.
        at: Vec<Hop>,
        /// Within how many milliseconds.
        within_ms: u64,
        /// When it is expected, in milliseconds: from, to.
        expected_ms: (u64, u64),
        /// After how many milliseconds it is late, which takes no pass away.
        warn_ms: u64,
    },
    /// No alert.
    Silence {
        /// For how many milliseconds.
        for_ms: u64,
    },
}

/// The target of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetReport {
    /// Which.
    pub kind: TargetKind,
    /// What stands there, by its own name.
    pub product: String,
    /// Its address; `null` for AWS itself.
    pub endpoint_url: Option<String>,
    /// What it can show.
    pub capabilities: Capabilities,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// How far its clock is from this machine's; `null` where there is no difference, or nobody measured one.
    pub clock: Option<Skew>,
}

impl TargetReport {
    /// The target that a run would have; a lab of its own where there is none yet.
    pub(crate) fn of_planned(target: Option<&Target>, region: &str, account: &str) -> Self {
        match target {
            Some(target) => Self::of(target),
            None => Self {
                kind: TargetKind::Lab,
                product: Target::LAB.to_owned(),
                endpoint_url: None,
                capabilities: Capabilities::of_a_lab(),
                account: account.to_owned(),
                region: region.to_owned(),
                clock: None,
            },
        }
    }

    pub(crate) fn of(target: &Target) -> Self {
        Self {
            kind: target.kind,
            product: target.product.clone(),
            endpoint_url: target.endpoint_url.clone(),
            capabilities: target.capabilities,
            account: target.account.clone(),
            region: target.region.clone(),
            clock: target.clients.clock.skew().filter(|skew| skew.matters()),
        }
    }
}

/// What clean-up could not remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cleanup {
    /// Whether it was left out on demand (`--keep`).
    pub kept: bool,
    /// The resources that are still there.
    pub left_behind: Vec<LeftBehind>,
    /// What an emulator cannot delete because it never came to life in it: a name, and nothing that could run or cost.
    pub dead: Vec<LeftBehind>,
}

/// What a run found out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The run's id.
    pub run_id: String,
    /// The scenario's name.
    pub scenario: String,
    /// Where it ran.
    pub target: TargetReport,
    /// How the Discord channel was watched; `null` where nothing was run.
    pub discord: Option<DiscordWatch>,
    /// The verdict on all required drills together.
    pub verdict: Verdict,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, clean-up included, in milliseconds.
    pub duration_ms: f64,
    /// The harness's own share of that: all but the time in which it waited for the target, in milliseconds. `null` where
    /// the target is part of the harness's process, and where nothing was run.
    pub harness_ms: Option<f64>,
    /// The calls of the run, and how many attempts beyond the first they took. `null` where the target is part of the
    /// harness's process, and where nothing was run.
    pub calls: Option<Calls>,
    /// The drills, in the order of the scenario.
    pub drills: Vec<DrillReport>,
    /// The pipeline as it stands; `null` where it was not looked at.
    pub inspection: Option<Inspection>,
    /// The causes that were found.
    pub findings: Vec<Finding>,
    /// What clean-up could not remove.
    pub cleanup: Cleanup,
}

impl Report {
    /// The drill of this name.
    pub fn drill(&self, name: &str) -> Option<&DrillReport> {
        self.drills.iter().find(|drill| drill.name == name)
    }

    /// Whether every required drill passed and nothing was left behind.
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Passed && self.cleanup.left_behind.is_empty()
    }

    /// Panics with the whole report, as the terminal shows it, unless it [`passed`](Self::passed).
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.passed(), "{}", terminal::plain(self));
    }
}

impl DrillReport {
    /// The hop of this drill's ladder.
    pub fn hop(&self, hop: Hop) -> Option<&HopReport> {
        self.hops.iter().find(|report| report.hop == hop)
    }

    /// The first broken hop.
    pub fn broken_hop(&self) -> Option<Hop> {
        self.hops.iter().find(|report| report.status == HopStatus::Broken).map(|report| report.hop)
    }
}

/// The verdict on several drills: the worst of the required ones; passed where only advisory ones ran.
pub fn overall(drills: &[DrillReport]) -> Verdict {
    let required = drills.iter().filter(|drill| drill.required).map(|drill| drill.verdict).max();
    match required {
        Some(verdict) => verdict,
        None if drills.iter().any(|drill| drill.verdict != Verdict::Skipped) => Verdict::Passed,
        None => Verdict::Skipped,
    }
}
