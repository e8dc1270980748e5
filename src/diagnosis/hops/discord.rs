//! Whether the function has the address of a webhook that Discord knows.

use super::Judge;
use crate::diagnosis::Code;
use crate::inspection::{Unknown, WebhookAnswer, WebhookFacts};
use crate::scenario::Hop;

pub(super) fn judge(judge: &mut Judge<'_>) {
    let facts = judge.facts;
    for function in &facts.functions {
        let Ok(Some(configuration)) = &function.configuration else { continue };
        judge.subject.names.function.clone_from(&configuration.name);
        match &function.webhook {
            Some(webhook) => self::webhook(judge, webhook),
            None => {
                let names: Vec<&str> = configuration.variables.keys().map(String::as_str).collect();
                let seen = match names.as_slice() {
                    [] => "lambda:GetFunctionConfiguration: Environment: none".to_owned(),
                    names => format!("lambda:GetFunctionConfiguration: Environment: {}", names.join(", ")),
                };
                judge.wrong(Hop::Discord, Code::WebhookMissing, vec![seen]);
            }
        }
    }
}

fn webhook(judge: &mut Judge<'_>, webhook: &WebhookFacts) {
    let WebhookFacts { variable, shown, answer } = webhook;
    judge.subject.names.webhook_variable.clone_from(variable);
    match answer {
        WebhookAnswer::Status(200..=299) => judge.see(Hop::Discord, format!("{variable}: {shown}")),
        WebhookAnswer::Malformed(why) => {
            judge.wrong(Hop::Discord, Code::WebhookMalformed, vec![format!("{variable}: {shown}: {why}")]);
        }
        WebhookAnswer::Status(status @ (401 | 403 | 404)) => {
            judge.wrong(Hop::Discord, Code::WebhookRejected, vec![format!("GET {shown}: {status}")]);
        }
        WebhookAnswer::Status(status) => {
            let unknown = Unknown::here("GET", format!("{shown}: {status}"));
            judge.unknown(Hop::Discord, Code::WebhookRejected, &unknown);
        }
        // It may be reachable from where the function runs.
        WebhookAnswer::Unreachable(why) => {
            let unknown = Unknown::here("GET", format!("{shown}: {why}"));
            judge.unknown(Hop::Discord, Code::WebhookUnreachable, &unknown);
        }
    }
}
