//! EC2's own word on the calls of a plan: each that can be tried is sent once, with `DryRun=true`, and is not made.
//!
//! The form is the one that the rehearsal sent. A call that names what the run makes first cannot be tried before that is there: it
//! is left out. `RunInstances` is tried without the new group.
//!
//! Source: *Dry run* in the EC2 API reference (`DryRunOperation`, `UnauthorizedOperation`).

use std::collections::HashMap;

use aws_smithy_types::body::SdkBody;
use reqwest::Url;
use serde_json::Value;

use super::call::Names;
use super::{DryRun, DryRunOutcome, Plan, PlannedCall};
use crate::sdk;
use crate::target::{Clients, Taped};

/// What stands before the part of a refusal that only `DecodeAuthorizationMessage` can read.
const ENCODED: &str = "Encoded authorization failure message: ";

/// Parameters that the call can be tried without.
const LEFT_OUT: [(&str, &str); 1] = [("RunInstances", "SecurityGroupId.")];

/// What EC2 was asked already, by the form.
pub(super) type Answers = HashMap<String, DryRun>;

impl PlannedCall {
    /// Asks EC2 what it would say of this call, where it can be tried.
    pub(super) async fn try_out(&mut self, taped: &Taped, names: &Names, clients: &Clients, answers: &mut Answers) {
        let Some(form) = self.form(taped, names) else { return };
        let answer = match answers.get(&form) {
            Some(answer) => answer.clone(),
            None => {
                let answer = ask(clients, form.clone()).await;
                answers.entry(form).or_insert(answer).clone()
            }
        };
        self.dry_run = Some(answer);
    }

    /// The form of the dry run; none where the call changes nothing, or needs what is not there yet.
    fn form(&self, taped: &Taped, names: &Names) -> Option<String> {
        if taped.asked.service != "ec2" || !self.changes {
            return None;
        }
        let sent = Url::parse(&format!("http://form/?{}", std::str::from_utf8(&taped.body).ok()?)).ok()?;
        let operation = taped.asked.operation.as_str();
        let is_left_out = |name: &str| {
            name == "DryRun" || LEFT_OUT.iter().any(|(of, left)| *of == operation && name.starts_with(left))
        };
        let mut form = Url::parse("http://form/").ok()?;
        for (name, value) in sent.query_pairs().filter(|(name, _)| !is_left_out(name)) {
            let value = names.known(&value);
            // Neither a token nor a tag names anything that has to be there.
            let is_a_name = name.ends_with("Id") || name.split('.').any(|part| part.ends_with("Id"));
            if is_a_name && names.made(&value).is_some() {
                return None;
            }
            form.query_pairs_mut().append_pair(&name, &value);
        }
        form.query_pairs_mut().append_pair("DryRun", "true");
        form.query().map(str::to_owned)
    }
}

/// Sends the form of a dry run.
async fn ask(clients: &Clients, form: String) -> DryRun {
    // Whichever operation of EC2's it is: the form says it, and what is read is an error's code.
    let asked = clients.ec2.describe_regions().customize().mutate_request(move |request| {
        *request.body_mut() = SdkBody::from(form.clone());
        request.headers_mut().insert("content-length", form.len().to_string());
    });
    let Err(error) = asked.send().await else {
        let message = "it was answered as if it had been made, and a dry run never is".to_owned();
        return DryRun { outcome: DryRunOutcome::Failed, code: None, message: Some(message) };
    };
    let code = sdk::code(&error).map(str::to_owned);
    match code.as_deref() {
        Some("DryRunOperation") => DryRun { outcome: DryRunOutcome::WouldSucceed, code, message: None },
        Some("UnauthorizedOperation") => {
            let said = sdk::reason(&error);
            let said = said.strip_prefix("UnauthorizedOperation: ").unwrap_or(&said);
            let message = readable(clients, said).await;
            DryRun { outcome: DryRunOutcome::WouldBeRefused, code, message: Some(message) }
        }
        _ => DryRun { outcome: DryRunOutcome::Failed, code, message: Some(sdk::reason(&error)) },
    }
}

/// A refusal in words: its encoded part is decoded where the caller may do that, and left out in any case.
async fn readable(clients: &Clients, reason: &str) -> String {
    let Some((said, encoded)) = reason.split_once(ENCODED) else { return reason.to_owned() };
    let said = said.trim_end().trim_end_matches('.');
    let decoded = clients.sts.decode_authorization_message().encoded_message(encoded.trim()).send().await;
    let decoded = decoded.ok().and_then(|answer| serde_json::from_str::<Value>(answer.decoded_message()?).ok());
    match decoded {
        Some(decoded) => {
            let of = |name: &str| decoded["context"][name].as_str().unwrap_or("?").to_owned();
            let by = if decoded["explicitDeny"] == true { "denied by a statement" } else { "allowed by no statement" };
            format!("{said} (decoded: {} on {} is {by})", of("action"), of("resource"))
        }
        None => said.to_owned(),
    }
}

impl Plan {
    /// Puts the calls of the tape into the plan, and asks EC2 about those that can be tried, where there is somebody to ask.
    pub(crate) async fn fill(
        &mut self,
        taped: &[(Taped, super::Phase, Option<String>)],
        names: &Names,
        clients: Option<&Clients>,
    ) {
        let mut answers = Answers::new();
        for (taped, phase, drill) in taped {
            let mut call = PlannedCall::of(taped, *phase, drill.clone(), names);
            if self.calls.iter().any(|other| other.repeats_with(&call)) {
                continue;
            }
            if let Some(clients) = clients {
                call.try_out(taped, names, clients, &mut answers).await;
            }
            self.calls.push(call);
        }
    }
}
