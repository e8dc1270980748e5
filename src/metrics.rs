//! The last result as metrics, in Prometheus's text format, for the textfile collector of node_exporter.
//!
//! The file is the last run and nothing else: Prometheus keeps what was before. It is replaced by a rename, so that nobody
//! reads half of it, and readable by everybody, because the collector is another user. Where a run failed to write it, its
//! `alert_drill_run_timestamp_seconds` stays behind, which is what to alert on for a schedule that does not run.
//!
//! Source: Prometheus, *Exposition formats* (text format 0.0.4) and *Metric and label naming* (base units, no unit in labels).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::outcome::Outcome;
use crate::report::Verdict;
use crate::scenario::{Hop, TargetKind};

/// Every verdict, each a value of the label `verdict`.
const VERDICTS: [Verdict; 4] = [Verdict::Passed, Verdict::Failed, Verdict::Error, Verdict::Skipped];

/// The metrics could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the metrics file {} could not be written: {reason}", file.display())]
pub(crate) struct MetricsError {
    file: PathBuf,
    reason: io::Error,
}

/// One family of metrics, and its samples: labels and value.
struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<(Vec<(&'static str, String)>, f64)>,
}

impl Family {
    fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, samples: Vec::new() }
    }

    fn sample(&mut self, labels: Vec<(&'static str, String)>, value: f64) {
        self.samples.push((labels, value));
    }
}

/// The results in the text format.
pub(crate) fn text(outcomes: &[Outcome]) -> String {
    let mut success = Family::new("alert_drill_run_success", "Whether every required drill of the last run passed.");
    let mut verdict = Family::new("alert_drill_run_verdict", "1 for the verdict on the last run, 0 for every other.");
    let mut timestamp = Family::new("alert_drill_run_timestamp_seconds", "When the last run began, in Unix time.");
    let mut duration =
        Family::new("alert_drill_run_duration_seconds", "How long the last run took, clean-up included.");
    let mut left = Family::new("alert_drill_run_left_behind", "How many resources the last run could not remove.");
    let mut drill_verdict = Family::new(
        "alert_drill_drill_verdict",
        "1 for the verdict on a drill (the worst, where it ran more than once).",
    );
    let mut latency = Family::new(
        "alert_drill_hop_latency_seconds",
        "How long after the EC2 call the event was seen at a hop (the longest, where the drill ran more than once).",
    );
    for outcome in outcomes {
        let place = labels(outcome);
        let with = |more: &[(&'static str, &str)]| {
            let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
            place.iter().cloned().chain(more).collect::<Vec<_>>()
        };
        let passed = outcome.verdict() == Verdict::Passed && !outcome.is_interrupted() && outcome.left_behind() == 0;
        success.sample(place.clone(), f64::from(u8::from(passed)));
        for one in VERDICTS {
            verdict.sample(with(&[("verdict", word(one))]), f64::from(u8::from(outcome.verdict() == one)));
        }
        timestamp.sample(place.clone(), outcome.started_at.as_duration().as_secs_f64());
        left.sample(place.clone(), f64::from(u32::try_from(outcome.left_behind()).unwrap_or(u32::MAX)));
        let Ok(report) = &outcome.ended else { continue };
        duration.sample(place.clone(), report.duration_ms / 1000.0);
        let mut drills: BTreeMap<&str, (Verdict, BTreeMap<Hop, f64>)> = BTreeMap::new();
        for drill in &report.drills {
            let (worst, longest) = drills.entry(&drill.name).or_insert((drill.verdict, BTreeMap::new()));
            *worst = (*worst).max(drill.verdict);
            for (hop, ms) in drill.hops.iter().filter_map(|hop| Some((hop.hop, hop.latency_ms?))) {
                let known = longest.entry(hop).or_insert(ms);
                *known = known.max(ms);
            }
        }
        for (name, (worst, longest)) in drills {
            for one in VERDICTS {
                let value = f64::from(u8::from(worst == one));
                drill_verdict.sample(with(&[("drill", name), ("verdict", word(one))]), value);
            }
            for (hop, ms) in longest {
                latency.sample(with(&[("drill", name), ("hop", hop.as_str())]), ms / 1000.0);
            }
        }
    }
    let mut out = String::new();
    for family in [success, verdict, timestamp, duration, left, drill_verdict, latency] {
        write_family(&mut out, &family);
    }
    out
}

/// What every sample of a place is told apart by. What is not known is empty, which to Prometheus is no label.
fn labels(outcome: &Outcome) -> Vec<(&'static str, String)> {
    vec![
        ("scenario", outcome.scenario.clone()),
        ("target", outcome.spot.target.map(|target: TargetKind| target.to_string()).unwrap_or_default()),
        ("account", outcome.spot.account.clone().unwrap_or_default()),
        ("region", outcome.spot.region.clone()),
    ]
}

fn write_family(out: &mut String, family: &Family) {
    if family.samples.is_empty() {
        return;
    }
    let Family { name, help, samples } = family;
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (labels, value) in samples {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let _ = writeln!(out, "{name}{{{}}} {value}", labels.join(","));
    }
}

/// A label's value, as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A verdict, as JSON has it.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Skipped => "skipped",
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Error => "error",
    }
}

/// Finds out whether a file can be put there, before anything is touched.
pub(crate) fn check(path: &Path) -> Result<(), MetricsError> {
    let temporary = beside(path);
    let tried = File::create(&temporary).and_then(|_| fs::remove_file(&temporary));
    tried.map_err(|reason| MetricsError { file: path.to_owned(), reason })
}

/// Puts the results into the file.
pub(crate) fn write(path: &Path, outcomes: &[Outcome]) -> Result<(), MetricsError> {
    let temporary = beside(path);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(text(outcomes).as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|reason| {
        // What could not be written need not be there.
        let _ = fs::remove_file(&temporary);
        MetricsError { file: path.to_owned(), reason }
    })
}

/// A file in the same folder that the collector does not take for metrics: its name does not end with `.prom`.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::RunError;
    use crate::outcome::Spot;

    #[test]
    fn a_run_that_could_not_begin_is_no_success_and_labels_are_escaped() {
        let spot = Spot { target: None, account: None, region: "a\"b\\c\nd".to_owned() };
        let started = "2026-11-24T00:00:00.5Z".parse().unwrap();
        let text = text(&[Outcome::of("s", spot, started, Err(RunError::NothingSelected))]);
        let place = r#"scenario="s",target="",account="",region="a\"b\\c\nd""#;
        assert!(text.contains(&format!("alert_drill_run_success{{{place}}} 0\n")), "{text}");
        assert!(text.contains(&format!("alert_drill_run_verdict{{{place},verdict=\"error\"}} 1\n")), "{text}");
        assert!(text.contains(&format!("alert_drill_run_timestamp_seconds{{{place}}} 1795478400.5\n")), "{text}");
        assert!(!text.contains("alert_drill_hop_latency_seconds"), "{text}");
    }
}
