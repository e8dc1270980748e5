//! One run as the history keeps it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::report::Verdict;
use crate::scenario::{Hop, TargetKind};

/// The version of an entry. It goes up when a field changes its meaning or goes; new fields do not change it.
pub(crate) const HISTORY_VERSION: u32 = 1;

/// One run at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// [`HISTORY_VERSION`].
    pub(crate) format_version: u32,
    /// When the run began.
    pub(crate) time: Timestamp,
    /// The run's id; `null` where the target could not be opened.
    pub(crate) run_id: Option<String>,
    /// The scenario's name.
    pub(crate) scenario: String,
    /// The target; `null` where it could not be opened.
    pub(crate) target: Option<TargetKind>,
    /// The account; `null` where nobody answered.
    pub(crate) account: Option<String>,
    /// The Region.
    pub(crate) region: String,
    /// The verdict on the run.
    pub(crate) verdict: Verdict,
    /// Whether somebody ended it.
    pub(crate) interrupted: bool,
    /// How long it took, clean-up included, in milliseconds; 0 where it did not begin.
    pub(crate) duration_ms: f64,
    /// How many things were left behind.
    pub(crate) left_behind: usize,
    /// The codes of the findings.
    pub(crate) findings: Vec<String>,
    /// The drills.
    pub(crate) drills: Vec<DrillEntry>,
}

/// One drill of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DrillEntry {
    /// Its name.
    pub(crate) name: String,
    /// The verdict on it.
    pub(crate) verdict: Verdict,
    /// Whether the run's verdict depends on it.
    pub(crate) required: bool,
    /// How long after the EC2 call began the event was seen at each hop, in milliseconds; only where a probe measured it.
    pub(crate) latency_ms: BTreeMap<Hop, f64>,
}

impl From<&Outcome> for Entry {
    fn from(outcome: &Outcome) -> Self {
        let report = outcome.ended.as_ref().ok();
        let drill = |drill: &crate::report::DrillReport| DrillEntry {
            name: drill.name.clone(),
            verdict: drill.verdict,
            required: drill.required,
            latency_ms: drill.hops.iter().filter_map(|hop| Some((hop.hop, rounded(hop.latency_ms?)))).collect(),
        };
        Self {
            format_version: HISTORY_VERSION,
            time: outcome.started_at,
            run_id: report.map(|report| report.run_id.clone()),
            scenario: outcome.scenario.clone(),
            target: outcome.spot.target,
            account: outcome.spot.account.clone(),
            region: outcome.spot.region.clone(),
            verdict: outcome.verdict(),
            interrupted: outcome.is_interrupted(),
            duration_ms: report.map_or(0.0, |report| rounded(report.duration_ms)),
            left_behind: outcome.left_behind(),
            findings: report
                .map(|report| report.findings.iter().map(|finding| finding.code.to_string()).collect())
                .unwrap_or_default(),
            drills: report.map(|report| report.drills.iter().map(drill).collect()).unwrap_or_default(),
        }
    }
}

/// To the microsecond: the digits behind it are noise, and half of the line.
fn rounded(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}
