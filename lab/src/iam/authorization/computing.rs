//! Lambda.

use super::Need;
use super::need::{body, pass_role};
use crate::gateway::call::Call;

pub(super) fn needs(call: &Call) -> Vec<Need> {
    let body = body(call);
    let text = |name: &str| body.get(name).and_then(|value| value.as_str());
    let label = |name: &'static str| call.label(name).ok();
    let resource = match (label("FunctionName").or_else(|| text("FunctionName")), label("Resource")) {
        (Some(name), _) => match call.query("Qualifier") {
            Some(qualifier) => format!("{}:{qualifier}", function(call, name)),
            None => function(call, name),
        },
        (None, Some(arn)) => arn.to_owned(),
        (None, None) => "*".to_owned(),
    };
    let operation = if call.operation == "Invoke" { "InvokeFunction" } else { &call.operation };
    let own = Need::new(format!("lambda:{operation}"), resource)
        .key("lambda:Principal", text("Principal").filter(|_| operation == "AddPermission"));
    let mut needs = vec![own];
    if matches!(operation, "CreateFunction" | "UpdateFunctionConfiguration") {
        needs.extend(text("Role").map(|role| pass_role(role, "lambda.amazonaws.com")));
    }
    needs
}

/// The ARN of a function that is named by its name, by its ARN or by a part of it.
fn function(call: &Call, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    match name.split_once(":function:") {
        Some((account, name)) => {
            crate::scope::Scope::new(account, &call.scope.region).arn("lambda", format_args!("function:{name}"))
        }
        None => call.scope.arn("lambda", format_args!("function:{name}")),
    }
}
