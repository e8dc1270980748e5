//! The report as one page for a browser. It has no script, loads nothing, and its policy says so to the browser.
//!
//! ```text
//! Report ─► views (what stands where, in words) ─► templates/report/*.html ─► one file
//! ```
//! The templates escape every text; what they take as HTML is made by [`message`] alone, which escapes as well.

mod message;
mod timeline;
mod view;

use askama::Template;

use self::view::{ChangeView, FindingView, GroupView, HopView, TrialView};
use super::words::Words;
use super::{NoRun, Report, words};
use crate::text::{Lang, kst};

/// How every page looks.
const STYLE: &str = include_str!("../../templates/report/style.css");

/// The page.
#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    lang: Lang,
    w: Words,
    style: &'static str,
    scenario: &'a str,
    report: &'a Report,
    class: &'static str,
    sign: &'static str,
    headline: &'static str,
    tally: String,
    began: String,
    took: String,
    clock: Option<String>,
    lacks: Vec<&'static str>,
    watched: Option<&'static str>,
    findings: Vec<FindingView<'a>>,
    hops: Vec<HopView<'a>>,
    changes: Vec<ChangeView<'a>>,
    /// How many of the changes that have to raise an alert do, and how many do not.
    rings: usize,
    misses: usize,
    trials: Vec<TrialView<'a>>,
    groups: Vec<GroupView<'a>>,
    /// Whether there is more than one drill to give an overview of.
    has_overview: bool,
}

/// The report as a page.
pub(super) fn page(report: &Report, lang: Lang) -> String {
    let groups: Vec<GroupView<'_>> = super::groups::Group::all(report)
        .iter()
        .enumerate()
        .map(|(number, group)| GroupView::of(group, number + 1, report, lang))
        .collect();
    let inspection = report.inspection.as_ref();
    let must = || inspection.iter().flat_map(|inspection| &inspection.changes).filter(|change| change.must_alert);
    let page = Page {
        lang,
        w: Words::of(lang),
        style: STYLE,
        scenario: &report.scenario,
        report,
        class: view::class(report.verdict),
        sign: words::sign(report.verdict),
        headline: words::headline(report, lang),
        tally: words::tally(report, lang),
        began: kst(report.started_at),
        took: took(report, lang),
        clock: report.target.clock.map(|clock| words::clock(clock, lang)),
        lacks: words::lacks(report.target.capabilities, lang),
        watched: words::watched(report, lang),
        findings: report.findings.iter().enumerate().map(|(at, one)| FindingView::of(one, at, lang)).collect(),
        hops: inspection.map(|inspection| HopView::all(inspection, lang)).unwrap_or_default(),
        rings: must().filter(|change| change.alerted).count(),
        misses: must().filter(|change| !change.alerted).count(),
        changes: inspection.map(ChangeView::all).unwrap_or_default(),
        trials: inspection.map(TrialView::all).unwrap_or_default(),
        has_overview: report.drills.len() > 1,
        groups,
    };
    // Writing into a string does not fail, and neither does any text of the page.
    page.render().unwrap_or_else(|error| error.to_string())
}

/// The page of no run.
#[derive(Template)]
#[template(path = "report/no_run.html")]
struct NoRunPage<'a> {
    lang: Lang,
    w: Words,
    style: &'static str,
    scenario: &'a str,
    class: &'static str,
    sign: &'static str,
    headline: &'static str,
    began: String,
    no_run: &'a NoRun,
}

/// Why there was no run, as a page.
pub(super) fn no_run(no_run: &NoRun, lang: Lang) -> String {
    let page = NoRunPage {
        lang,
        w: Words::of(lang),
        style: STYLE,
        scenario: &no_run.scenario,
        class: view::class(no_run.verdict),
        sign: words::sign(no_run.verdict),
        headline: words::no_run(no_run, lang),
        began: kst(no_run.started_at),
        no_run,
    };
    page.render().unwrap_or_else(|error| error.to_string())
}

fn took(report: &Report, lang: Lang) -> String {
    let took = super::groups::length(report.duration_ms);
    match report.harness_ms {
        Some(own) => format!("{took} ({} {})", super::groups::length(own), Words::of(lang).harness),
        None => took,
    }
}
