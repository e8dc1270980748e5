//! Who may use a queue: its policy, and the two operations that change it by statements.

use serde::Deserialize;

use super::Sqs;
use super::queue::Queue;
use crate::cloud::Deliverer;
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::kms::{Denial, Kms, Purpose};
use crate::policy::{Decision, Grant, Policy, PolicyDocument, Principal, RequestContext, SidError, authorize};
use crate::scope::Scope;

/// What `AddPermission` can grant: a name without the prefix, or all.
const GRANTABLE: &[&str] = &[
    "*",
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "ChangeMessageVisibility",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
];

/// Whether the caller may do the operation. An identity of the owner's account may unless a statement denies it.
pub(super) fn allows_call(queue: &Queue, call: &Call) -> Result<(), AwsError> {
    // The policy knows the batch operations by the name of the single ones.
    let operation = call.operation.strip_suffix("Batch").unwrap_or(&call.operation);
    let action = format!("sqs:{operation}");
    let who = call.identity.arn();
    let request = RequestContext::new(Principal::aws(who.clone()), action.clone(), queue.arn.clone())
        .key("aws:PrincipalArn", call.identity.principal_arn())
        .key("aws:PrincipalAccount", call.identity.account.clone())
        .key("aws:SourceIp", call.source_ip.to_string())
        // The lab stands for an endpoint that is reached by TLS only.
        .key("aws:SecureTransport", "true");
    let because = match authorize(queue.attributes.policy.as_ref(), &request, &queue.account, true) {
        Decision::Allow(_) => return Ok(()),
        Decision::ExplicitDeny(_) => "with an explicit deny in a resource-based policy".to_owned(),
        Decision::ImplicitDeny(_) => format!("because no resource-based policy allows the {action} action"),
    };
    let arn = &queue.arn;
    let message = format!("User: {who} is not authorized to perform: {action} on resource: {arn} {because}");
    Err(AwsError::new(403, "AccessDenied", message))
}

/// What the queue's key is used for, where it has one.
fn purpose<'a>(queue: &'a Queue, scope: &'a Scope) -> Option<Purpose<'a>> {
    let key = queue.attributes.key.as_deref()?;
    Some(Purpose { service: "sqs", noun: "queue", arn: &queue.arn, scope, key })
}

/// Whether the caller may use the queue's key, if it has one: who sends needs a data key, who receives needs to read it.
pub(super) fn allows_key(keys: &Kms, queue: &Queue, call: &Call, actions: &[&str]) -> Result<(), AwsError> {
    let scope = queue.scope();
    let Some(purpose) = purpose(queue, &scope) else { return Ok(()) };
    keys.allows_caller(&purpose, call, actions).map_err(|denial| match denial {
        Denial::NotFound(message) => AwsError::bad_request("KmsNotFound", message),
        Denial::Disabled(message) => AwsError::bad_request("KmsDisabled", message),
        Denial::InvalidState(message) => AwsError::bad_request("KmsInvalidState", message),
        Denial::AccessDenied(message) => AwsError::bad_request("KmsAccessDenied", message),
    })
}

/// Whether a service may send. A queue without a policy lets only its owner's identities in; an encrypted one has a key
/// whose policy must let the service in as well.
pub(super) fn allows_service(keys: &Kms, queue: &Queue, deliverer: &Deliverer) -> Result<(), Refusal> {
    let request = RequestContext::new(Principal::service(deliverer.service), "sqs:SendMessage", queue.arn.clone())
        .key("aws:SourceArn", deliverer.source_arn.clone())
        .key("aws:SourceAccount", deliverer.source_account.clone())
        .key("aws:SecureTransport", "true");
    let decision = authorize(queue.attributes.policy.as_ref(), &request, &queue.account, false);
    let explanation = decision.explanation();
    if !decision.is_allowed() {
        return Err(Refusal::new(Reason::PolicyDenied, explanation.headline()).explained(explanation));
    }
    purpose(queue, &queue.scope()).map_or(Ok(()), |purpose| keys.allows_service(&purpose, deliverer))
}

impl Sqs {
    /// The policy of a queue.
    pub(crate) fn policy_of(&self, queue_arn: &str) -> Option<Policy> {
        let scope = Scope::of_arn(queue_arn)?;
        let name = queue_arn.rsplit(':').next().unwrap_or_default();
        self.queues.with(&scope, |queues| queues.get(name)?.attributes.policy.clone())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AddPermission {
    queue_url: String,
    label: String,
    #[serde(rename = "AWSAccountIds")]
    accounts: Vec<String>,
    actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RemovePermission {
    queue_url: String,
    label: String,
}

fn bad_value(message: String) -> AwsError {
    AwsError::bad_request("InvalidParameterValue", message)
}

fn check(input: &AddPermission) -> Result<(), AwsError> {
    let (label, is_plain) = (&input.label, |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if label.is_empty() || label.len() > 80 || !label.chars().all(is_plain) {
        return Err(bad_value(format!(
            "Value {label} for parameter Label is invalid. Reason: 1 to 80 alphanumeric characters, hyphens, underscores."
        )));
    }
    let is_account = |id: &String| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    if input.accounts.is_empty() || !input.accounts.iter().all(is_account) {
        let given = input.accounts.join(", ");
        return Err(bad_value(format!(
            "Value [{given}] for parameter PrincipalId is invalid. Reason: Unable to verify."
        )));
    }
    if input.actions.len() > 7 {
        return Err(AwsError::bad_request(
            "OverLimit",
            format!("{} Actions were found, maximum allowed is 7.", input.actions.len()),
        ));
    }
    match input.actions.iter().find(|action| !GRANTABLE.contains(&action.as_str())) {
        None if !input.actions.is_empty() => Ok(()),
        None => Err(super::error::missing("Actions")),
        Some(action) => Err(bad_value(format!(
            "Value SQS:{action} for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke \
             this action."
        ))),
    }
}

fn written(document: &PolicyDocument) -> Result<Policy, AwsError> {
    Policy::parse(&document.to_json()).map_err(|error| AwsError::new(500, "InternalError", error.to_string()))
}

impl Sqs {
    pub(super) fn add_permission(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: AddPermission = call.input()?;
        check(&input)?;
        let accounts: Vec<&str> = input.accounts.iter().map(String::as_str).collect();
        let actions: Vec<&str> = input.actions.iter().map(String::as_str).collect();
        self.on_queue(call, &input.queue_url, |queue| {
            let grant = Grant::account_permission("SQS", &input.label, &accounts, &actions, &queue.arn);
            let mut document = match &queue.attributes.policy {
                Some(policy) => PolicyDocument::from_json(policy.text()).map_err(|e| bad_value(e.to_string()))?,
                None => PolicyDocument::sqs_add_permission_base(&queue.arn),
            };
            document.add(&grant).map_err(|error| match error {
                SidError::Exists(label) => {
                    bad_value(format!("Value {label} for parameter Label is invalid. Reason: Already exists."))
                }
                other => bad_value(other.to_string()),
            })?;
            queue.attributes.policy = Some(written(&document)?);
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn remove_permission(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: RemovePermission = call.input()?;
        let label = &input.label;
        self.on_queue(call, &input.queue_url, |queue| {
            let missing = |place: &str| {
                bad_value(format!("Value {label} for parameter Label is invalid. Reason: can't find label{place}."))
            };
            let policy = queue.attributes.policy.as_ref().ok_or_else(|| missing(""))?;
            let mut document = PolicyDocument::from_json(policy.text()).map_err(|e| bad_value(e.to_string()))?;
            document.remove(label).map_err(|_| missing(" on existing policy"))?;
            queue.attributes.policy = if document.is_empty() { None } else { Some(written(&document)?) };
            Ok(())
        })?;
        call.done()
    }
}
