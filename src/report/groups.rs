//! The drills of a report by name: `--repeat` makes many of one, and a page that shows a hundred ladders shows none.

use super::{DrillReport, Report, Verdict};
use crate::scenario::Hop;

/// How many runs of one drill are shown in full, each with its ladder, messages and record.
const IN_FULL: usize = 3;

/// The hops whose arrival is what people wait for.
pub(super) const ENDS: [Hop; 3] = [Hop::Queue, Hop::Discord, Hop::Mail];

/// All runs of one drill.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The runs with their numbers, from 1 on.
    pub(super) runs: Vec<(usize, &'a DrillReport)>,
}

/// How long it took to an end of the chain, over all runs.
#[derive(Debug, PartialEq)]
pub(super) struct Times {
    pub(super) hop: Hop,
    /// In milliseconds, from the shortest to the longest.
    pub(super) sorted: Vec<f64>,
}

impl<'a> Group<'a> {
    /// The drills of a report by name, in the order in which they are first there.
    pub(super) fn all(report: &'a Report) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for drill in &report.drills {
            match groups.iter_mut().find(|group| group.first().name == drill.name) {
                Some(group) => group.runs.push((group.runs.len() + 1, drill)),
                None => groups.push(Self { runs: vec![(1, drill)] }),
            }
        }
        groups
    }

    /// The first run: what is the same of all of them is read there.
    pub(super) fn first(&self) -> &'a DrillReport {
        // A group is made with a run in it.
        self.runs[0].1
    }

    pub(super) fn is_repeated(&self) -> bool {
        self.runs.len() > 1
    }

    /// How many runs have this verdict.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.runs.iter().filter(|(_, drill)| drill.verdict == verdict).count()
    }

    /// The verdict on all runs together.
    pub(super) fn verdict(&self) -> Verdict {
        self.runs.iter().map(|(_, drill)| drill.verdict).max().unwrap_or(Verdict::Skipped)
    }

    /// The times to each end that some run reached.
    pub(super) fn times(&self) -> Vec<Times> {
        let of = |hop| {
            let reached = self.runs.iter().filter_map(|(_, drill)| drill.hop(hop));
            let reached = reached.filter(|hop| hop.status.is_reached());
            let mut sorted: Vec<f64> = reached.filter_map(|hop| hop.latency_ms).collect();
            sorted.sort_by(f64::total_cmp);
            Times { hop, sorted }
        };
        ENDS.into_iter().map(of).filter(|times| !times.sorted.is_empty()).collect()
    }

    /// The runs that are shown in full: all, where they are few. Of many, those that did not pass, each cause once before any
    /// twice, and then the slowest.
    pub(super) fn in_full(&self) -> Vec<(usize, &'a DrillReport)> {
        if self.runs.len() <= IN_FULL {
            return self.runs.clone();
        }
        let mut order: Vec<(usize, &DrillReport)> = self.runs.clone();
        let mut reasons: Vec<&Option<String>> = Vec::new();
        order.sort_by_cached_key(|(number, drill)| {
            let slowness = drill.hops.iter().filter_map(|hop| hop.latency_ms).fold(0.0, f64::max);
            let passed = drill.verdict == Verdict::Passed;
            let known = reasons.contains(&&drill.reason);
            reasons.push(&drill.reason);
            (passed, known && !passed, passed.then_some(std::cmp::Reverse((slowness * 1000.0) as u64)), *number)
        });
        order.truncate(IN_FULL);
        order.sort_unstable_by_key(|(number, _)| *number);
        order
    }
}

impl Times {
    /// Half of the runs took no longer.
    pub(super) fn median(&self) -> f64 {
        self.sorted[(self.sorted.len() - 1) / 2]
    }

    pub(super) fn slowest(&self) -> f64 {
        self.sorted[self.sorted.len() - 1]
    }
}

/// A length of time for people: in ms up to a second, then in s, then in minutes.
pub(super) fn length(ms: f64) -> String {
    match ms {
        ms if ms < 99.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 59_950.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{:.1} min", ms / 60_000.0),
    }
}
