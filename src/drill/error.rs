//! Why there was no run at all.

use super::consent::Refusal;
use super::way::Unwatchable;
use crate::journal::JournalError;
use crate::target::TargetError;

/// Why there was no run at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario has no drill of this name.
    #[error("the scenario {scenario} has no drill {name}{}", or_else(nearest.as_deref(), drills))]
    NoSuchDrill {
        /// The scenario.
        scenario: String,
        /// The name that was asked for.
        name: String,
        /// The one that was meant, most likely.
        nearest: Option<String>,
        /// All that there are.
        drills: Vec<String>,
    },
    /// Nothing was selected.
    #[error("no drill was selected")]
    NothingSelected,
    /// The run was interrupted before the target was open; nothing was made.
    #[error("interrupted before the target was open")]
    Interrupted,
    /// No plan could be made of the run; nothing was changed.
    #[error("nothing was changed, and there is no plan of the run: {reason}")]
    NoPlan {
        /// Why the run would not come to its drills either, or what cannot be rehearsed.
        reason: String,
    },
    /// The target could not be opened.
    #[error(transparent)]
    Target(TargetError),
    /// Nobody allowed it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The Discord channel cannot be watched in this way; nothing was made.
    #[error(transparent)]
    Unwatchable(#[from] Unwatchable),
    /// The journal could not be begun; nothing was made.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl From<TargetError> for RunError {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Interrupted => Self::Interrupted,
            other => Self::Target(other),
        }
    }
}

/// What to ask for in place of a drill that there is not.
fn or_else(nearest: Option<&str>, drills: &[String]) -> String {
    match nearest {
        Some(nearest) => format!(" (did you mean {nearest}?)"),
        None => format!("; it has {}", drills.join(", ")),
    }
}
