//! One thing that a call needs to be allowed.

use serde_json::Value;

use crate::gateway::call::Call;

/// An action on a resource, with the condition keys that the service adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::iam) struct Need {
    pub(in crate::iam) action: String,
    /// The resource's ARN; `*` where the action knows no resources.
    pub(in crate::iam) resource: String,
    pub(in crate::iam) keys: Vec<(String, Vec<String>)>,
}

impl Need {
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), keys: Vec::new() }
    }

    /// The action that has the operation's own name.
    pub(super) fn own(call: &Call, resource: impl Into<String>) -> Self {
        Self::new(format!("{}:{}", call.service.signing_name(), call.operation), resource)
    }

    /// The same with a condition key, where there is a value.
    pub(super) fn key(mut self, name: impl Into<String>, value: Option<impl Into<String>>) -> Self {
        self.keys.extend(value.map(|value| (name.into(), vec![value.into()])));
        self
    }

    /// The same with a condition key of several values.
    pub(super) fn keys(mut self, name: impl Into<String>, values: impl IntoIterator<Item = String>) -> Self {
        self.keys.push((name.into(), values.into_iter().collect()));
        self
    }
}

/// The permission to hand a role to a service.
pub(super) fn pass_role(role: &str, service: &str) -> Need {
    Need::new("iam:PassRole", role).key("iam:PassedToService", Some(service))
}

/// The body of a call of a JSON protocol; null where it is none.
pub(super) fn body(call: &Call) -> Value {
    serde_json::from_slice(&call.body).unwrap_or_default()
}
