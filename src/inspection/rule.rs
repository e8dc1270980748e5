//! The rule, on the default event bus; and where it is otherwise, if it is not there.

use alert_drill_lab::transform::InputTransformer;
use aws_sdk_eventbridge::types::{Rule, RuleState, Target as RuleTarget};
use serde_json::{Map, Value, json};

use super::{ElsewhereRule, Fact, Names, RuleFacts, RuleFound, TargetFacts, Unknown, answered};
use crate::target::Target;

const LIST_RULES: &str = "events:ListRules";

pub(super) async fn read(target: &Target, names: &Names) -> RuleFound {
    let rules = match list(target, None).await {
        Ok(rules) => rules,
        Err(unknown) => return RuleFound::Unknown(unknown),
    };
    if let Some(rule) = rules.iter().find(|rule| rule.name() == Some(&names.rule)) {
        return RuleFound::Named(with_targets(target, rule, &rules).await);
    }
    // A rule of another name that does its work: it names calls that change security groups, and it sends to a topic.
    for rule in rules.iter().filter(|rule| rule.event_pattern().is_some_and(is_about_groups)) {
        let facts = with_targets(target, rule, &rules).await;
        if facts.targets.as_ref().is_ok_and(|targets| targets.iter().any(TargetFacts::is_topic)) {
            return RuleFound::Another(facts);
        }
    }
    elsewhere(target, names).await
}

/// All rules of a bus, the default one where none is named.
async fn list(target: &Target, bus: Option<&str>) -> Fact<Vec<Rule>> {
    let mut rules = Vec::new();
    let mut next = None;
    loop {
        let page = target.clients.events.list_rules().set_event_bus_name(bus.map(str::to_owned));
        let page = answered(LIST_RULES, page.set_next_token(next).send().await)?;
        rules.extend(page.rules.unwrap_or_default());
        next = page.next_token;
        if next.is_none() {
            return Ok(rules);
        }
    }
}

/// Whether somebody wrote this pattern for changes of security groups, letters right or wrong.
fn is_about_groups(pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    pattern.contains("securitygroup") && !pattern.contains("alert-drill-tap")
}

async fn with_targets(target: &Target, rule: &Rule, bus: &[Rule]) -> RuleFacts {
    let name = rule.name().unwrap_or_default().to_owned();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let others = bus.iter().filter(|other| other.name() != rule.name() && other.state() != Some(&RuleState::Disabled));
    let siblings = others.filter_map(|other| Some((other.name()?.to_owned(), other.event_pattern()?.to_owned())));
    RuleFacts {
        siblings: siblings.collect(),
        arn: text(rule.arn()),
        state: text(rule.state().map(RuleState::as_str)),
        description: rule.description().filter(|text| !text.is_empty()).map(str::to_owned),
        role_arn: rule.role_arn().map(str::to_owned),
        pattern: rule.event_pattern().map(str::to_owned),
        targets: targets(target, &name).await,
        name,
    }
}

async fn targets(target: &Target, rule: &str) -> Fact<Vec<TargetFacts>> {
    let mut targets = Vec::new();
    let mut next = None;
    loop {
        let page = target.clients.events.list_targets_by_rule().rule(rule).set_next_token(next).send().await;
        let page = answered("events:ListTargetsByRule", page)?;
        targets.extend(page.targets().iter().map(facts));
        next = page.next_token;
        if next.is_none() {
            return Ok(targets);
        }
    }
}

fn facts(target: &RuleTarget) -> TargetFacts {
    let transformer = target.input_transformer().map(|transformer| {
        let paths = transformer.input_paths_map().into_iter().flatten();
        let paths = paths.map(|(name, path)| (name.clone(), path.clone())).collect();
        InputTransformer::new(paths, transformer.input_template())
    });
    TargetFacts {
        id: target.id().to_owned(),
        arn: target.arn().to_owned(),
        input: target.input().map(str::to_owned),
        input_path: target.input_path().map(str::to_owned),
        transformer,
        kept: kept(target),
    }
}

fn kept(target: &RuleTarget) -> Map<String, Value> {
    let mut kept = Map::new();
    if let Some(role_arn) = target.role_arn() {
        kept.insert("RoleArn".to_owned(), role_arn.into());
    }
    if let Some(queue_arn) = target.dead_letter_config().and_then(|config| config.arn()) {
        kept.insert("DeadLetterConfig".to_owned(), json!({ "Arn": queue_arn }));
    }
    if let Some(retry) = target.retry_policy() {
        let members = [
            ("MaximumRetryAttempts", retry.maximum_retry_attempts()),
            ("MaximumEventAgeInSeconds", retry.maximum_event_age_in_seconds()),
        ];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        kept.insert("RetryPolicy".to_owned(), members.collect::<Map<_, _>>().into());
    }
    kept
}

/// Looks for the rule on the Region's custom buses and in the account's other Regions.
async fn elsewhere(target: &Target, names: &Names) -> RuleFound {
    let (buses, regions) = tokio::join!(on_buses(target, names), in_regions(target, names));
    let mut places = Vec::new();
    let mut unsearched = Vec::new();
    for found in [buses, regions] {
        match found {
            Ok(found) => places.extend(found),
            Err(unknown) => unsearched.push(unknown),
        }
    }
    if places.is_empty() { RuleFound::Missing { unsearched } } else { RuleFound::Elsewhere { places } }
}

async fn on_buses(target: &Target, names: &Names) -> Fact<Vec<ElsewhereRule>> {
    let buses = answered("events:ListEventBuses", target.clients.events.list_event_buses().send().await)?;
    let mut places = Vec::new();
    for bus in buses.event_buses().iter().filter_map(|bus| bus.name()).filter(|bus| *bus != "default") {
        if list(target, Some(bus)).await?.iter().any(|rule| rule.name() == Some(&names.rule)) {
            places.push(ElsewhereRule::Bus(bus.to_owned()));
        }
    }
    Ok(places)
}

async fn in_regions(target: &Target, names: &Names) -> Fact<Vec<ElsewhereRule>> {
    let regions = answered("ec2:DescribeRegions", target.clients.ec2.describe_regions().send().await)?;
    let regions = regions.regions().iter().filter_map(|region| region.region_name());
    let asked = regions.filter(|region| *region != target.region).map(|region| {
        let events = target.clients.events_in(region);
        let (region, name) = (region.to_owned(), names.rule.clone());
        async move {
            let described = events.list_rules().name_prefix(&name).send().await;
            let rules = answered(LIST_RULES, described)?;
            let there = rules.rules().iter().any(|rule| rule.name() == Some(&name));
            Ok::<_, Unknown>(there.then_some(ElsewhereRule::Region(region)))
        }
    });
    let asked: Vec<_> = asked.map(tokio::spawn).collect();
    let mut places = Vec::new();
    for answer in asked {
        // A task that was never cancelled ends with its answer.
        if let Ok(place) = answer.await {
            places.extend(place?);
        }
    }
    Ok(places)
}
