//! The decision: what a policy, and the caller's own permissions, come to.
//!
//! Source: IAM User Guide, *Policy evaluation logic* and *Cross-account policy evaluation logic*.

use super::Policy;
use super::explanation::{Explanation, IdentityPermission, Outcome};
use super::request::{Principal, RequestContext};
use serde::Serialize;
use std::fmt;

/// Whether a request is allowed, and why. An explicit Deny and an implicit one are different findings: the first has a
/// statement that must go, the second lacks one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "decision", content = "explanation")]
pub enum Decision {
    /// Allowed, and by no statement denied.
    Allow(Explanation),
    /// A statement with the effect Deny applies. Nothing overrides it.
    ExplicitDeny(Explanation),
    /// Nothing allows the request.
    ImplicitDeny(Explanation),
}

impl Decision {
    pub(super) fn of(explanation: Explanation) -> Self {
        match explanation.outcome() {
            Outcome::Allow => Self::Allow(explanation),
            Outcome::ExplicitDeny => Self::ExplicitDeny(explanation),
            Outcome::ImplicitDeny => Self::ImplicitDeny(explanation),
        }
    }

    /// Whether the request may go on.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// Every statement, and what came of it.
    #[must_use]
    pub fn explanation(&self) -> &Explanation {
        match self {
            Self::Allow(explanation) | Self::ExplicitDeny(explanation) | Self::ImplicitDeny(explanation) => explanation,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.explanation())
    }
}

/// Decides on a request to a resource of the account `owner`, counting the caller's own permissions too.
///
/// `identity_allows` says whether the identity policies of the caller allow the action; the lab's default is that an
/// account's identities may do everything in it. What it comes to:
///
/// | caller | allowed when |
/// |---|---|
/// | any, with a Deny of the resource policy that applies | never |
/// | an identity of the owner's account | its own permissions or the resource policy allow |
/// | an identity of another account | its own permissions and the resource policy allow |
/// | a service, or nobody | the resource policy allows |
///
/// A statement that names only the caller's account delegates to its identity policies, so by itself it allows nothing.
/// KMS key policies and trust policies are not optional within the account: use [`Policy::evaluate`] for them.
#[must_use]
pub fn authorize(policy: Option<&Policy>, request: &RequestContext, owner: &str, identity_allows: bool) -> Decision {
    let identity = match &request.principal {
        Principal::Aws { account, .. } if account == owner => {
            IdentityPermission::SameAccount { allows: identity_allows }
        }
        Principal::Aws { .. } => IdentityPermission::OtherAccount { allows: identity_allows },
        Principal::Service(_) | Principal::Anonymous => IdentityPermission::NotConsidered,
    };
    decide(policy, request, identity)
}

pub(super) fn decide(policy: Option<&Policy>, request: &RequestContext, identity: IdentityPermission) -> Decision {
    let statements = policy.map(Policy::statements).unwrap_or_default();
    let reports = statements.iter().enumerate().map(|(index, statement)| statement.report(index, request)).collect();
    Decision::of(Explanation::new(request, reports, identity))
}

/// What several policies of one layer come to, as if they were one.
pub(super) fn decide_all(policies: &[Policy], request: &RequestContext) -> Explanation {
    let statements = policies.iter().flat_map(Policy::statements);
    let reports = statements.enumerate().map(|(index, statement)| statement.report(index, request)).collect();
    Explanation::new(request, reports, IdentityPermission::NotConsidered)
}
