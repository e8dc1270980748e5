//! Who may use a topic: its policy, and the two operations that change it by statements.

use serde::Deserialize;

use super::Sns;
use super::error::{invalid, not_authorized};
use super::settings::AWS_MANAGED_KEY;
use super::topic::Topic;
use crate::cloud::Deliverer;
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::{
    Decision, Grant, Policy, PolicyDocument, Principal, RequestContext, SNS_TOPIC_ACTIONS, SidError, authorize,
};

/// Whether the caller may do the operation on the topic. An identity of the owner's account may unless a statement denies
/// it; another account's needs a statement that allows it.
///
/// `keys` are condition keys of this operation alone, such as `sns:Protocol`.
pub(super) fn allows_call(topic: &Topic, call: &Call, keys: &[(&str, &str)]) -> Result<(), AwsError> {
    // The policy knows the batch operation by the name of the single one.
    let operation = call.operation.strip_suffix("Batch").unwrap_or(&call.operation);
    let action = format!("SNS:{operation}");
    let who = call.identity.arn();
    let request = RequestContext::new(Principal::aws(who.clone()), action.clone(), topic.arn.clone())
        .key("aws:PrincipalArn", call.identity.principal_arn())
        .key("aws:PrincipalAccount", call.identity.account.clone())
        // The older key, which the default policy goes by: the caller's account.
        .key("aws:SourceOwner", call.identity.account.clone())
        .key("aws:SourceIp", call.source_ip.to_string())
        // The lab stands for an endpoint that is reached by TLS only.
        .key("aws:SecureTransport", "true");
    let request = keys.iter().fold(request, |request, (name, value)| request.key(name, *value));
    match authorize(topic.settings.policy.as_ref(), &request, topic.owner(), true) {
        Decision::Allow(_) => Ok(()),
        Decision::ExplicitDeny(_) => {
            Err(not_authorized(&who, &action, &topic.arn, "with an explicit deny in a resource-based policy"))
        }
        Decision::ImplicitDeny(_) => {
            let because = format_args!("because no resource-based policy allows the {action} action");
            Err(not_authorized(&who, &action, &topic.arn, because))
        }
    }
}

/// Whether a service may publish. The default policy goes by `AWS:SourceOwner`, which a service's request does not have.
pub(super) fn allows_service(topic: &Topic, deliverer: &Deliverer) -> Result<(), Refusal> {
    let request = RequestContext::new(Principal::service(deliverer.service), "sns:Publish", topic.arn.clone())
        .key("aws:SourceArn", deliverer.source_arn.clone())
        .key("aws:SourceAccount", deliverer.source_account.clone())
        .key("aws:SecureTransport", "true");
    let decision = authorize(topic.settings.policy.as_ref(), &request, topic.owner(), false);
    let explanation = decision.explanation();
    if !decision.is_allowed() {
        return Err(Refusal::new(Reason::PolicyDenied, explanation.headline()).explained(explanation));
    }
    if topic.settings.key.is_some() {
        let (arn, service) = (&topic.arn, deliverer.service);
        let detail = format!(
            "the topic {arn} is encrypted with {AWS_MANAGED_KEY}, a key that {service} may not use: encrypt with a key of \
             your own whose policy names {service}, or not at all"
        );
        return Err(Refusal::new(Reason::PolicyDenied, detail));
    }
    Ok(())
}

impl Sns {
    /// The policy of a topic.
    pub(crate) fn policy_of(&self, topic_arn: &str) -> Option<Policy> {
        let (scope, name) = super::arn::topic(topic_arn).ok()?;
        self.topics.with(&scope, |topics| topics.get(&name)?.settings.policy.clone())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AddPermission {
    topic_arn: String,
    label: String,
    #[serde(rename = "AWSAccountId")]
    accounts: Vec<String>,
    #[serde(rename = "ActionName")]
    actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RemovePermission {
    topic_arn: String,
    label: String,
}

fn check(input: &AddPermission) -> Result<(), AwsError> {
    let is_account = |id: &String| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    if input.label.is_empty() {
        return Err(invalid("Label"));
    }
    if input.accounts.is_empty() || !input.accounts.iter().all(is_account) {
        return Err(invalid("AWSAccountId"));
    }
    let is_known =
        |action: &String| SNS_TOPIC_ACTIONS.iter().any(|known| known.strip_prefix("SNS:") == Some(action.as_str()));
    if input.actions.is_empty() {
        return Err(invalid("ActionName"));
    }
    if !input.actions.iter().all(is_known) {
        return Err(invalid("Policy statement action out of service scope!"));
    }
    Ok(())
}

impl Topic {
    /// Takes over a policy that has been changed statement by statement.
    fn write(&mut self, document: &PolicyDocument) -> Result<(), AwsError> {
        let text = document.to_json();
        let parse = || Policy::parse(&text).map_err(|error| invalid(format_args!("Policy Error: {error}")));
        self.settings.policy = if document.is_empty() { None } else { Some(parse()?) };
        self.settings.policy_text = text;
        Ok(())
    }
}

impl Sns {
    pub(super) fn add_permission(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: AddPermission = call.input()?;
        check(&input)?;
        let accounts: Vec<&str> = input.accounts.iter().map(String::as_str).collect();
        let actions: Vec<&str> = input.actions.iter().map(String::as_str).collect();
        self.on_topic(call, &input.topic_arn, |topic| {
            let grant = Grant::account_permission("SNS", &input.label, &accounts, &actions, &topic.arn);
            let mut document = PolicyDocument::from_json(&topic.settings.policy_text).map_err(invalid)?;
            document.add(&grant).map_err(|error| match error {
                SidError::Exists(_) => invalid("Statement already exists"),
                other => invalid(other),
            })?;
            topic.write(&document)
        })?;
        call.done()
    }

    pub(super) fn remove_permission(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: RemovePermission = call.input()?;
        self.on_topic(call, &input.topic_arn, |topic| {
            let mut document = PolicyDocument::from_json(&topic.settings.policy_text).map_err(invalid)?;
            document.remove(&input.label).map_err(|error| AwsError::new(404, "NotFound", error.to_string()))?;
            topic.write(&document)
        })?;
        call.done()
    }
}
