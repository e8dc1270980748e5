//! Diagnosis: from the ladder and the target's own words to named causes, each with evidence and a remedy.

mod catalogue;
mod changes;
mod counted;
mod finding;
mod hops;
mod pages;
mod remediation;
pub(crate) mod tried;
mod words;

pub(crate) use self::catalogue::Subject;
pub(crate) use self::changes::{Change, SOURCE_IP, Site, TIME_IN_KOREA, TIME_IN_UTC, USER};
pub(crate) use self::counted::metrics;
pub use self::finding::{Code, Finding, Severity};
pub(crate) use self::hops::{GROUP_ID, judge};
pub(crate) use self::remediation::Answer;
pub(crate) use self::words::why;

use alert_drill_lab::deliveries::{Delivery, Outcome};

use crate::inspection::Names;
use crate::report::{DrillReport, HopStatus};
use crate::scenario::{Drill, Expect, Hop, Scenario};
use crate::target::{Target, ladder_hop};
use crate::text::Lang;

/// The causes of a drill that failed, the likeliest first; never none. `standing` is what is wrong with the pipeline as it stands, where
/// the target does not tell of single deliveries.
pub(crate) fn explain(
    target: &Target,
    scenario: &Scenario,
    drill: &Drill,
    report: &DrillReport,
    standing: &[Finding],
    lang: Lang,
) -> Vec<Finding> {
    if let Expect::Silence(_) = drill.expect {
        return vec![catalogue::alerted_in_silence(report, lang)];
    }
    let subject = Subject::new(scenario, target, Names::of(scenario));
    let stopped = stopped(target, report);
    let mut findings: Vec<Finding> = report
        .hops
        .iter()
        .filter(|hop| hop.status == HopStatus::Broken)
        .filter_map(|hop| {
            let delivery = stopped.iter().find(|delivery| ladder_hop(delivery.hop) == Some(hop.hop))?;
            Some(catalogue::of_delivery(hop.hop, delivery, &subject, lang))
        })
        .collect();
    findings.extend(standing.iter().filter(|finding| silences(finding, drill, report)).cloned());
    // A broken mail does not fail a drill that did not ask for it, but it is said.
    let asked = |hop: &Hop| matches!(&drill.expect, Expect::Alert(alert) if alert.at.contains(hop));
    findings.sort_by_key(|finding| (finding.hop == Hop::Mail && !asked(&Hop::Mail), finding.hop));
    if findings.iter().all(|finding| finding.hop == Hop::Mail) {
        let late = report.hops.iter().find(|hop| hop.status == HopStatus::Broken && hop.hop != Hop::Mail);
        findings.insert(0, catalogue::not_arrived(late.map_or(Hop::Queue, |hop| hop.hop), report, lang));
    }
    findings
}

/// Whether something that is wrong with the pipeline as it stands explains that a drill's alert did not come.
fn silences(finding: &Finding, drill: &Drill, report: &DrillReport) -> bool {
    if finding.hop == Hop::Mail || report.hop(finding.hop).is_none_or(|hop| hop.status.is_reached()) {
        return false;
    }
    match finding.code {
        // It names the calls that the pattern leaves out: this drill's must be one of them.
        Code::RulePatternIncomplete => {
            let call = drill.action.event_name();
            finding.evidence.iter().any(|missed| missed.starts_with(call))
        }
        _ => finding.severity == Severity::Error,
    }
}

/// What others did to the drill's groups while the run watched, where an alert came of that too. The rule is the run's own, and so
/// has the scenario's pattern; or one that stands, which only `check` reads.
pub(crate) fn answered(
    target: &Target,
    scenario: &Scenario,
    is_own: bool,
    answers: Vec<Answer>,
    lang: Lang,
) -> Finding {
    let subject = Subject::new(scenario, target, Names::of(scenario));
    let document = is_own.then(|| remediation::without(&subject.event_pattern, &answers)).flatten();
    let evidence = answers.into_iter().map(|answer| answer.words).collect();
    let subject = Subject { document, ..subject };
    catalogue::finding(Code::RemediationAlerts, Hop::Rule, Severity::Warning, evidence, &subject, lang)
}

/// What there is to say of an alert that arrived: that it was late, if it was, and at which hop the time went.
pub(crate) fn of_arrived(drill: &Drill, report: &DrillReport, lang: Lang) -> Option<Finding> {
    let Expect::Alert(alert) = &drill.expect else { return None };
    let latency = |hop: Hop| report.hop(hop).and_then(|hop| hop.latency_ms);
    // The last hop where it had to arrive.
    let (hop, took) = alert
        .at
        .iter()
        .filter_map(|hop| Some((*hop, latency(*hop)?)))
        .max_by(|one, other| one.1.total_cmp(&other.1))?;
    // From one hop that has a time to the next on the way there. The answer of the call says nothing of the event.
    let mut way: Vec<Hop> =
        std::iter::successors(Some(hop), |hop| hop.before()).filter(|hop| *hop != Hop::Api).collect();
    way.reverse();
    let mut before = (None, 0.0);
    let mut slowest: Option<(Option<Hop>, Hop, f64)> = None;
    for hop in way {
        let Some(at) = latency(hop) else { continue };
        if slowest.is_none_or(|(_, _, most)| at - before.1 > most) {
            slowest = Some((before.0, hop, at - before.1));
        }
        before = (Some(hop), at);
    }
    catalogue::late(hop, took, &report.expected, slowest, lang)
}

/// What stopped the drill's record, in the target's own words where it tells.
fn stopped(target: &Target, report: &DrillReport) -> Vec<Delivery> {
    let request_id = report.action.as_ref().and_then(|action| action.request_id.as_deref());
    let (Some(lab), Some(request_id)) = (target.own_lab(), request_id) else { return Vec::new() };
    let mut deliveries = lab.deliveries(request_id);
    deliveries.retain(|delivery| delivery.outcome != Outcome::Delivered);
    // The last word on a hop counts: an attempt that was retried says less than the one that gave up.
    deliveries.into_iter().rev().map(Delivery::explained).collect()
}
