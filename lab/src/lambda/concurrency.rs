//! How many invocations may run at a time: reserved for a function, and in the account.

use std::sync::{Arc, Mutex, PoisonError};

use super::ThrottleReason;

/// A function's reserved concurrency and how much of it is in use. All versions of a function share one.
#[derive(Clone, Debug, Default)]
pub struct ReservedConcurrency {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    limit: Option<u32>,
    running: u32,
}

impl ReservedConcurrency {
    /// `None` reserves nothing; `Some(0)` stops every invocation.
    #[must_use]
    pub fn new(limit: Option<u32>) -> Self {
        Self { state: Arc::new(Mutex::new(State { limit, running: 0 })) }
    }

    /// Changes the limit (`PutFunctionConcurrency`, `DeleteFunctionConcurrency`). What runs goes on.
    pub fn set(&self, limit: Option<u32>) {
        self.lock().limit = limit;
    }

    /// The limit.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        self.lock().limit
    }

    /// How many invocations run now.
    pub(crate) fn running(&self) -> u32 {
        self.lock().running
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of the function's, and unless the function has reserved its own, one of the account's.
    pub(super) fn take(&self, account: &Self) -> Result<Permit, ThrottleReason> {
        let reserved = {
            let mut state = self.lock();
            if state.limit.is_some_and(|limit| state.running >= limit) {
                return Err(ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded);
            }
            state.running += 1;
            state.limit.is_some()
        };
        let mut permit = Permit { taken: vec![self.clone()] };
        if !reserved {
            let mut state = account.lock();
            if state.limit.is_some_and(|limit| state.running >= limit) {
                return Err(ThrottleReason::ConcurrentInvocationLimitExceeded);
            }
            state.running += 1;
            permit.taken.push(account.clone());
        }
        Ok(permit)
    }
}

/// The right to run one invocation, given back when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    taken: Vec<ReservedConcurrency>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        for taken in &self.taken {
            taken.lock().running -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_the_function_s_own_and_the_rest_share_the_account() {
        let account = ReservedConcurrency::new(Some(1));
        let (reserved, other) = (ReservedConcurrency::new(Some(1)), ReservedConcurrency::new(None));
        let first = reserved.take(&account).unwrap();
        assert_eq!(
            reserved.take(&account).unwrap_err(),
            ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded
        );
        let _second = other.take(&account).unwrap();
        assert_eq!(other.take(&account).unwrap_err(), ThrottleReason::ConcurrentInvocationLimitExceeded);
        drop(first);
        reserved.take(&account).unwrap();
        reserved.set(Some(0));
        assert!(reserved.take(&account).is_err());
    }
}
