//! Who may put events on a bus: its policy, and the two operations that change it.
//!
//! Source: "Permissions for event buses in Amazon EventBridge" in the EventBridge user guide, and `PutPermission` in the API
//! reference.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bus::{self, Bus};
use super::{DEFAULT_BUS, Events, check_name, invalid, not_found};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::{Policy, PolicyDocument, Principal, RequestContext, SidError, authorize};
use crate::scope::Scope;

/// How large the policy of a bus may be, in bytes.
const LARGEST: usize = 10_240;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutPermission {
    event_bus_name: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    statement_id: Option<String>,
    condition: Option<Condition>,
    policy: Option<String>,
}

/// A condition of `PutPermission`: it knows one key, the caller's organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    #[serde(rename = "Type")]
    kind: String,
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RemovePermission {
    event_bus_name: Option<String>,
    statement_id: Option<String>,
    #[serde(default)]
    remove_all_permissions: bool,
}

fn wrong(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("ValidationException", message)
}

impl PutPermission {
    /// The one statement of a call that does not bring a whole policy.
    fn statement(&self, arn: &str) -> Result<Value, AwsError> {
        let missing = |name: &str| wrong(format!("Parameter {name} must be specified."));
        let sid = self.statement_id.as_deref().ok_or_else(|| missing("StatementId"))?;
        let action = self.action.as_deref().ok_or_else(|| missing("Action"))?;
        let principal = self.principal.as_deref().ok_or_else(|| missing("Principal"))?;
        check_name(sid, "statementId", 64, false)?;
        if action != "events:PutEvents" {
            let constraint = "Member must satisfy regular expression pattern: events:PutEvents";
            return Err(invalid(action, "action", constraint));
        }
        let is_account = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
        let principal = match principal {
            "*" => json!("*"),
            account if is_account => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
            other => {
                let constraint = r"Member must satisfy regular expression pattern: (\d{12}|\*)";
                return Err(invalid(other, "principal", constraint));
            }
        };
        let mut statement =
            json!({ "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": arn });
        if let Some(Condition { kind, key, value }) = &self.condition {
            if kind != "StringEquals" || key != "aws:PrincipalOrgID" {
                return Err(wrong("Parameter Condition is not valid."));
            }
            statement["Condition"] = json!({ kind: { key: value } });
        }
        Ok(statement)
    }
}

/// Adds a statement to the text of a policy, in the place of the one with the same `Sid`.
fn with_statement(policy: Option<&Policy>, statement: Value) -> Value {
    let mut document: Value = policy
        .and_then(|policy| serde_json::from_str(policy.text()).ok())
        .unwrap_or_else(|| json!({ "Version": "2012-10-17", "Statement": [] }));
    // A policy may have one statement without a list around it.
    if document["Statement"].is_object() {
        document["Statement"] = json!([document["Statement"].take()]);
    }
    if let Some(statements) = document["Statement"].as_array_mut() {
        statements.retain(|one| one["Sid"] != statement["Sid"]);
        statements.push(statement);
    }
    document
}

/// Whether the caller may put events on a bus: identities of its account may, those of others if the policy lets them.
pub(super) fn allows(call: &Call, owner: &Scope, name: &str, bus: &Bus) -> Result<(), String> {
    let (who, arn) = (call.identity.arn(), bus::arn(owner, name));
    let request = RequestContext::new(Principal::aws(who.clone()), "events:PutEvents", arn.clone())
        .key("aws:PrincipalArn", who.clone())
        .key("aws:PrincipalAccount", call.identity.account.clone());
    if authorize(bus.policy.as_ref(), &request, &owner.account, true).is_allowed() {
        return Ok(());
    }
    Err(format!(
        "User: {who} is not authorized to perform: events:PutEvents on resource: {arn} because no resource-based policy \
         allows the events:PutEvents action"
    ))
}

impl Events {
    pub(super) fn put_permission(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: PutPermission = call.input()?;
        let name = bus::named(&call.scope, input.event_bus_name.as_deref())?;
        let arn = bus::arn(&call.scope, &name);
        let statement = match &input.policy {
            Some(_) if input.statement_id.is_some() || input.action.is_some() || input.principal.is_some() => {
                return Err(wrong("Parameter Policy cannot be used with Action, Principal, StatementId or Condition."));
            }
            Some(_) => None,
            None => Some(input.statement(&arn)?),
        };
        self.buses.with(&call.scope, |buses| {
            let bus = buses.get_mut(&name)?;
            let text = match statement {
                Some(statement) => with_statement(bus.policy.as_ref(), statement).to_string(),
                None => input.policy.unwrap_or_default(),
            };
            if text.len() > LARGEST {
                let message = "The policy of the event bus is larger than the limit.";
                return Err(AwsError::bad_request("PolicyLengthExceededException", message));
            }
            let policy = Policy::parse(&text).map_err(|error| wrong(format!("Invalid policy: {error}")))?;
            bus.policy = Some(policy);
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn remove_permission(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: RemovePermission = call.input()?;
        let name = bus::named(&call.scope, input.event_bus_name.as_deref())?;
        self.buses.with(&call.scope, |buses| {
            let bus = buses.get_mut(&name)?;
            if input.remove_all_permissions {
                bus.policy = None;
                return Ok(());
            }
            let sid = input.statement_id.ok_or_else(|| wrong("Parameter StatementId must be specified."))?;
            let missing = || not_found("Statement with the provided id does not exist.".to_owned());
            let policy = bus.policy.as_ref().ok_or_else(missing)?;
            let mut document = PolicyDocument::from_json(policy.text()).map_err(|error| wrong(error.to_string()))?;
            document.remove(&sid).map_err(|error| match error {
                SidError::Missing(_) => missing(),
                other => wrong(other.to_string()),
            })?;
            bus.policy = if document.is_empty() { None } else { Policy::parse(&document.to_json()).ok() };
            Ok(())
        })?;
        call.done()
    }
}

/// The bus that an event is for: a name is one of the caller's, an ARN may be anyone's in the same Region.
pub(super) fn bus_of_entry(call: &Call, given: Option<&str>) -> Result<(Scope, String), AwsError> {
    let Some(arn) = given.filter(|given| given.starts_with("arn:")) else {
        return Ok((call.scope.clone(), bus::named(&call.scope, given)?));
    };
    let owner = Scope::of_arn(arn).filter(|scope| scope.region == call.scope.region);
    let (owner, name) = owner
        .and_then(|owner| arn.strip_prefix(&bus::arn(&owner, "")).map(str::to_owned).zip(Some(owner)))
        .map(|(name, owner)| (owner, if name.is_empty() { DEFAULT_BUS.to_owned() } else { name }))
        .ok_or_else(|| AwsError::unsupported(format_args!("a bus of another Region: {arn}")))?;
    check_name(&name, "eventBusName", 256, true)?;
    Ok((owner, name))
}
