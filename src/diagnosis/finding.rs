//! A finding: a named cause.

use std::fmt;

use serde::Serialize;

use crate::pipeline::ProvisionError;
use crate::scenario::Hop;
use crate::text::Lang;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing: it takes no pass away.
    Warning,
    /// The alarm is silent because of it, or the harness could not find out.
    Error,
}

/// The stable code of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The drill's own call was refused.
    ApiRefused,
    /// More than one group has the name that the alarm is tried with.
    GroupAmbiguous,
    /// The pipeline could not be built.
    CouldNotProvision,
    /// The target ended while it was drilled.
    TargetEnded,
    /// There is no trail, or none that covers the Region.
    TrailMissing,
    /// The trail does not log.
    TrailNotLogging,
    /// The trail's selectors leave the event out.
    TrailSelectorExcludes,
    /// The trail cannot write to its bucket.
    TrailDeliveryFails,
    /// The trail logs since a few minutes only.
    TrailTooYoung,
    /// There is no rule.
    RuleMissing,
    /// The rule is on another event bus or in another Region, where it sees nothing.
    RuleElsewhere,
    /// The rule is disabled.
    RuleDisabled,
    /// The rule does not see read-only events.
    RuleReadOnlyEvent,
    /// The rule's pattern does not match.
    RulePatternMismatch,
    /// The rule's pattern misses some ways to change a group.
    RulePatternIncomplete,
    /// The rule has no target that leads to people.
    RuleWithoutTarget,
    /// What the rule sends on does not carry the event.
    RuleInputLosesEvent,
    /// The rule's target, or the input made for it, makes the delivery impossible.
    RuleInvalidInput,
    /// The topic is not there.
    TopicMissing,
    /// The function that the topic invokes is not there.
    FunctionMissing,
    /// The receiver that a delivery names is not there.
    ReceiverMissing,
    /// The topic's policy refuses the rule.
    TopicPolicyDenies,
    /// The key that encrypts the topic refuses EventBridge.
    TopicKeyDenies,
    /// The key that encrypts the topic is not there, disabled, or about to be deleted.
    TopicKeyUnusable,
    /// The queue's policy refuses the topic.
    QueuePolicyDenies,
    /// The topic invokes no function.
    FunctionNotSubscribed,
    /// The function's policy refuses the topic.
    FunctionPolicyDenies,
    /// A subscription's filter policy drops the message.
    FilterPolicyDrops,
    /// The topic has no e-mail subscription.
    MailMissing,
    /// The subscription is not confirmed.
    SubscriptionUnconfirmed,
    /// Lambda could not make the function ready.
    FunctionNotActive,
    /// The function failed.
    FunctionFailed,
    /// The function was invoked and has not answered.
    FunctionUnanswered,
    /// The function is throttled.
    FunctionThrottled,
    /// The function has no webhook's address.
    WebhookMissing,
    /// The address is none of a webhook.
    WebhookMalformed,
    /// Discord does not know the webhook, or its token is wrong.
    WebhookRejected,
    /// The webhook does not answer.
    WebhookUnreachable,
    /// The function ends without an error and sends nothing.
    MessageMissing,
    /// The message leaves something out that people need.
    MessageFieldMissing,
    /// The message has the two characters `\n` in the place of line breaks.
    MessageLiteralNewlines,
    /// The message gives a time that is not Korea's as Korea's.
    MessageTimeWrong,
    /// The message is longer than Discord takes.
    MessageTooLong,
    /// One change raises several alerts.
    AlertDuplicated,
    /// Somebody changed the group in answer to the alert, and that raised an alert again.
    RemediationAlerts,
    /// The function reports success when Discord refused its message.
    ErrorSwallowed,
    /// A fault that was ordered in the lab lost the event.
    FaultInjected,
    /// The receiver answered with an error.
    ReceiverFailed,
    /// The alert did not arrive, and nothing says why.
    AlertMissing,
    /// The alert arrived, and took longer than it may unnoticed.
    AlertLate,
    /// An alert came where there must be silence.
    UnwantedAlert,
}

impl Code {
    /// Every code, in the order of the ladder.
    pub const ALL: [Self; 51] = [
        Self::ApiRefused,
        Self::GroupAmbiguous,
        Self::CouldNotProvision,
        Self::TargetEnded,
        Self::TrailMissing,
        Self::TrailNotLogging,
        Self::TrailSelectorExcludes,
        Self::TrailDeliveryFails,
        Self::TrailTooYoung,
        Self::RuleMissing,
        Self::RuleElsewhere,
        Self::RuleDisabled,
        Self::RuleReadOnlyEvent,
        Self::RulePatternMismatch,
        Self::RulePatternIncomplete,
        Self::RuleWithoutTarget,
        Self::RuleInputLosesEvent,
        Self::RuleInvalidInput,
        Self::TopicMissing,
        Self::FunctionMissing,
        Self::ReceiverMissing,
        Self::TopicPolicyDenies,
        Self::TopicKeyDenies,
        Self::TopicKeyUnusable,
        Self::QueuePolicyDenies,
        Self::FunctionNotSubscribed,
        Self::FunctionPolicyDenies,
        Self::FilterPolicyDrops,
        Self::MailMissing,
        Self::SubscriptionUnconfirmed,
        Self::FunctionNotActive,
        Self::FunctionFailed,
        Self::FunctionUnanswered,
        Self::FunctionThrottled,
        Self::WebhookMissing,
        Self::WebhookMalformed,
        Self::WebhookRejected,
        Self::WebhookUnreachable,
        Self::MessageMissing,
        Self::MessageFieldMissing,
        Self::MessageLiteralNewlines,
        Self::MessageTimeWrong,
        Self::MessageTooLong,
        Self::AlertDuplicated,
        Self::RemediationAlerts,
        Self::ErrorSwallowed,
        Self::FaultInjected,
        Self::ReceiverFailed,
        Self::AlertMissing,
        Self::AlertLate,
        Self::UnwantedAlert,
    ];
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A named cause: where, what, how it shows, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable code.
    pub code: Code,
    /// The hop that is broken.
    pub hop: Hop,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What shows it: the value that was seen, the call or the log that showed it.
    pub evidence: Vec<String>,
    /// How to mend it: a command that can be pasted, where there is one.
    pub remedy: String,
    /// The same in Terraform: the resource, or the argument of it.
    pub terraform: Option<String>,
    /// The same in the console: where to click.
    pub console: Option<String>,
}

impl Finding {
    /// An advisory drill does not decide the verdict: its findings are warnings.
    pub(crate) fn make_advisory(&mut self) {
        self.severity = Severity::Warning;
    }

    /// The drill's own call was refused.
    pub(crate) fn api_refused(call: &str, refusal: &str, lang: Lang) -> Self {
        Self {
            code: Code::ApiRefused,
            hop: Hop::Api,
            severity: Severity::Error,
            message: lang.choose(
                format!("the drill's own call {call} was refused, so the pipeline was not tried"),
                format!("훈련용 {call} 호출이 거부되어 파이프라인을 시험하지 못했습니다"),
            ),
            evidence: vec![refusal.to_owned()],
            remedy: lang.choose(
                "look at the refusal: a rule that exists already, a group that is gone, or a missing permission"
                    .to_owned(),
                "거부 사유를 확인하세요: 이미 있는 규칙, 없는 그룹, 또는 부족한 권한입니다".to_owned(),
            ),
            terraform: None,
            console: None,
        }
    }

    /// The target ended while it was drilled.
    pub(crate) fn target_ended(product: &str, how: &str, lang: Lang) -> Self {
        Self {
            code: Code::TargetEnded,
            hop: Hop::Api,
            severity: Severity::Error,
            message: lang.choose(
                format!("{product} ended in the middle of the run, so there is no verdict on the pipeline"),
                format!("실행 도중 {product}이(가) 종료되어 파이프라인을 판정할 수 없습니다"),
            ),
            evidence: vec![how.to_owned()],
            remedy: lang.choose(
                "look at what it said at the end, and run again; nothing of it is left".to_owned(),
                "마지막 로그를 확인하고 다시 실행하세요. 남은 것은 없습니다".to_owned(),
            ),
            terraform: None,
            console: None,
        }
    }

    /// The pipeline could not be built.
    pub(crate) fn could_not_provision(error: &ProvisionError, lang: Lang) -> Self {
        Self {
            code: Code::CouldNotProvision,
            hop: Hop::Api,
            severity: Severity::Error,
            message: lang.choose(
                "the pipeline could not be built, so no drill was run".to_owned(),
                "파이프라인을 만들지 못해 훈련을 실행하지 못했습니다".to_owned(),
            ),
            evidence: vec![error.to_string()],
            remedy: lang.choose(
                "mend what the refusal names and run again; what had been made was removed".to_owned(),
                "거부 사유를 고친 뒤 다시 실행하세요. 이미 만든 것은 모두 지웠습니다".to_owned(),
            ),
            terraform: None,
            console: None,
        }
    }
}
