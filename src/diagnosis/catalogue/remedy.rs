//! How to mend it: a command of the AWS CLI that can be pasted, where there is one.

use serde_json::{Map, Value};

use super::Subject;
use crate::diagnosis::Code;
use crate::grant;
use crate::text::Lang;

pub(super) fn of(code: Code, subject: &Subject<'_>, lang: Lang) -> String {
    match command(code, subject) {
        Some(lines) => lines.join(" && "),
        None => advice(code, subject, lang),
    }
}

/// The commands, each complete.
fn command(code: Code, subject: &Subject<'_>) -> Option<Vec<String>> {
    let Subject { names, topic_arn, function_arn, place, document, .. } = subject;
    let (trail, rule, function) = (&names.trail, &names.rule, &names.function);
    let aws = |service_and_rest: String| format!("aws {service_and_rest} --region {}", subject.region);
    let put_rule = |state| aws(format!("events put-rule {}", rule_settings(subject, &subject.event_pattern, state)));
    let put_target = || aws(format!("events put-targets --rule {rule} --targets {}", target(subject)));
    let set_topic = |name: &str, value: &str| {
        aws(format!(
            "sns set-topic-attributes --topic-arn {topic_arn} --attribute-name {name} --attribute-value {value}"
        ))
    };
    let subscribe = |protocol: &str, endpoint: &str| {
        aws(format!("sns subscribe --topic-arn {topic_arn} --protocol {protocol} --notification-endpoint {endpoint}"))
    };
    Some(match code {
        Code::TrailMissing => create_trail(subject),
        Code::TrailNotLogging => vec![aws(format!("cloudtrail start-logging --name {trail}"))],
        Code::TrailSelectorExcludes => {
            let selectors =
                document.as_deref().unwrap_or(r#"[{"ReadWriteType":"All","IncludeManagementEvents":true}]"#);
            let kind =
                if selectors.contains("FieldSelectors") { "advanced-event-selectors" } else { "event-selectors" };
            vec![aws(format!("cloudtrail put-event-selectors --trail-name {trail} --{kind} {}", quoted(selectors)))]
        }
        Code::RuleMissing | Code::RuleElsewhere => vec![put_rule(None), put_target()],
        Code::RuleDisabled => vec![aws(format!("events enable-rule --name {rule}"))],
        Code::RemediationAlerts => {
            let pattern = document.as_deref()?;
            vec![aws(format!("events put-rule {}", rule_settings(subject, pattern, None)))]
        }
        Code::RuleReadOnlyEvent => vec![put_rule(Some("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"))],
        Code::RulePatternMismatch | Code::RulePatternIncomplete => vec![put_rule(None)],
        // A target of the same id is replaced, and what was made of the input goes with it.
        Code::RuleWithoutTarget | Code::RuleInputLosesEvent | Code::RuleInvalidInput => vec![put_target()],
        // The rule names another topic than the one that is there.
        Code::TopicMissing if place.is_some() => vec![put_target()],
        Code::TopicMissing => {
            let mut lines = vec![
                aws(format!("sns create-topic --name {}", names.topic)),
                set_topic("Policy", &quoted(&topic_policy(subject))),
                subscribe("lambda", function_arn),
            ];
            lines.extend(subject.email.map(|email| subscribe("email", email)));
            lines
        }
        Code::TopicPolicyDenies => {
            let policy = document.clone().unwrap_or_else(|| topic_policy(subject));
            vec![set_topic("Policy", &quoted(&policy))]
        }
        Code::TopicKeyDenies => match (place, document) {
            (Some(key), Some(policy)) => vec![aws(format!(
                "kms put-key-policy --key-id {key} --policy-name default --policy {}",
                quoted(policy)
            ))],
            // The policy of AWS's own key cannot be changed.
            _ => vec![
                format!(
                    "KEY=$(aws kms create-key --description {} --policy {} --query KeyMetadata.KeyId --output text --region {})",
                    names.topic,
                    quoted(&key_policy(subject)),
                    subject.region
                ),
                set_topic("KmsMasterKeyId", "$KEY"),
            ],
        },
        Code::TopicKeyUnusable => match place {
            Some(key) => vec![
                // It fails, and nothing is lost, where no deletion was scheduled.
                format!("{{ aws kms cancel-key-deletion --key-id {key} --region {} || true; }}", subject.region),
                aws(format!("kms enable-key --key-id {key}")),
            ],
            None => return None,
        },
        Code::QueuePolicyDenies => {
            let (Some(queue_arn), Some(policy)) = (place, document) else { return None };
            let (account, name) = account_and_name(queue_arn)?;
            let url = format!(
                "$(aws sqs get-queue-url --queue-name {name} --queue-owner-aws-account-id {account} --query QueueUrl --output \
                 text --region {})",
                subject.region
            );
            let attributes = Map::from_iter([("Policy".to_owned(), Value::from(policy.as_str()))]);
            let attributes = quoted(&Value::from(attributes).to_string());
            vec![aws(format!("sqs set-queue-attributes --queue-url \"{url}\" --attributes {attributes}"))]
        }
        Code::FunctionNotSubscribed => vec![subscribe("lambda", function_arn)],
        Code::FunctionMissing => match place {
            Some(subscription) if subscription.contains(":sns:") => vec![
                aws(format!("sns unsubscribe --subscription-arn {subscription}")),
                subscribe("lambda", function_arn),
            ],
            _ => return None,
        },
        Code::FunctionPolicyDenies => {
            let qualifier = place.map(|qualifier| format!(" --qualifier {qualifier}")).unwrap_or_default();
            let id = document.as_deref().unwrap_or("sns-may-invoke");
            vec![aws(format!(
                "lambda add-permission --function-name {function}{qualifier} --statement-id {id} --action \
                 lambda:InvokeFunction --principal sns.amazonaws.com --source-arn {topic_arn}"
            ))]
        }
        Code::FunctionThrottled => {
            vec![aws(format!("lambda delete-function-concurrency --function-name {function}"))]
        }
        Code::FilterPolicyDrops => match place {
            Some(subscription) if subscription.contains(":sns:") => vec![aws(format!(
                "sns set-subscription-attributes --subscription-arn {subscription} --attribute-name FilterPolicy \
                 --attribute-value '{{}}'"
            ))],
            _ => return None,
        },
        Code::MailMissing => vec![subscribe("email", subject.email?)],
        _ => return None,
    })
}

/// What to do where no command would do it.
fn advice(code: Code, subject: &Subject<'_>, lang: Lang) -> String {
    let Subject { names, topic_arn, place, region, .. } = subject;
    let function = &names.function;
    let variable = &names.webhook_variable;
    let to = place.unwrap_or_default();
    let (english, korean) = match code {
        Code::GroupAmbiguous => (
            "name the group by its id, or rename what is not meant".to_owned(),
            "그룹을 ID로 지정하거나 다른 그룹의 이름을 바꾸세요".to_owned(),
        ),
        Code::TrailDeliveryFails => (
            "let cloudtrail.amazonaws.com write to the trail's bucket (s3:GetBucketAcl, s3:PutObject)".to_owned(),
            "추적의 버킷 정책에서 cloudtrail.amazonaws.com의 s3:GetBucketAcl과 s3:PutObject를 허용하세요".to_owned(),
        ),
        Code::TrailTooYoung => {
            ("wait some minutes before you count on it".to_owned(), "몇 분 기다린 뒤 다시 확인하세요".to_owned())
        }
        Code::QueuePolicyDenies => (
            format!("let sns.amazonaws.com send to the queue (sqs:SendMessage), with aws:SourceArn {topic_arn}"),
            format!("대기열 정책에서 sns.amazonaws.com의 sqs:SendMessage를 허용하세요 (aws:SourceArn {topic_arn})"),
        ),
        Code::TopicKeyUnusable => (
            "encrypt the topic with a key that exists and is enabled".to_owned(),
            "실제로 있고 활성화된 키로 주제를 암호화하세요".to_owned(),
        ),
        Code::FunctionMissing => (
            format!("create the function {function}, or subscribe the one that is meant"),
            format!("함수 {function}을(를) 만들거나 올바른 함수를 구독하세요"),
        ),
        Code::FunctionNotActive => (
            format!("see why: aws lambda get-function-configuration --function-name {function} --region {region}"),
            format!(
                "이유를 확인하세요: aws lambda get-function-configuration --function-name {function} --region {region}"
            ),
        ),
        Code::FunctionFailed => (
            format!("look at the error above and at the log: aws logs tail /aws/lambda/{function} --region {region}"),
            format!("위의 오류와 로그를 확인하세요: aws logs tail /aws/lambda/{function} --region {region}"),
        ),
        Code::FunctionUnanswered => (
            format!(
                "see what it waits for: aws logs tail /aws/lambda/{function} --region {region}; if it is only slow, give it \
                 more time with --timeout"
            ),
            format!(
                "무엇을 기다리는지 확인하세요: aws logs tail /aws/lambda/{function} --region {region} (느릴 뿐이라면 \
                 --timeout으로 더 기다리세요)"
            ),
        ),
        Code::FilterPolicyDrops => (
            "take the filter policy off the subscription, or let it match the event".to_owned(),
            "구독의 필터 정책을 지우거나 이벤트와 일치하게 고치세요".to_owned(),
        ),
        Code::MailMissing => (
            format!(
                "subscribe the address of the person on duty: aws sns subscribe --topic-arn {topic_arn} --protocol email \
                     --notification-endpoint ADDRESS --region {region}"
            ),
            format!(
                "담당자의 주소를 구독하세요: aws sns subscribe --topic-arn {topic_arn} --protocol email \
                     --notification-endpoint 주소 --region {region}"
            ),
        ),
        Code::SubscriptionUnconfirmed => (
            format!(
                "open the link in the confirmation mail of {to}; to have it sent again, subscribe the address again"
            ),
            format!("{to}에 온 구독 확인 메일의 링크를 여세요. 메일이 없으면 같은 주소로 다시 구독하세요"),
        ),
        Code::WebhookMissing | Code::WebhookMalformed | Code::WebhookRejected | Code::WebhookUnreachable => (
            format!(
                "copy the webhook's URL from Discord (Edit Channel, Integrations, Webhooks) and set it: aws lambda \
                 update-function-configuration --function-name {function} --environment \
                 'Variables={{{variable}=https://discord.com/api/webhooks/…}}' --region {region} (it replaces all variables)"
            ),
            format!(
                "디스코드(채널 편집, 연동, 웹후크)에서 웹훅 URL을 복사해 설정하세요: aws lambda \
                 update-function-configuration --function-name {function} --environment \
                 'Variables={{{variable}=https://discord.com/api/webhooks/…}}' --region {region} (모든 변수를 새로 씁니다)"
            ),
        ),
        Code::MessageMissing => (
            "send a message for every record that the topic brings, whatever its shape".to_owned(),
            "주제가 가져오는 모든 이벤트에 대해 메시지를 보내도록 함수를 고치세요".to_owned(),
        ),
        Code::MessageFieldMissing => (
            "read the fields from where this shape of the record has them (see the evidence)".to_owned(),
            "이 형식의 이벤트에서 값이 있는 위치를 읽도록 고치세요 (위의 증거 참고)".to_owned(),
        ),
        Code::MessageLiteralNewlines => (
            r"write the line break as \n in the string, not as \\n, and build the JSON with json.dumps".to_owned(),
            r"문자열에서 줄바꿈을 \\n이 아니라 \n으로 쓰고 json.dumps로 JSON을 만드세요".to_owned(),
        ),
        Code::MessageTimeWrong => (
            "convert eventTime, which is UTC: datetime.fromisoformat(…).astimezone(timezone(timedelta(hours=9)))"
                .to_owned(),
            "UTC인 eventTime을 변환하세요: datetime.fromisoformat(…).astimezone(timezone(timedelta(hours=9)))"
                .to_owned(),
        ),
        Code::MessageTooLong => {
            ("cut the text to 2000 characters before it is sent".to_owned(), "보내기 전에 2000자로 자르세요".to_owned())
        }
        Code::AlertDuplicated => (
            format!("leave one way from the event to the people: {to}"),
            format!("이벤트에서 담당자까지 길을 하나만 남기세요: {to}"),
        ),
        Code::RemediationAlerts => (
            "if that is a remediation and no person, leave it out of the rule's pattern: alert-drill check prints the \
             command where it is a function of the alarm's, and explain shows the pattern"
                .to_owned(),
            "사람이 아니라 자동 조치라면 규칙의 패턴에서 빼세요. 알림의 함수라면 alert-drill check가 명령을 보여 주고, 패턴은 explain을 \
             참고하세요"
                .to_owned(),
        ),
        Code::ErrorSwallowed => (
            "raise an error for every answer other than 2xx, so that Lambda tries again and its error metric shows it"
                .to_owned(),
            "2xx가 아닌 응답에는 예외를 일으켜 Lambda가 재시도하고 오류 지표에 나타나게 하세요".to_owned(),
        ),
        Code::ReceiverMissing => (
            format!("name a receiver that exists in place of {to}"),
            format!("{to} 대신 실제로 있는 대상을 지정하세요"),
        ),
        Code::FaultInjected => (
            "take the fault back: curl -X DELETE …/_lab/faults".to_owned(),
            "장애 설정을 지우세요: curl -X DELETE …/_lab/faults".to_owned(),
        ),
        _ => (format!("look at {to}"), format!("{to}을(를) 확인하세요")),
    };
    lang.choose(english, korean)
}

/// The rule as it stands with this pattern, and this state if one is named: what `PutRule` is not told, it takes away.
///
/// Source: `PutRule` in EventBridge's API reference.
fn rule_settings(subject: &Subject<'_>, pattern: &str, state: Option<&str>) -> String {
    let mut settings = format!("--name {} --event-pattern {}", subject.names.rule, quoted(pattern));
    let standing = subject.rule;
    let state = state.or(standing.map(|rule| rule.state.as_str()).filter(|state| *state != "ENABLED"));
    let description = standing.and_then(|rule| rule.description.as_deref()).map(quoted);
    let role = standing.and_then(|rule| rule.role_arn.as_deref());
    for (name, value) in [("state", state), ("description", description.as_deref()), ("role-arn", role)] {
        if let Some(value) = value {
            settings.push_str(&format!(" --{name} {value}"));
        }
    }
    settings
}

/// The topic as the rule's target: in place of the one that it is about, with what else that one has, or beside those that
/// are there.
fn target(subject: &Subject<'_>) -> String {
    let standing = subject.rule.and_then(|rule| rule.targets.as_deref().ok()).unwrap_or_default();
    let of_id = |id: &str| standing.iter().find(|target| target.id == id);
    // A delivery names the receiver where a target's id is not known.
    let id = subject.place.filter(|place| !place.contains(':')).map(str::to_owned);
    let id = id.or_else(|| (1..).map(|n: u32| n.to_string()).find(|id| of_id(id).is_none())).unwrap_or_default();
    let kept = of_id(&id).map(|target| target.kept.clone()).unwrap_or_default();
    if kept.is_empty() {
        return format!("Id={id},Arn={}", subject.topic_arn);
    }
    let named = [("Id", id), ("Arn", subject.topic_arn.clone())];
    let named = named.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    quoted(&Value::from(vec![Value::from(named.chain(kept).collect::<Map<_, _>>())]).to_string())
}

/// A trail for every Region: the one that is there, or a new one, with the bucket that is there, where one was found.
fn create_trail(subject: &Subject<'_>) -> Vec<String> {
    let Subject { names, region, account, place, trail_home, .. } = subject;
    let trail = &names.trail;
    // One that is there has its bucket and its policy already.
    if let Some(home) = trail_home {
        return vec![
            format!("aws cloudtrail update-trail --name {trail} --is-multi-region-trail --region {home}"),
            format!("aws cloudtrail start-logging --name {trail} --region {home}"),
        ];
    }
    let made = format!("{trail}-{account}");
    let bucket = place.unwrap_or(&made);
    let mut lines = Vec::new();
    if place.is_none() {
        // S3 refuses the name of this Region as a constraint: it is the default.
        let constraint = match *region {
            "us-east-1" => String::new(),
            other => format!(" --create-bucket-configuration LocationConstraint={other}"),
        };
        lines.push(format!("aws s3api create-bucket --bucket {bucket}{constraint} --region {region}"));
        lines.push(format!(
            "aws s3api put-bucket-policy --bucket {bucket} --policy {}",
            quoted(&grant::policy(grant::write_logs(bucket, account, None)))
        ));
    }
    lines.push(format!(
        "aws cloudtrail create-trail --name {trail} --s3-bucket-name {bucket} --is-multi-region-trail --region {region}"
    ));
    lines.push(format!("aws cloudtrail start-logging --name {trail} --region {region}"));
    lines
}

fn topic_policy(subject: &Subject<'_>) -> String {
    grant::policy([grant::publish(&subject.topic_arn, &subject.rule_arn())])
}

fn key_policy(subject: &Subject<'_>) -> String {
    grant::policy([grant::manage_key(subject.account), grant::encrypt()])
}

/// Whose queue it is, and its name.
fn account_and_name(queue_arn: &str) -> Option<(&str, &str)> {
    let (rest, name) = queue_arn.rsplit_once(':')?;
    Some((rest.rsplit(':').next()?, name))
}

/// A word of a shell's command line.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inspection::{Names, RuleFacts, TargetFacts};
    use crate::scenario::Scenario;

    fn target_of(id: &str, arn: &str, kept: Value) -> TargetFacts {
        let kept = kept.as_object().cloned().unwrap();
        TargetFacts { id: id.to_owned(), arn: arn.to_owned(), input: None, input_path: None, transformer: None, kept }
    }

    fn rule(targets: Vec<TargetFacts>) -> RuleFacts {
        RuleFacts {
            name: "r".to_owned(),
            arn: "arn:aws:events:ap-northeast-2:111122223333:rule/r".to_owned(),
            state: "DISABLED".to_owned(),
            description: Some("what's open".to_owned()),
            role_arn: Some("arn:aws:iam::111122223333:role/events".to_owned()),
            pattern: None,
            siblings: Vec::new(),
            targets: Ok(targets),
        }
    }

    /// The remedy of a code, for a rule that stands so.
    fn remedy(code: Code, rule: Option<&RuleFacts>, place: Option<&str>) -> String {
        let scenario = Scenario::shipped();
        let subject = Subject::of(&scenario, "ap-northeast-2", "111122223333", Names::of(&scenario));
        of(code, &Subject { rule, place, ..subject }, Lang::En)
    }

    #[test]
    fn a_new_pattern_takes_nothing_else_from_the_rule() {
        let standing = rule(Vec::new());
        let remedy = remedy(Code::RulePatternMismatch, Some(&standing), None);
        for kept in
            ["--state DISABLED", r"--description 'what'\''s open'", "--role-arn arn:aws:iam::111122223333:role/events"]
        {
            assert!(remedy.contains(kept), "{remedy}");
        }
    }

    #[test]
    fn a_target_that_is_replaced_keeps_its_dead_letter_queue_and_its_retries() {
        let kept = json!({ "DeadLetterConfig": { "Arn": "arn:q" }, "RetryPolicy": { "MaximumRetryAttempts": 3 } });
        let standing = rule(vec![target_of("topic", "arn:aws:sns:x", kept.clone())]);
        let remedy = remedy(Code::RuleInvalidInput, Some(&standing), Some("topic"));
        let (_, document) = remedy.split_once("--targets '").unwrap();
        let targets: Value = serde_json::from_str(document.split_once('\'').unwrap().0).unwrap();
        assert_eq!((&targets[0]["Id"], &targets[0]["RetryPolicy"]), (&"topic".into(), &kept["RetryPolicy"]));
        assert_eq!(targets[0]["DeadLetterConfig"], kept["DeadLetterConfig"]);
    }

    #[test]
    fn a_new_target_takes_no_others_id() {
        let standing =
            rule(vec![target_of("1", "arn:aws:sqs:x", json!({})), target_of("2", "arn:aws:sqs:y", json!({}))]);
        let beside = remedy(Code::RuleWithoutTarget, Some(&standing), None);
        assert!(beside.contains("Id=3,Arn=arn:aws:sns:"), "{beside}");
        // A delivery names the receiver, which is no target's id.
        let unread = remedy(Code::RuleWithoutTarget, None, Some("arn:aws:sns:x"));
        assert!(unread.contains("Id=1,Arn=arn:aws:sns:"), "{unread}");
    }

    #[test]
    fn the_default_region_takes_no_location_constraint() {
        let scenario = Scenario::shipped();
        let in_region = |region| {
            of(Code::TrailMissing, &Subject::of(&scenario, region, "111122223333", Names::of(&scenario)), Lang::En)
        };
        assert!(!in_region("us-east-1").contains("LocationConstraint"));
        assert!(in_region("ap-northeast-2").contains("LocationConstraint=ap-northeast-2"));
    }
}
