//! `Principal` and `NotPrincipal`: whom a statement names.
//!
//! Source: IAM User Guide, *AWS JSON policy elements: Principal* and *NotPrincipal*.

use super::request::Principal;
use serde::{Serialize, Serializer};
use std::fmt;

/// One principal that a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalPattern {
    /// `"*"` or `{"AWS": "*"}`: everyone, services and anonymous callers included.
    Everyone,
    /// An account, by its twelve digits or its root ARN: every identity in it.
    Account(String),
    /// A user, a role, a role's session or a federated user, by ARN.
    Arn(String),
    /// The unique id (`AIDA…`, `AROA…`) that AWS shows for an identity that was deleted. It matches nobody.
    UniqueId(String),
    /// A service's principal name.
    Service(String),
    /// An identity provider. No request of this crate comes from one.
    Federated(String),
    /// S3's 64 hexadecimal digits for an account. No request of this crate carries one.
    CanonicalUser(String),
}

/// By what a principal was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum PrincipalMatch {
    /// By its account. In an Allow this only delegates: the identity's own permissions must allow as well.
    Account,
    /// By a `*`.
    Everyone,
    /// By its role's name: a session of the role.
    Role,
    /// By its own name.
    Named,
    /// Because `NotPrincipal` does not list it.
    NotExcluded,
    /// Because the policy names no principal: it is the caller's own.
    Carrier,
}

/// The `Principal` or `NotPrincipal` of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalElement {
    pub(super) negated: bool,
    pub(super) patterns: Vec<PrincipalPattern>,
}

impl PrincipalElement {
    /// `NotPrincipal` or `Principal`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.negated { "NotPrincipal" } else { "Principal" }
    }

    /// The principals listed.
    #[must_use]
    pub fn patterns(&self) -> &[PrincipalPattern] {
        &self.patterns
    }

    /// How the element covers the principal; `None` when it does not. Of several ways, the strongest.
    #[must_use]
    pub fn covers(&self, principal: &Principal) -> Option<PrincipalMatch> {
        let listed = self.patterns.iter().filter_map(|pattern| pattern.covers(principal)).max();
        match self.negated {
            false => listed,
            true => listed.is_none().then_some(PrincipalMatch::NotExcluded),
        }
    }
}

impl PrincipalPattern {
    /// A value of `{"AWS": …}`; `None` when AWS would refuse it. A wildcard never matches a part of a name.
    pub(super) fn aws(text: &str) -> Option<Self> {
        let account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        if text == "*" {
            return Some(Self::Everyone);
        }
        if account(text) {
            return Some(Self::Account(text.to_owned()));
        }
        if (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Some(Self::UniqueId(text.to_owned()));
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &[head, partition, service, region, owner, entity] = parts.as_slice() else { return None };
        // CloudFront's origin access identities live in an account of that name.
        let known_owner = account(owner) || owner == "cloudfront";
        if head != "arn" || !partition.starts_with("aws") || !region.is_empty() || !known_owner || text.contains('*') {
            return None;
        }
        let named = |kinds: &[&str]| {
            entity.split_once('/').is_some_and(|(kind, name)| kinds.contains(&kind) && !name.is_empty())
        };
        match service {
            "iam" if entity == "root" => Some(Self::Account(owner.to_owned())),
            "iam" if named(&["user", "role"]) => Some(Self::Arn(text.to_owned())),
            "sts" if named(&["assumed-role", "federated-user"]) => Some(Self::Arn(text.to_owned())),
            _ => None,
        }
    }

    /// A value of `{"Service": …}`; `None` when it cannot be a service's name. Whether such a service exists, only AWS
    /// knows.
    pub(super) fn service(text: &str) -> Option<Self> {
        let host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let named = text.contains('.') && !text.starts_with('.') && !text.ends_with('.') && text.bytes().all(host);
        named.then(|| Self::Service(text.to_owned()))
    }

    fn covers(&self, principal: &Principal) -> Option<PrincipalMatch> {
        let (hit, by) = match (self, principal) {
            (Self::Everyone, _) => (true, PrincipalMatch::Everyone),
            (Self::Service(wanted), Principal::Service(seen)) => (wanted == seen, PrincipalMatch::Named),
            (Self::Account(wanted), Principal::Aws { account, .. }) => (wanted == account, PrincipalMatch::Account),
            (Self::Arn(wanted), Principal::Aws { arn, .. }) if wanted == arn => (true, PrincipalMatch::Named),
            (Self::Arn(wanted), Principal::Aws { arn, .. }) => (is_session_of(wanted, arn), PrincipalMatch::Role),
            _ => (false, PrincipalMatch::Named),
        };
        hit.then_some(by)
    }
}

/// Whether `arn` is a session of the role: the same account and role name. A session's ARN does not have the path.
fn is_session_of(role: &str, arn: &str) -> bool {
    let Some((role_head, role)) = role.split_once(":role/") else { return false };
    let Some((session_head, session)) = arn.split_once(":assumed-role/") else { return false };
    role_head.replacen(":iam:", ":sts:", 1) == session_head && role.rsplit('/').next() == session.split('/').next()
}

impl fmt::Display for PrincipalPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("*"),
            Self::Account(text) => write!(f, "account {text}"),
            Self::CanonicalUser(text) => write!(f, "canonical user {text}"),
            Self::Arn(text) | Self::UniqueId(text) | Self::Service(text) | Self::Federated(text) => f.write_str(text),
        }
    }
}

impl Serialize for PrincipalPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
