//! The ladder, as a person reads it at a glance.

use std::fmt::Write as _;

use super::style::{BAD, BOLD, DIM, GOOD, ODD, mark};
use super::{
    ChangeInspection, DrillReport, Expected, HopInspection, HopReport, HopStatus, Inspection, Report, Standing,
    TargetReport, Verdict, words,
};
use crate::diagnosis::{Finding, Severity};
use crate::redaction;
use crate::scenario::Hop;
use crate::text::Lang;

/// The report with colour, without anything secret. A stream that is no terminal strips the colour.
pub fn coloured(report: &Report, lang: Lang) -> String {
    let mut out = String::new();
    target(&mut out, &report.target, lang);
    if let Some(watched) = words::watched(report, lang) {
        let _ = writeln!(out, "{DIM}{watched}{DIM:#}\n");
    }
    if let Some(inspection) = &report.inspection {
        inspected(&mut out, inspection, lang);
    }
    for drill in &report.drills {
        ladder(&mut out, drill, lang);
    }
    for finding in &report.findings {
        one_finding(&mut out, finding, lang);
    }
    closing(&mut out, report, lang);
    redaction::without_tokens(&out).into_owned()
}

/// The report without colour, in English.
pub fn plain(report: &Report) -> String {
    anstream::adapter::strip_str(&coloured(report, Lang::En)).to_string()
}

/// The ladder of a drill, without colour.
pub(super) fn plain_ladder(drill: &DrillReport, lang: Lang) -> String {
    let mut out = String::new();
    ladder(&mut out, drill, lang);
    anstream::adapter::strip_str(&out).to_string()
}

/// A finding, without colour.
pub(super) fn plain_finding(finding: &Finding, lang: Lang) -> String {
    let mut out = String::new();
    one_finding(&mut out, finding, lang);
    anstream::adapter::strip_str(&out).to_string()
}

/// Where it ran and what that cannot show; nothing for the lab, which can show everything.
fn target(out: &mut String, target: &TargetReport, lang: Lang) {
    if let Some(clock) = target.clock {
        let style = if clock.is_refused() { BAD } else { ODD };
        let _ = writeln!(out, "{style}{}{style:#}\n", words::clock(clock, lang));
    }
    let lacks = words::lacks(target.capabilities, lang);
    if !lacks.is_empty() {
        let place = target.endpoint_url.as_deref().unwrap_or_default();
        let _ = writeln!(out, "{BOLD}{}{BOLD:#} {DIM}{place}: {}{DIM:#}\n", target.product, lacks.join(" · "));
    }
}

fn ladder(out: &mut String, drill: &DrillReport, lang: Lang) {
    let _ = writeln!(out, "{} {BOLD}{}{BOLD:#}  {}", mark(drill.verdict), drill.name, drill.title);
    // A silence has no ladder to climb, unless something climbed it.
    let silent = matches!(drill.expected, Expected::Silence { .. }) && drill.verdict == Verdict::Passed;
    if silent {
        let Expected::Silence { for_ms } = drill.expected else { return };
        let text = lang.choose(
            format!("silent for {}, as it must be", wait(for_ms)),
            format!("{} 동안 알림 없음 (정상)", wait(for_ms)),
        );
        let _ = writeln!(out, "    {DIM}{text}{DIM:#}\n");
        return;
    }
    for hop in &drill.hops {
        rung(out, hop);
    }
    if let Some(reason) = &drill.reason {
        let label = match (drill.verdict, drill.required) {
            (Verdict::Error, _) => lang.choose("no verdict", "판정 불가"),
            (Verdict::Passed, _) => lang.choose("not seen", "확인하지 못함"),
            (Verdict::Skipped, _) => lang.choose("skipped", "건너뜀"),
            (_, false) => lang.choose("advisory", "권고"),
            (_, true) => lang.choose("why", "원인"),
        };
        let _ = writeln!(out, "    {BOLD}{label}:{BOLD:#} {reason}");
    }
    duplicates(out, drill, lang);
    out.push('\n');
}

/// The branches behind the topic: the queue; the function and its channel; the mail.
fn branch(hop: Hop) -> &'static str {
    match hop {
        Hop::Api | Hop::Trail | Hop::Bus | Hop::Rule | Hop::Topic => "",
        Hop::Queue | Hop::Function => "├ ",
        Hop::Discord => "│ └ ",
        Hop::Mail => "└ ",
    }
}

fn rung(out: &mut String, hop: &HopReport) {
    let branch = branch(hop.hop);
    let (style, sign) = match hop.status {
        HopStatus::Reached => (GOOD, "✓"),
        HopStatus::Synthesised => (ODD, "≈"),
        HopStatus::Broken => (BAD, "✗"),
        HopStatus::NotReached => (DIM, "·"),
        HopStatus::Unknown => (ODD, "?"),
    };
    let name = format!("{branch}{sign} {}", hop.hop);
    let latency = hop.latency_ms.map(|ms| format!("{ms:.1} ms")).unwrap_or_default();
    let evidence = short(hop.evidence.as_deref().unwrap_or_default());
    let padding = 16usize.saturating_sub(name.chars().count());
    let mut line = format!("    {style}{name}{style:#}");
    // A column that is empty to the line's end is left out: colour codes would hide its spaces from `trim_end`.
    if !(latency.is_empty() && evidence.is_empty()) {
        let _ = write!(line, "{:padding$}{latency:>12}", "");
    }
    if !evidence.is_empty() {
        let _ = write!(line, "  {DIM}{evidence}{DIM:#}");
    }
    let _ = writeln!(out, "{line}");
}

/// An ARN without what every ARN of the run begins with.
pub(super) fn short(evidence: &str) -> &str {
    match evidence.strip_prefix("arn:").map(|rest| rest.splitn(5, ':').nth(4)) {
        Some(Some(resource)) => resource,
        _ => evidence,
    }
}

/// The ladder of a pipeline as it stands.
fn inspected(out: &mut String, inspection: &Inspection, lang: Lang) {
    for inspected in &inspection.hops {
        let HopInspection { hop, standing, seen, unknown } = inspected;
        let (style, sign) = match standing {
            Standing::Right if seen.is_empty() => (DIM, "·"),
            Standing::Right => (GOOD, "✓"),
            Standing::Unknown => (ODD, "?"),
            Standing::Warned => (ODD, "!"),
            Standing::Wrong => (BAD, "✗"),
        };
        let name = format!("{}{sign} {hop}", branch(*hop));
        let padding = 16usize.saturating_sub(name.chars().count());
        let mut lines = seen.iter().cloned().chain(unknown.iter().map(|one| format!("{}? {}", one.code, one.reason)));
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(out, "{}", format!("{style}{name}{style:#}{:padding$}{DIM}{first}{DIM:#}", "").trim_end());
        for line in lines {
            let _ = writeln!(out, "{:16}{DIM}{line}{DIM:#}", "");
        }
    }
    out.push('\n');
    changes(out, &inspection.changes, lang);
}

/// Which changes of a group the rule would raise an alert for; only where there is one that it would not.
fn changes(out: &mut String, changes: &[ChangeInspection], lang: Lang) {
    if changes.iter().all(|change| change.alerted || !change.must_alert) {
        return;
    }
    let _ = writeln!(out, "{BOLD}{}{BOLD:#}", lang.choose("what raises an alert", "알림이 오는 변경"));
    let width = changes.iter().map(|change| change.event_name.chars().count()).max().unwrap_or_default();
    for change in changes {
        let (style, sign) = match (change.alerted, change.must_alert) {
            (true, _) => (GOOD, "✓"),
            (false, true) => (BAD, "✗"),
            (false, false) => (DIM, "·"),
        };
        let _ = writeln!(out, "    {style}{sign} {:width$}{style:#}  {DIM}{}{DIM:#}", change.event_name, change.what);
    }
    out.push('\n');
}

fn duplicates(out: &mut String, drill: &DrillReport, lang: Lang) {
    for (place, count) in [("queue", drill.alerts.queue.len()), ("discord", drill.alerts.discord.len())] {
        if count > 1 && matches!(drill.expected, Expected::Alert { .. }) {
            let text = lang.choose(
                format!("{place}: {count} alerts of one event"),
                format!("{place}: 한 이벤트에 알림 {count}개"),
            );
            let _ = writeln!(out, "    {ODD}{text}{ODD:#}");
        }
    }
}

fn one_finding(out: &mut String, finding: &Finding, lang: Lang) {
    let style = match finding.severity {
        Severity::Error => BAD,
        Severity::Warning => ODD,
    };
    let _ = writeln!(out, "{style}{}{style:#} {DIM}({}){DIM:#} {}", finding.code, finding.hop, finding.message);
    for line in &finding.evidence {
        for (position, part) in line.lines().enumerate() {
            let bullet = if position == 0 { "-" } else { " " };
            let _ = writeln!(out, "    {DIM}{bullet} {part}{DIM:#}");
        }
    }
    let _ = writeln!(out, "    {BOLD}{}{BOLD:#} {}", lang.choose("to mend it:", "해결 방법:"), finding.remedy);
    for (label, text) in [("Terraform:", &finding.terraform), (lang.choose("console:", "콘솔:"), &finding.console)] {
        if let Some(text) = text {
            let _ = writeln!(out, "    {DIM}{label} {text}{DIM:#}");
        }
    }
    out.push('\n');
}

fn closing(out: &mut String, report: &Report, lang: Lang) {
    if words::is_check(report) {
        return checked(out, report, lang);
    }
    let own = report
        .harness_ms
        .map(|own| lang.choose(format!(" ({own:.0} ms of it the harness's)"), format!(" (하네스 자체 {own:.0} ms)")));
    let retried = report.calls.map(|calls| calls.retried).filter(|retried| *retried > 0);
    let retried =
        retried.map(|retried| lang.choose(format!(" · {retried} attempts repeated"), format!(" · 재시도 {retried}회")));
    let took = format!("{:.0} ms{}{}", report.duration_ms, own.unwrap_or_default(), retried.unwrap_or_default());
    let _ = writeln!(
        out,
        "{} {} {DIM}· {took} · {}{DIM:#}",
        mark(report.verdict),
        words::tally(report, lang),
        cleaned(report, lang)
    );
    for left in &report.cleanup.left_behind {
        let _ = writeln!(out, "    {BAD}{} {}{BAD:#}: {}", left.kind, left.id, left.reason);
    }
    for dead in &report.cleanup.dead {
        let text = lang.choose(
            format!(
                "the {} {} stays there, dead, until the emulator is restarted: it cannot delete it",
                dead.kind, dead.id
            ),
            format!("{} {}: 에뮬레이터가 지우지 못해 다시 시작할 때까지 이름만 남습니다", dead.kind, dead.id),
        );
        let _ = writeln!(out, "    {DIM}{text}{DIM:#}");
    }
}

/// The last line of a check without drills.
fn checked(out: &mut String, report: &Report, lang: Lang) {
    let verdict = words::checked(report.verdict, lang);
    let found = words::tally(report, lang);
    let took = format!("{:.0} ms", report.duration_ms);
    let _ = writeln!(out, "{} {verdict} {DIM}· {found} · {took}{DIM:#}", mark(report.verdict));
}

fn cleaned(report: &Report, lang: Lang) -> String {
    match (report.cleanup.kept, report.cleanup.left_behind.len()) {
        (true, _) => lang.choose("kept as it stands", "정리하지 않음").to_owned(),
        (false, 0) => lang.choose("everything removed", "모두 정리됨").to_owned(),
        (false, 1) => lang.choose("1 thing left behind", "1개가 남음").to_owned(),
        (false, left) => lang.choose(format!("{left} things left behind"), format!("{left}개가 남음")),
    }
}

/// A length of time in the form of the scenario file.
pub(super) fn wait(ms: u64) -> String {
    match ms {
        ms if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}
