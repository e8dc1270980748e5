//! The functions that the topic invokes.

use super::{
    Fact, FunctionConfiguration, FunctionFacts, Names, SubscriptionFacts, TopicFacts, answered, found, webhook,
};
use crate::target::Target;

const NOT_FOUND: &[&str] = &["ResourceNotFoundException"];

pub(super) async fn read(target: &Target, names: &Names, topic: &TopicFacts) -> Vec<FunctionFacts> {
    let subscriptions = topic.subscriptions.as_ref().map(Vec::as_slice).unwrap_or_default();
    let by_topic: Vec<&SubscriptionFacts> = subscriptions.iter().filter(|one| one.protocol == "lambda").collect();
    if by_topic.is_empty() {
        let arn = format!("arn:aws:lambda:{}:{}:function:{}", target.region, target.account, names.function);
        return vec![one(target, names, &arn, false).await];
    }
    let mut functions = Vec::with_capacity(by_topic.len());
    for subscription in by_topic {
        functions.push(one(target, names, &subscription.endpoint, true).await);
    }
    functions
}

async fn one(target: &Target, names: &Names, arn: &str, subscribed: bool) -> FunctionFacts {
    let (name, qualifier) = name_and_qualifier(arn);
    let lambda = &target.clients.lambda;
    let (configuration, policy, concurrency) = tokio::join!(
        lambda.get_function_configuration().function_name(arn).send(),
        lambda.get_policy().function_name(name).set_qualifier(qualifier.map(str::to_owned)).send(),
        lambda.get_function_concurrency().function_name(name).send(),
    );
    let configuration = self::configuration(found("lambda:GetFunctionConfiguration", configuration, NOT_FOUND));
    let webhook = match &configuration {
        Ok(Some(configuration)) => webhook::read(&configuration.variables, &names.webhook_variable).await,
        _ => None,
    };
    FunctionFacts {
        arn: arn.to_owned(),
        subscribed,
        policy: found("lambda:GetPolicy", policy, NOT_FOUND).map(|got| got.and_then(|got| got.policy)),
        reserved_concurrency: match configuration {
            // There is nothing to ask about.
            Ok(None) => Ok(None),
            _ => answered("lambda:GetFunctionConcurrency", concurrency)
                .map(|concurrency| concurrency.reserved_concurrent_executions),
        },
        configuration,
        webhook,
    }
}

fn configuration(
    got: Fact<Option<aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput>>,
) -> Fact<Option<FunctionConfiguration>> {
    Ok(got?.map(|got| {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let variables = got.environment().and_then(|environment| environment.variables());
        FunctionConfiguration {
            name: text(got.function_name()),
            runtime: text(got.runtime().map(aws_sdk_lambda::types::Runtime::as_str)),
            handler: text(got.handler()),
            state: text(got.state().map(aws_sdk_lambda::types::State::as_str)),
            state_reason: got.state_reason().map(str::to_owned),
            timeout_seconds: got.timeout().unwrap_or(3),
            memory_mb: got.memory_size().unwrap_or(128),
            variables: variables.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }))
}

/// Name and version or alias of `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`.
pub(crate) fn name_and_qualifier(arn: &str) -> (&str, Option<&str>) {
    let rest = arn.splitn(7, ':').nth(6).unwrap_or(arn);
    match rest.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (rest, None),
    }
}
