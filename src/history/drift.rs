//! Drift: whether alerts have become slower, or faster, than they used to be.
//!
//! Each drill in each place has a latency at each hop. Of such a series, in the order of time, the **recent** values are the last
//! [`RECENT`], and the **baseline** those before them, [`BASELINE`] at the most. It has drifted if the median of the recent
//! ones differs from the median of the baseline by more than each of:
//!
//! - three standard deviations of the baseline, estimated as 1.4826 × the median absolute deviation (which is the standard
//!   deviation of normal noise, and does not move with an outlier);
//! - a quarter of the baseline's median, so that a very steady pipeline raises no flag for what nobody would call slower;
//! - [`LEAST_MS`], below which no person is waiting.
//!
//! With normal noise the median of ten values varies by 0.4 standard deviations, so three are not crossed by chance. One slow
//! alert among ten changes nothing: six must have moved. Below [`RECENT`] + [`BASELINE_LEAST`] values nothing is said.

use std::collections::BTreeMap;

use serde::Serialize;

use super::entry::Entry;
use super::summary::{percentile, sorted};
use crate::scenario::{Hop, TargetKind};

/// How many values are recent.
pub(crate) const RECENT: usize = 10;

/// The fewest values that make a baseline.
pub(crate) const BASELINE_LEAST: usize = 20;

/// The most values of a baseline: a change that was accepted long ago becomes what is usual.
const BASELINE: usize = 200;

/// The smallest difference that is a drift, in milliseconds.
const LEAST_MS: f64 = 10.0;

/// What makes a standard deviation of a median absolute deviation, where the noise is normal.
const MAD_TO_SIGMA: f64 = 1.4826;

/// A series whose recent values are not what they used to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Drift {
    /// The scenario.
    pub(crate) scenario: String,
    /// The target.
    pub(crate) target: Option<TargetKind>,
    /// The account.
    pub(crate) account: Option<String>,
    /// The Region.
    pub(crate) region: String,
    /// The drill.
    pub(crate) drill: String,
    /// The hop.
    pub(crate) hop: Hop,
    /// Slower or faster.
    pub(crate) direction: Direction,
    /// The median of the recent values, in milliseconds.
    pub(crate) recent_ms: f64,
    /// How many they are.
    pub(crate) recent: usize,
    /// The median of the baseline, in milliseconds.
    pub(crate) baseline_ms: f64,
    /// How many values it has.
    pub(crate) baseline: usize,
    /// By how much the medians had to differ, in milliseconds.
    pub(crate) threshold_ms: f64,
}

/// Which way it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// Alerts take longer.
    Slower,
    /// They take less time.
    Faster,
}

/// What is said of all series.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Drifts {
    /// How many series have enough values.
    pub(crate) judged: usize,
    /// How many have too few.
    pub(crate) too_few: usize,
    /// Those that have drifted.
    pub(crate) found: Vec<Drift>,
}

/// Judges every series of these entries, which are in the order of their time.
pub(super) fn of(entries: &[Entry]) -> Drifts {
    type Key<'a> = (&'a str, Option<TargetKind>, Option<&'a str>, &'a str, &'a str, Hop);
    let mut series: BTreeMap<Key<'_>, Vec<f64>> = BTreeMap::new();
    for entry in entries {
        for drill in &entry.drills {
            for (&hop, &ms) in &drill.latency_ms {
                let place = (entry.scenario.as_str(), entry.target, entry.account.as_deref(), entry.region.as_str());
                series.entry((place.0, place.1, place.2, place.3, drill.name.as_str(), hop)).or_default().push(ms);
            }
        }
    }
    let mut drifts = Drifts::default();
    for ((scenario, target, account, region, drill, hop), values) in series {
        let Some(compared) = compare(&values) else {
            drifts.too_few += 1;
            continue;
        };
        drifts.judged += 1;
        if let Some(direction) = compared.direction() {
            drifts.found.push(Drift {
                scenario: scenario.to_owned(),
                target,
                account: account.map(str::to_owned),
                region: region.to_owned(),
                drill: drill.to_owned(),
                hop,
                direction,
                recent_ms: compared.recent_ms,
                recent: RECENT,
                baseline_ms: compared.baseline_ms,
                baseline: compared.baseline,
                threshold_ms: compared.threshold_ms,
            });
        }
    }
    drifts
}

/// Recent values beside their baseline.
struct Compared {
    recent_ms: f64,
    baseline_ms: f64,
    baseline: usize,
    threshold_ms: f64,
}

impl Compared {
    fn direction(&self) -> Option<Direction> {
        let change = self.recent_ms - self.baseline_ms;
        (change.abs() > self.threshold_ms).then_some(if change > 0.0 { Direction::Slower } else { Direction::Faster })
    }
}

/// None where there are too few values.
fn compare(values: &[f64]) -> Option<Compared> {
    let before = values.len().checked_sub(RECENT).filter(|&before| before >= BASELINE_LEAST)?;
    let (baseline, recent) = values.split_at(before);
    let baseline = &baseline[before.saturating_sub(BASELINE)..];
    let (baseline_ms, recent_ms) = (median(baseline), median(recent));
    let deviations: Vec<f64> = baseline.iter().map(|value| (value - baseline_ms).abs()).collect();
    let threshold_ms = (3.0 * MAD_TO_SIGMA * median(&deviations)).max(baseline_ms / 4.0).max(LEAST_MS);
    Some(Compared { recent_ms, baseline_ms, baseline: baseline.len(), threshold_ms })
}

fn median(values: &[f64]) -> f64 {
    percentile(&sorted(values.iter().copied()), 50).unwrap_or_default()
}
