//! Why the lab says that an alert ended, for each cause.

use alert_drill::breaks::{Break, Effect};
use alert_drill::diagnosis::Code;
use alert_drill::lab::deliveries::{self, Outcome, Reason};
use alert_drill::scenario::Hop;

use crate::bench::Seen;

/// Why a delivery of the lab is stopped by this break; none where nothing is tried at all.
fn reason(one: &Break) -> Option<Reason> {
    match one.cause {
        Code::TrailMissing => Some(Reason::NoTrail),
        Code::TrailNotLogging => Some(Reason::TrailNotLogging),
        Code::TrailSelectorExcludes => Some(Reason::SelectorExcludes),
        Code::RuleDisabled => Some(Reason::RuleDisabled),
        Code::RulePatternMismatch => Some(Reason::PatternMismatch),
        // A target that is another topic is delivered to.
        Code::RuleWithoutTarget => (one.effect == Effect::Silent(Hop::Rule)).then_some(Reason::NoTarget),
        Code::TopicMissing | Code::FunctionMissing => Some(Reason::NotFound),
        Code::TopicPolicyDenies
        | Code::TopicKeyDenies
        | Code::TopicKeyUnusable
        | Code::QueuePolicyDenies
        | Code::FunctionPolicyDenies => Some(Reason::PolicyDenied),
        Code::FilterPolicyDrops => Some(Reason::FilterPolicy),
        Code::SubscriptionUnconfirmed => Some(Reason::Unconfirmed),
        Code::FunctionThrottled => Some(Reason::Throttled),
        Code::FunctionFailed
        | Code::RuleInputLosesEvent
        | Code::WebhookMissing
        | Code::WebhookMalformed
        | Code::WebhookRejected
        | Code::MessageTooLong => Some(Reason::FunctionError),
        Code::RuleMissing | Code::RuleElsewhere | Code::FunctionNotSubscribed | Code::MailMissing => None,
        other => panic!("{}: which reason has {other}?", one.name),
    }
}

/// What the lab's own words name, beside the reason.
fn words(name: &str) -> &'static [&'static str] {
    match name {
        "trail-read-only" | "trail-advanced-read-only" => &["take read-only events only"],
        "trail-without-management-events" | "trail-advanced-data-only" => &["take no management events"],
        "pattern-wrong-source" => &["source", "ec2.amazonaws.com", "aws.ec2"],
        "pattern-source-upper-case" => &["source", "AWS.EC2"],
        "pattern-wrong-detail-type" => &["detail-type", "AWS Service Event via CloudTrail"],
        "pattern-wrong-event-source" => &["eventSource", "aws.ec2"],
        "pattern-names-lower-case" => &["eventName", "authorizesecuritygroupingress"],
        "pattern-key-misspelt" => &["eventname"],
        "pattern-without-authorize-ingress" | "pattern-without-ingress" => &["eventName"],
        "pattern-refused-calls-only" => &["errorCode"],
        "topic-policy-default" | "topic-policy-wrong-service" => &["no statement allows", "events.amazonaws.com"],
        "topic-policy-other-rule" => &["aws:SourceArn", "rule/eventbridge-iam-changerule"],
        "topic-policy-other-account" => &["aws:SourceAccount", "444455556666"],
        "topic-policy-denies" => &["`NobodyPublishes` denies"],
        "topic-policy-wrong-action" => &["no statement allows", "sns:Publish"],
        "topic-key-of-aws" | "topic-key-without-events" => &["events.amazonaws.com", "kms:"],
        "topic-key-disabled" => &["disabled"],
        "function-permission-removed" | "function-permission-wrong-service" => &["sns.amazonaws.com"],
        "function-permission-other-topic" => &["AWS:SourceArn", "sns-iam-alarm"],
        "function-syntax-error" => &["Runtime.UserCodeSyntaxError"],
        "function-name-error" => &["NameError", "timezon"],
        "function-module-missing" => &["Runtime.ImportModuleError", "requests"],
        "function-variable-missing" => &["KeyError", "DISCORD_WEBHOOK"],
        "function-wrong-handler" => &["Runtime.HandlerNotFound", "Handler 'handler' missing"],
        "function-wrong-module" => &["Runtime.ImportModuleError", "No module named 'lambda'"],
        "function-reads-event-itself" => &["KeyError", "'detail'"],
        "function-message-not-decoded" => &["TypeError"],
        "function-times-out" => &["timed out after 1"],
        "webhook-missing" => &["KeyError", "DISCORD_WEBHOOK_URL"],
        "webhook-malformed" => &["unknown url type"],
        "webhook-unknown" => &["HTTP Error 404"],
        "webhook-wrong-token" => &["HTTP Error 401"],
        "message-too-long" => &["HTTP Error 400"],
        _ => &[],
    }
}

/// Asserts that the alert was stopped once, at this hop, and why.
pub(crate) fn assert_stopped(one: &Break, at: Hop, seen: &Seen) {
    let stopped: Vec<_> = seen.deliveries.iter().filter(|delivery| delivery.outcome == Outcome::Stopped).collect();
    let Some(reason) = reason(one) else {
        assert!(stopped.is_empty(), "{}: nothing was there to be tried: {stopped:#?}", one.name);
        return;
    };
    let [only] = stopped.as_slice() else { panic!("{}: stopped once, not so: {stopped:#?}", one.name) };
    assert_eq!((ladder_hop(only.hop), only.reason), (Some(at), Some(reason)), "{}: {only:#?}", one.name);
    let detail = only.detail.as_deref().unwrap_or_default();
    for word in words(one.name) {
        assert!(detail.contains(word), "{}: `{word}` is not in: {detail}", one.name);
    }
}

fn ladder_hop(hop: deliveries::Hop) -> Option<Hop> {
    Some(match hop {
        deliveries::Hop::Trail => Hop::Trail,
        deliveries::Hop::Bus => Hop::Bus,
        deliveries::Hop::Rule => Hop::Rule,
        deliveries::Hop::Topic => Hop::Topic,
        deliveries::Hop::Queue => Hop::Queue,
        deliveries::Hop::Function => Hop::Function,
        deliveries::Hop::Mail => Hop::Mail,
        deliveries::Hop::Http | deliveries::Hop::Bucket => return None,
    })
}
