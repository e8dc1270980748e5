//! What there is in the lab, service by service.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::deliveries::{Hop, Reason};

/// Every resource of every account and Region, each kind sorted by account, Region and name.
pub(super) async fn resources(State(cloud): State<Arc<Cloud>>) -> Json<Value> {
    let channels: Vec<Value> = cloud
        .discord
        .webhooks()
        .into_iter()
        .map(|webhook| json!({ "channel": webhook.channel, "webhook_id": webhook.id, "webhook_name": webhook.name }))
        .collect();
    Json(json!({
        "channels": channels,
        "trails": sorted(cloud.cloudtrail.summaries()),
        "rules": sorted(cloud.events.summaries()),
        "topics": sorted(cloud.sns.summaries()),
        "queues": sorted(cloud.sqs.summaries()),
        "functions": functions(&cloud),
        "security_groups": sorted(cloud.ec2.group_summaries()),
        "instances": sorted(cloud.ec2.instance_summaries()),
    }))
}

fn sorted(mut resources: Vec<Value>) -> Vec<Value> {
    let key = |resource: &Value| {
        ["account", "region", "home_region", "name", "id"]
            .map(|name| resource[name].as_str().unwrap_or_default().to_owned())
    };
    resources.sort_by_cached_key(key);
    resources
}

/// The functions, each with what its last delivery failed of.
fn functions(cloud: &Cloud) -> Vec<Value> {
    let failed = |reason| matches!(reason, Some(Reason::FunctionError | Reason::Throttled));
    let failures = cloud.deliveries.which(|delivery| delivery.hop == Hop::Function && failed(delivery.reason));
    let mut functions = sorted(cloud.lambda.summaries());
    for function in &mut functions {
        let arn = function["arn"].as_str().unwrap_or_default();
        // With or without a version.
        let is_its = |to: &str| to.strip_prefix(arn).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        let last = failures.iter().rev().find(|failure| is_its(&failure.to));
        function["last_error"] = last.map_or(Value::Null, |last| json!({ "time": last.time, "detail": last.detail }));
    }
    functions
}
