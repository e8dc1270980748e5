//! The catalogue: each cause that a finding names, in words, with its remedy as a command, in Terraform, and in the console.
//!
//! A cause is said in one way only, whether a drill ran into it or `check` saw it beforehand.

mod console;
mod message;
mod remedy;
mod subject;
mod terraform;

use alert_drill_lab::deliveries::{Delivery, Explanation, Outcome, Reason};

use super::finding::{Code, Finding, Severity};
use crate::report::{DrillReport, Expected};
use crate::scenario::Hop;
use crate::text::Lang;

pub(crate) use self::subject::Subject;

/// A finding of this code.
pub(crate) fn finding(
    code: Code,
    hop: Hop,
    severity: Severity,
    evidence: Vec<String>,
    subject: &Subject<'_>,
    lang: Lang,
) -> Finding {
    Finding {
        code,
        hop,
        severity,
        message: message::of(code, hop, subject, lang),
        evidence,
        remedy: remedy::of(code, subject, lang),
        terraform: terraform::of(code, subject),
        console: console::of(code, subject, lang),
    }
}

/// The finding of a delivery that was stopped.
pub(super) fn of_delivery(hop: Hop, delivery: &Delivery, subject: &Subject<'_>, lang: Lang) -> Finding {
    let code = code(hop, delivery);
    let mut evidence = Vec::new();
    if code == Code::FunctionUnanswered {
        let since = delivery.time;
        evidence.push(
            lang.choose(format!("invoked at {since}, no answer since"), format!("{since}에 호출, 이후 응답 없음")),
        );
    }
    evidence.extend(super::why(delivery, lang));
    evidence.push(format!("{} → {}", delivery.from, delivery.to));
    let subject = Subject { place: Some(&delivery.to), ..subject.clone() };
    finding(code, hop, Severity::Error, evidence, &subject, lang)
}

fn code(hop: Hop, delivery: &Delivery) -> Code {
    if delivery.outcome == Outcome::UnderWay {
        return Code::FunctionUnanswered;
    }
    match delivery.reason.unwrap_or(Reason::ReceiverError) {
        Reason::NoTrail => Code::TrailMissing,
        Reason::TrailNotLogging => Code::TrailNotLogging,
        Reason::SelectorExcludes => Code::TrailSelectorExcludes,
        Reason::RuleDisabled => Code::RuleDisabled,
        Reason::ReadOnlyEvent => Code::RuleReadOnlyEvent,
        Reason::PatternMismatch => Code::RulePatternMismatch,
        Reason::NoTarget => Code::RuleWithoutTarget,
        Reason::Invalid => Code::RuleInvalidInput,
        Reason::NotFound => match hop {
            Hop::Rule => Code::RuleMissing,
            Hop::Topic => Code::TopicMissing,
            Hop::Function => Code::FunctionMissing,
            _ => Code::ReceiverMissing,
        },
        Reason::FilterPolicy => Code::FilterPolicyDrops,
        Reason::Unconfirmed => Code::SubscriptionUnconfirmed,
        Reason::FunctionError => Code::FunctionFailed,
        Reason::Throttled => Code::FunctionThrottled,
        Reason::ReceiverError => Code::ReceiverFailed,
        Reason::Fault => Code::FaultInjected,
        Reason::PolicyDenied => match (hop, &delivery.explanation) {
            (Hop::Queue, _) => Code::QueuePolicyDenies,
            (Hop::Function, _) => Code::FunctionPolicyDenies,
            (_, Some(Explanation::Policy(policy))) if policy.action().starts_with("kms:") => Code::TopicKeyDenies,
            (_, Some(Explanation::Policy(_))) => Code::TopicPolicyDenies,
            // A refusal without a policy is one of a key that is disabled or gone.
            _ => Code::TopicKeyUnusable,
        },
    }
}

/// An alert that did not arrive within its time, while nothing says that it was lost.
pub(super) fn not_arrived(hop: Hop, report: &DrillReport, lang: Lang) -> Finding {
    let within = match report.expected {
        Expected::Alert { within_ms, .. } => within_ms,
        Expected::Silence { for_ms } => for_ms,
    };
    Finding {
        code: Code::AlertMissing,
        hop,
        severity: Severity::Error,
        message: lang.choose(
            format!("the alert did not arrive at the {hop} within {within} ms"),
            format!("알림이 {within} ms 안에 {hop}에 도착하지 않았습니다"),
        ),
        evidence: report
            .hops
            .iter()
            .filter_map(|hop| hop.evidence.as_ref().map(|seen| format!("{}: {seen}", hop.hop)))
            .collect(),
        remedy: lang.choose(
            "look at the last hop that was reached, or give it more time with --timeout".to_owned(),
            "마지막으로 도달한 단계를 확인하거나 --timeout으로 더 기다리세요".to_owned(),
        ),
        terraform: None,
        console: None,
    }
}

/// An alert that took so many milliseconds and may take `warn_ms` unnoticed. `slowest` is the hop where most of the time went, with
/// how much of it that was, where hops tell.
pub(super) fn late(
    hop: Hop,
    took_ms: f64,
    expected: &Expected,
    slowest: Option<(Option<Hop>, Hop, f64)>,
    lang: Lang,
) -> Option<Finding> {
    let Expected::Alert { expected_ms: (from, to), warn_ms, .. } = *expected else { return None };
    if took_ms <= warn_ms as f64 {
        return None;
    }
    let seconds = |ms: f64| format!("{:.1} s", ms / 1000.0);
    let usual = (seconds(from as f64), seconds(to as f64), seconds(warn_ms as f64));
    let went = slowest.map(|(before, hop, ms)| {
        let before = before.map_or_else(|| "the call".to_owned(), |before| before.to_string());
        lang.choose(
            format!("{} of it went between {before} and {hop}", seconds(ms)),
            format!("그중 {}가 {before}와(과) {hop} 사이에서 걸렸습니다", seconds(ms)),
        )
    });
    let budget = lang.choose(
        format!("expected within {} to {}, late after {}", usual.0, usual.1, usual.2),
        format!("예상 {}~{}, {} 뒤부터 지연", usual.0, usual.1, usual.2),
    );
    Some(Finding {
        code: Code::AlertLate,
        hop: slowest.map_or(hop, |(_, hop, _)| hop),
        severity: Severity::Warning,
        message: lang.choose(
            format!("the alert arrived at the {hop} late: after {}", seconds(took_ms)),
            format!("알림이 {hop}에 늦게 도착했습니다: {}", seconds(took_ms)),
        ),
        evidence: std::iter::once(budget).chain(went).collect(),
        remedy: lang.choose(
            "look at the hop where the time went; if that is as it should be, say so with `warn` in `patience`, or --warn-after"
                .to_owned(),
            "시간이 걸린 단계를 확인하세요. 그 정도가 정상이라면 `patience`의 `warn`이나 --warn-after로 알려 주세요".to_owned(),
        ),
        terraform: None,
        console: None,
    })
}

/// An alert that came where there must be silence.
pub(super) fn alerted_in_silence(report: &DrillReport, lang: Lang) -> Finding {
    let call = report.action.as_ref().map_or("the call", |action| action.call.as_str());
    let hop = if report.alerts.queue.is_empty() { Hop::Discord } else { Hop::Queue };
    let evidence = report
        .alerts
        .queue
        .iter()
        .map(|alert| format!("{} {}", alert.event_name, alert.event_id))
        .chain(report.alerts.discord.iter().map(|alert| alert.content.clone()))
        .collect();
    Finding {
        code: Code::UnwantedAlert,
        hop,
        severity: Severity::Error,
        message: lang
            .choose(format!("{call} raised an alert and must not"), format!("{call}은(는) 알림을 보내면 안 됩니다")),
        evidence,
        remedy: lang.choose("narrow the rule's event pattern".to_owned(), "규칙의 이벤트 패턴을 좁히세요".to_owned()),
        terraform: None,
        console: None,
    }
}
