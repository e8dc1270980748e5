//! A page for each finding: why it silences the alarm, how to see it, how to mend it. `alert-drill explain` prints them.

use super::Code;
use crate::text::Lang;

macro_rules! pages {
    ($($code:ident => $name:literal,)*) => {
        impl Code {
            /// Its page in Markdown, in this language.
            #[must_use]
            pub fn page(self, lang: Lang) -> &'static str {
                match self {
                    $(Self::$code => lang.choose(
                        include_str!(concat!("pages/en/", $name, ".md")),
                        include_str!(concat!("pages/ko/", $name, ".md")),
                    ),)*
                }
            }
        }
    };
}

pages! {
    ApiRefused => "API_REFUSED",
    GroupAmbiguous => "GROUP_AMBIGUOUS",
    CouldNotProvision => "COULD_NOT_PROVISION",
    TargetEnded => "TARGET_ENDED",
    TrailMissing => "TRAIL_MISSING",
    TrailNotLogging => "TRAIL_NOT_LOGGING",
    TrailSelectorExcludes => "TRAIL_SELECTOR_EXCLUDES",
    TrailDeliveryFails => "TRAIL_DELIVERY_FAILS",
    TrailTooYoung => "TRAIL_TOO_YOUNG",
    RuleMissing => "RULE_MISSING",
    RuleElsewhere => "RULE_ELSEWHERE",
    RuleDisabled => "RULE_DISABLED",
    RuleReadOnlyEvent => "RULE_READ_ONLY_EVENT",
    RulePatternMismatch => "RULE_PATTERN_MISMATCH",
    RulePatternIncomplete => "RULE_PATTERN_INCOMPLETE",
    RuleWithoutTarget => "RULE_WITHOUT_TARGET",
    RuleInputLosesEvent => "RULE_INPUT_LOSES_EVENT",
    RuleInvalidInput => "RULE_INVALID_INPUT",
    TopicMissing => "TOPIC_MISSING",
    FunctionMissing => "FUNCTION_MISSING",
    ReceiverMissing => "RECEIVER_MISSING",
    TopicPolicyDenies => "TOPIC_POLICY_DENIES",
    TopicKeyDenies => "TOPIC_KEY_DENIES",
    TopicKeyUnusable => "TOPIC_KEY_UNUSABLE",
    QueuePolicyDenies => "QUEUE_POLICY_DENIES",
    FunctionNotSubscribed => "FUNCTION_NOT_SUBSCRIBED",
    FunctionPolicyDenies => "FUNCTION_POLICY_DENIES",
    FilterPolicyDrops => "FILTER_POLICY_DROPS",
    MailMissing => "MAIL_MISSING",
    SubscriptionUnconfirmed => "SUBSCRIPTION_UNCONFIRMED",
    FunctionNotActive => "FUNCTION_NOT_ACTIVE",
    FunctionFailed => "FUNCTION_FAILED",
    FunctionUnanswered => "FUNCTION_UNANSWERED",
    FunctionThrottled => "FUNCTION_THROTTLED",
    WebhookMissing => "WEBHOOK_MISSING",
    WebhookMalformed => "WEBHOOK_MALFORMED",
    WebhookRejected => "WEBHOOK_REJECTED",
    WebhookUnreachable => "WEBHOOK_UNREACHABLE",
    MessageMissing => "MESSAGE_MISSING",
    MessageFieldMissing => "MESSAGE_FIELD_MISSING",
    MessageLiteralNewlines => "MESSAGE_LITERAL_NEWLINES",
    MessageTimeWrong => "MESSAGE_TIME_WRONG",
    MessageTooLong => "MESSAGE_TOO_LONG",
    AlertDuplicated => "ALERT_DUPLICATED",
    RemediationAlerts => "REMEDIATION_ALERTS",
    ErrorSwallowed => "ERROR_SWALLOWED",
    FaultInjected => "FAULT_INJECTED",
    ReceiverFailed => "RECEIVER_FAILED",
    AlertMissing => "ALERT_MISSING",
    AlertLate => "ALERT_LATE",
    UnwantedAlert => "UNWANTED_ALERT",
}

impl Code {
    /// Its page's title.
    #[must_use]
    pub fn title(self, lang: Lang) -> &'static str {
        let first = self.page(lang).lines().next().unwrap_or_default();
        first.split_once(": ").map_or(first, |(_, title)| title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_of_its_code_and_says_why_and_what_to_do() {
        for code in Code::ALL {
            for (lang, why, mend) in [(Lang::En, "## Why", "## To mend it"), (Lang::Ko, "## 이유", "## 해결 방법")]
            {
                let page = code.page(lang);
                assert!(page.starts_with(&format!("# {code}: ")), "{code} in {lang}");
                assert!(page.contains(why) && page.contains(mend), "{code} in {lang}");
                assert!(!code.title(lang).is_empty(), "{code} in {lang}");
            }
        }
    }
}
