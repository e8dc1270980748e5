//! How to mend it: a command of the AWS CLI that can be pasted, where there is one.

use serde_json::json;

use super::Subject;
use crate::diagnosis::Code;
use crate::text::Lang;

pub(super) fn of(code: Code, subject: &Subject<'_>, lang: Lang) -> String {
    match command(code, subject) {
        Some(lines) => lines.join(" && "),
        None => advice(code, subject, lang),
    }
}

/// The commands, each complete.
fn command(code: Code, subject: &Subject<'_>) -> Option<Vec<String>> {
    let Subject { names, topic_arn, function_arn, event_pattern, place, document, .. } = subject;
    let (trail, rule, function) = (&names.trail, &names.rule, &names.function);
    let aws = |service_and_rest: String| format!("aws {service_and_rest} --region {}", subject.region);
    let put_rule = || aws(format!("events put-rule --name {rule} --event-pattern {}", quoted(event_pattern)));
    let put_target = |id: &str| aws(format!("events put-targets --rule {rule} --targets Id={id},Arn={topic_arn}"));
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
        Code::TrailSelectorExcludes => vec![aws(format!(
            "cloudtrail put-event-selectors --trail-name {trail} --event-selectors {}",
            quoted(r#"[{"ReadWriteType":"All","IncludeManagementEvents":true}]"#)
        ))],
        Code::RuleMissing | Code::RuleElsewhere => vec![put_rule(), put_target("1")],
        Code::RuleDisabled => vec![aws(format!("events enable-rule --name {rule}"))],
        Code::RuleReadOnlyEvent => {
            vec![format!("{} --state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", put_rule())]
        }
        Code::RulePatternMismatch | Code::RulePatternIncomplete => vec![put_rule()],
        Code::RuleWithoutTarget => vec![put_target(place.unwrap_or("1"))],
        // A target of the same id is replaced, and what was made of the input goes with it.
        Code::RuleInputLosesEvent | Code::RuleInvalidInput => vec![put_target(place.unwrap_or("1"))],
        // The rule names another topic than the one that is there.
        Code::TopicMissing if place.is_some() => vec![put_target(place.unwrap_or("1"))],
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

/// A trail for every Region: the one that is there, or a new one, with the bucket that is there, where one was found.
fn create_trail(subject: &Subject<'_>) -> Vec<String> {
    let Subject { names, region, account, place, trail_elsewhere, .. } = subject;
    // One that is there has its bucket and its policy already.
    if let Some((trail, home)) = trail_elsewhere {
        return vec![
            format!("aws cloudtrail update-trail --name {trail} --is-multi-region-trail --region {home}"),
            format!("aws cloudtrail start-logging --name {trail} --region {home}"),
        ];
    }
    let trail = &names.trail;
    let made = format!("{trail}-{account}");
    let bucket = place.unwrap_or(&made);
    let mut lines = Vec::new();
    if place.is_none() {
        lines.push(format!(
            "aws s3api create-bucket --bucket {bucket} --create-bucket-configuration LocationConstraint={region} --region {region}"
        ));
        lines.push(format!(
            "aws s3api put-bucket-policy --bucket {bucket} --policy {}",
            quoted(&bucket_policy(bucket, account))
        ));
    }
    lines.push(format!(
        "aws cloudtrail create-trail --name {trail} --s3-bucket-name {bucket} --is-multi-region-trail --region {region}"
    ));
    lines.push(format!("aws cloudtrail start-logging --name {trail} --region {region}"));
    lines
}

/// Source: "Amazon S3 bucket policy for CloudTrail" in the CloudTrail user guide.
fn bucket_policy(bucket: &str, account: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": { "Service": "cloudtrail.amazonaws.com" },
                "Action": "s3:GetBucketAcl",
                "Resource": format!("arn:aws:s3:::{bucket}"),
            },
            {
                "Effect": "Allow",
                "Principal": { "Service": "cloudtrail.amazonaws.com" },
                "Action": "s3:PutObject",
                "Resource": format!("arn:aws:s3:::{bucket}/AWSLogs/{account}/*"),
                "Condition": { "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } },
            },
        ],
    })
    .to_string()
}

/// The statement that lets the rule publish.
pub(crate) fn publish_statement(subject: &Subject<'_>) -> serde_json::Value {
    json!({
        "Sid": "RuleMayPublish",
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": "sns:Publish",
        "Resource": subject.topic_arn,
        "Condition": { "ArnEquals": { "aws:SourceArn": subject.rule_arn() } },
    })
}

fn topic_policy(subject: &Subject<'_>) -> String {
    json!({ "Version": "2012-10-17", "Statement": [publish_statement(subject)] }).to_string()
}

/// The statement that lets EventBridge encrypt. Its requests bring no source, so it has no condition on one.
pub(crate) fn encrypt_statement() -> serde_json::Value {
    json!({
        "Sid": "EventBridgeMayEncrypt",
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    })
}

fn key_policy(subject: &Subject<'_>) -> String {
    let owner = json!({
        "Sid": "AccountMayManage",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", subject.account) },
        "Action": "kms:*",
        "Resource": "*",
    });
    json!({ "Version": "2012-10-17", "Statement": [owner, encrypt_statement()] }).to_string()
}

/// A word of a shell's command line.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
