//! Whether the rule may publish to the topic: by its policy, and by its key's.

use alert_drill_lab::policy::{Effect, Explanation, Outcome, Policy, Principal, RequestContext, authorize};
use serde_json::{Value, json};

use super::Judge;
use crate::diagnosis::catalogue::Subject;
use crate::diagnosis::{Code, Severity, words};
use crate::grant;
use crate::inspection::{Key, KeyFacts, Meant, TopicAttributes, Unknown};
use crate::scenario::Hop;

pub(super) fn judge(judge: &mut Judge<'_>) {
    let topic = &judge.facts.topic;
    if let Some(meant) = &topic.meant {
        let Meant { topic_arn, target_id } = meant;
        let (code, evidence) = match &topic.attributes {
            Ok(None) => (
                Code::TopicMissing,
                judge.lang.choose(
                    format!("sns:GetTopicAttributes: {}: NotFound; {topic_arn} is there", topic.arn),
                    format!("sns:GetTopicAttributes: {}: NotFound. {topic_arn}은(는) 있습니다", topic.arn),
                ),
            ),
            _ => (
                Code::RuleWithoutTarget,
                judge.lang.choose(
                    format!(
                        "events:ListTargetsByRule: {}, to which nobody is subscribed; {topic_arn} is there",
                        topic.arn
                    ),
                    format!(
                        "events:ListTargetsByRule: {}에는 구독자가 없습니다. {topic_arn}은(는) 있습니다",
                        topic.arn
                    ),
                ),
            ),
        };
        // The remedy aims at the topic that is meant.
        let mut subject = judge.subject.clone();
        subject.place = Some(target_id);
        return judge.find(Hop::Topic, code, Severity::Error, vec![evidence], &subject);
    }
    let name = topic.arn.rsplit(':').next().unwrap_or(&topic.arn);
    if topic.targeted && name != judge.subject.names.topic {
        let wanted = judge.subject.names.topic.clone();
        judge.see(
            Hop::Topic,
            judge.lang.choose(
                format!("the rule sends to {name}, not to {wanted}"),
                format!("규칙이 {wanted}이(가) 아니라 {name}(으)로 보냅니다"),
            ),
        );
    }
    name.clone_into(&mut judge.subject.names.topic);
    judge.subject.topic_arn.clone_from(&topic.arn);
    match judge.known(Hop::Topic, Code::TopicMissing, &topic.attributes) {
        None => {}
        Some(None) => {
            judge.wrong(
                Hop::Topic,
                Code::TopicMissing,
                vec![format!("sns:GetTopicAttributes: {}: NotFound", topic.arn)],
            );
        }
        Some(Some(attributes)) => {
            judge.see(Hop::Topic, topic.arn.clone());
            policy(judge, attributes);
            if let Some(key) = &topic.key {
                self::key(judge, key);
            }
        }
    }
}

fn policy(judge: &mut Judge<'_>, attributes: &TopicAttributes) {
    let text = attributes.policy.as_deref().unwrap_or_default();
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(error) => {
            let unknown = Unknown::here("sns:GetTopicAttributes", format!("a policy that cannot be read ({error})"));
            return judge.unknown(Hop::Topic, Code::TopicPolicyDenies, &unknown);
        }
    };
    let Subject { region, account, names, topic_arn, .. } = &judge.subject;
    let rule_arn = match judge.facts.rule.facts() {
        Some(rule) => rule.arn.clone(),
        None => format!("arn:aws:events:{region}:{account}:rule/{}", names.rule),
    };
    let owner = topic_arn.split(':').nth(4).unwrap_or_default();
    let request = RequestContext::new(Principal::service("events.amazonaws.com"), "sns:Publish", topic_arn.clone())
        .key("aws:SourceArn", rule_arn)
        .key("aws:SourceAccount", *account)
        .key("aws:SecureTransport", "true");
    let decision = authorize(Some(&policy), &request, owner, false);
    if decision.is_allowed() {
        return;
    }
    let explanation = decision.explanation();
    let evidence = vec![words::policy(explanation, judge.lang), format!("sns:GetTopicAttributes: Policy: {text}")];
    let mut subject = judge.subject.clone();
    subject.document = mended(text, explanation, grant::publish(&judge.subject.topic_arn, &judge.subject.rule_arn()));
    judge.find(Hop::Topic, Code::TopicPolicyDenies, Severity::Error, evidence, &subject);
}

/// The policy without the statements that deny, and with one that allows.
pub(super) fn mended(text: &str, explanation: &Explanation, allow: Value) -> Option<String> {
    let mut policy: Value = serde_json::from_str(text).ok()?;
    let standing = match policy.get_mut("Statement").map(Value::take)? {
        Value::Array(statements) => statements,
        one => vec![one],
    };
    let denying = |index: usize| {
        explanation.outcome() == Outcome::ExplicitDeny
            && explanation
                .statements()
                .iter()
                .any(|one| one.index == index && one.applied() && one.effect == Effect::Deny)
    };
    let sid = allow["Sid"].clone();
    let kept = standing.into_iter().enumerate().filter(|(index, one)| !denying(*index) && one["Sid"] != sid);
    let statements: Vec<Value> = kept.map(|(_, one)| one).chain([allow]).collect();
    policy["Statement"] = json!(statements);
    Some(policy.to_string())
}

fn key(judge: &mut Judge<'_>, facts: &KeyFacts) {
    let id = &facts.id;
    let Some(key) = judge.known(Hop::Topic, Code::TopicKeyUnusable, &facts.key) else { return };
    let Some(Key { arn, state, by_aws }) = key else {
        let evidence = vec![
            format!("sns:GetTopicAttributes: KmsMasterKeyId: {id}"),
            "kms:DescribeKey: NotFoundException".to_owned(),
        ];
        return judge.wrong(Hop::Topic, Code::TopicKeyUnusable, evidence);
    };
    let shown = format!("sns:GetTopicAttributes: KmsMasterKeyId: {id}");
    if state != "Enabled" {
        let mut subject = judge.subject.clone();
        subject.place = Some(arn);
        let evidence = vec![shown, format!("kms:DescribeKey: {arn}: KeyState: {state}")];
        return judge.find(Hop::Topic, Code::TopicKeyUnusable, Severity::Error, evidence, &subject);
    }
    if *by_aws {
        let why = judge.lang.choose(
            "kms:DescribeKey: KeyManager: AWS (its policy lets no service in, and cannot be changed)",
            "kms:DescribeKey: KeyManager: AWS (정책이 다른 서비스를 허용하지 않고, 바꿀 수도 없습니다)",
        );
        return judge.wrong(Hop::Topic, Code::TopicKeyDenies, vec![shown, why.to_owned()]);
    }
    let Some(text) = judge.known(Hop::Topic, Code::TopicKeyDenies, &facts.policy) else { return };
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(error) => {
            let unknown = Unknown::here("kms:GetKeyPolicy", format!("a policy that cannot be read ({error})"));
            return judge.unknown(Hop::Topic, Code::TopicKeyDenies, &unknown);
        }
    };
    for action in ["kms:GenerateDataKey", "kms:Decrypt"] {
        // EventBridge's requests bring no source: a condition on one cannot hold.
        let request = RequestContext::new(Principal::service("events.amazonaws.com"), action, arn.clone())
            .key("kms:ViaService", format!("sns.{}.amazonaws.com", judge.subject.region))
            .key("kms:EncryptionContext:aws:sns:topicArn", judge.subject.topic_arn.clone())
            .key("aws:SecureTransport", "true");
        let decision = policy.evaluate(&request);
        if !decision.is_allowed() {
            let evidence = vec![
                words::policy(decision.explanation(), judge.lang),
                shown,
                format!("kms:GetKeyPolicy: {arn}: {text}"),
            ];
            let mut subject = judge.subject.clone();
            subject.place = Some(arn);
            subject.document = mended(text, decision.explanation(), grant::encrypt());
            return judge.find(Hop::Topic, Code::TopicKeyDenies, Severity::Error, evidence, &subject);
        }
    }
}
