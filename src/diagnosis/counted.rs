//! Which counter of AWS's tells of a cause, once the cause was found: evidence beside what the configuration shows.

use super::finding::{Code, Finding};
use crate::inspection::{Facts, Metric, name_and_qualifier};
use crate::text::Lang;

/// The counters that tell of these findings, each once.
pub(crate) fn metrics(findings: &[Finding], facts: &Facts) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    for metric in findings.iter().flat_map(|finding| of(finding.code, facts)) {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    metrics
}

/// Adds what was counted to the findings that it tells of. Nothing counted says nothing: the numbers come minutes late.
pub(crate) fn add(findings: &mut [Finding], facts: &Facts, counted: &[(Metric, f64)], lang: Lang) {
    for finding in findings {
        let told = of(finding.code, facts);
        let counted = counted.iter().filter(|(metric, count)| *count > 0.0 && told.contains(metric));
        finding.evidence.extend(counted.map(|(Metric { namespace, name, resource, .. }, count)| {
            lang.choose(
                format!("{namespace} {name} of {resource}: {count} in the last 3 hours"),
                format!("{namespace} {name} ({resource}): 지난 3시간 동안 {count}건"),
            )
        }));
    }
}

fn of(code: Code, facts: &Facts) -> Vec<Metric> {
    let rule = |name| {
        let rule = facts.rule.facts().map(|rule| rule.name.clone());
        rule.map(|resource| Metric { namespace: "AWS/Events", name, dimension: "RuleName", resource })
    };
    let topic = |name| {
        let resource = facts.topic.arn.rsplit(':').next().unwrap_or_default().to_owned();
        Metric { namespace: "AWS/SNS", name, dimension: "TopicName", resource }
    };
    let functions = |name| {
        facts.functions.iter().map(move |function| {
            let resource = name_and_qualifier(&function.arn).0.to_owned();
            Metric { namespace: "AWS/Lambda", name, dimension: "FunctionName", resource }
        })
    };
    match code {
        Code::RuleInvalidInput
        | Code::TopicMissing
        | Code::TopicPolicyDenies
        | Code::TopicKeyDenies
        | Code::TopicKeyUnusable => rule("FailedInvocations").into_iter().collect(),
        Code::QueuePolicyDenies | Code::FunctionPolicyDenies | Code::FunctionMissing | Code::ReceiverMissing => {
            vec![topic("NumberOfNotificationsFailed")]
        }
        Code::FilterPolicyDrops => vec![topic("NumberOfNotificationsFilteredOut")],
        Code::FunctionFailed => functions("Errors").collect(),
        Code::FunctionThrottled => functions("Throttles").collect(),
        _ => Vec::new(),
    }
}
