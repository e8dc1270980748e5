//! What a run has made, decided in one place: entered before each change, struck out once it is gone, and removed at the end.
//!
//! ```text
//! intend ─► the call ─► made            strike, or clean_up
//!    └─ written to the journal first, where the run has one
//! ```
//! An entry that was never made costs one look at the end. A change that no entry knows of would stay.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;

use super::resource::Resource;
use crate::journal::{Journal, JournalError};
use crate::target::Clients;

/// What a run has made and not yet removed.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<Vec<Entry>>,
    journal: OnceLock<Journal>,
}

/// Something that a run has made or was about to make.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    resource: Resource,
    /// AWS's id of it; none while nobody knows whether the call was made.
    id: Option<String>,
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
    /// Writes everything that is entered from now on to this journal first.
    pub(crate) fn keep(&self, journal: Journal) {
        // A run has one journal, and opens it once.
        let _ = self.journal.set(journal);
    }

    /// Enters a resource that is about to be made.
    ///
    /// # Errors
    /// The journal could not be written: the change must not be made.
    pub fn intend(&self, resource: Resource) -> Result<(), JournalError> {
        let mut entries = self.lock();
        if let Some(journal) = self.journal.get() {
            journal.intends(&resource)?;
        }
        entries.push(Entry { resource, id: None });
        Ok(())
    }

    /// Enters what AWS calls it, once it is made.
    pub fn made(&self, resource: &Resource, id: impl Into<String>) {
        let id = id.into();
        if let Some(journal) = self.journal.get() {
            // That it was intended is written: without its id it is found by its name.
            let _ = journal.made(resource, &id);
        }
        let mut entries = self.lock();
        match entries.iter_mut().find(|entry| entry.resource == *resource && entry.id.is_none()) {
            Some(entry) => entry.id = Some(id),
            None => entries.push(Entry { resource: resource.clone(), id: Some(id) }),
        }
    }

    /// Strikes out a resource that is gone, or was never made: a drill deleted the group itself.
    pub fn strike(&self, resource: &Resource) {
        let mut entries = self.lock();
        entries.retain(|entry| entry.resource != *resource);
        if let Some(journal) = self.journal.get() {
            // One that stays in the journal is looked for once more, and not found.
            let _ = journal.undone(resource);
        }
    }

    /// Removes everything in the order of [`Resource`], goes on after a failure, and says what is left. What nobody knows to
    /// be made is looked for, and removed only where it carries the run's mark.
    pub async fn clean_up(&self, clients: &Clients, run_id: &str) -> Removed {
        let mut standing = self.lock().clone();
        // The newest first where the order does not say.
        standing.reverse();
        standing.sort_by(|one, other| one.resource.cmp(&other.resource));
        let mut failed = Vec::new();
        for entry in standing {
            match self.remove(&entry, clients, run_id).await {
                Ok(()) => self.strike(&entry.resource),
                Err(reason) => failed.push((entry, reason)),
            }
        }
        // Once more: what stood in the way of the first try may be gone by now.
        let mut removed = Removed::default();
        for (entry, first) in failed {
            if entry.resource.is_dead(&first) {
                removed.dead.push(entry.left(first));
                continue;
            }
            match self.remove(&entry, clients, run_id).await {
                Ok(()) => self.strike(&entry.resource),
                Err(reason) => removed.left_behind.push(entry.left(reason)),
            }
        }
        removed
    }

    async fn remove(&self, entry: &Entry, clients: &Clients, run_id: &str) -> Result<(), String> {
        if let Some(id) = &entry.id {
            return entry.resource.remove(clients, id).await;
        }
        for id in entry.resource.of_run(clients, run_id).await? {
            entry.resource.remove(clients, &id).await?;
        }
        Ok(())
    }

    /// Deletes the journal of a run that has left nothing.
    pub(crate) fn close(&self) -> Result<(), JournalError> {
        match self.journal.get() {
            Some(journal) if self.lock().is_empty() => journal.delete(),
            _ => Ok(()),
        }
    }

    /// Whether there is a journal, so that a later clean-up finds what is left.
    pub fn is_kept(&self) -> bool {
        self.journal.get().is_some()
    }

    /// What there is to remove, in the order in which it was made.
    pub fn entries(&self) -> Vec<Resource> {
        self.lock().iter().map(|entry| entry.resource.clone()).collect()
    }

    /// What there is to remove, as it is left behind for this reason.
    pub fn left(&self, reason: &str) -> Vec<LeftBehind> {
        self.lock().iter().map(|entry| entry.left(reason.to_owned())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn left(&self, reason: String) -> LeftBehind {
        let id = self.id.clone().unwrap_or_else(|| self.resource.name().to_owned());
        LeftBehind { kind: self.resource.kind(), id, reason }
    }
}
