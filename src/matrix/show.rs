//! The report on several places, as a person reads it: a row for each, and the ladders of those that did not pass.

use std::fmt::Write as _;

use super::{MatrixReport, PlaceReport};
use crate::report::style::{BOLD, DIM, mark};
use crate::report::{DrillReport, Verdict, terminal};
use crate::scenario::Hop;
use crate::text::Lang;

/// The report with colour. A stream that is no terminal strips it.
pub(crate) fn human(report: &MatrixReport<'_>, lang: Lang) -> String {
    let mut out = String::new();
    let width = report.places.iter().map(|place| place.region.len()).max().unwrap_or_default();
    for place in &report.places {
        let account = place.account.unwrap_or("?");
        let row =
            format!("{} {account:<12} {:width$}  {DIM}{}{DIM:#}", mark(place.verdict), place.region, said(place, lang));
        let _ = writeln!(out, "{row}");
    }
    out.push('\n');
    for place in report.places.iter().filter(|place| is_worth_showing(place)) {
        let Some(report) = place.report else { continue };
        let _ = writeln!(out, "{BOLD}{} {}{BOLD:#}", place.account.unwrap_or("?"), place.region);
        let _ = writeln!(out, "{}", terminal::coloured(report, lang));
    }
    let MatrixReport { passed, failed, error, skipped, .. } = report;
    let mut parts = vec![lang.choose(
        format!("{} places: {passed} passed, {failed} failed, {error} without a verdict", report.places.len()),
        format!("{}곳: 성공 {passed}, 실패 {failed}, 판정 불가 {error}", report.places.len()),
    )];
    if *skipped > 0 {
        parts.push(lang.choose(format!("{skipped} skipped"), format!("건너뜀 {skipped}")));
    }
    let _ = writeln!(out, "{} {} {DIM}· {:.0} ms{DIM:#}", mark(report.verdict), parts.join(", "), report.duration_ms);
    out
}

/// A pass with nothing left behind has said everything in its row.
fn is_worth_showing(place: &PlaceReport<'_>) -> bool {
    place.verdict != Verdict::Passed || place.report.is_some_and(|report| !report.cleanup.left_behind.is_empty())
}

/// What a place's row says.
fn said(place: &PlaceReport<'_>, lang: Lang) -> String {
    let Some(report) = place.report else { return place.reason.clone().unwrap_or_default() };
    let of = |verdict| report.drills.iter().find(|drill| drill.required && drill.verdict == verdict);
    let why = |drill: &DrillReport| format!("{}: {}", drill.name, drill.reason.as_deref().unwrap_or_default());
    match place.verdict {
        Verdict::Passed => {
            let passed = report.drills.iter().filter(|drill| drill.verdict == Verdict::Passed).count();
            let slowest = report.drills.iter().filter_map(last_alert).max_by(f64::total_cmp);
            let slowest =
                slowest.map(|ms| lang.choose(format!(", alerts within {ms:.0} ms"), format!(", 알림 {ms:.0} ms 이내")));
            let passed = lang.choose(format!("{passed} passed"), format!("성공 {passed}"));
            format!("{passed}{}", slowest.unwrap_or_default())
        }
        verdict => match of(verdict) {
            Some(drill) => why(drill),
            // Nothing was drilled: the finding says why.
            None => report
                .findings
                .first()
                .map(|finding| format!("{} {}", finding.code, finding.message))
                .unwrap_or_default(),
        },
    }
}

/// When the last of a drill's alerts was there.
fn last_alert(drill: &DrillReport) -> Option<f64> {
    [Hop::Queue, Hop::Discord].into_iter().filter_map(|hop| drill.hop(hop)?.latency_ms).max_by(f64::total_cmp)
}
