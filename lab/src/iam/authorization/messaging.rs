//! SNS and SQS.

use super::Need;
use super::need::body;
use crate::gateway::call::Call;
use crate::scope::Scope;

/// Every operation is about a topic, or about all of them.
pub(super) fn needs_of_sns(call: &Call) -> Vec<Need> {
    let params = &call.params;
    let operation = call.operation.strip_suffix("Batch").unwrap_or(&call.operation);
    let named = params.text("TopicArn").or_else(|| params.text("TargetArn")).or_else(|| params.text("ResourceArn"));
    let resource = match (named, params.text("SubscriptionArn"), params.text("Name")) {
        (Some(arn), _, _) => arn.to_owned(),
        // A subscription's ARN is its topic's with an id behind it.
        (None, Some(arn), _) => arn.rsplit_once(':').map_or(arn, |(topic, _)| topic).to_owned(),
        (None, None, Some(name)) if operation == "CreateTopic" => call.scope.arn("sns", name),
        _ => call.scope.arn("sns", "*"),
    };
    let need = Need::new(format!("sns:{operation}"), resource)
        .key("sns:Protocol", params.text("Protocol"))
        .key("sns:Endpoint", params.text("Endpoint"));
    vec![need]
}

pub(super) fn needs_of_sqs(call: &Call) -> Vec<Need> {
    let body = body(call);
    let operation = call.operation.strip_suffix("Batch").unwrap_or(&call.operation);
    let text = |name: &str| body.get(name).and_then(|value| value.as_str());
    let resource = match (text("QueueUrl"), text("QueueName")) {
        (Some(url), _) => of_url(call, url),
        (None, Some(name)) => {
            let account = text("QueueOwnerAWSAccountId").unwrap_or(&call.scope.account);
            Scope::new(account, &call.scope.region).arn("sqs", name)
        }
        (None, None) => call.scope.arn("sqs", "*"),
    };
    vec![Need::new(format!("sqs:{operation}"), resource)]
}

/// The queue of a URL: account and name are its last two parts.
fn of_url(call: &Call, url: &str) -> String {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let name = parts.next().unwrap_or_default();
    let account = parts.next().filter(|account| account.len() == 12).unwrap_or(&call.scope.account);
    Scope::new(account, &call.scope.region).arn("sqs", name)
}
