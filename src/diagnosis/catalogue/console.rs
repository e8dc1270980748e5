//! How to mend it in the console: where to click.

use super::Subject;
use crate::diagnosis::Code;
use crate::text::Lang;

pub(super) fn of(code: Code, subject: &Subject<'_>, lang: Lang) -> Option<String> {
    let names = &subject.names;
    let (trail, rule, topic, function) = (&names.trail, &names.rule, &names.topic, &names.function);
    let (english, korean) = match code {
        Code::TrailMissing => {
            ("CloudTrail › Trails › Create trail".to_owned(), "CloudTrail › 추적 › 추적 생성".to_owned())
        }
        Code::TrailNotLogging => (
            format!("CloudTrail › Trails › {trail} › Start logging"),
            format!("CloudTrail › 추적 › {trail} › 로깅 시작"),
        ),
        Code::TrailSelectorExcludes => (
            format!("CloudTrail › Trails › {trail} › Management events › Edit: Read and Write"),
            format!("CloudTrail › 추적 › {trail} › 관리 이벤트 › 편집: 읽기, 쓰기 모두 선택"),
        ),
        Code::RuleMissing | Code::RuleElsewhere => (
            format!("EventBridge › Rules › default event bus › Create rule, in {}", subject.region),
            format!("EventBridge › 규칙 › default 이벤트 버스 › 규칙 생성 (리전 {})", subject.region),
        ),
        Code::RuleDisabled => {
            (format!("EventBridge › Rules › {rule} › Enable"), format!("EventBridge › 규칙 › {rule} › 활성화"))
        }
        Code::RulePatternMismatch | Code::RulePatternIncomplete => (
            format!("EventBridge › Rules › {rule} › Event pattern › Edit"),
            format!("EventBridge › 규칙 › {rule} › 이벤트 패턴 › 편집"),
        ),
        Code::RuleWithoutTarget | Code::RuleInputLosesEvent | Code::RuleInvalidInput => (
            format!("EventBridge › Rules › {rule} › Targets › Edit: SNS topic {topic}, input: matched events"),
            format!("EventBridge › 규칙 › {rule} › 대상 › 편집: SNS 주제 {topic}, 입력은 일치하는 이벤트"),
        ),
        Code::TopicMissing => {
            ("SNS › Topics › Create topic (standard)".to_owned(), "SNS › 주제 › 주제 생성 (표준)".to_owned())
        }
        Code::TopicPolicyDenies => (
            format!("SNS › Topics › {topic} › Edit › Access policy"),
            format!("SNS › 주제 › {topic} › 편집 › 액세스 정책"),
        ),
        Code::TopicKeyDenies | Code::TopicKeyUnusable => (
            format!("SNS › Topics › {topic} › Edit › Encryption; KMS › Customer managed keys › Key policy"),
            format!("SNS › 주제 › {topic} › 편집 › 암호화, KMS › 고객 관리형 키 › 키 정책"),
        ),
        Code::FunctionNotSubscribed | Code::FunctionMissing | Code::FunctionPolicyDenies => (
            format!("Lambda › Functions › {function} › Add trigger › SNS › {topic} (it adds the permission as well)"),
            format!("Lambda › 함수 › {function} › 트리거 추가 › SNS › {topic} (권한도 함께 추가됩니다)"),
        ),
        Code::FunctionThrottled => (
            format!(
                "Lambda › Functions › {function} › Configuration › Concurrency › Use unreserved account concurrency"
            ),
            format!("Lambda › 함수 › {function} › 구성 › 동시성 › 예약되지 않은 계정 동시성 사용"),
        ),
        Code::FunctionFailed | Code::FunctionUnanswered => (
            format!("Lambda › Functions › {function} › Test; Monitor › View CloudWatch logs"),
            format!("Lambda › 함수 › {function} › 테스트, 모니터링 › CloudWatch 로그 보기"),
        ),
        Code::FilterPolicyDrops => (
            format!("SNS › Topics › {topic} › Subscriptions › Edit › Subscription filter policy"),
            format!("SNS › 주제 › {topic} › 구독 › 편집 › 구독 필터 정책"),
        ),
        Code::MailMissing | Code::SubscriptionUnconfirmed => (
            format!("SNS › Topics › {topic} › Subscriptions: Create subscription, or Request confirmation"),
            format!("SNS › 주제 › {topic} › 구독: 구독 생성 또는 확인 요청"),
        ),
        Code::WebhookMissing | Code::WebhookMalformed | Code::WebhookRejected | Code::WebhookUnreachable => (
            format!("Lambda › Functions › {function} › Configuration › Environment variables"),
            format!("Lambda › 함수 › {function} › 구성 › 환경 변수"),
        ),
        _ => return None,
    };
    Some(lang.choose(english, korean))
}
