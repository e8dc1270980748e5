//! What a run has made, in order, and its removal in reverse.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::resource::Resource;
use crate::target::Clients;

/// What a run has made and not yet removed.
#[derive(Debug, Default)]
pub struct Ledger {
    made: Mutex<Vec<Resource>>,
}

/// A resource that could not be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftBehind {
    /// The kind of resource: `security group`.
    pub kind: &'static str,
    /// Its name, id or ARN.
    pub id: String,
    /// Why it could not be removed.
    pub reason: String,
}

/// How a clean-up ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// What is still there.
    pub left_behind: Vec<LeftBehind>,
    /// What an emulator cannot delete because it never came to life in it: a name without a resource.
    pub dead: Vec<LeftBehind>,
}

impl Ledger {
    /// Enters a resource that was made.
    pub fn enter(&self, resource: Resource) {
        self.lock().push(resource);
    }

    /// Strikes out a resource that is gone by other means: a drill deleted the group itself.
    pub fn strike(&self, resource: &Resource) {
        self.lock().retain(|made| made != resource);
    }

    /// Removes everything in reverse order, goes on after a failure, and says what is left.
    pub async fn clean_up(&self, clients: &Clients) -> Removed {
        let standing = std::mem::take(&mut *self.lock());
        let (mut left_behind, mut dead) = (Vec::new(), Vec::new());
        for resource in standing.into_iter().rev() {
            if let Err(reason) = resource.remove(clients).await {
                let left = LeftBehind { kind: resource.kind(), id: resource.id().to_owned(), reason };
                if resource.is_dead(&left.reason) { dead.push(left) } else { left_behind.push(left) }
            }
        }
        Removed { left_behind, dead }
    }

    /// What there is to remove, in the order in which it was made.
    pub fn entries(&self) -> Vec<Resource> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Resource>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
