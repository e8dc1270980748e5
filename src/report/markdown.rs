//! The report in GitHub's Markdown, for a job's summary or a comment.
//!
//! Whatever people, functions and AWS said stands in a fenced block that it cannot leave, or is escaped. Where the document
//! would be longer than a comment may be, records and messages are left out, and it says so.

mod text;

use std::fmt::Write as _;

use self::text::{cell, cell_code, code, fenced, inline};
use super::groups::{ENDS, Group, length};
use super::words::Words;
use super::{Cleanup, DrillReport, Inspection, NoRun, Report, Verdict, discord, terminal, words};
use crate::diagnosis::Finding;
use crate::text::{Lang, kst};

/// The longest document, in characters. GitHub takes 65536 in a comment; a job's summary may have a mebibyte.
const LONGEST: usize = 60_000;

/// How much of each drill is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// Verdicts and findings.
    Findings,
    /// Ladders too.
    Ladders,
    /// Messages, mails and records too.
    All,
}

/// The report as a document.
pub(super) fn document(report: &Report, lang: Lang) -> String {
    let all = written(report, Detail::All, lang);
    let fits = |text: &String| text.chars().count() <= LONGEST;
    if fits(&all) {
        return all;
    }
    let shorter = written(report, Detail::Ladders, lang);
    if fits(&shorter) { shorter } else { written(report, Detail::Findings, lang) }
}

/// The document of no run.
pub(super) fn no_run(no_run: &NoRun, lang: Lang) -> String {
    let (sign, headline) = (words::sign(no_run.verdict), words::no_run(no_run, lang));
    let facts = [code(&no_run.scenario), inline(&no_run.place), kst(no_run.started_at)].join(" · ");
    format!("## {sign} alert-drill: {headline}\n\n{facts}\n\n{}\n", inline(&no_run.reason))
}

fn written(report: &Report, detail: Detail, lang: Lang) -> String {
    let mut out = String::new();
    heading(&mut out, report, lang);
    let groups = Group::all(report);
    overview(&mut out, &groups, lang);
    for finding in &report.findings {
        one_finding(&mut out, finding, lang);
    }
    if let Some(inspection) = &report.inspection {
        inspected(&mut out, inspection, lang);
    }
    if detail > Detail::Findings {
        for group in &groups {
            drills(&mut out, group, detail, lang);
        }
    }
    if detail < Detail::All {
        let text = lang.choose(
            "Not everything has room here: the HTML and the JSON report have it all.",
            "여기에 다 담지 못했습니다. 전체는 HTML과 JSON 보고서에 있습니다.",
        );
        let _ = writeln!(out, "{text}\n");
    }
    cleanup(&mut out, &report.cleanup, lang);
    // One line break at the end, as a text file has it.
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn heading(out: &mut String, report: &Report, lang: Lang) {
    let target = &report.target;
    let _ = writeln!(out, "## {} alert-drill: {}\n", words::sign(report.verdict), words::headline(report, lang));
    let place = format!("{} ({}, {})", target.kind, target.account, target.region);
    let facts = [
        code(&report.scenario),
        inline(&place),
        words::tally(report, lang),
        length(report.duration_ms),
        kst(report.started_at),
    ];
    let _ = writeln!(out, "{}\n", facts.join(" · "));
    if report.interrupted {
        let _ = writeln!(out, "{}\n", Words::of(lang).interrupted);
    }
    if let Some(clock) = target.clock {
        let _ = writeln!(out, "{}\n", words::clock(clock, lang));
    }
    let lacks = words::lacks(target.capabilities, lang);
    if !lacks.is_empty() {
        let _ = writeln!(out, "{}: {}\n", inline(&target.product), lacks.join(" · "));
    }
    if let Some(watched) = words::watched(report, lang) {
        let _ = writeln!(out, "{watched}\n");
    }
}

fn overview(out: &mut String, groups: &[Group<'_>], lang: Lang) {
    if groups.is_empty() {
        return;
    }
    let w = Words::of(lang);
    let _ = writeln!(out, "| | {} | {} | queue | discord | mail | {} |", w.drill, w.verdict, w.why);
    let _ = writeln!(out, "|---|---|---|--:|--:|--:|---|");
    for group in groups {
        let drill = group.first();
        let times = group.times();
        let time = |hop| times.iter().find(|times| times.hop == hop).map(|times| length(times.median()));
        let [queue, discord, mail] = ENDS.map(|hop| time(hop).unwrap_or_default());
        let reason = group.runs.iter().find_map(|(_, drill)| drill.reason.as_deref()).unwrap_or_default();
        let advisory = if drill.required { String::new() } else { format!(" ({})", w.advisory) };
        let _ = writeln!(
            out,
            "| {} | {}<br>{} | {}{advisory} | {queue} | {discord} | {mail} | {} |",
            words::sign(group.verdict()),
            cell_code(&drill.name),
            cell(&drill.title),
            words::runs(group, lang),
            cell(reason.lines().next().unwrap_or_default())
        );
    }
    out.push('\n');
}

fn one_finding(out: &mut String, finding: &Finding, lang: Lang) {
    let w = Words::of(lang);
    let severity = words::severity(finding.severity, lang);
    let _ = writeln!(out, "### {} · {} ({severity})\n", code(&finding.code.to_string()), finding.hop);
    let _ = writeln!(out, "{}\n", inline(&finding.message));
    match words::is_command(&finding.remedy) {
        true => {
            let _ = writeln!(out, "**{}**\n\n{}", w.remedy, fenced(&finding.remedy, "sh"));
        }
        false => {
            let _ = writeln!(out, "**{}**: {}\n", w.remedy, inline(&finding.remedy));
        }
    }
    if let Some(console) = &finding.console {
        let _ = writeln!(out, "**{}**: {}\n", w.console, inline(console));
    }
    if !finding.evidence.is_empty() {
        folded(out, w.evidence, false, &fenced(&finding.evidence.join("\n"), "text"));
    }
    if let Some(terraform) = &finding.terraform {
        folded(out, "Terraform", false, &fenced(terraform, "hcl"));
    }
}

/// A part that is opened by whoever wants it.
fn folded(out: &mut String, summary: &str, is_open: bool, inside: &str) {
    let open = if is_open { " open" } else { "" };
    // Without the empty lines, GitHub takes what is inside for HTML.
    let _ = writeln!(out, "<details{open}><summary>{summary}</summary>\n\n{inside}\n</details>\n");
}

fn inspected(out: &mut String, inspection: &Inspection, lang: Lang) {
    let w = Words::of(lang);
    let _ = writeln!(out, "### {}\n", w.pipeline);
    let _ = writeln!(out, "| {} | {} | |\n|---|---|---|", w.hop, w.verdict);
    for hop in &inspection.hops {
        let unknown = hop.unknown.iter().map(|one| format!("? {}: {}", one.code, one.reason));
        let seen: Vec<String> = hop.seen.iter().cloned().chain(unknown).map(|line| cell(&line)).collect();
        let standing = words::standing(hop.standing, lang);
        let _ = writeln!(out, "| {} | {standing} | {} |", hop.hop, seen.join("<br>"));
    }
    out.push('\n');
    if inspection.changes.iter().any(|change| change.must_alert && !change.alerted) {
        let _ = writeln!(out, "**{}**\n\n| {} | {} | {} |\n|---|---|---|", w.changes, w.event, w.change, w.alert);
        for change in &inspection.changes {
            let alert = match (change.alerted, change.must_alert) {
                (true, _) => w.rings,
                (false, true) => w.silent,
                (false, false) => w.harmless,
            };
            let _ = writeln!(out, "| {} | {} | {alert} |", cell_code(&change.event_name), cell(&change.what));
        }
        out.push('\n');
    }
    for trial in inspection.trials.iter().filter(|trial| !trial.problems.is_empty()) {
        let mut inside = fenced(&trial.problems.join("\n"), "text");
        for message in &trial.messages {
            let _ = write!(inside, "\n{}\n\n{}", w.discord, fenced(message, "text"));
        }
        folded(out, &format!("{}: {}", w.trials, text::html(&trial.shape)), false, &inside);
    }
}

fn drills(out: &mut String, group: &Group<'_>, detail: Detail, lang: Lang) {
    let in_full = group.in_full();
    for (number, drill) in &in_full {
        let run = if group.is_repeated() { format!(" #{number}") } else { String::new() };
        let verdict = words::verdict(drill.verdict, lang);
        let summary = format!("{} {}{run}: {verdict}", words::sign(drill.verdict), text::html(&drill.name));
        let is_open = drill.verdict == Verdict::Failed && drill.required;
        folded(out, &summary, is_open, &one_drill(drill, detail, lang));
    }
    if in_full.len() < group.runs.len() {
        let _ = writeln!(out, "{}\n", words::left_out(in_full.len(), group.runs.len(), lang));
    }
}

fn one_drill(drill: &DrillReport, detail: Detail, lang: Lang) -> String {
    let w = Words::of(lang);
    let mut out = format!("{}: {}\n\n", w.expected, words::expected(&drill.expected, lang));
    out.push_str(&fenced(&terminal::plain_ladder(drill, lang), "text"));
    if detail < Detail::All {
        return out;
    }
    for alert in &drill.alerts.discord {
        let _ = write!(out, "\n{}\n\n{}", w.discord, fenced(&discord::plain(&alert.message), "text"));
    }
    for mail in &drill.alerts.mail {
        let head = format!("{}: {}\n{}: {}\n\n", w.to, mail.to, w.subject, mail.subject);
        let _ = write!(out, "\n{}\n\n{}", w.mail, fenced(&format!("{head}{}", mail.body), "text"));
    }
    if let Some(record) = &drill.record {
        let record = serde_json::to_string_pretty(record).unwrap_or_default();
        let _ = write!(out, "\n{}\n\n{}", w.record, fenced(&record, "json"));
    }
    out
}

fn cleanup(out: &mut String, cleanup: &Cleanup, lang: Lang) {
    let w = Words::of(lang);
    if cleanup.kept {
        let _ = writeln!(out, "{}\n", inline(w.kept));
    }
    for (headline, list) in [(w.left, &cleanup.left_behind), (w.dead, &cleanup.dead)] {
        if !list.is_empty() {
            let _ = writeln!(out, "**{headline}**\n");
            for left in list {
                let _ = writeln!(out, "- {} {}: {}", left.kind, code(&left.id), inline(&left.reason));
            }
            out.push('\n');
        }
    }
}
