//! The catalogue: each way in which an event is lost, with its code, its words, and its remedy.

use alert_drill_lab::deliveries::{Delivery, Outcome, Reason};

use super::finding::{Code, Finding, Severity};
use crate::report::{DrillReport, Expected};
use crate::scenario::{Hop, Scenario};
use crate::text::Lang;

/// The finding of a delivery that was stopped.
pub(super) fn of_delivery(hop: Hop, delivery: &Delivery, scenario: &Scenario, lang: Lang) -> Finding {
    let code = match delivery.outcome {
        Outcome::UnderWay => Code::FunctionUnanswered,
        _ => code(hop, delivery.reason.unwrap_or(Reason::ReceiverError)),
    };
    let mut evidence = Vec::new();
    if code == Code::FunctionUnanswered {
        let since = delivery.time;
        evidence.push(
            lang.choose(format!("invoked at {since}, no answer since"), format!("{since}에 호출, 이후 응답 없음")),
        );
    }
    evidence.extend(super::why(delivery, lang));
    evidence.push(format!("{} → {}", delivery.from, delivery.to));
    Finding {
        code,
        hop,
        severity: Severity::Error,
        message: message(code, hop, scenario, lang),
        evidence,
        remedy: remedy(code, delivery, scenario, lang),
        terraform: None,
        console: None,
    }
}

const fn code(hop: Hop, reason: Reason) -> Code {
    match reason {
        Reason::NoTrail => Code::TrailMissing,
        Reason::TrailNotLogging => Code::TrailNotLogging,
        Reason::SelectorExcludes => Code::TrailSelectorExcludes,
        Reason::RuleDisabled => Code::RuleDisabled,
        Reason::ReadOnlyEvent => Code::RuleReadOnlyEvent,
        Reason::PatternMismatch => Code::RulePatternMismatch,
        Reason::NoTarget => Code::RuleWithoutTarget,
        Reason::Invalid => Code::RuleInvalidInput,
        Reason::NotFound => Code::ReceiverMissing,
        Reason::FilterPolicy => Code::FilterPolicyDrops,
        Reason::Unconfirmed => Code::SubscriptionUnconfirmed,
        Reason::FunctionError => Code::FunctionFailed,
        Reason::Throttled => Code::FunctionThrottled,
        Reason::ReceiverError => Code::ReceiverFailed,
        Reason::Fault => Code::FaultInjected,
        Reason::PolicyDenied => match hop {
            Hop::Queue => Code::QueuePolicyDenies,
            Hop::Function => Code::FunctionPolicyDenies,
            _ => Code::TopicPolicyDenies,
        },
    }
}

/// What is wrong, in one sentence.
fn message(code: Code, hop: Hop, scenario: &Scenario, lang: Lang) -> String {
    let pipeline = &scenario.pipeline;
    let (trail, rule, topic, function) =
        (&pipeline.trail.name, &pipeline.rule.name, &pipeline.topic.name, &pipeline.function.name);
    let (english, korean) = match code {
        Code::TrailMissing => (
            "no trail takes the event, so nothing reaches EventBridge".to_owned(),
            "이벤트를 기록하는 추적이 없어 EventBridge에 아무것도 도착하지 않습니다".to_owned(),
        ),
        Code::TrailNotLogging => {
            (format!("the trail {trail} does not log"), format!("추적 {trail}의 로깅이 꺼져 있습니다"))
        }
        Code::TrailSelectorExcludes => (
            format!("the trail {trail} leaves this event out"),
            format!("추적 {trail}의 이벤트 선택기가 이 이벤트를 제외합니다"),
        ),
        Code::RuleDisabled => {
            (format!("the rule {rule} is disabled"), format!("규칙 {rule}이(가) 비활성화되어 있습니다"))
        }
        Code::RuleReadOnlyEvent => (
            format!("the rule {rule} does not see read-only events"),
            format!("규칙 {rule}은(는) 읽기 전용 이벤트를 받지 않습니다"),
        ),
        Code::RulePatternMismatch => (
            format!("the event pattern of the rule {rule} does not match the event"),
            format!("규칙 {rule}의 이벤트 패턴이 이벤트와 일치하지 않습니다"),
        ),
        Code::RuleWithoutTarget => (format!("the rule {rule} has no target"), format!("규칙 {rule}에 대상이 없습니다")),
        Code::RuleInvalidInput => (
            format!("what the rule {rule} makes of the event cannot be delivered"),
            format!("규칙 {rule}이(가) 만든 입력을 전달할 수 없습니다"),
        ),
        Code::ReceiverMissing => {
            (format!("the {hop} that the delivery names is not there"), format!("전달 대상({hop})이 존재하지 않습니다"))
        }
        Code::TopicPolicyDenies => (
            format!("the policy of the topic {topic} does not let the rule {rule} publish"),
            format!("주제 {topic}의 정책이 규칙 {rule}의 게시를 허용하지 않습니다"),
        ),
        Code::QueuePolicyDenies => (
            format!("the queue's policy does not let the topic {topic} send"),
            format!("대기열 정책이 주제 {topic}의 전송을 허용하지 않습니다"),
        ),
        Code::FunctionPolicyDenies => (
            format!("the policy of the function {function} does not let the topic {topic} invoke it"),
            format!("함수 {function}의 정책이 주제 {topic}의 호출을 허용하지 않습니다"),
        ),
        Code::FilterPolicyDrops => (
            format!("a filter policy of the subscription drops the message before the {hop}"),
            format!("구독 필터 정책이 {hop} 앞에서 메시지를 버립니다"),
        ),
        Code::SubscriptionUnconfirmed => {
            (format!("the subscription of the {hop} is not confirmed"), format!("{hop} 구독이 확인되지 않았습니다"))
        }
        Code::FunctionFailed => (format!("the function {function} fails"), format!("함수 {function}이(가) 실패합니다")),
        Code::FunctionUnanswered => (
            format!("the function {function} was invoked and has not answered"),
            format!("함수 {function}이(가) 호출되었지만 아직 응답하지 않았습니다"),
        ),
        Code::FunctionThrottled => (
            format!("the function {function} is throttled"),
            format!("함수 {function}의 동시 실행 한도 때문에 호출되지 않습니다"),
        ),
        Code::FaultInjected => (
            format!("a fault that was ordered in the lab lost the event before the {hop}: AWS would not have"),
            format!("실습 환경에 설정한 장애가 {hop} 앞에서 이벤트를 버렸습니다 (AWS에서 생긴 일이 아님)"),
        ),
        Code::ReceiverFailed => {
            (format!("the {hop} did not take the event"), format!("{hop}이(가) 이벤트를 받지 않았습니다"))
        }
        Code::ApiRefused | Code::CouldNotProvision | Code::AlertMissing | Code::UnwantedAlert => {
            (format!("the alert did not arrive at the {hop}"), format!("알림이 {hop}에 도착하지 않았습니다"))
        }
    };
    lang.choose(english, korean)
}

/// How to mend it: a command that can be pasted where there is one.
fn remedy(code: Code, delivery: &Delivery, scenario: &Scenario, lang: Lang) -> String {
    let pipeline = &scenario.pipeline;
    let (trail, rule, function) = (&pipeline.trail.name, &pipeline.rule.name, &pipeline.function.name);
    let (from, to) = (&delivery.from, &delivery.to);
    match code {
        Code::TrailMissing => format!(
            "aws cloudtrail create-trail --name {trail} --s3-bucket-name BUCKET && aws cloudtrail start-logging --name {trail}"
        ),
        Code::TrailNotLogging => format!("aws cloudtrail start-logging --name {trail}"),
        Code::TrailSelectorExcludes => format!(
            "aws cloudtrail put-event-selectors --trail-name {trail} --event-selectors \
             '[{{\"ReadWriteType\":\"All\",\"IncludeManagementEvents\":true}}]'"
        ),
        Code::RuleDisabled => format!("aws events enable-rule --name {rule}"),
        Code::RuleReadOnlyEvent => {
            format!(
                "aws events put-rule --name {rule} --state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS --event-pattern file://event-pattern.json"
            )
        }
        Code::RulePatternMismatch => {
            format!("aws events put-rule --name {rule} --event-pattern file://event-pattern.json")
        }
        Code::RuleWithoutTarget => format!("aws events put-targets --rule {rule} --targets Id=1,Arn=TOPIC_ARN"),
        Code::TopicPolicyDenies => format!(
            "aws sns set-topic-attributes --topic-arn {to} --attribute-name Policy --attribute-value \
             '{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\
             \"events.amazonaws.com\"}},\"Action\":\"sns:Publish\",\"Resource\":\"{to}\"}}]}}'"
        ),
        Code::FunctionPolicyDenies => format!(
            "aws lambda add-permission --function-name {function} --statement-id topic-may-invoke --action \
             lambda:InvokeFunction --principal sns.amazonaws.com --source-arn {from}"
        ),
        Code::QueuePolicyDenies => lang.choose(
            format!("let sns.amazonaws.com send to the queue, with aws:SourceArn {from}"),
            format!("대기열 정책에서 sns.amazonaws.com의 sqs:SendMessage를 허용하세요 (aws:SourceArn {from})"),
        ),
        Code::FunctionThrottled => format!("aws lambda delete-function-concurrency --function-name {function}"),
        Code::FunctionFailed => lang.choose(
            format!("look at the error above and at the log: aws logs tail /aws/lambda/{function}"),
            format!("위의 오류와 로그를 확인하세요: aws logs tail /aws/lambda/{function}"),
        ),
        Code::FunctionUnanswered => lang.choose(
            format!(
                "see what it waits for: aws logs tail /aws/lambda/{function}; if it is only slow, give it more time with \
                 --timeout"
            ),
            format!(
                "무엇을 기다리는지 확인하세요: aws logs tail /aws/lambda/{function} (느릴 뿐이라면 --timeout으로 더 기다리세요)"
            ),
        ),
        Code::SubscriptionUnconfirmed => lang
            .choose("open the link in the confirmation mail".to_owned(), "구독 확인 메일의 링크를 여세요".to_owned()),
        Code::FilterPolicyDrops => lang.choose(
            "take the filter policy off the subscription, or let it match the event".to_owned(),
            "구독의 필터 정책을 지우거나 이벤트와 일치하게 고치세요".to_owned(),
        ),
        Code::ReceiverMissing => lang.choose(
            format!("name a receiver that exists in place of {to}"),
            format!("{to} 대신 실제로 있는 대상을 지정하세요"),
        ),
        Code::FaultInjected => lang.choose(
            "take the fault back: curl -X DELETE …/_lab/faults".to_owned(),
            "장애 설정을 지우세요: curl -X DELETE …/_lab/faults".to_owned(),
        ),
        Code::RuleInvalidInput => lang.choose(
            format!("mend the input of the rule's target: aws events list-targets-by-rule --rule {rule}"),
            format!("규칙 대상의 입력을 고치세요: aws events list-targets-by-rule --rule {rule}"),
        ),
        Code::ReceiverFailed
        | Code::ApiRefused
        | Code::CouldNotProvision
        | Code::AlertMissing
        | Code::UnwantedAlert => lang.choose(format!("look at {to}"), format!("{to}을(를) 확인하세요")),
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
