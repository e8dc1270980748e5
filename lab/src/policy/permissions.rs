//! The caller's side: what its own policies allow, within its boundary and its session, and what a resource's policy adds.
//!
//! Source: IAM User Guide, *Policy evaluation logic*, *Permissions boundaries for IAM entities*, *Session policies* and
//! *Troubleshoot access denied error messages*, which names the layers.

use super::decision::decide_all;
use super::explanation::{Explanation, Outcome};
use super::principal::PrincipalMatch;
use super::request::{Principal, RequestContext};
use super::{Effect, Policy};
use serde::Serialize;
use std::fmt;

/// The policies that limit a caller, whatever the resource.
///
/// | layer | what it does |
/// |---|---|
/// | identity policies | allow: the user's, its groups', or the role's, inline and managed |
/// | permissions boundary | takes away what it does not allow |
/// | session policies | take away what they do not allow |
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Permissions {
    /// The identity policies. None at all allow nothing.
    pub identity: Vec<Policy>,
    /// The permissions boundary, if there is one.
    pub boundary: Option<Policy>,
    /// The session's policies, if the session was made with any.
    pub session: Option<Vec<Policy>>,
}

/// The kind of policy that a refusal is due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// A policy of the user, a group of its, or the role.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// A session policy.
    Session,
    /// The resource's own policy.
    Resource,
}

/// Why a caller may not: which layer, and by a Deny or for want of an Allow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Denial {
    /// The layer.
    pub layer: Layer,
    /// Whether a statement denies; otherwise none allows.
    pub explicit: bool,
    /// The statements of that layer.
    pub explanation: Explanation,
}

impl Layer {
    /// What AWS calls it, with its article: `an identity-based policy`.
    #[must_use]
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Identity => "an identity-based policy",
            Self::Boundary => "a permissions boundary",
            Self::Session => "a session policy",
            Self::Resource => "a resource-based policy",
        }
    }

    fn noun(self) -> &'static str {
        self.with_article().split_once(' ').map_or("", |(_, noun)| noun)
    }
}

impl Denial {
    /// The end of AWS's sentence: `because no identity-based policy allows the s3:GetObject action`, or `with an explicit
    /// deny in an identity-based policy`.
    #[must_use]
    pub fn because(&self, action: &str) -> String {
        if self.explicit {
            format!("with an explicit deny in {}", self.layer.with_article())
        } else {
            format!("because no {} allows the {action} action", self.layer.noun())
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.because(self.explanation.action()), self.explanation)
    }
}

impl Permissions {
    /// Decides on a request to a resource of the account `owner` that has this policy.
    ///
    /// # Errors
    /// [`Denial`] says which layer is in the way.
    pub fn authorize(&self, resource: Option<&Policy>, request: &RequestContext, owner: &str) -> Result<(), Denial> {
        let identity = decide_all(&self.identity, request);
        let boundary = self.boundary.as_ref().map(|policy| decide_all(std::slice::from_ref(policy), request));
        let session = self.session.as_ref().map(|policies| decide_all(policies, request));
        let resource = decide_all(resource.map(std::slice::from_ref).unwrap_or_default(), request);

        let layers = [
            (Layer::Identity, Some(&identity)),
            (Layer::Boundary, boundary.as_ref()),
            (Layer::Session, session.as_ref()),
            (Layer::Resource, Some(&resource)),
        ];
        for (layer, explanation) in layers {
            if let Some(explanation) = explanation.filter(|one| one.outcome() == Outcome::ExplicitDeny) {
                return Err(Denial { layer, explicit: true, explanation: explanation.clone() });
            }
        }

        let is_own = matches!(&request.principal, Principal::Aws { account, .. } if account == owner);
        let allows = |explanation: &Explanation| explanation.outcome() == Outcome::Allow;
        let grant = strongest(&resource);
        // A user or a session that the resource's policy names needs nothing else.
        if is_own && grant == Some(PrincipalMatch::Named) {
            return Ok(());
        }
        // A role that it names is still limited, and so is everyone; naming the account only delegates.
        let granted = is_own && grant > Some(PrincipalMatch::Account);
        let missing =
            |layer, explanation: &Explanation| Err(Denial { layer, explicit: false, explanation: explanation.clone() });
        if !allows(&identity) && !granted {
            return missing(Layer::Identity, &identity);
        }
        if let Some(boundary) = boundary.filter(|boundary| !allows(boundary)) {
            return missing(Layer::Boundary, &boundary);
        }
        if let Some(session) = session.filter(|session| !allows(session)) {
            return missing(Layer::Session, &session);
        }
        if !is_own && !allows(&resource) {
            return missing(Layer::Resource, &resource);
        }
        Ok(())
    }
}

/// By what the resource's policy grants, if it does. Of several ways, the strongest.
fn strongest(resource: &Explanation) -> Option<PrincipalMatch> {
    let granting = resource.statements().iter().filter(|one| one.applied() && one.effect == Effect::Allow);
    granting.filter_map(|one| one.matched_by).max()
}
