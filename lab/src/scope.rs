//! Where a resource lives: an account and a Region, and state kept apart by them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
