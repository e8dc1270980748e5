//! What a caller that the lab issued a key for carries: the policies on its side of a decision.

use super::carrier::Kind;
use super::credentials::KeyOwner;
use super::{Account, Iam, PolicySet, State};
use crate::identity::{Caller, Identity};
use crate::policy::{Permissions, Policy, PolicyKind};

/// A policy, and where it comes from.
#[derive(Debug)]
pub(super) struct Sourced {
    /// The name that `SimulatePrincipalPolicy` gives it.
    pub(super) id: String,
    /// `user`, `group`, `role`, `aws-managed` or `user-managed`.
    pub(super) kind: &'static str,
    pub(super) policy: Policy,
}

/// What a caller is: beside its policies, the tags that its policies' conditions may ask for.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) permissions: Permissions,
    pub(super) tags: Vec<(String, String)>,
    /// When the session was made, if it is one.
    pub(super) session_since: Option<jiff::Timestamp>,
}

/// A policy that IAM has taken, so that it parses. One that did not would allow nothing.
pub(super) fn parsed(text: &str) -> Option<Policy> {
    Policy::parse_as(text, PolicyKind::Identity).ok()
}

/// A policy that allows nothing: what is left of a boundary that was lost.
fn nothing() -> Option<Policy> {
    parsed(r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#)
}

impl Account {
    /// The policies of a user with those of its groups, or those of a role.
    pub(super) fn sourced(&self, kind: Kind, name: &str) -> Vec<Sourced> {
        let key = name.to_ascii_lowercase();
        let mut all = Vec::new();
        match kind {
            Kind::Role => {
                if let Some(role) = self.roles.get(&key) {
                    self.collect(&role.policies, "role", &role.name, &mut all);
                }
            }
            Kind::Group => {
                if let Some(group) = self.groups.get(&key) {
                    self.collect(&group.policies, "group", &group.name, &mut all);
                }
            }
            Kind::User => {
                if let Some(user) = self.users.get(&key) {
                    self.collect(&user.policies, "user", &user.name, &mut all);
                }
                for group in self.groups.values().filter(|group| group.members.contains(&key)) {
                    self.collect(&group.policies, "group", &group.name, &mut all);
                }
            }
        }
        all
    }

    fn collect(&self, set: &PolicySet, kind: &'static str, carrier: &str, all: &mut Vec<Sourced>) {
        for (name, text) in &set.inline {
            let id = format!("{kind}_{carrier}_{name}");
            all.extend(parsed(text).map(|policy| Sourced { id, kind, policy }));
        }
        for arn in &set.attached {
            let kind = if arn.contains(":iam::aws:") { "aws-managed" } else { "user-managed" };
            let id = arn.rsplit('/').next().unwrap_or_default().to_owned();
            let policy = self.managed_document(arn).and_then(parsed);
            all.extend(policy.map(|policy| Sourced { id, kind, policy }));
        }
    }

    pub(super) fn boundary(&self, arn: Option<&String>) -> Option<Policy> {
        arn.and_then(|arn| self.managed_document(arn).and_then(parsed).or_else(nothing))
    }
}

impl Iam {
    /// What limits the caller. None where nothing does: the root user, and whoever signs with a key that the lab did not
    /// issue.
    pub(super) fn profile(&self, identity: &Identity) -> Option<Profile> {
        self.with(|state| match state.keys.get(&identity.access_key)? {
            KeyOwner::Nobody { .. } => Some(Profile::default()),
            KeyOwner::User { account, principal } => state.principal_profile(account, principal),
            KeyOwner::Session(session) => {
                let mut profile = state.principal_profile(&session.account, &session.principal)?;
                let policies = session.policies.as_ref();
                profile.permissions.session =
                    policies.map(|texts| texts.iter().filter_map(|text| parsed(text)).collect());
                profile.session_since = Some(session.created);
                for (key, value) in &session.tags {
                    profile.tags.retain(|(known, _)| !known.eq_ignore_ascii_case(key));
                    profile.tags.push((key.clone(), value.clone()));
                }
                Some(profile)
            }
        })
    }

    /// What limits a session of a role that the lab issued no key for: its role says what it carries.
    pub(super) fn profile_of(&self, identity: &Identity) -> Profile {
        self.with(|state| state.principal_profile(&identity.account, &identity.principal)).unwrap_or_default()
    }
}

impl State {
    fn principal_profile(&self, account: &str, principal: &Caller) -> Option<Profile> {
        match principal {
            Caller::Root => None,
            // The user that the lab's IAM does not have, in a session of its own.
            Caller::User { id, .. } if *id == Identity::of_unknown_key("").principal_id() => None,
            Caller::User { name, id, .. } => Some(self.user_profile(account, name, id)),
            Caller::AssumedRole { role, id, .. } => Some(self.role_profile(account, role, id)),
        }
    }

    /// A user that was deleted, or made anew under its name, has no policies.
    fn user_profile(&self, account: &str, name: &str, id: &str) -> Profile {
        let user = |account: &Account| {
            let user = account.users.get(&name.to_ascii_lowercase()).filter(|user| user.id == id)?;
            Some(Profile {
                permissions: Permissions {
                    identity: policies(account.sourced(Kind::User, name)),
                    boundary: account.boundary(user.boundary.as_ref()),
                    session: None,
                },
                tags: user.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
                session_since: None,
            })
        };
        self.accounts.get(account).and_then(user).unwrap_or_default()
    }

    fn role_profile(&self, account: &str, name: &str, id: &str) -> Profile {
        let role = |account: &Account| {
            let role = account.roles.get(&name.to_ascii_lowercase()).filter(|role| role.id == id)?;
            Some(Profile {
                permissions: Permissions {
                    identity: policies(account.sourced(Kind::Role, name)),
                    boundary: account.boundary(role.boundary.as_ref()),
                    session: None,
                },
                tags: role.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
                session_since: None,
            })
        };
        self.accounts.get(account).and_then(role).unwrap_or_default()
    }
}

fn policies(sourced: Vec<Sourced>) -> Vec<Policy> {
    sourced.into_iter().map(|sourced| sourced.policy).collect()
}

impl Iam {
    /// The ARN of a user, if there is one of the name.
    pub(super) fn user_arn(&self, account: &str, name: &str) -> Option<String> {
        self.in_account(account, |known| Some(known.users.get(&name.to_ascii_lowercase())?.arn(account)))
    }

    /// The ARN of a group, if there is one of the name.
    pub(super) fn group_arn(&self, account: &str, name: &str) -> Option<String> {
        self.in_account(account, |known| Some(known.groups.get(&name.to_ascii_lowercase())?.arn(account)))
    }

    /// The ARN of a role, if there is one of the name.
    pub(super) fn role_arn(&self, account: &str, name: &str) -> Option<String> {
        self.in_account(account, |known| Some(known.roles.get(&name.to_ascii_lowercase())?.arn(account)))
    }

    /// The ARN of an instance profile, if there is one of the name.
    pub(super) fn profile_arn(&self, account: &str, name: &str) -> Option<String> {
        self.in_account(account, |known| Some(known.profiles.get(&name.to_ascii_lowercase())?.arn(account)))
    }

    /// The ARN of the role that an instance profile has.
    pub(super) fn role_of_profile(&self, account: &str, profile: &str) -> Option<String> {
        self.in_account(account, |known| {
            let role = known.profiles.get(&profile.to_ascii_lowercase())?.role.as_ref()?;
            Some(known.roles.get(role)?.arn(account))
        })
    }

    fn in_account<R>(&self, account: &str, f: impl FnOnce(&Account) -> Option<R>) -> Option<R> {
        self.with(|state| f(state.accounts.get(account)?))
    }
}
