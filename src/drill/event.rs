//! What happens during a run, as it happens: the one stream that every reporter of progress reads.

use std::time::Duration;

use crate::pipeline::LeftBehind;
use crate::report::{DrillReport, TargetReport};
use crate::scenario::Hop;

/// Something that happened during a run.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The target is started first, which takes a while: longer, where its image is missing.
    TargetStarting {
        /// The image.
        image: String,
    },
    /// The target is open.
    TargetOpened {
        /// The run's id.
        run_id: String,
        /// The scenario's name.
        scenario: String,
        /// The target.
        target: TargetReport,
    },
    /// The pipeline is being built.
    Provisioning {
        /// Whether a group is held first, as in an account.
        holds_group: bool,
    },
    /// The group that the drills of an account open and close is held, with the lease on it: from now on other things are made.
    GroupHeld,
    /// The pipeline stands.
    Provisioned {
        /// How long it took.
        took: Duration,
    },
    /// A drill begins; `index` counts the drills of this run.
    DrillStarted {
        /// Which of the run's drills.
        index: usize,
        /// Its name.
        name: String,
        /// Its title, in the language of the run.
        title: String,
    },
    /// The drill's call was made, and the wait begins.
    Acted {
        /// Which of the run's drills.
        index: usize,
        /// The operation.
        call: &'static str,
        /// How long the wait may take.
        limit: Duration,
    },
    /// The drill's alert was expected by now, and is waited for on.
    Overdue {
        /// Which of the run's drills.
        index: usize,
        /// How long after the call it was expected at the latest.
        expected: Duration,
    },
    /// A probe saw the drill's event.
    Seen {
        /// Which of the run's drills.
        index: usize,
        /// Where.
        hop: Hop,
        /// How long after the call began.
        latency: Duration,
    },
    /// A drill ended.
    DrillEnded {
        /// Which of the run's drills.
        index: usize,
        /// What it found out.
        report: Box<DrillReport>,
    },
    /// The run was interrupted: it stops waiting and cleans up.
    Interrupted,
    /// Clean-up begins.
    CleaningUp {
        /// How many resources there are to remove.
        resources: usize,
    },
    /// Clean-up ended.
    CleanedUp {
        /// What could not be removed.
        left_behind: Vec<LeftBehind>,
    },
}
