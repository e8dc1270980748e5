//! The exit codes, each documented once, and the verdicts and errors that end with them.

use crate::report::{Report, Verdict};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every required drill passed.
    Passed = 0,
    /// A required drill failed: the pipeline did not alert as it must.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The scenario file is wrong.
    InvalidScenario = 3,
    /// No drill was selected.
    NothingSelected = 4,
    /// The harness could not find out.
    CouldNotRun = 5,
    /// Something was left behind; the report lists it.
    LeftBehind = 6,
    /// A mistake in alert-drill itself.
    Internal = 70,
    /// Interrupted, after clean-up.
    Interrupted = 130,
}

impl Exit {
    /// The table of exit codes for the help.
    pub const HELP: &'static str = "\
Exit codes:
  0    every required drill passed
  1    a required drill failed: the pipeline did not alert as it must
  2    the command line is wrong
  3    the scenario file is wrong
  4    no drill was selected
  5    the harness could not find out (no verdict on the pipeline)
  6    something was left behind; the report lists it
  70   a mistake in alert-drill itself
  130  interrupted, after clean-up";

    /// How a run ends. What was left behind outweighs a pass, not a failure: a script that looks at one number must not
    /// miss that the alarm is silent.
    pub fn of_report(report: &Report) -> Self {
        match (report.verdict, report.interrupted, report.cleanup.left_behind.is_empty()) {
            (_, true, true) => Self::Interrupted,
            (_, true, false) => Self::LeftBehind,
            (Verdict::Failed, false, _) => Self::Failed,
            (Verdict::Error, false, _) => Self::CouldNotRun,
            (Verdict::Passed | Verdict::Skipped, false, false) => Self::LeftBehind,
            (Verdict::Passed, false, true) => Self::Passed,
            (Verdict::Skipped, false, true) => Self::NothingSelected,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
