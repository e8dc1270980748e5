//! That something has changed: what those who look on wait for.
//!
//! Deliveries, mails and Discord's answers each say themselves when there is a new one. What remains are calls, which may
//! change any resource, and the lab being emptied.

use tokio::sync::watch;

use crate::ids;

/// Counts what changes, for those who look on.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Tells this lab's numbers from those of the lab that had the address before it.
    lab: String,
    calls: watch::Sender<u64>,
    beginnings: watch::Sender<u64>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { lab: ids::uuid(), calls: watch::Sender::new(0), beginnings: watch::Sender::new(0) }
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

    /// The lab was emptied: what was seen so far is no more.
    // Nothing empties a lab yet.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the lab's reset"))]
    pub(crate) fn begun_anew(&self) {
        self.beginnings.send_modify(|beginnings| *beginnings += 1);
    }

    /// Changes with every call.
    pub(crate) fn calls(&self) -> watch::Receiver<u64> {
        self.calls.subscribe()
    }

    /// Changes each time the lab is emptied.
    pub(crate) fn beginnings(&self) -> watch::Receiver<u64> {
        self.beginnings.subscribe()
    }
}
