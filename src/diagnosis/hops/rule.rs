//! Whether the rule sees the change, and what it sends on.

use alert_drill_lab::pattern::Pattern;
use alert_drill_lab::transform;
use serde_json::Value;

use super::{Judge, change_of, required_events};
use crate::diagnosis::changes::{self, Change, TIME};
use crate::diagnosis::{Answer, Code, Severity, Subject, remediation, words};
use crate::inspection::{ElsewhereRule, RuleFacts, RuleFound, TargetFacts, Unknown};
use crate::report::ChangeInspection;
use crate::scenario::Hop;

/// How many answers are shown; the newest come first.
const ANSWERS_SHOWN: usize = 3;

/// Judges the rule. Returns what it sends to the topic for the scenario's default drill.
pub(super) fn judge(judge: &mut Judge<'_>) -> Option<String> {
    let facts = judge.facts;
    let event = judge.drill_event();
    match &facts.rule {
        RuleFound::Named(rule) => {
            judge.see(Hop::Rule, format!("{} ({})", rule.name, rule.state));
            one(judge, rule, &event)
        }
        RuleFound::Another(rule) => {
            let wanted = judge.subject.names.rule.clone();
            judge.see(
                Hop::Rule,
                judge.lang.choose(
                    format!("{} ({}), found by what it does: no rule is named {wanted}", rule.name, rule.state),
                    format!("{} ({}): {wanted}라는 규칙이 없어 하는 일로 찾았습니다", rule.name, rule.state),
                ),
            );
            judge.subject.names.rule.clone_from(&rule.name);
            one(judge, rule, &event)
        }
        RuleFound::Elsewhere { places } => {
            let evidence = places.iter().map(|place| elsewhere(judge, place)).collect();
            judge.wrong(Hop::Rule, Code::RuleElsewhere, evidence);
            Some(event.to_string())
        }
        RuleFound::Missing { unsearched } => {
            let mut evidence = vec![judge.lang.choose(
                "events:ListRules: no rule of the default event bus names changes of security groups".to_owned(),
                "events:ListRules: 기본 이벤트 버스에 보안 그룹 변경을 다루는 규칙 없음".to_owned(),
            )];
            evidence.extend(unsearched.iter().map(ToString::to_string));
            judge.wrong(Hop::Rule, Code::RuleMissing, evidence);
            // Everything behind it is judged by the event as it would come.
            Some(event.to_string())
        }
        RuleFound::Unknown(unknown) => {
            judge.unknown(Hop::Rule, Code::RuleMissing, unknown);
            Some(event.to_string())
        }
    }
}

fn elsewhere(judge: &Judge<'_>, place: &ElsewhereRule) -> String {
    match place {
        ElsewhereRule::Bus(bus) => judge.lang.choose(
            format!("it is on the event bus {bus}; CloudTrail's events come to the bus default only"),
            format!("이벤트 버스 {bus}에 있습니다. CloudTrail 이벤트는 default 버스로만 옵니다"),
        ),
        ElsewhereRule::Region(region) => judge.lang.choose(
            format!("it is in {region}; the events of EC2 come to the Region of the call"),
            format!("{region}에 있습니다. EC2 이벤트는 호출한 리전으로만 옵니다"),
        ),
    }
}

fn one<'a>(judge: &mut Judge<'a>, rule: &'a RuleFacts, event: &Value) -> Option<String> {
    judge.subject.rule = Some(rule);
    if rule.state == "DISABLED" {
        judge.wrong(Hop::Rule, Code::RuleDisabled, vec!["events:ListRules: State: DISABLED".to_owned()]);
    }
    pattern(judge, rule, event);
    answers(judge, rule);
    let facts = judge.facts;
    let targets = judge.known(Hop::Rule, Code::RuleWithoutTarget, &rule.targets)?;
    let to_topic: Vec<&TargetFacts> = targets.iter().filter(|target| target.arn == facts.topic.arn).collect();
    let Some(target) = to_topic.first() else {
        let others = targets.iter().map(|target| target.arn.clone());
        let seen = std::iter::once("events:ListTargetsByRule: no SNS topic".to_owned()).chain(others);
        judge.wrong(Hop::Rule, Code::RuleWithoutTarget, seen.collect());
        return Some(event.to_string());
    };
    duplicates(judge, rule, to_topic.len(), event);
    input(judge, rule, target, event)
}

/// Tries every way to change a group against the pattern.
fn pattern(judge: &mut Judge<'_>, rule: &RuleFacts, event: &Value) {
    let Some(text) = &rule.pattern else {
        let seen = "events:ListRules: EventPattern: none (a schedule?)".to_owned();
        return judge.wrong(Hop::Rule, Code::RulePatternMismatch, vec![seen]);
    };
    let pattern = match Pattern::parse(text) {
        Ok(pattern) => pattern,
        Err(error) => {
            // The target took it, so that it is more than is known here.
            let unknown = Unknown::here("events:ListRules", format!("a pattern that cannot be read ({error})"));
            return judge.unknown(Hop::Rule, Code::RulePatternMismatch, &unknown);
        }
    };
    let (site, lang) = (judge.site(), judge.lang);
    let tried = Change::ALL.map(|change| {
        let explanation = pattern.explain(&change.event(&site));
        let why = (!explanation.matched).then(|| words::pattern(&explanation, lang));
        (change, why)
    });
    judge.changes = tried
        .iter()
        .map(|(change, why)| ChangeInspection {
            event_name: change.event_name().to_owned(),
            what: change.words(lang).to_owned(),
            must_alert: change.must_alert(),
            alerted: why.is_none(),
            why: why.clone(),
        })
        .collect();
    let explanation = pattern.explain(event);
    if !explanation.matched {
        let mut evidence = vec![words::pattern(&explanation, lang)];
        evidence.push(format!("events:ListRules: EventPattern: {text}"));
        return judge.wrong(Hop::Rule, Code::RulePatternMismatch, evidence);
    }
    let missed: Vec<&(Change, Option<String>)> =
        tried.iter().filter(|(change, why)| why.is_some() && change.must_alert()).collect();
    if missed.is_empty() {
        return;
    }
    let required = required_events(judge.scenario);
    let evidence = missed
        .iter()
        .map(|(change, why)| {
            format!("{} ({}): {}", change.event_name(), change.words(lang), why.as_deref().unwrap_or_default())
        })
        .collect();
    match missed.iter().any(|(change, _)| required.contains(&change.event_name())) {
        true => judge.wrong(Hop::Rule, Code::RulePatternIncomplete, evidence),
        false => judge.warn(Hop::Rule, Code::RulePatternIncomplete, evidence),
    }
}

/// What the functions of the alarm have done to a group themselves, and that the rule sees: an alarm that answers itself.
fn answers<'a>(judge: &mut Judge<'a>, rule: &'a RuleFacts) {
    let own_calls = match judge.own_calls {
        // Whose target has no event history is told so where its trails are looked for.
        Err(unknown) if unknown.incapable => return,
        own_calls => judge.known(Hop::Rule, Code::RemediationAlerts, own_calls),
    };
    let (Some(own_calls), Some(text)) = (own_calls, &rule.pattern) else { return };
    let Ok(pattern) = Pattern::parse(text) else { return };
    let site = judge.site();
    let seen = own_calls.iter().filter(|record| {
        let time = record["eventTime"].as_str().unwrap_or(TIME);
        pattern.matches(&changes::event((*record).clone(), time, &site))
    });
    let answers: Vec<Answer> = seen.map(Answer::of).collect();
    if answers.is_empty() {
        return;
    }
    let evidence =
        answers.iter().take(ANSWERS_SHOWN).map(|answer| format!("cloudtrail:LookupEvents: {}", answer.words));
    let mut evidence: Vec<String> = evidence.collect();
    if let more @ 1.. = answers.len().saturating_sub(ANSWERS_SHOWN) {
        evidence.push(judge.lang.choose(format!("and {more} more"), format!("외 {more}건")));
    }
    let subject = Subject { document: remediation::without(text, &answers), ..judge.subject.clone() };
    judge.find(Hop::Rule, Code::RemediationAlerts, Severity::Warning, evidence, &subject);
}

/// The ways by which one change comes to the topic more than once.
fn duplicates(judge: &mut Judge<'_>, rule: &RuleFacts, targets: usize, event: &Value) {
    let mut ways = Vec::new();
    if targets > 1 {
        ways.push(judge.lang.choose(
            format!("events:ListTargetsByRule: the topic is {targets} times a target of {}", rule.name),
            format!("events:ListTargetsByRule: 규칙 {}의 대상에 주제가 {targets}번 있습니다", rule.name),
        ));
    }
    let sending = judge.facts.topic.rules.as_ref().map(Vec::as_slice).unwrap_or_default();
    let matching = rule.siblings.iter().filter(|(name, pattern)| {
        sending.contains(name) && Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(event))
    });
    for (name, _) in matching {
        ways.push(judge.lang.choose(
            format!("events:ListRuleNamesByTarget: the rule {name} matches the change and sends to the topic as well"),
            format!("events:ListRuleNamesByTarget: 규칙 {name}도 같은 변경을 같은 주제로 보냅니다"),
        ));
    }
    if !ways.is_empty() {
        judge.warn(Hop::Rule, Code::AlertDuplicated, ways);
    }
}

/// What the rule makes of the event for its target.
fn input(judge: &mut Judge<'_>, rule: &RuleFacts, target: &TargetFacts, event: &Value) -> Option<String> {
    const CALL: &str = "events:ListTargetsByRule";
    let text = match target.rendered(event, rule) {
        Ok(text) => text,
        Err(why) => {
            wrong_input(judge, Code::RuleInvalidInput, target, vec![why]);
            return None;
        }
    };
    let mut lost: Vec<String> = Vec::new();
    match (&target.input, &target.input_path, &target.transformer) {
        (Some(input), _, _) => lost.push(format!("{CALL}: Input: {input}")),
        (_, Some(path), _) if transform::at(event, path).is_none() => {
            lost.push(format!("{CALL}: InputPath: {path} leads to nothing in the event"));
        }
        (_, _, Some(transformer)) => {
            let empty = transformer.empty_paths(event).into_iter();
            lost.extend(empty.map(|(name, path)| format!("{CALL}: <{name}>: {path} leads to nothing in the event")));
            if lost.is_empty() && !names_change(&text, judge) {
                lost.push(format!("{CALL}: InputTransformer: {text}"));
            }
        }
        _ => {}
    }
    if !lost.is_empty() {
        wrong_input(judge, Code::RuleInputLosesEvent, target, lost);
    }
    Some(text)
}

/// Whether a text says which call changed which group, so that somebody who reads it knows what happened.
fn names_change(text: &str, judge: &Judge<'_>) -> bool {
    text.contains(change_of(judge.scenario.default_drill()).event_name()) || text.contains(super::GROUP_ID)
}

fn wrong_input(judge: &mut Judge<'_>, code: Code, target: &TargetFacts, evidence: Vec<String>) {
    let mut subject = judge.subject.clone();
    subject.place = Some(&target.id);
    judge.find(Hop::Rule, code, Severity::Error, evidence, &subject);
}
