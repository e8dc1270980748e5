//! The request that a policy judges: who, what, on which resource, with which condition keys.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Who makes the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Principal {
    /// An AWS service, by its principal name: `events.amazonaws.com`.
    Service(String),
    /// An identity of an account: a user, a role's session, or the root user.
    Aws {
        /// Its ARN, as CloudTrail's `userIdentity.arn` has it.
        arn: String,
        /// The twelve digits of its account.
        account: String,
    },
    /// Nobody that AWS knows: an unsigned request.
    Anonymous,
}

impl Principal {
    /// An AWS service.
    #[must_use]
    pub fn service(name: impl Into<String>) -> Self {
        Self::Service(name.into())
    }

    /// The identity with this ARN, in the account that the ARN names.
    #[must_use]
    pub fn aws(arn: impl Into<String>) -> Self {
        let arn = arn.into();
        let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
        Self::Aws { arn, account }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(name) => f.write_str(name),
            Self::Aws { arn, .. } => f.write_str(arn),
            Self::Anonymous => f.write_str("an anonymous caller"),
        }
    }
}

/// A request, with the condition keys that AWS would put in its context. Names of keys are compared without regard to
/// case (`AWS:SourceAccount` is `aws:SourceAccount`); a key may have several values; a key without values is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestContext {
    /// Who asks.
    pub principal: Principal,
    /// For what: `sns:Publish`.
    pub action: String,
    /// On what: the resource's ARN.
    pub resource: String,
    keys: BTreeMap<String, Vec<String>>,
}

impl RequestContext {
    /// A request whose only keys are those that follow from its principal: `aws:PrincipalIsAWSService`,
    /// `aws:PrincipalServiceName`, `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:username`
    /// (IAM User Guide, *AWS global condition context keys*). `aws:PrincipalArn` of a session is its role's ARN.
    #[must_use]
    pub fn new(principal: Principal, action: impl Into<String>, resource: impl Into<String>) -> Self {
        let keys = principal_keys(&principal);
        let request = Self { principal, action: action.into(), resource: resource.into(), keys: BTreeMap::new() };
        keys.into_iter().fold(request, |request, (name, value)| request.key(name, value))
    }

    /// Sets a key to one value, replacing what it had.
    #[must_use]
    pub fn key(self, name: &str, value: impl Into<String>) -> Self {
        self.key_values(name, [value.into()])
    }

    /// Sets a key to several values, replacing what it had.
    #[must_use]
    pub fn key_values<V: Into<String>>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.keys.insert(name.to_ascii_lowercase(), values.into_iter().map(Into::into).collect());
        self
    }

    /// The values of a key; `None` when the request does not have it, or has it with no value (a "null data set").
    #[must_use]
    pub fn values(&self, name: &str) -> Option<&[String]> {
        self.keys.get(&name.to_ascii_lowercase()).map(Vec::as_slice).filter(|values| !values.is_empty())
    }
}

fn principal_keys(principal: &Principal) -> Vec<(&'static str, String)> {
    match principal {
        Principal::Service(name) => {
            vec![("aws:PrincipalIsAWSService", "true".into()), ("aws:PrincipalServiceName", name.clone())]
        }
        Principal::Anonymous => {
            vec![("aws:PrincipalIsAWSService", "false".into()), ("aws:PrincipalType", "Anonymous".into())]
        }
        Principal::Aws { arn, account } => {
            let mut keys =
                vec![("aws:PrincipalIsAWSService", "false".into()), ("aws:PrincipalAccount", account.clone())];
            let entity = arn.splitn(6, ':').nth(5).unwrap_or_default();
            let mut parts = entity.split('/');
            match parts.next() {
                Some("root") => keys.push(("aws:PrincipalType", "Account".into())),
                Some("user") => {
                    keys.push(("aws:PrincipalType", "User".into()));
                    keys.extend(parts.next_back().map(|name| ("aws:username", name.to_owned())));
                }
                Some("assumed-role") => keys.push(("aws:PrincipalType", "AssumedRole".into())),
                _ => {}
            }
            keys.push(("aws:PrincipalArn", role_arn(arn).unwrap_or_else(|| arn.clone())));
            keys
        }
    }
}

/// The role of a session's ARN. A session's ARN does not tell the role's path, so neither does this.
fn role_arn(arn: &str) -> Option<String> {
    let (head, entity) = arn.split_once(":assumed-role/")?;
    let partition = head.split(':').nth(1)?;
    let account = head.rsplit(':').next()?;
    Some(format!("arn:{partition}:iam::{account}:role/{}", entity.split('/').next()?))
}
