use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::drift::Direction;
use super::entry::{DrillEntry, HISTORY_VERSION};
use super::file::{Unread, Why};
use super::*;
use crate::report::Verdict;
use crate::scenario::{Hop, TargetKind};
use crate::text::Lang;

/// A file of a test's own.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("alert-drill-history-{}-{number}.jsonl", std::process::id())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn start() -> Timestamp {
    "2026-11-02T00:00:00Z".parse().unwrap()
}

/// The run of that hour, whose alert came to the queue after `ms`.
fn run(hour: i64, verdict: Verdict, ms: f64) -> Entry {
    Entry {
        format_version: HISTORY_VERSION,
        time: start() + SignedDuration::from_hours(hour),
        run_id: Some(format!("run-{hour}")),
        scenario: "security-group-change".to_owned(),
        target: Some(TargetKind::Aws),
        account: Some("111122223333".to_owned()),
        region: "ap-northeast-2".to_owned(),
        verdict,
        interrupted: false,
        duration_ms: 90_000.0,
        left_behind: 0,
        findings: Vec::new(),
        drills: vec![DrillEntry {
            name: "open-inbound-port".to_owned(),
            verdict,
            required: true,
            latency_ms: BTreeMap::from([(Hop::Queue, ms)]),
        }],
    }
}

fn passes(values: impl IntoIterator<Item = f64>) -> Vec<Entry> {
    values.into_iter().zip(0..).map(|(ms, hour)| run(hour, Verdict::Passed, ms)).collect()
}

fn summed(entries: Vec<Entry>, by: Period) -> Summary {
    Summary::of(Path::new("history.jsonl"), entries, Vec::new(), None, by)
}

/// Latencies around 60 s, up to 9 s away, always the same ones.
fn noise() -> impl Iterator<Item = f64> {
    (0..).map(|i: u32| 60_000.0 + f64::from((i * 7919) % 19) * 1000.0 - 9000.0)
}

#[test]
fn what_was_appended_is_read_in_the_order_of_time() {
    let file = File::new();
    append(&file.0, &[run(5, Verdict::Failed, 2.0)]).unwrap();
    append(&file.0, &[run(1, Verdict::Passed, 1.0), run(2, Verdict::Error, 3.0)]).unwrap();
    let (entries, unread) = read(&file.0).unwrap();
    assert_eq!(entries, [run(1, Verdict::Passed, 1.0), run(2, Verdict::Error, 3.0), run(5, Verdict::Failed, 2.0)]);
    assert_eq!(unread, []);
}

#[test]
fn half_a_line_is_named_and_swallows_nothing() {
    let file = File::new();
    append(&file.0, &[run(0, Verdict::Passed, 1.0)]).unwrap();
    let whole = fs::read(&file.0).unwrap();
    let mut cut = fs::OpenOptions::new().append(true).open(&file.0).unwrap();
    cut.write_all(&whole[..whole.len() / 2]).unwrap();
    append(&file.0, &[run(1, Verdict::Passed, 1.0)]).unwrap();
    let newer = String::from_utf8(whole).unwrap().replace("\"format_version\":1", "\"format_version\":2");
    cut.write_all(newer.as_bytes()).unwrap();
    let (entries, unread) = read(&file.0).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(unread, [Unread { line: 2, why: Why::CutOff }, Unread { line: 4, why: Why::Newer }]);
}

#[test]
fn runs_that_end_together_lose_no_line() {
    let file = File::new();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let path = &file.0;
            scope.spawn(move || {
                for turn in 0..25 {
                    append(path, &[run(thread * 25 + turn, Verdict::Passed, 1.0)]).unwrap();
                }
            });
        }
    });
    let (entries, unread) = read(&file.0).unwrap();
    assert_eq!((entries.len(), unread.len()), (200, 0));
}

#[test]
fn a_run_without_a_verdict_says_nothing_about_the_pipeline() {
    let mut interrupted = run(4, Verdict::Failed, 1.0);
    interrupted.interrupted = true;
    let entries = vec![
        run(0, Verdict::Passed, 1.0),
        run(1, Verdict::Passed, 1.0),
        run(2, Verdict::Passed, 1.0),
        run(3, Verdict::Failed, 1.0),
        interrupted,
        run(5, Verdict::Error, 1.0),
        run(6, Verdict::Skipped, 1.0),
    ];
    let all = summed(entries, Period::Day).all;
    assert_eq!((all.runs, all.passed, all.failed, all.error, all.skipped, all.interrupted), (7, 3, 1, 1, 1, 1));
    assert_eq!(all.pass_rate, Some(0.75));
    assert_eq!(summed(vec![run(0, Verdict::Error, 1.0)], Period::Day).all.pass_rate, None);
}

#[test]
fn percentiles_are_values_that_were_measured() {
    let all = summed(passes((1..=200).rev().map(f64::from)), Period::Day).all;
    let [queue] = all.hops.as_slice() else { panic!("{:?}", all.hops) };
    assert_eq!((queue.count, queue.p50_ms, queue.p90_ms, queue.p99_ms), (200, 100.0, 180.0, 198.0));
    let one = summed(passes([7.0]), Period::Day).all.hops[0];
    assert_eq!((one.p50_ms, one.p99_ms), (7.0, 7.0));
}

#[test]
fn days_and_weeks_begin_where_they_do_in_utc() {
    // 2 November 2026 is a Monday.
    let entries =
        vec![run(-1, Verdict::Passed, 1.0), run(0, Verdict::Failed, 1.0), run(24 * 6 + 23, Verdict::Passed, 1.0)];
    let firsts = |by| -> Vec<String> {
        summed(entries.clone(), by)
            .periods
            .iter()
            .map(|period| format!("{} {}", period.from, period.slice.runs))
            .collect()
    };
    assert_eq!(firsts(Period::Day), ["2026-11-01 1", "2026-11-02 1", "2026-11-08 1"]);
    assert_eq!(firsts(Period::Week), ["2026-10-26 1", "2026-11-02 2"]);
}

#[test]
fn alerts_that_became_slower_are_flagged_with_both_medians() {
    let values = noise().take(40).chain(noise().take(10).map(|ms| ms + 60_000.0));
    let summary = summed(passes(values), Period::Day);
    let [drift] = summary.drift.found.as_slice() else { panic!("{:?}", summary.drift) };
    assert_eq!(
        (drift.drill.as_str(), drift.hop, drift.direction),
        ("open-inbound-port", Hop::Queue, Direction::Slower)
    );
    assert!(drift.recent_ms > 110_000.0 && drift.baseline_ms < 70_000.0, "{drift:?}");
    let shown = anstream::adapter::strip_str(&human(&summary, Lang::En)).to_string();
    assert!(
        shown.contains("slower open-inbound-port → queue (security-group-change 111122223333 ap-northeast-2)"),
        "{shown}"
    );
    let faster = noise().take(40).map(|ms| ms * 10.0).chain(noise().take(10));
    assert_eq!(summed(passes(faster), Period::Day).drift.found[0].direction, Direction::Faster);
}

#[test]
fn noise_and_a_few_slow_alerts_are_no_drift() {
    let steady = summed(passes(noise().take(200)), Period::Day).drift;
    assert_eq!((steady.judged, steady.found.len()), (1, 0));
    // Five of the last ten took ten times as long: the median has not moved with them.
    let outliers = noise().take(195).chain(std::iter::repeat_n(600_000.0, 5)).collect::<Vec<_>>();
    assert_eq!(summed(passes(outliers), Period::Day).drift.found, []);
    // Twice as slow, and nobody could notice.
    let tiny = std::iter::repeat_n(2.0, 30).chain(std::iter::repeat_n(4.0, 10));
    assert_eq!(summed(passes(tiny), Period::Day).drift.found, []);
}

#[test]
fn too_few_runs_are_never_judged() {
    let values = |before: usize| std::iter::repeat_n(1000.0, before).chain(std::iter::repeat_n(90_000.0, 10));
    let few = summed(passes(values(19)), Period::Day);
    assert_eq!((few.drift.judged, few.drift.too_few, few.drift.found.len()), (0, 1, 0));
    assert!(human(&few, Lang::En).contains("too few runs to tell (it takes 30 of a drill in one place)"));
    assert_eq!(summed(passes(values(20)), Period::Day).drift.found.len(), 1);
    // Another place is another series.
    let mut mixed = passes(values(20));
    for entry in mixed.iter_mut().skip(20) {
        entry.region = "us-east-1".to_owned();
    }
    assert_eq!(summed(mixed, Period::Day).drift.found, []);
}

#[test]
fn since_takes_lengths_of_time_and_days() {
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    for (text, wanted) in [
        ("7d", "2026-11-17T12:00:00Z"),
        ("12h", "2026-11-24T00:00:00Z"),
        ("4w", "2026-10-27T12:00:00Z"),
        ("2026-11-01", "2026-11-01T00:00:00Z"),
        ("2026-11-01T09:00:00+09:00", "2026-11-01T00:00:00Z"),
    ] {
        assert_eq!(text.parse::<Since>().unwrap().from(now), wanted.parse().unwrap(), "{text}");
    }
    for wrong in ["", "7", "-7d", "yesterday", "d"] {
        assert!(wrong.parse::<Since>().is_err(), "{wrong}");
    }
    let summary = Summary::of(
        Path::new("h"),
        passes([1.0, 2.0, 3.0]),
        Vec::new(),
        Some(start() + SignedDuration::from_hours(1)),
        Period::Day,
    );
    assert_eq!(summary.all.runs, 2);
}
