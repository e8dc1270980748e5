//! What the entries of a history say together.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

use super::drift::{self, Drifts};
use super::entry::{Entry, HISTORY_VERSION};
use super::file::Unread;
use crate::report::Verdict;
use crate::scenario::Hop;

/// What a row of the summary covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Period {
    /// A day, in UTC.
    #[default]
    Day,
    /// A week, from Monday, in UTC.
    Week,
}

/// A history in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// [`HISTORY_VERSION`].
    pub(crate) format_version: u32,
    /// The file.
    pub(crate) file: String,
    /// From when on entries count; `null` where all do.
    pub(crate) since: Option<Timestamp>,
    /// All runs together.
    #[serde(flatten)]
    pub(crate) all: Slice,
    /// What each of `periods` covers.
    pub(crate) by: Period,
    /// The runs by day or week, the oldest first; a day without a run is not there.
    pub(crate) periods: Vec<Dated>,
    /// Whether latencies have changed.
    pub(crate) drift: Drifts,
    /// The lines that are no entries.
    pub(crate) unread: Vec<Unread>,
}

/// The runs of a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Dated {
    /// The first day of the period.
    pub(crate) from: Date,
    /// Its runs.
    #[serde(flatten)]
    pub(crate) slice: Slice,
}

/// Some runs in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Slice {
    /// How many runs there are.
    pub(crate) runs: usize,
    /// How many of them passed.
    pub(crate) passed: usize,
    /// How many failed: the pipeline did not alert as it must.
    pub(crate) failed: usize,
    /// How many found nothing out.
    pub(crate) error: usize,
    /// How many had nothing to show on their target.
    pub(crate) skipped: usize,
    /// How many were interrupted; they are in none of the counts before.
    pub(crate) interrupted: usize,
    /// How many left something behind.
    pub(crate) left_behind: usize,
    /// Passed of those that passed or failed, from 0 to 1; `null` where none did. A run that found nothing out says nothing
    /// about the pipeline.
    pub(crate) pass_rate: Option<f64>,
    /// The latencies by hop, in the order of the ladder.
    pub(crate) hops: Vec<HopLatency>,
}

/// The latencies at a hop, of all drills together, in milliseconds since the EC2 call began. A percentile is a value that was
/// measured (nearest rank).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct HopLatency {
    /// Which.
    pub(crate) hop: Hop,
    /// How many there are.
    pub(crate) count: usize,
    /// Half of them took no longer.
    pub(crate) p50_ms: f64,
    /// Nine of ten took no longer.
    pub(crate) p90_ms: f64,
    /// 99 of a hundred took no longer.
    pub(crate) p99_ms: f64,
}

impl Summary {
    /// Sums up entries, which are in the order of their time.
    pub(crate) fn of(
        file: &Path,
        entries: Vec<Entry>,
        unread: Vec<Unread>,
        since: Option<Timestamp>,
        by: Period,
    ) -> Self {
        let entries: Vec<Entry> =
            entries.into_iter().filter(|entry| since.is_none_or(|since| entry.time >= since)).collect();
        let mut periods: BTreeMap<Date, Vec<&Entry>> = BTreeMap::new();
        for entry in &entries {
            periods.entry(by.first_day(entry.time)).or_default().push(entry);
        }
        Self {
            format_version: HISTORY_VERSION,
            file: file.display().to_string(),
            since,
            all: Slice::of(&entries.iter().collect::<Vec<_>>()),
            by,
            periods: periods.into_iter().map(|(from, runs)| Dated { from, slice: Slice::of(&runs) }).collect(),
            drift: drift::of(&entries),
            unread,
        }
    }
}

impl Period {
    /// The first day of the period that this time is in.
    fn first_day(self, time: Timestamp) -> Date {
        let day = time.to_zoned_datetime(TimeZone::UTC).date();
        match self {
            Self::Day => day,
            Self::Week => {
                let monday = i64::from(day.weekday().since(Weekday::Monday)).days();
                day.checked_sub(monday).unwrap_or(day)
            }
        }
    }
}

impl Slice {
    fn of(entries: &[&Entry]) -> Self {
        let ended = |verdict| entries.iter().filter(|entry| !entry.interrupted && entry.verdict == verdict).count();
        let (passed, failed) = (ended(Verdict::Passed), ended(Verdict::Failed));
        let mut latencies: BTreeMap<Hop, Vec<f64>> = BTreeMap::new();
        for (&hop, &ms) in entries.iter().flat_map(|entry| &entry.drills).flat_map(|drill| &drill.latency_ms) {
            latencies.entry(hop).or_default().push(ms);
        }
        Self {
            runs: entries.len(),
            passed,
            failed,
            error: ended(Verdict::Error),
            skipped: ended(Verdict::Skipped),
            interrupted: entries.iter().filter(|entry| entry.interrupted).count(),
            left_behind: entries.iter().filter(|entry| entry.left_behind > 0).count(),
            #[expect(clippy::cast_precision_loss, reason = "nobody makes 2^53 runs")]
            pass_rate: (passed + failed > 0).then(|| passed as f64 / (passed + failed) as f64),
            hops: latencies.into_iter().filter_map(|(hop, values)| HopLatency::of(hop, values)).collect(),
        }
    }
}

impl HopLatency {
    fn of(hop: Hop, values: Vec<f64>) -> Option<Self> {
        let values = sorted(values.into_iter());
        Some(Self {
            hop,
            count: values.len(),
            p50_ms: percentile(&values, 50)?,
            p90_ms: percentile(&values, 90)?,
            p99_ms: percentile(&values, 99)?,
        })
    }
}

/// Values from the smallest to the largest.
pub(super) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The nearest-rank percentile of sorted values: the smallest one that at least `percent` of a hundred do not exceed.
pub(super) fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}
