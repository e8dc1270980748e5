//! The lab's explanations in the language of the run. The English words are the lab's own; the Korean ones are made here,
//! from the same types. What AWS, a function or a client said stays as it was said, in either language.

mod pattern;
mod policy;

use alert_drill_lab::deliveries::{Delivery, Explanation, Reason};
use alert_drill_lab::filter::{self, DropReason};
use alert_drill_lab::{pattern as pattern_of_aws, policy as policy_of_aws};

use crate::text::Lang;

/// Why a delivery was stopped; none where the finding's own sentence has said it all.
pub(crate) fn why(delivery: &Delivery, lang: Lang) -> Option<String> {
    match (lang, &delivery.explanation) {
        (Lang::En, _) | (Lang::Ko, Some(Explanation::Function(_))) => delivery.detail.clone(),
        (Lang::Ko, None) => unexplained(delivery),
        (Lang::Ko, Some(Explanation::Pattern(explanation))) => Some(pattern::explanation(explanation)),
        (Lang::Ko, Some(Explanation::Policy(explanation))) => Some(policy::headline(explanation)),
        (Lang::Ko, Some(Explanation::Filter(explanation))) => Some(filtered(explanation)),
    }
}

/// Why a policy decides as it does, in one sentence.
pub(crate) fn policy(explanation: &policy_of_aws::Explanation, lang: Lang) -> String {
    match lang {
        Lang::En => explanation.headline(),
        Lang::Ko => policy::headline(explanation),
    }
}

/// Why an event does not match.
pub(crate) fn pattern(explanation: &pattern_of_aws::Explanation, lang: Lang) -> String {
    match lang {
        Lang::En => explanation.to_string(),
        Lang::Ko => pattern::explanation(explanation),
    }
}

/// Why a filter policy drops a message.
pub(crate) fn filter(explanation: &filter::Explanation, lang: Lang) -> String {
    match lang {
        Lang::En => explanation.to_string(),
        Lang::Ko => filtered(explanation),
    }
}

/// What is known of a stop that no policy and no pattern explains.
fn unexplained(delivery: &Delivery) -> Option<String> {
    let text = match delivery.reason? {
        Reason::NoTrail => "이 리전의 이벤트를 기록하는 추적이 없습니다",
        Reason::TrailNotLogging => "추적을 시작한 적이 없거나(StartLogging) 중지했습니다",
        Reason::RuleDisabled => "규칙의 상태가 DISABLED입니다",
        Reason::ReadOnlyEvent => {
            "상태가 ENABLED인 규칙은 읽기 전용 관리 이벤트를 받지 않습니다 \
             (ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS이면 받습니다)"
        }
        Reason::NoTarget => "규칙에 대상이 없습니다",
        Reason::Unconfirmed => "확인 메일의 링크를 아직 열지 않았습니다",
        // The rest is what a service, a function or a receiver said.
        _ => return delivery.detail.clone(),
    };
    Some(text.to_owned())
}

fn filtered(explanation: &filter::Explanation) -> String {
    let why = match &explanation.drop {
        None => return "필터 정책이 메시지를 통과시킵니다".to_owned(),
        Some(DropReason::NoAttributes) => {
            "필터 정책은 메시지 속성을 보는데 메시지에 속성이 없습니다 (EventBridge는 속성 없이 게시합니다)".to_owned()
        }
        Some(DropReason::BodyNotJson { error }) => {
            format!("필터 정책은 메시지 본문을 보는데 본문이 JSON이 아닙니다 ({error})")
        }
        Some(DropReason::Properties { explanation }) => {
            format!("필터 정책이 메시지를 버립니다{}", pattern::failures(explanation))
        }
        Some(other) => other.to_string(),
    };
    match explanation.accepted_in {
        Some(scope) => format!("{why}\nFilterPolicyScope가 {}이(가) 아니라 {scope}이면 통과합니다.", explanation.scope),
        None => why,
    }
}
