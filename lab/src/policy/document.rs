//! Policies as AWS itself writes them: the defaults of new resources, and the statements that `AddPermission` adds.
//!
//! Sources: Amazon SNS Developer Guide, *Example cases for Amazon SNS access control*, and the policy that
//! `GetTopicAttributes` returns for a new topic; AWS Lambda Developer Guide, *Viewing resource-based IAM policies*;
//! Amazon SQS Developer Guide, *Basic examples of Amazon SQS policies*.

use super::Version;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The actions that a topic's policy may name. SNS refuses any other, and any wildcard, with
/// [`Policy statement action out of service scope!`](super::Policy::check_action_scope). `AddPermission` takes them without
/// the prefix.
pub const SNS_TOPIC_ACTIONS: [&str; 9] = [
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
    "SNS:Receive",
];

/// A statement cannot be added or removed. The services have codes of their own for both.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SidError {
    /// A statement of this `Sid` is there already.
    #[error("the policy already has a statement with the Sid {0}")]
    Exists(String),
    /// No statement has this `Sid`.
    #[error("the policy has no statement with the Sid {0}")]
    Missing(String),
    /// The text is not a policy that statements can be added to.
    #[error("the policy cannot be changed: {0}")]
    NotAPolicy(String),
}

/// A policy as JSON that statements are added to and removed from. Statements keep the shape in which they were written.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDocument {
    version: Value,
    id: Option<Value>,
    statements: Vec<Value>,
}

impl PolicyDocument {
    /// A policy without statements. It grants nothing, and is no valid policy until it has one.
    #[must_use]
    pub fn new(version: Version, id: Option<&str>) -> Self {
        Self { version: json!(version), id: id.map(Value::from), statements: Vec::new() }
    }

    /// Reads a policy to change it. A single statement becomes a list of one.
    ///
    /// # Errors
    /// [`SidError::NotAPolicy`] when the text is not an object with statements.
    pub fn from_json(text: &str) -> Result<Self, SidError> {
        let not_a_policy = |why: String| SidError::NotAPolicy(why);
        let value: Value = serde_json::from_str(text).map_err(|error| not_a_policy(error.to_string()))?;
        let version = value.get("Version").cloned().unwrap_or_else(|| json!(Version::V2008));
        let statements = match value.get("Statement") {
            Some(Value::Array(list)) => list.clone(),
            Some(single @ Value::Object(_)) => vec![single.clone()],
            _ => return Err(not_a_policy("it has no Statement".to_owned())),
        };
        Ok(Self { version, id: value.get("Id").cloned(), statements })
    }

    /// The policy of a new topic: whoever acts for the owner's account may use it. The condition is on the legacy key
    /// `AWS:SourceOwner`, which SNS fills in for the callers of the account, and which a publish by
    /// `events.amazonaws.com` does not have: a new topic is silent for EventBridge.
    #[must_use]
    pub fn sns_default(topic_arn: &str, owner: &str) -> Self {
        let grant = Grant::new("__default_statement_ID")
            .aws("*")
            .actions(SNS_TOPIC_ACTIONS)
            .resource(topic_arn)
            .condition("StringEquals", "AWS:SourceOwner", owner);
        Self { statements: vec![grant.to_value()], ..Self::new(Version::V2008, Some("__default_policy_ID")) }
    }

    /// The policy that the console gives a new queue, and what a queue without a policy comes to: the owner only.
    #[must_use]
    pub fn sqs_default(queue_arn: &str, owner: &str) -> Self {
        let grant = Grant::new("__owner_statement").account(owner).action("SQS:*").resource(queue_arn);
        Self { statements: vec![grant.to_value()], ..Self::new(Version::V2012, Some("__default_policy_ID")) }
    }

    /// What SQS's `AddPermission` begins with on a queue that has no policy.
    #[must_use]
    pub fn sqs_add_permission_base(queue_arn: &str) -> Self {
        Self::new(Version::V2008, Some(&format!("{queue_arn}/SQSDefaultPolicy")))
    }

    /// What Lambda's `AddPermission` begins with on a function that has no policy.
    #[must_use]
    pub fn lambda_base() -> Self {
        Self::new(Version::V2012, Some("default"))
    }

    /// A role's trust policy for one service, as the console writes it.
    #[must_use]
    pub fn trust(service: &str) -> Self {
        let statement = json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"});
        Self { statements: vec![statement], ..Self::new(Version::V2012, None) }
    }

    /// Adds a statement at the end.
    ///
    /// # Errors
    /// [`SidError::Exists`] when a statement has the same `Sid`.
    pub fn add(&mut self, grant: &Grant) -> Result<(), SidError> {
        if self.position(&grant.sid).is_some() {
            return Err(SidError::Exists(grant.sid.clone()));
        }
        self.statements.push(grant.to_value());
        Ok(())
    }

    /// Removes the statement with the `Sid`.
    ///
    /// # Errors
    /// [`SidError::Missing`] when no statement has it.
    pub fn remove(&mut self, sid: &str) -> Result<(), SidError> {
        let position = self.position(sid).ok_or_else(|| SidError::Missing(sid.to_owned()))?;
        self.statements.remove(position);
        Ok(())
    }

    /// Whether no statement is left; the services then drop the policy.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The policy as JSON on one line, as the services return it.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!(self).to_string()
    }

    fn position(&self, sid: &str) -> Option<usize> {
        self.statements.iter().position(|statement| statement.get("Sid").and_then(Value::as_str) == Some(sid))
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Version", &self.version)?;
        if let Some(id) = &self.id {
            map.serialize_entry("Id", id)?;
        }
        map.serialize_entry("Statement", &self.statements)?;
        map.end()
    }
}

/// An Allow statement in the making, written in AWS's order: Sid, Effect, Principal, Action, Resource, Condition. A list
/// of one is written as the value itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grant {
    sid: String,
    everyone: bool,
    principals: Map<String, Value>,
    actions: Vec<String>,
    resource: String,
    conditions: Map<String, Value>,
}

impl Grant {
    /// A statement with this `Sid` that yet names nobody and nothing.
    #[must_use]
    pub fn new(sid: impl Into<String>) -> Self {
        Self { sid: sid.into(), ..Self::default() }
    }

    /// The statement of Lambda's `AddPermission`. `principal` is a service's name, an account, an ARN or `*`.
    /// `source_account` becomes StringEquals `AWS:SourceAccount`, `source_arn` becomes ArnLike `AWS:SourceArn`.
    #[must_use]
    pub fn lambda_permission(
        sid: &str,
        principal: &str,
        action: &str,
        function_arn: &str,
        source_account: Option<&str>,
        source_arn: Option<&str>,
    ) -> Self {
        let grant = Self::new(sid);
        let digits = principal.len() == 12 && principal.bytes().all(|b| b.is_ascii_digit());
        let grant = match principal {
            "*" => grant.everyone(),
            account if digits => grant.account(account),
            arn if arn.starts_with("arn:") => grant.aws(arn),
            service => grant.service(service),
        };
        let grant = grant.action(action).resource(function_arn);
        let grant = source_account.into_iter().fold(grant, Self::source_account);
        source_arn.into_iter().fold(grant, |grant, arn| grant.condition("ArnLike", "AWS:SourceArn", arn))
    }

    /// The statement of SNS's and SQS's `AddPermission`: accounts may do actions, which come without a prefix
    /// (`SendMessage`). `prefix` is `SNS` or `SQS`.
    #[must_use]
    pub fn account_permission(prefix: &str, label: &str, accounts: &[&str], actions: &[&str], resource: &str) -> Self {
        let grant = accounts.iter().fold(Self::new(label), |grant, account| grant.account(account));
        grant.actions(actions.iter().map(|action| format!("{prefix}:{action}"))).resource(resource)
    }

    /// Names everyone: `"Principal": "*"`.
    #[must_use]
    pub fn everyone(mut self) -> Self {
        self.everyone = true;
        self
    }

    /// Names a service.
    #[must_use]
    pub fn service(self, name: &str) -> Self {
        self.principal("Service", name)
    }

    /// Names an account, by its root ARN in the partition `aws`, as `AddPermission` writes it.
    #[must_use]
    pub fn account(self, account: &str) -> Self {
        self.aws(&format!("arn:aws:iam::{account}:root"))
    }

    /// Names an AWS principal by ARN, or all by `*`.
    #[must_use]
    pub fn aws(self, principal: &str) -> Self {
        self.principal("AWS", principal)
    }

    fn principal(mut self, kind: &str, name: &str) -> Self {
        push(&mut self.principals, kind, name);
        self
    }

    /// Adds an action.
    #[must_use]
    pub fn action(self, action: &str) -> Self {
        self.actions([action])
    }

    /// Adds actions.
    #[must_use]
    pub fn actions<A: Into<String>>(mut self, actions: impl IntoIterator<Item = A>) -> Self {
        self.actions.extend(actions.into_iter().map(Into::into));
        self
    }

    /// Sets the resource.
    #[must_use]
    pub fn resource(mut self, arn: &str) -> Self {
        self.resource = arn.to_owned();
        self
    }

    /// Only for this source, such as the rule or the topic: ArnEquals `aws:SourceArn`, as the EventBridge console writes
    /// it.
    #[must_use]
    pub fn source_arn(self, arn: &str) -> Self {
        self.condition("ArnEquals", "aws:SourceArn", arn)
    }

    /// Only for sources of this account: StringEquals `AWS:SourceAccount`.
    #[must_use]
    pub fn source_account(self, account: &str) -> Self {
        self.condition("StringEquals", "AWS:SourceAccount", account)
    }

    /// Adds a condition, or another value to the same operator and key.
    #[must_use]
    pub fn condition(mut self, operator: &str, key: &str, value: &str) -> Self {
        let keys = self.conditions.entry(operator).or_insert_with(|| json!({}));
        if let Value::Object(keys) = keys {
            push(keys, key, value);
        }
        self
    }

    /// The statement as JSON; what Lambda's `AddPermission` answers with as its `Statement`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let principal = if self.everyone { json!("*") } else { Value::Object(self.principals.clone()) };
        let action = match self.actions.as_slice() {
            [only] => json!(only),
            many => json!(many),
        };
        let mut statement = json!({
            "Sid": self.sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": self.resource,
        });
        if !self.conditions.is_empty() {
            statement["Condition"] = Value::Object(self.conditions.clone());
        }
        statement
    }
}

/// Adds a value to those of a field: alone it stands for itself, with others in a list.
fn push(map: &mut Map<String, Value>, field: &str, value: &str) {
    match map.get_mut(field) {
        None => {
            map.insert(field.to_owned(), json!(value));
        }
        Some(Value::Array(list)) => list.push(json!(value)),
        Some(single) => *single = json!([single.take(), value]),
    }
}
