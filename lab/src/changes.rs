//! That something has changed: what those who look on wait for.
//!
//! Deliveries, mails and Discord's answers each say themselves when there is a new one. What remains are calls, which may
//! change any resource.

use tokio::sync::watch;

use crate::ids;

/// Counts what changes, for those who look on.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Tells this lab's numbers from those of the lab that had the address before it.
    lab: String,
    calls: watch::Sender<u64>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { lab: ids::uuid(), calls: watch::Sender::new(0) }
    }
}

impl Changes {
    /// An id that no other lab has.
    pub(crate) fn lab(&self) -> &str {
        &self.lab
    }

    /// A call was answered: any resource may be another now.
    pub(crate) fn called(&self) {
        self.calls.send_modify(|calls| *calls += 1);
    }

    /// Changes with every call.
    pub(crate) fn calls(&self) -> watch::Receiver<u64> {
        self.calls.subscribe()
    }
}
