//! The history of a scheduled verification: one line of JSON for each run, and what those lines say together.
//!
//! ```text
//! outcome ─► entry ─► file (appended, never rewritten) ─► summary: pass rate, percentiles, drift ─► terminal, JSON
//! ```
//!
//! The file is made to be written by runs that do not know of each other and that may be killed: each entry is one line,
//! written by one call under a lock. A line that was cut off is left out of the summary, and is named. An entry holds no free
//! text, and so nothing that could be a secret.

mod drift;
mod entry;
mod file;
mod show;
mod since;
mod summary;

#[cfg(test)]
mod tests;

pub(crate) use self::entry::Entry;
pub(crate) use self::file::{append, open, read};
pub(crate) use self::show::{human, unread};
pub(crate) use self::since::Since;
pub(crate) use self::summary::{Period, Summary};
