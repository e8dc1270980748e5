//! A role that a run takes on: another account's, most often.
//!
//! The session is named after the run (`alert-drill-<run id>`), so that CloudTrail says of each call which run made it. A
//! session ends while a long run goes on; the provider makes a new one then.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use super::TargetError;
use crate::scenario::{ExternalId, RoleArn};
use crate::sdk;

/// A role to take on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Which.
    pub arn: RoleArn,
    /// What its trust policy wants to hear (`sts:ExternalId`).
    pub external_id: Option<ExternalId>,
}

/// The session of a role, renewed when it ends.
struct Session {
    sts: aws_sdk_sts::Client,
    role: Role,
    name: String,
    /// The credentials of the first session, until somebody takes them.
    first: Mutex<Option<Credentials>>,
}

/// The same configuration with the credentials of the role's session.
///
/// # Errors
/// STS refuses, or does not answer: that is said now, and not by the first call of the run.
async fn assume(config: &SdkConfig, role: &Role, run_id: &str) -> Result<SdkConfig, TargetError> {
    let session = Session {
        sts: aws_sdk_sts::Client::new(config),
        role: role.clone(),
        name: format!("alert-drill-{run_id}"),
        first: Mutex::new(None),
    };
    let first = session.begin().await;
    let first = first.map_err(|reason| TargetError::Role { role: role.arn.to_string(), reason })?;
    *session.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(first);
    let provider = SharedCredentialsProvider::new(session);
    // One cache for the clients of all services: they share one session.
    let cache = IdentityCache::lazy().build();
    Ok(config.to_builder().credentials_provider(provider).identity_cache(cache).build())
}

/// The configuration with the credentials of the role's session, where there is a role.
pub(super) async fn called_by(config: SdkConfig, role: Option<&Role>, run_id: &str) -> Result<SdkConfig, TargetError> {
    match role {
        Some(role) => assume(&config, role, run_id).await,
        None => Ok(config),
    }
}

impl Session {
    async fn begin(&self) -> Result<Credentials, String> {
        let call = self.sts.assume_role().role_arn(self.role.arn.as_str()).role_session_name(&self.name);
        let external_id = self.role.external_id.as_ref().map(|id| id.as_str().to_owned());
        let answer = call.set_external_id(external_id).send().await.map_err(|error| sdk::reason(&error))?;
        let given = answer.credentials().ok_or("the answer holds no credentials")?;
        let expiry = std::time::SystemTime::try_from(*given.expiration()).ok();
        Ok(Credentials::new(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
            expiry,
            "alert-drill",
        ))
    }
}

impl ProvideCredentials for Session {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
            match first {
                Some(first) => Ok(first),
                None => self.begin().await.map_err(CredentialsError::provider_error),
            }
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.role.arn)
    }
}
