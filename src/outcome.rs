//! How a run at one place ended, as everything is told it that outlives the process: the history, the metrics, the notification.

use jiff::Timestamp;

use crate::drill::RunError;
use crate::report::{NoRun, Report, Verdict};
use crate::scenario::TargetKind;

/// A run at one place that has ended, also where it never began.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The scenario's name.
    pub(crate) scenario: String,
    /// Where it ran, or was to run.
    pub(crate) spot: Spot,
    /// When it began.
    pub(crate) started_at: Timestamp,
    /// What it found out, or why there was no run at all.
    pub(crate) ended: Result<Report, RunError>,
}

/// An account and a Region of a target, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// The target; unknown where it could not be opened.
    pub(crate) target: Option<TargetKind>,
    /// The account; unknown where nobody answered.
    pub(crate) account: Option<String>,
    /// The Region.
    pub(crate) region: String,
}

impl Outcome {
    /// How the run of this scenario ended. `asked` is where it was to run: what the report says of that is better known.
    pub(crate) fn of(scenario: &str, asked: Spot, started_at: Timestamp, ended: Result<Report, RunError>) -> Self {
        let spot = match &ended {
            Ok(report) => Spot {
                target: Some(report.target.kind),
                account: Some(report.target.account.clone()),
                region: report.target.region.clone(),
            },
            Err(_) => asked,
        };
        Self { scenario: scenario.to_owned(), spot, started_at, ended }
    }

    /// The verdict. A run that could not begin found nothing out.
    pub(crate) fn verdict(&self) -> Verdict {
        self.ended.as_ref().map_or(Verdict::Error, |report| report.verdict)
    }

    /// What is reported where there was no run, for this reason.
    pub(crate) fn no_run(&self, why: &RunError) -> NoRun {
        NoRun::new(&self.scenario, self.spot.to_string(), self.started_at, why.to_string(), self.is_interrupted())
    }

    /// Whether somebody ended it.
    pub(crate) fn is_interrupted(&self) -> bool {
        match &self.ended {
            Ok(report) => report.interrupted,
            Err(error) => matches!(error, RunError::Interrupted),
        }
    }

    /// How many things were left behind that should not have been.
    pub(crate) fn left_behind(&self) -> usize {
        self.ended.as_ref().map_or(0, |report| report.cleanup.left_behind.len())
    }
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(target) = self.target {
            write!(f, "{target} ")?;
        }
        if let Some(account) = &self.account {
            write!(f, "{account} ")?;
        }
        f.write_str(&self.region)
    }
}
