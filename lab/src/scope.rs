//! Where a resource lives: an account and a Region, and state kept apart by them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::gateway::error::AwsError;

/// An account and a Region. AWS keeps almost everything apart by these two; services that are global (IAM, STS) use
/// [`Scope::global`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The 12 digits of the account.
    pub account: String,
    /// The Region's name, such as `ap-northeast-2`.
    pub region: String,
}

impl Scope {
    /// The scope of an account and a Region.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self { account: account.into(), region: region.into() }
    }

    /// The scope of a service that an account has once for all Regions.
    pub fn global(&self) -> Self {
        Self::new(self.account.clone(), "aws-global")
    }

    /// The ARN of a resource in this scope: `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`.
    pub fn arn(&self, service: &str, resource: impl fmt::Display) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The scope that an ARN names, where it names both account and Region.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':').skip(3);
        let (region, account) = (parts.next()?, parts.next()?);
        (!region.is_empty() && !account.is_empty()).then(|| Self::new(account, region))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// How many scopes a lab holds. A default VPC, a bus and the like for each take some 20 KB.
const MOST_SCOPES: usize = 10_000;

/// The scopes that calls have named so far. A lab that made a new account for each access key that looks like one, without
/// an end, could be filled with nonsense alone.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    scopes: Mutex<HashSet<Scope>>,
}

impl Seen {
    /// Whether a call of this scope is to be served.
    pub(crate) fn admits(&self, scope: &Scope) -> Result<(), AwsError> {
        let is_name = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if !(1..=32).contains(&scope.region.len()) || !scope.region.bytes().all(is_name) {
            let message = "Credential should be scoped to a valid region.";
            return Err(AwsError::new(403, "SignatureDoesNotMatch", message));
        }
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if scopes.contains(scope) {
            return Ok(());
        }
        if scopes.len() >= MOST_SCOPES {
            let message = format!(
                "the lab holds {MOST_SCOPES} pairs of an account and a Region, and takes no more until it is reset \
                 (POST /_lab/reset)"
            );
            return Err(AwsError::bad_request("LimitExceeded", message));
        }
        scopes.insert(scope.clone());
        Ok(())
    }
}

/// A service's state, one `T` for each scope, made when first looked at.
///
/// The lock is never held across an `await`: a handler takes what it needs, changes it, and lets go.
#[derive(Debug)]
pub(crate) struct Scoped<T> {
    scopes: Mutex<HashMap<Scope, T>>,
}

impl<T> Default for Scoped<T> {
    fn default() -> Self {
        Self { scopes: Mutex::default() }
    }
}

impl<T> Scoped<T> {
    /// Runs `f` on the state of `scope`, which `make` makes if it is not there yet.
    pub(crate) fn with_or<R>(&self, scope: &Scope, make: impl FnOnce(&Scope) -> T, f: impl FnOnce(&mut T) -> R) -> R {
        f(self.lock().entry(scope.clone()).or_insert_with(|| make(scope)))
    }

    /// Runs `f` on every scope's state, in no order.
    pub(crate) fn for_each(&self, mut f: impl FnMut(&Scope, &mut T)) {
        for (scope, state) in self.lock().iter_mut() {
            f(scope, state);
        }
    }

    /// A poisoned lock means that a handler panicked in the middle of a change. The state is still the best there is,
    /// and refusing every later call would hide the panic's own message behind others.
    fn lock(&self) -> MutexGuard<'_, HashMap<Scope, T>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Scoped<T> {
    /// Runs `f` on the state of `scope`.
    pub(crate) fn with<R>(&self, scope: &Scope, f: impl FnOnce(&mut T) -> R) -> R {
        self.with_or(scope, |_| T::default(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_regions_come_to_an_end() {
        let seen = Seen::default();
        for number in 0..MOST_SCOPES {
            seen.admits(&Scope::new(format!("{number:012}"), "eu-west-1")).unwrap();
        }
        let refused = seen.admits(&Scope::new("999999999999", "eu-west-1")).unwrap_err();
        assert_eq!((refused.status, refused.code.as_ref()), (400, "LimitExceeded"));
        seen.admits(&Scope::new("000000000007", "eu-west-1")).unwrap();
        let long = "a".repeat(33);
        for region in ["", "eu west", "EU-WEST-1", "eu-west-1/x", long.as_str()] {
            assert!(seen.admits(&Scope::new("000000000007", region)).is_err(), "{region}");
        }
    }
}
