//! Resource policies: parsed, evaluated, and **explained**.
//!
//! A topic, a queue, a function, a bucket, a key and a role each carry a JSON policy that says who may use them. When one
//! of these policies leaves a service out, AWS drops the alarm without a word. This module answers the question that AWS
//! does not: *which statement should have matched, and what kept it from matching?*
//!
//! Everything here is pure: no clock, no network, no account. The caller describes the request ([`RequestContext`]), the
//! policy answers with a [`Decision`], and the decision carries an [`Explanation`] that lists every statement, the nearest
//! miss first.
//!
//! ```
//! use alert_drill_lab::policy::{Decision, Policy, Principal, RequestContext};
//!
//! let policy = Policy::parse(r#"{
//!   "Version": "2012-10-17",
//!   "Statement": {
//!     "Sid": "rule", "Effect": "Allow",
//!     "Principal": {"Service": "events.amazonaws.com"},
//!     "Action": "sns:Publish",
//!     "Resource": "arn:aws:sns:ap-northeast-2:111122223333:alarm",
//!     "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:ap-northeast-2:111122223333:rule/other"}}
//!   }
//! }"#)?;
//! let request = RequestContext::new(
//!     Principal::service("events.amazonaws.com"),
//!     "sns:Publish",
//!     "arn:aws:sns:ap-northeast-2:111122223333:alarm",
//! )
//! .key("aws:SourceArn", "arn:aws:events:ap-northeast-2:111122223333:rule/mine");
//!
//! let decision = policy.evaluate(&request);
//! assert!(matches!(decision, Decision::ImplicitDeny(_)));
//! assert_eq!(
//!     decision.explanation().headline(),
//!     "no statement allows events.amazonaws.com to sns:Publish: statement `rule` wants aws:SourceArn \
//!      arn:aws:events:ap-northeast-2:111122223333:rule/other, the request has \
//!      arn:aws:events:ap-northeast-2:111122223333:rule/mine"
//! );
//! # Ok::<(), alert_drill_lab::policy::MalformedPolicy>(())
//! ```
//!
//! The rules are those of the IAM User Guide: *Grammar of the IAM JSON policy language*, *Policy evaluation logic*,
//! *IAM JSON policy elements: Condition operators*, *Single-valued vs. multivalued context keys*, *IAM policy elements:
//! Variables and tags*, *AWS JSON policy elements: Principal* and *IAM JSON policy elements: Resource*.
//!
//! [`authorize`] is told whether the caller's identity policies allow. [`Permissions`] holds them, with a permissions
//! boundary and session policies, and decides on all of them together. What is not modelled: service and resource control
//! policies, and VPC endpoints' policies.

mod condition;
pub(crate) mod date;
mod decision;
mod document;
mod explanation;
mod json;
mod malformed;
mod operator;
mod parse;
mod permissions;
mod principal;
mod request;
mod statement;
mod variable;
mod wildcard;

#[cfg(test)]
mod tests;

pub use condition::Condition;
pub use decision::{Decision, authorize};
pub use document::{Grant, PolicyDocument, SNS_TOPIC_ACTIONS, SidError};
pub use explanation::{Explanation, IdentityPermission, Miss, Outcome, StatementReport};
pub use malformed::{Fault, MalformedPolicy};
pub use operator::{Operator, Qualifier};
pub use permissions::{Denial, Layer, Permissions};
pub use principal::{PrincipalElement, PrincipalMatch, PrincipalPattern};
pub use request::{Principal, RequestContext};
pub use statement::{ActionElement, ResourceElement, Statement};

use serde::Serialize;

/// The language version of a policy. Policy variables exist only in 2012-10-17.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Version {
    /// The first version, and the one that applies when a policy names none: `${…}` is literal text.
    #[serde(rename = "2008-10-17")]
    V2008,
    /// The current version, with policy variables.
    #[serde(rename = "2012-10-17")]
    V2012,
}

/// What a statement does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// The statement allows the request.
    Allow,
    /// The statement denies the request, whatever any other statement says.
    Deny,
}

/// Which elements a policy's statements must and must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// A policy on a topic, queue, function, bucket or key: each statement names principals and resources.
    Resource,
    /// A role's trust policy: principals, but no resource (the role itself is the resource).
    Trust,
    /// A policy of a user or role: resources, but no principal (whoever carries it is the principal). IAM's
    /// `PutRolePolicy` and `CreatePolicy` take these.
    Identity,
}

/// A parsed policy. It keeps the text that it was parsed from, as the services hand policies back verbatim.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    text: String,
    version: Version,
    id: Option<String>,
    statements: Vec<Statement>,
}

impl Policy {
    /// Parses a resource policy, checking the whole grammar.
    ///
    /// # Errors
    /// [`MalformedPolicy`] says what is wrong, in AWS's words where they are known, and where (`Statement[1].Effect`).
    pub fn parse(json: &str) -> Result<Self, MalformedPolicy> {
        Self::parse_as(json, PolicyKind::Resource)
    }

    /// Parses a policy of the given kind; see [`Policy::parse`].
    ///
    /// # Errors
    /// [`MalformedPolicy`], as for [`Policy::parse`].
    pub fn parse_as(json: &str, kind: PolicyKind) -> Result<Self, MalformedPolicy> {
        parse::policy(json, kind)
    }

    /// The text that the policy was parsed from, unchanged.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The language version; a policy that names none is a 2008-10-17 policy.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The policy's `Id`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The statements, in the policy's order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Evaluates the policy by itself: an explicit Deny wins, then any Allow, else the implicit Deny. This is the whole
    /// answer for a service principal, for a KMS key policy and for a trust policy. For a caller with an identity of an
    /// account, whose own permissions count as well, use [`authorize`].
    ///
    /// A statement that names a whole account (`arn:aws:iam::111122223333:root`) counts as an Allow here. AWS only
    /// delegates to that account's identity policies; [`authorize`] takes that into account.
    #[must_use]
    pub fn evaluate(&self, request: &RequestContext) -> Decision {
        decision::decide(Some(self), request, IdentityPermission::NotConsidered)
    }

    /// Checks that every action is one of `scope` (`["SNS:Publish", …]`), compared without regard to case and with no
    /// wildcard: SNS refuses even `SNS:*`.
    ///
    /// # Errors
    /// [`MalformedPolicy`] with SNS's and SQS's words, `Policy statement action out of service scope!`.
    pub fn check_action_scope(&self, scope: &[&str]) -> Result<(), MalformedPolicy> {
        for (index, statement) in self.statements.iter().enumerate() {
            for action in statement.action().patterns() {
                if !scope.iter().any(|allowed| allowed.eq_ignore_ascii_case(action)) {
                    let at = format!("Statement[{index}].{}", statement.action().name());
                    let why = "Policy statement action out of service scope!";
                    return Err(MalformedPolicy::new(at, why));
                }
            }
        }
        Ok(())
    }
}
