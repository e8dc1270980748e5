//! Whether the topic invokes the function, and may.

use std::collections::BTreeMap;

use alert_drill_lab::filter::{FilterPolicy, Scope};
use alert_drill_lab::policy::{Policy, Principal, RequestContext, authorize};

use super::Judge;
use crate::diagnosis::{Code, Severity, words};
use crate::inspection::{FunctionConfiguration, FunctionFacts, SubscriptionFacts, Unknown, name_and_qualifier};
use crate::scenario::Hop;

pub(super) fn judge(judge: &mut Judge<'_>, message: Option<&str>) {
    let facts = judge.facts;
    let Some(subscriptions) = judge.known(Hop::Function, Code::FunctionNotSubscribed, &facts.topic.subscriptions)
    else {
        return;
    };
    for function in &facts.functions {
        let subscription = subscriptions.iter().find(|one| one.protocol == "lambda" && one.endpoint == function.arn);
        if let (Some(subscription), Some(message)) = (subscription, message) {
            filter(judge, Hop::Function, subscription, message);
        }
        one(judge, function, subscription);
    }
}

fn one(judge: &mut Judge<'_>, function: &FunctionFacts, subscription: Option<&SubscriptionFacts>) {
    let (name, qualifier) = name_and_qualifier(&function.arn);
    let wanted = judge.subject.names.function.clone();
    let configuration = match judge.known(Hop::Function, Code::FunctionMissing, &function.configuration) {
        None => return,
        Some(None) => {
            let mut evidence =
                vec![format!("lambda:GetFunctionConfiguration: {}: ResourceNotFoundException", function.arn)];
            let mut subject = judge.subject.clone();
            if let Some(subscription) = subscription {
                evidence.push(format!("sns:ListSubscriptionsByTopic: lambda: {}", subscription.endpoint));
                subject.place = subscription.arn.as_deref();
                // The remedy subscribes the one that is meant; the message names the one that is missing.
                name.clone_into(&mut subject.names.function);
            }
            return judge.find(Hop::Function, Code::FunctionMissing, Severity::Error, evidence, &subject);
        }
        Some(Some(configuration)) => configuration,
    };
    describe(judge, configuration, function, &wanted);
    let before = judge.subject.clone();
    judge.subject.names.function.clone_from(&configuration.name);
    function.arn.clone_into(&mut judge.subject.function_arn);
    if !function.subscribed {
        let evidence = vec![format!("sns:ListSubscriptionsByTopic: {}: no lambda", judge.subject.topic_arn)];
        judge.wrong(Hop::Function, Code::FunctionNotSubscribed, evidence);
    }
    if configuration.state == "Failed" {
        let reason = configuration.state_reason.as_deref().unwrap_or("no reason");
        judge.wrong(
            Hop::Function,
            Code::FunctionNotActive,
            vec![format!("lambda:GetFunctionConfiguration: State: Failed ({reason})")],
        );
    }
    policy(judge, function, qualifier);
    if let Some(Some(0)) = judge.known(Hop::Function, Code::FunctionThrottled, &function.reserved_concurrency) {
        let seen = "lambda:GetFunctionConcurrency: ReservedConcurrentExecutions: 0".to_owned();
        judge.wrong(Hop::Function, Code::FunctionThrottled, vec![seen]);
    }
    // Another function's findings are its own; the last one's names stay for the channel behind it.
    if !function.subscribed {
        judge.subject = before;
    }
}

fn describe(judge: &mut Judge<'_>, configuration: &FunctionConfiguration, function: &FunctionFacts, wanted: &str) {
    let FunctionConfiguration { name, runtime, handler, timeout_seconds, memory_mb, .. } = configuration;
    judge.see(Hop::Function, format!("{name} ({runtime}, {handler}, {timeout_seconds} s, {memory_mb} MB)"));
    if function.subscribed && name != wanted {
        judge.see(
            Hop::Function,
            judge.lang.choose(
                format!("the topic invokes {name}, not {wanted}"),
                format!("주제가 {wanted}이(가) 아니라 {name}을(를) 호출합니다"),
            ),
        );
    }
}

fn policy(judge: &mut Judge<'_>, function: &FunctionFacts, qualifier: Option<&str>) {
    let Some(text) = judge.known(Hop::Function, Code::FunctionPolicyDenies, &function.policy) else { return };
    let policy = match text.as_deref().map(Policy::parse).transpose() {
        Ok(policy) => policy,
        Err(error) => {
            let unknown = Unknown::here("lambda:GetPolicy", format!("a policy that cannot be read ({error})"));
            return judge.unknown(Hop::Function, Code::FunctionPolicyDenies, &unknown);
        }
    };
    let topic_arn = judge.subject.topic_arn.clone();
    let owner = function.arn.split(':').nth(4).unwrap_or_default();
    let sns = Principal::service("sns.amazonaws.com");
    let request = RequestContext::new(sns, "lambda:InvokeFunction", function.arn.clone())
        .key("aws:SourceArn", topic_arn.clone())
        .key("aws:SourceAccount", topic_arn.split(':').nth(4).unwrap_or_default());
    let decision = authorize(policy.as_ref(), &request, owner, false);
    if decision.is_allowed() {
        return;
    }
    let evidence = vec![
        words::policy(decision.explanation(), judge.lang),
        match text {
            Some(text) => format!("lambda:GetPolicy: {text}"),
            None => "lambda:GetPolicy: ResourceNotFoundException".to_owned(),
        },
    ];
    let mut subject = judge.subject.clone();
    subject.place = qualifier;
    // A statement's id can be there once only.
    let taken = |id: &str| text.as_deref().is_some_and(|text| text.contains(&format!("\"{id}\"")));
    subject.document = (1..).map(|n| format!("sns-may-invoke-{n}")).find(|id| !taken(id));
    judge.find(Hop::Function, Code::FunctionPolicyDenies, Severity::Error, evidence, &subject);
}

/// Whether a subscription's filter policy lets the message through.
pub(super) fn filter(judge: &mut Judge<'_>, hop: Hop, subscription: &SubscriptionFacts, message: &str) {
    const CALL: &str = "sns:GetSubscriptionAttributes";
    let Some(Some(filter)) = judge.known(hop, Code::FilterPolicyDrops, &subscription.filter) else { return };
    let parsed = filter.scope.parse::<Scope>().map_err(|error| error.to_string());
    let parsed = parsed.and_then(|scope| FilterPolicy::parse(&filter.policy, scope).map_err(|error| error.to_string()));
    let policy = match parsed {
        Ok(policy) => policy,
        Err(error) => {
            let unknown = Unknown::here(CALL, format!("a filter policy that cannot be read ({error})"));
            return judge.unknown(hop, Code::FilterPolicyDrops, &unknown);
        }
    };
    // EventBridge publishes without attributes.
    let explanation = policy.explain(&BTreeMap::new(), message);
    if explanation.accepted {
        return;
    }
    let evidence = vec![
        words::filter(&explanation, judge.lang),
        format!("{CALL}: FilterPolicy ({}): {}", filter.scope, filter.policy),
    ];
    let mut subject = judge.subject.clone();
    subject.place = subscription.arn.as_deref();
    judge.find(hop, Code::FilterPolicyDrops, Severity::Error, evidence, &subject);
}
