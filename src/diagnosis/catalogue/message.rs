//! What is wrong, in one sentence.

use super::Subject;
use crate::diagnosis::Code;
use crate::scenario::Hop;
use crate::text::Lang;

pub(super) fn of(code: Code, hop: Hop, subject: &Subject<'_>, lang: Lang) -> String {
    let names = &subject.names;
    let (trail, rule, topic, function, group) =
        (&names.trail, &names.rule, &names.topic, &names.function, &names.group);
    let (english, korean) = match code {
        Code::ApiRefused
        | Code::CouldNotProvision
        | Code::TargetEnded
        | Code::AlertMissing
        | Code::AlertLate
        | Code::UnwantedAlert => {
            (format!("the alert did not arrive at the {hop}"), format!("알림이 {hop}에 도착하지 않았습니다"))
        }
        Code::GroupAmbiguous => (
            format!("more than one group is named {group}: whoever names it may change another one"),
            format!("{group}라는 이름의 그룹이 여러 개라 다른 그룹을 바꿀 수 있습니다"),
        ),
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
        Code::TrailDeliveryFails => (
            format!("the trail {trail} cannot write to its bucket"),
            format!("추적 {trail}이(가) 버킷에 기록하지 못합니다"),
        ),
        Code::TrailTooYoung => (
            format!("the trail {trail} logs since a few minutes only: the first events of a new trail are late"),
            format!("추적 {trail}을(를) 시작한 지 얼마 되지 않아 처음 이벤트가 늦을 수 있습니다"),
        ),
        Code::RuleMissing => (
            format!("there is no rule {rule} on the default event bus of {}", subject.region),
            format!("{}의 기본 이벤트 버스에 규칙 {rule}이(가) 없습니다", subject.region),
        ),
        Code::RuleElsewhere => (
            format!("the rule {rule} is where no EC2 event of {} comes", subject.region),
            format!("규칙 {rule}이(가) {}의 EC2 이벤트가 오지 않는 곳에 있습니다", subject.region),
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
        Code::RulePatternIncomplete => (
            format!("the event pattern of the rule {rule} misses some ways to change a group"),
            format!("규칙 {rule}의 이벤트 패턴에 빠진 변경 방법이 있습니다"),
        ),
        Code::RuleWithoutTarget => (
            format!("the rule {rule} has no target that leads to the topic {topic}"),
            format!("규칙 {rule}에 주제 {topic}(으)로 가는 대상이 없습니다"),
        ),
        Code::RuleInputLosesEvent => (
            format!("what the rule {rule} sends to the topic does not carry the event"),
            format!("규칙 {rule}이(가) 주제로 보내는 입력에 이벤트가 들어 있지 않습니다"),
        ),
        Code::RuleInvalidInput => (
            format!("what the rule {rule} makes of the event cannot be delivered"),
            format!("규칙 {rule}이(가) 만든 입력을 전달할 수 없습니다"),
        ),
        Code::TopicMissing => (format!("the topic {topic} is not there"), format!("주제 {topic}이(가) 없습니다")),
        Code::FunctionMissing => {
            (format!("the function {function} is not there"), format!("함수 {function}이(가) 없습니다"))
        }
        Code::ReceiverMissing => {
            (format!("the {hop} that the delivery names is not there"), format!("전달 대상({hop})이 존재하지 않습니다"))
        }
        Code::TopicPolicyDenies => (
            format!("the policy of the topic {topic} does not let the rule {rule} publish"),
            format!("주제 {topic}의 정책이 규칙 {rule}의 게시를 허용하지 않습니다"),
        ),
        Code::TopicKeyDenies => (
            format!("the topic {topic} is encrypted with a key that EventBridge may not use"),
            format!("주제 {topic}이(가) EventBridge가 쓸 수 없는 키로 암호화되어 있습니다"),
        ),
        Code::TopicKeyUnusable => (
            format!("the topic {topic} is encrypted with a key that nobody can use"),
            format!("주제 {topic}이(가) 아무도 쓸 수 없는 키로 암호화되어 있습니다"),
        ),
        Code::QueuePolicyDenies => (
            format!("the queue's policy does not let the topic {topic} send"),
            format!("대기열 정책이 주제 {topic}의 전송을 허용하지 않습니다"),
        ),
        Code::FunctionNotSubscribed => (
            format!("no function is subscribed to the topic {topic}"),
            format!("주제 {topic}을(를) 구독하는 함수가 없습니다"),
        ),
        Code::FunctionPolicyDenies => (
            format!("the policy of the function {function} does not let the topic {topic} invoke it"),
            format!("함수 {function}의 정책이 주제 {topic}의 호출을 허용하지 않습니다"),
        ),
        Code::FilterPolicyDrops => (
            format!("a filter policy of the subscription drops the message before the {hop}"),
            format!("구독 필터 정책이 {hop} 앞에서 메시지를 버립니다"),
        ),
        Code::MailMissing => (
            format!("nobody is subscribed to the topic {topic} by e-mail"),
            format!("주제 {topic}에 이메일 구독이 없습니다"),
        ),
        Code::SubscriptionUnconfirmed => {
            (format!("the subscription of the {hop} is not confirmed"), format!("{hop} 구독이 확인되지 않았습니다"))
        }
        Code::FunctionNotActive => (
            format!("Lambda could not make the function {function} ready"),
            format!("Lambda가 함수 {function}을(를) 준비하지 못했습니다"),
        ),
        Code::FunctionFailed => (format!("the function {function} fails"), format!("함수 {function}이(가) 실패합니다")),
        Code::FunctionUnanswered => (
            format!("the function {function} was invoked and has not answered"),
            format!("함수 {function}이(가) 호출되었지만 아직 응답하지 않았습니다"),
        ),
        Code::FunctionThrottled => (
            format!("the function {function} is throttled"),
            format!("함수 {function}의 동시 실행 한도 때문에 호출되지 않습니다"),
        ),
        Code::WebhookMissing => (
            format!("the function {function} has no webhook's address in {}", names.webhook_variable),
            format!("함수 {function}의 환경 변수 {}에 웹훅 주소가 없습니다", names.webhook_variable),
        ),
        Code::WebhookMalformed => (
            format!("what the function {function} has in {} is no webhook's address", names.webhook_variable),
            format!("함수 {function}의 환경 변수 {}에 있는 값은 웹훅 주소가 아닙니다", names.webhook_variable),
        ),
        Code::WebhookRejected => (
            format!("Discord does not take messages at the webhook of the function {function}"),
            format!("디스코드가 함수 {function}의 웹훅으로 메시지를 받지 않습니다"),
        ),
        Code::WebhookUnreachable => (
            format!("the webhook of the function {function} does not answer"),
            format!("함수 {function}의 웹훅이 응답하지 않습니다"),
        ),
        Code::MessageMissing => (
            format!("the function {function} ends without an error and sends no message"),
            format!("함수 {function}이(가) 오류 없이 끝나지만 메시지를 보내지 않습니다"),
        ),
        Code::MessageFieldMissing => (
            format!("the message of the function {function} leaves out what people need to know"),
            format!("함수 {function}의 메시지에 필요한 정보가 빠져 있습니다"),
        ),
        Code::MessageLiteralNewlines => (
            format!("the message of the function {function} shows \\n in the place of line breaks"),
            format!("함수 {function}의 메시지에 줄바꿈 대신 \\n 두 글자가 보입니다"),
        ),
        Code::MessageTimeWrong => (
            format!("the message of the function {function} gives a time that is not Korea's as Korea's"),
            format!("함수 {function}의 메시지에 적힌 한국 시각이 한국 시각이 아닙니다"),
        ),
        Code::MessageTooLong => (
            format!("the message of the function {function} can be longer than Discord takes"),
            format!("함수 {function}의 메시지가 디스코드의 길이 제한을 넘을 수 있습니다"),
        ),
        Code::AlertDuplicated => {
            ("one change raises several alerts".to_owned(), "변경 하나에 알림이 여러 번 옵니다".to_owned())
        }
        Code::RemediationAlerts => (
            "something changes the group in answer to an alert, and the alarm rings for that as well".to_owned(),
            "알림을 받은 무언가가 그룹을 다시 바꾸고, 그 변경에도 알림이 옵니다".to_owned(),
        ),
        Code::ErrorSwallowed => (
            format!("the function {function} reports success when Discord refuses its message"),
            format!("디스코드가 메시지를 거부해도 함수 {function}이(가) 성공으로 끝납니다"),
        ),
        Code::FaultInjected => (
            format!("a fault that was ordered in the lab lost the event before the {hop}: AWS would not have"),
            format!("실습 환경에 설정한 장애가 {hop} 앞에서 이벤트를 버렸습니다 (AWS에서 생긴 일이 아님)"),
        ),
        Code::ReceiverFailed => {
            (format!("the {hop} did not take the event"), format!("{hop}이(가) 이벤트를 받지 않았습니다"))
        }
    };
    lang.choose(english, korean)
}
