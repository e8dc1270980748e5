//! CloudTrail, EventBridge and CloudWatch Logs.

use serde_json::Value;

use super::Need;
use super::need::{body, pass_role};
use crate::gateway::call::Call;

pub(super) fn needs_of_cloudtrail(call: &Call) -> Vec<Need> {
    let body = body(call);
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let named = text("Name").or_else(|| text("TrailName")).or_else(|| text("ResourceId"));
    let named = named.or_else(|| body.get("ResourceIdList").and_then(|list| list.get(0)).and_then(Value::as_str));
    let resource = match named {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        Some(name) => call.scope.arn("cloudtrail", format_args!("trail/{name}")),
        None => "*".to_owned(),
    };
    let mut needs = vec![Need::own(call, resource)];
    needs.extend(text("CloudWatchLogsRoleArn").map(|role| pass_role(role, "cloudtrail.amazonaws.com")));
    needs
}

pub(super) fn needs_of_events(call: &Call) -> Vec<Need> {
    let body = body(call);
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if call.operation == "PutEvents" {
        return needs_of_entries(call, &body);
    }
    let rule = |name: &str| match text("EventBusName").map(bus_name) {
        None | Some("default") => call.scope.arn("events", format_args!("rule/{name}")),
        Some(bus) => call.scope.arn("events", format_args!("rule/{bus}/{name}")),
    };
    let is_of_bus = call.operation.ends_with("EventBus");
    let resource = match (text("ResourceARN"), text("Rule"), text("Name")) {
        (Some(arn), _, _) => arn.to_owned(),
        (None, Some(name), _) => rule(name),
        (None, None, Some(name)) if is_of_bus => bus_arn(call, name),
        (None, None, Some(name)) => rule(name),
        (None, None, None) if call.operation == "DescribeEventBus" => bus_arn(call, "default"),
        (None, None, None) => "*".to_owned(),
    };
    let pattern: Value = text("EventPattern").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let targets = body.get("Targets").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let of_targets = |name: &str| {
        targets.iter().filter_map(|target| target.get(name)?.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let need = Need::own(call, resource)
        .keys("events:source", texts(pattern.get("source")))
        .keys("events:detail-type", texts(pattern.get("detail-type")))
        .keys("events:TargetArn", of_targets("Arn"));
    let mut needs = vec![need];
    needs.extend(of_targets("RoleArn").iter().map(|role| pass_role(role, "events.amazonaws.com")));
    needs
}

/// An event is put on a bus: a need for each bus.
fn needs_of_entries(call: &Call, body: &Value) -> Vec<Need> {
    let entries = body.get("Entries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let need = |entry: &Value| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        Need::own(call, bus_arn(call, text("EventBusName").unwrap_or("default")))
            .key("events:source", text("Source"))
            .key("events:detail-type", text("DetailType"))
    };
    entries.iter().map(need).collect()
}

fn bus_name(bus: &str) -> &str {
    bus.rsplit_once("event-bus/").map_or(bus, |(_, name)| name)
}

fn bus_arn(call: &Call, bus: &str) -> String {
    if bus.starts_with("arn:") { bus.to_owned() } else { call.scope.arn("events", format_args!("event-bus/{bus}")) }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// The ARN of a log group in a request ends in `:log-stream:` and the stream's name, if there is one; a policy that ends
/// in `:*` matches it either way.
pub(super) fn needs_of_logs(call: &Call) -> Vec<Need> {
    let body = body(call);
    let text = |names: &[&str]| names.iter().find_map(|name| body.get(*name)?.as_str().map(str::to_owned));
    if let Some(arn) = text(&["resourceArn"]) {
        return vec![Need::own(call, arn)];
    }
    let group = text(&["logGroupName", "logGroupIdentifier", "logGroupNamePrefix"]).unwrap_or_default();
    let group = group.rsplit_once(":log-group:").map_or(group.as_str(), |(_, name)| name).trim_end_matches(":*");
    let stream = text(&["logStreamName"]).unwrap_or_default();
    vec![Need::own(call, call.scope.arn("logs", format_args!("log-group:{group}:log-stream:{stream}")))]
}
