//! IAM and STS: who calls, and the roles that services take on. To be written.

use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::identity::Identity;

/// A role as other services see it.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) id: String,
    /// The trust policy, which says who may take on the role.
    pub(crate) trust_policy: String,
}

/// Temporary credentials of a role's session.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) session_token: String,
}

/// To be written.
#[derive(Debug, Default)]
pub(crate) struct Iam {}

impl Iam {
    /// Who an access key stands for.
    pub(crate) fn identify(&self, access_key: Option<&str>) -> Identity {
        Identity::of_unknown_key(access_key.unwrap_or_default())
    }

    pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }

    pub(crate) fn call_sts(&self, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }

    /// The role of an account by its ARN: its name, its unique id, and its trust policy.
    pub(crate) fn role(&self, _arn: &str) -> Option<Role> {
        None
    }

    /// Credentials of a session of a role, as a function's environment gets them; calls signed with them are the session's.
    pub(crate) fn session(&self, _role: &Role, _session: &str) -> Option<Credentials> {
        None
    }
}
