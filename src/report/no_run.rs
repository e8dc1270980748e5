//! What is reported where there was no run at all: the target could not be opened, or nobody allowed it.
//!
//! A CI that collects a file must find one: with none, it shows an old result, or takes the lack of tests for a pass.

use jiff::Timestamp;
use serde::Serialize;

use super::{FORMAT_VERSION, Verdict};

/// Why there was no run. Its JSON has the fields that a [`Report`](super::Report) begins with, and the reason in place of the
/// rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoRun {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// [`Verdict::Error`]: nobody found out anything.
    pub verdict: Verdict,
    /// Whether somebody ended it before it began.
    pub interrupted: bool,
    /// When it would have begun.
    pub started_at: Timestamp,
    /// Where it was to be made, in words.
    pub place: String,
    /// Why it was not.
    pub reason: String,
}

impl NoRun {
    /// A run of this scenario that was to be made at this place, and was not for this reason.
    pub fn new(scenario: &str, place: String, started_at: Timestamp, reason: String, interrupted: bool) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            scenario: scenario.to_owned(),
            verdict: Verdict::Error,
            interrupted,
            started_at,
            place,
            reason,
        }
    }
}
