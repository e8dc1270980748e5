//! Whom a key stands for, and until when.
//!
//! Source: *Common errors* of the IAM and STS API references, and each service's own for its code.

use jiff::{SignedDuration, Timestamp};

use super::{Iam, Role, State};
use crate::gateway::error::AwsError;
use crate::gateway::service::{Protocol, Service};
use crate::identity::{Caller, Identity, IssuedTo};
use crate::ids;

/// How long the session of a function lasts. The lab makes a new one with each deployment, AWS every few hours; a drill
/// that outlasts this one would meet an expired token, so it is long.
const FUNCTION_SESSION: SignedDuration = SignedDuration::from_hours(24 * 365);

/// Temporary credentials of a role's session.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) session_token: String,
    pub(crate) expires: Timestamp,
}

/// Whom a key that the lab issued stands for.
#[derive(Clone, Debug)]
pub(super) enum KeyOwner {
    /// A user, by the user's own key.
    User { account: String, principal: Caller },
    /// A session of a role or of a user.
    Session(Session),
    /// Nobody any more: the key was deleted or deactivated.
    Nobody { account: String, principal: Caller },
}

impl KeyOwner {
    /// The account that the key belongs to, or belonged to.
    pub(super) fn account(&self) -> &str {
        match self {
            Self::User { account, .. } | Self::Nobody { account, .. } => account,
            Self::Session(session) => &session.account,
        }
    }
}

/// A session, and what it is limited to.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) account: String,
    pub(super) principal: Caller,
    pub(super) created: Timestamp,
    pub(super) expires: Timestamp,
    /// The session's own policies: what is passed with `AssumeRole`. None: the session has all that its role has.
    pub(super) policies: Option<Vec<String>>,
    /// The session's own tags.
    pub(super) tags: Vec<(String, String)>,
}

/// Why a key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// The session has expired.
    Expired,
    /// The key was deleted or deactivated.
    Revoked,
}

impl Iam {
    /// Who an access key stands for.
    pub(crate) fn identify(&self, access_key: Option<&str>) -> Identity {
        let access_key = access_key.unwrap_or_default();
        let owner = self.with(|state| state.keys.get(access_key).cloned());
        let (account, principal) = match owner {
            None => return Identity::of_unknown_key(access_key),
            Some(KeyOwner::User { account, principal } | KeyOwner::Nobody { account, principal }) => {
                (account, principal)
            }
            Some(KeyOwner::Session(session)) => (session.account, session.principal),
        };
        Identity { account, access_key: access_key.to_owned(), principal }
    }

    /// Whether a key that the lab issued may still be used.
    pub(crate) fn check_usable(&self, access_key: &str, now: Timestamp) -> Result<(), Unusable> {
        self.with(|state| match state.keys.get(access_key) {
            Some(KeyOwner::Session(session)) if session.expires <= now => Err(Unusable::Expired),
            Some(KeyOwner::Nobody { .. }) => Err(Unusable::Revoked),
            _ => Ok(()),
        })
    }

    /// The identity of a service that has taken on a role to do something in its name, such as Lambda that sends a dead
    /// letter. Its key is nobody's to call with. None where the role is gone.
    pub(crate) fn in_role(&self, role_arn: &str, session: &str) -> Option<Identity> {
        let role = self.role(role_arn)?;
        self.with(|state| {
            let known = state.accounts.get(&role.account)?.roles.get(&role.name.to_ascii_lowercase())?;
            let principal = Caller::AssumedRole {
                role: role.name.clone(),
                id: role.id.clone(),
                path: known.path.clone(),
                session: session.to_owned(),
                created: Timestamp::now(),
                issued_to: None,
            };
            let access_key = ids::iam("ASIA")[..20].to_owned();
            Some(Identity { account: role.account.clone(), access_key, principal })
        })
    }

    /// Credentials of a session of a role, as a function's environment gets them; calls signed with them are the
    /// session's. None where the role is gone, or was made anew under its name.
    pub(crate) fn session(&self, role: &Role, session: &str, issued_to: IssuedTo) -> Option<Credentials> {
        self.with(|state| {
            let known = state.accounts.get(&role.account)?.roles.get(&role.name.to_ascii_lowercase())?;
            (known.id == role.id).then_some(())?;
            let created = Timestamp::now();
            let principal = Caller::AssumedRole {
                role: role.name.clone(),
                id: role.id.clone(),
                path: known.path.clone(),
                session: session.to_owned(),
                created,
                issued_to: Some(issued_to),
            };
            Some(state.issue_session(Session {
                account: role.account.clone(),
                principal,
                created,
                expires: created.saturating_add(FUNCTION_SESSION).unwrap_or(Timestamp::MAX),
                policies: None,
                tags: Vec::new(),
            }))
        })
    }
}

impl State {
    /// New temporary credentials, which stand for the session from now on.
    pub(super) fn issue_session(&mut self, session: Session) -> Credentials {
        let access_key = ids::iam("ASIA")[..20].to_owned();
        let expires = session.expires;
        self.keys.insert(access_key.clone(), KeyOwner::Session(session));
        Credentials { access_key, secret_key: secret(), session_token: ids::hex(200), expires }
    }
}

/// The 40 characters of a secret key.
pub(super) fn secret() -> String {
    ids::hex(40)
}

impl Unusable {
    /// The service's own refusal.
    pub(crate) fn refusal(self, service: Service) -> AwsError {
        const EXPIRED: &str = "The security token included in the request is expired";
        const INVALID: &str = "The security token included in the request is invalid.";
        match (self, service, service.protocol()) {
            (Self::Expired, Service::S3, _) => AwsError::bad_request("ExpiredToken", "The provided token has expired."),
            (Self::Expired, Service::Ec2, _) => AwsError::bad_request("RequestExpired", "Request has expired."),
            (Self::Expired, Service::Lambda, _) => AwsError::new(403, "ExpiredTokenException", EXPIRED),
            (Self::Expired, _, Protocol::Json { .. }) => AwsError::bad_request("ExpiredTokenException", EXPIRED),
            (Self::Expired, ..) => AwsError::new(403, "ExpiredToken", EXPIRED),
            (Self::Revoked, Service::S3, _) => AwsError::new(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            (Self::Revoked, Service::Ec2, _) => {
                AwsError::new(401, "AuthFailure", "AWS was not able to validate the provided access credentials")
            }
            (Self::Revoked, Service::Lambda, _) => AwsError::new(403, "UnrecognizedClientException", INVALID),
            (Self::Revoked, _, Protocol::Json { .. }) => AwsError::bad_request("UnrecognizedClientException", INVALID),
            (Self::Revoked, ..) => AwsError::new(403, "InvalidClientTokenId", INVALID),
        }
    }
}
