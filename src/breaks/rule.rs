//! Breaks of the rule and of its target.

use std::collections::HashMap;

use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::types::{InputTransformer, RuleState, Target};
use serde_json::Value;

use super::code::{self, Deployment};
use super::pattern::Rewrite;
use super::site::same_json;
use super::{Break, BreakError, Effect, Site, topic};
use crate::diagnosis::Code;
use crate::scenario::Hop;

/// What is done to the rule.
#[derive(Debug)]
pub(super) enum Change {
    Delete,
    Disable,
    MoveToCustomBus,
    MoveElsewhere,
    Pattern(Rewrite),
    RemoveTargets,
    AimAtMissingTopic,
    AimAtAnotherTopic,
    Transform { paths: &'static [(&'static str, &'static str)], template: &'static str },
    Input(&'static str),
    Copy,
}

/// The bus that somebody made for the alarms of the team.
const CUSTOM_BUS: &str = "security-alarms";

const fn silent(name: &'static str, at: Hop, cause: Code, title: [&'static str; 2], change: Change) -> Break {
    Break { name, hop: Hop::Rule, effect: Effect::Silent(at), cause, title, change: super::Change::Rule(change) }
}

const fn mismatch(name: &'static str, title: [&'static str; 2], rewrite: Rewrite) -> Break {
    silent(name, Hop::Rule, Code::RulePatternMismatch, title, Change::Pattern(rewrite))
}

const INGRESS: &[&str] = &["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "ModifySecurityGroupRules"];

pub(super) const BREAKS: &[Break] = &[
    silent("rule-deleted", Hop::Rule, Code::RuleMissing, ["the rule was deleted", "규칙을 삭제함"], Change::Delete),
    silent(
        "rule-disabled",
        Hop::Rule,
        Code::RuleDisabled,
        ["the rule is disabled", "규칙을 비활성화함"],
        Change::Disable,
    ),
    silent(
        "rule-on-custom-bus",
        Hop::Rule,
        Code::RuleElsewhere,
        ["the rule stands on a custom event bus", "규칙을 사용자 지정 이벤트 버스로 옮김"],
        Change::MoveToCustomBus,
    ),
    silent(
        "rule-in-other-region",
        Hop::Rule,
        Code::RuleElsewhere,
        ["the rule stands in another Region", "규칙을 다른 리전으로 옮김"],
        Change::MoveElsewhere,
    ),
    mismatch(
        "pattern-wrong-source",
        [
            "the pattern's source is ec2.amazonaws.com in place of aws.ec2",
            "패턴의 source를 aws.ec2 대신 ec2.amazonaws.com으로 바꿈",
        ],
        Rewrite::Set(&["source"], "ec2.amazonaws.com"),
    ),
    mismatch(
        "pattern-source-upper-case",
        ["the pattern's source is AWS.EC2, in capitals", "패턴의 source를 대문자 AWS.EC2로 바꿈"],
        Rewrite::Set(&["source"], "AWS.EC2"),
    ),
    mismatch(
        "pattern-wrong-detail-type",
        [
            "the pattern's detail-type is AWS Service Event via CloudTrail",
            "패턴의 detail-type을 AWS Service Event via CloudTrail로 바꿈",
        ],
        Rewrite::Set(&["detail-type"], "AWS Service Event via CloudTrail"),
    ),
    mismatch(
        "pattern-wrong-event-source",
        [
            "the pattern's eventSource is aws.ec2 in place of ec2.amazonaws.com",
            "패턴의 eventSource를 ec2.amazonaws.com 대신 aws.ec2로 바꿈",
        ],
        Rewrite::Set(&["detail", "eventSource"], "aws.ec2"),
    ),
    mismatch(
        "pattern-names-lower-case",
        ["the pattern's event names are in lower case", "패턴의 이벤트 이름을 모두 소문자로 바꿈"],
        Rewrite::LowerCaseNames,
    ),
    mismatch(
        "pattern-key-misspelt",
        ["the pattern says eventname in place of eventName", "패턴의 eventName 키를 eventname으로 잘못 씀"],
        Rewrite::Rename("eventName", "eventname"),
    ),
    mismatch(
        "pattern-without-authorize-ingress",
        ["the pattern leaves AuthorizeSecurityGroupIngress out", "패턴에서 AuthorizeSecurityGroupIngress를 뺌"],
        Rewrite::Without(&["AuthorizeSecurityGroupIngress"]),
    ),
    mismatch(
        "pattern-without-ingress",
        ["the pattern names outbound changes only", "패턴에 아웃바운드 변경만 남김"],
        Rewrite::Without(INGRESS),
    ),
    mismatch(
        "pattern-refused-calls-only",
        [
            "the pattern asks for an errorCode, which only refused calls have",
            "패턴에 거부된 호출에만 있는 errorCode 조건을 추가함",
        ],
        Rewrite::Require(&["detail", "errorCode"]),
    ),
    Break {
        name: "pattern-without-modify",
        hop: Hop::Rule,
        effect: Effect::Hidden,
        cause: Code::RulePatternIncomplete,
        title: [
            "the pattern leaves ModifySecurityGroupRules out, which the console calls to edit a rule",
            "콘솔에서 규칙을 편집할 때 호출되는 ModifySecurityGroupRules를 패턴에서 뺌",
        ],
        change: super::Change::Rule(Change::Pattern(Rewrite::Without(&["ModifySecurityGroupRules"]))),
    },
    silent(
        "rule-without-target",
        Hop::Rule,
        Code::RuleWithoutTarget,
        ["the rule has no target", "규칙의 대상을 제거함"],
        Change::RemoveTargets,
    ),
    silent(
        "rule-target-missing",
        Hop::Topic,
        Code::TopicMissing,
        ["the rule's target is a topic that is not there", "규칙의 대상을 존재하지 않는 주제로 바꿈"],
        Change::AimAtMissingTopic,
    ),
    silent(
        "rule-target-other-topic",
        Hop::Topic,
        Code::RuleWithoutTarget,
        [
            "the rule's target is another topic, to which nobody subscribed",
            "규칙의 대상을 구독자가 없는 다른 주제로 바꿈",
        ],
        Change::AimAtAnotherTopic,
    ),
    silent(
        "transformer-paths-empty",
        Hop::Function,
        Code::RuleInputLosesEvent,
        [
            "the input transformer's paths lead nowhere in the record",
            "입력 변환기의 경로가 레코드에 없는 필드를 가리키게 함",
        ],
        Change::Transform {
            paths: &[("event", "$.detail.name"), ("group", "$.detail.groupId")],
            template: "\"<event> changed the security group <group>\"",
        },
    ),
    silent(
        "transformer-constant",
        Hop::Function,
        Code::RuleInputLosesEvent,
        [
            "the input transformer makes the same text of every event",
            "입력 변환기가 모든 이벤트를 같은 문구로 바꾸게 함",
        ],
        Change::Transform { paths: &[], template: "\"A security group was changed\"" },
    ),
    silent(
        "rule-input-constant",
        Hop::Function,
        Code::RuleInputLosesEvent,
        ["the target gets a constant in place of the event", "대상에 이벤트 대신 고정된 JSON을 전달하게 함"],
        Change::Input(r#"{"alarm":"a security group was changed"}"#),
    ),
    Break {
        name: "rule-twice",
        hop: Hop::Rule,
        effect: Effect::Duplicate,
        cause: Code::AlertDuplicated,
        title: [
            "a second rule sends the same events to the topic",
            "같은 이벤트를 같은 주제로 보내는 규칙을 하나 더 만듦",
        ],
        change: super::Change::Rule(Change::Copy),
    },
    Break {
        name: "rule-alerts-on-remediation",
        hop: Hop::Rule,
        effect: Effect::Answered,
        cause: Code::RemediationAlerts,
        title: [
            "the function closes the port again, and the rule matches that change as well",
            "함수가 포트를 다시 닫게 하여 그 변경에도 규칙이 반응하게 함",
        ],
        change: super::Change::Code(code::Change(REMEDIATION)),
    },
];

/// The notifier, which closes what was opened before it tells of it.
const REMEDIATION: Deployment = Deployment {
    policy: Some("arn:aws:iam::aws:policy/AmazonEC2FullAccess"),
    ..Deployment::edited(&[
        (
            "import urllib.request\n",
            "import urllib.request\n\nimport boto3\nfrom botocore.exceptions import ClientError\n",
        ),
        ("        post(compose(detail))\n", "        close(detail)\n        post(compose(detail))\n"),
        (
            "def lambda_handler(",
            r#"def close(detail):
    """Closes what was opened; somebody else may have been faster."""
    opened = ((detail.get("responseElements") or {}).get("securityGroupRuleSet") or {}).get("items") or []
    inbound = [rule["securityGroupRuleId"] for rule in opened if not rule["isEgress"]]
    if detail["eventName"] == "AuthorizeSecurityGroupIngress" and inbound:
        try:
            ec2 = boto3.client("ec2")
            ec2.revoke_security_group_ingress(GroupId=group_id(detail), SecurityGroupRuleIds=inbound)
        except ClientError as error:
            print(f"not closed: {error}")


def lambda_handler("#,
        ),
    ])
};

pub(super) async fn apply(site: &Site<'_>, change: &Change) -> Result<(), BreakError> {
    let (events, name) = (&site.clients.events, site.names.rule.as_str());
    let standing = events.describe_rule().name(name).send().await;
    let standing = standing.map_err(|error| BreakError::refused("events:DescribeRule", rule(site), &error))?;
    match change {
        Change::Delete => delete(site).await,
        Change::Disable => {
            if standing.state() == Some(&RuleState::Disabled) {
                return site.already(format!("the {} is disabled", rule(site)));
            }
            let disabled = events.disable_rule().name(name).send().await;
            disabled.map(|_| ()).map_err(|error| BreakError::refused("events:DisableRule", rule(site), &error))
        }
        Change::MoveToCustomBus => move_to_custom_bus(site, &standing).await,
        Change::MoveElsewhere => move_elsewhere(site, &standing).await,
        Change::Pattern(rewrite) => repattern(site, &standing, rewrite).await,
        Change::RemoveTargets => remove_targets(site).await,
        Change::AimAtMissingTopic => {
            aim(site, |target| target.arn(format!("{}-old", site.topic_arn())), &site.topic_arn()).await
        }
        Change::AimAtAnotherTopic => {
            let other = make_topic(site, &site.clients.sns, &format!("{}-test", site.names.topic)).await?;
            topic::let_publish(&site.clients.sns, &other, &site.rule_arn()).await?;
            aim(site, |target| target.arn(&other), &site.topic_arn()).await
        }
        Change::Transform { paths, template } => {
            let paths: HashMap<_, _> =
                paths.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect();
            let paths = Some(paths).filter(|paths| !paths.is_empty());
            let transformer = InputTransformer::builder().set_input_paths_map(paths).input_template(*template).build();
            let transformer =
                transformer.map_err(|error| BreakError::invalid("events:PutTargets", rule(site), error))?;
            aim(site, |target| target.input_transformer(transformer.clone()), &site.topic_arn()).await
        }
        Change::Input(input) => aim(site, |target| target.input(*input), &site.topic_arn()).await,
        Change::Copy => copy(site, &standing).await,
    }
}

fn rule(site: &Site<'_>) -> String {
    site.what("rule", &site.names.rule)
}

fn pattern_of<'a>(site: &Site<'_>, standing: &'a DescribeRuleOutput) -> Result<&'a str, BreakError> {
    standing.event_pattern().ok_or_else(|| Site::missing(format!("event pattern of the {}", rule(site))))
}

async fn repattern(site: &Site<'_>, standing: &DescribeRuleOutput, rewrite: &Rewrite) -> Result<(), BreakError> {
    let text = pattern_of(site, standing)?;
    let pattern: Value =
        serde_json::from_str(text).map_err(|error| BreakError::invalid("events:DescribeRule", rule(site), error))?;
    let rewritten = rewrite.of(&pattern);
    let rewritten =
        rewritten.ok_or_else(|| Site::missing(format!("field to rewrite in the pattern of the {}", rule(site))))?;
    if rewritten == pattern {
        return site.already(format!("the pattern {text}"));
    }
    // PutRule writes the whole rule: what is not said again is lost.
    let put = site.clients.events.put_rule().name(&site.names.rule).event_pattern(rewritten.to_string());
    let put = put.set_description(standing.description.clone()).set_state(standing.state.clone());
    let put = put.set_role_arn(standing.role_arn.clone()).send().await;
    put.map(|_| ()).map_err(|error| BreakError::refused("events:PutRule", rule(site), &error))
}

/// The rule's targets; never none.
async fn targets(site: &Site<'_>) -> Result<Vec<Target>, BreakError> {
    let listed = site.clients.events.list_targets_by_rule().rule(&site.names.rule).send().await;
    let listed = listed.map_err(|error| BreakError::refused("events:ListTargetsByRule", rule(site), &error))?;
    match listed.targets {
        Some(targets) if !targets.is_empty() => Ok(targets),
        _ => Err(Site::missing(format!("target of the {}", rule(site)))),
    }
}

async fn remove_targets(site: &Site<'_>) -> Result<(), BreakError> {
    let ids = targets(site).await?.into_iter().map(|target| target.id).collect();
    let removed = site.clients.events.remove_targets().rule(&site.names.rule).set_ids(Some(ids)).send().await;
    removed.map(|_| ()).map_err(|error| BreakError::refused("events:RemoveTargets", rule(site), &error))
}

async fn delete(site: &Site<'_>) -> Result<(), BreakError> {
    match remove_targets(site).await {
        Ok(()) | Err(BreakError::NotThere { .. }) => {}
        Err(refused) => return Err(refused),
    }
    let deleted = site.clients.events.delete_rule().name(&site.names.rule).send().await;
    deleted.map(|_| ()).map_err(|error| BreakError::refused("events:DeleteRule", rule(site), &error))
}

/// Puts the target at the topic anew, with one thing of it changed. What stood there of inputs goes: a target has one.
async fn aim(
    site: &Site<'_>,
    change: impl Fn(
        aws_sdk_eventbridge::types::builders::TargetBuilder,
    ) -> aws_sdk_eventbridge::types::builders::TargetBuilder,
    at: &str,
) -> Result<(), BreakError> {
    let standing = targets(site).await?.into_iter().find(|target| target.arn == at);
    let standing =
        standing.ok_or_else(|| Site::missing(format!("target of the {} that is the topic {at}", rule(site))))?;
    let target = Target::builder().id(&standing.id).arn(&standing.arn);
    let target = change(target).set_dead_letter_config(standing.dead_letter_config.clone()).build();
    let target = target.map_err(|error| BreakError::invalid("events:PutTargets", rule(site), error))?;
    if target == standing {
        return site.already(format!("the target {}", standing.id));
    }
    put_target(&site.clients.events, &site.names.rule, None, target).await
}

async fn put_target(
    events: &aws_sdk_eventbridge::Client,
    rule: &str,
    bus: Option<&str>,
    target: Target,
) -> Result<(), BreakError> {
    let put = events.put_targets().rule(rule).set_event_bus_name(bus.map(str::to_owned)).targets(target).send().await;
    let put = put.map_err(|error| BreakError::refused("events:PutTargets", rule, &error))?;
    // This call succeeds even where an entry of it was refused.
    match put.failed_entries().first() {
        None => Ok(()),
        Some(entry) => {
            let (code, message) = (entry.error_code().unwrap_or("?"), entry.error_message().unwrap_or("?"));
            Err(BreakError::invalid("events:PutTargets", rule, format_args!("{code}: {message}")))
        }
    }
}

async fn make_topic(site: &Site<'_>, sns: &aws_sdk_sns::Client, name: &str) -> Result<String, BreakError> {
    let created = sns.create_topic().name(name).send().await;
    let created = created.map_err(|error| BreakError::refused("sns:CreateTopic", name, &error))?;
    created.topic_arn.ok_or_else(|| Site::missing(format!("TopicArn in the answer for {}", site.what("topic", name))))
}

async fn move_to_custom_bus(site: &Site<'_>, standing: &DescribeRuleOutput) -> Result<(), BreakError> {
    let (events, name) = (&site.clients.events, site.names.rule.as_str());
    let pattern = pattern_of(site, standing)?;
    let targets = targets(site).await?;
    delete(site).await?;
    let created = events.create_event_bus().name(CUSTOM_BUS).send().await;
    created.map_err(|error| BreakError::refused("events:CreateEventBus", CUSTOM_BUS, &error))?;
    let put = events.put_rule().name(name).event_bus_name(CUSTOM_BUS).event_pattern(pattern).send().await;
    put.map_err(|error| BreakError::refused("events:PutRule", name, &error))?;
    for target in targets {
        put_target(events, name, Some(CUSTOM_BUS), target).await?;
    }
    Ok(())
}

/// The rule in another Region, with a topic there: a rule sends to topics of its own Region.
async fn move_elsewhere(site: &Site<'_>, standing: &DescribeRuleOutput) -> Result<(), BreakError> {
    let (elsewhere, name) = (site.elsewhere(), site.names.rule.as_str());
    let pattern = pattern_of(site, standing)?;
    delete(site).await?;
    let sns = site.clients.sns.config().to_builder().region(elsewhere.clone()).build();
    let sns = aws_sdk_sns::Client::from_conf(sns);
    let events = site.clients.events.config().to_builder().region(elsewhere.clone()).build();
    let events = aws_sdk_eventbridge::Client::from_conf(events);
    let put = events.put_rule().name(name).event_pattern(pattern).send().await;
    let put = put.map_err(|error| BreakError::refused("events:PutRule", name, &error))?;
    let topic_arn = make_topic(site, &sns, &site.names.topic).await?;
    topic::let_publish(&sns, &topic_arn, put.rule_arn().unwrap_or_default()).await?;
    let target = Target::builder().id("topic").arn(topic_arn).build();
    let target = target.map_err(|error| BreakError::invalid("events:PutTargets", name, error))?;
    put_target(&events, name, None, target).await
}

/// A second rule with the same pattern and the same target, which the topic lets publish as well.
async fn copy(site: &Site<'_>, standing: &DescribeRuleOutput) -> Result<(), BreakError> {
    let events = &site.clients.events;
    let name = format!("{}-copy", site.names.rule);
    if let Ok(copy) = events.describe_rule().name(&name).send().await
        && copy
            .event_pattern()
            .is_some_and(|copied| standing.event_pattern().is_some_and(|text| same_json(copied, text)))
    {
        return site.already(format!("the rule {name}"));
    }
    let targets = targets(site).await?;
    let put = events.put_rule().name(&name).event_pattern(pattern_of(site, standing)?).send().await;
    let put = put.map_err(|error| BreakError::refused("events:PutRule", &name, &error))?;
    topic::let_publish(&site.clients.sns, &site.topic_arn(), put.rule_arn().unwrap_or_default()).await?;
    for target in targets {
        put_target(events, &name, None, target).await?;
    }
    Ok(())
}
