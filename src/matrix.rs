//! One run in several places: accounts and Regions side by side, and one report.
//!
//! ```text
//! cells (account or role × Region) ─► at most `limit` runs at a time ─► outcomes, in the order of the cells ─► one report
//! ```
//!
//! A run in one place knows nothing of the others: it has its own run id, its own probes and its own clean-up. What goes wrong
//! in one ends none of the others. A dry run asks for each one's plan in the same way.

mod show;

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub(crate) use self::show::human;
use crate::exit::Exit;
use crate::outcome::Outcome;
use crate::report::{FORMAT_VERSION, Report, Verdict};
use crate::scenario::{Caller, Matrix};
use crate::target::Role;

/// One place of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Whose account it is, where that is known beforehand.
    pub(crate) account: Option<String>,
    /// The role that is taken on there.
    pub(crate) role: Option<Role>,
    /// The Region; the scenario's where none is said.
    pub(crate) region: Option<String>,
}

impl Cell {
    /// The places of a matrix, in its order.
    pub(crate) fn of(matrix: &Matrix) -> Vec<Self> {
        let cells = matrix.places.iter().flat_map(|places| {
            let account = Some(places.caller.account().to_owned());
            let role = match &places.caller {
                Caller::Account(_) => None,
                Caller::Role { arn, external_id } => Some(Role { arn: arn.clone(), external_id: external_id.clone() }),
            };
            let cell = move |region: &crate::scenario::Region| Self {
                account: account.clone(),
                role: role.clone(),
                region: Some(region.to_string()),
            };
            places.regions.iter().map(cell)
        });
        cells.collect()
    }
}

/// Runs in every cell, at most `limit` of them at a time; what comes of it is in the order of the cells.
///
/// # Panics
/// If a run did: after all others have ended and cleaned up.
pub(crate) async fn run_all<T, F>(cells: Vec<Cell>, limit: usize, run: impl Fn(Cell) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let permits = Arc::new(Semaphore::new(limit.max(1)));
    let mut runs = JoinSet::new();
    for (position, cell) in cells.into_iter().enumerate() {
        let (permits, run) = (Arc::clone(&permits), run(cell));
        runs.spawn(async move {
            // The semaphore is never closed; were it, a run without a permit would be one too many at the most.
            let _permit = permits.acquire_owned().await;
            (position, run.await)
        });
    }
    let mut outcomes = Vec::with_capacity(runs.len());
    let mut panicked = None;
    while let Some(ended) = runs.join_next().await {
        match ended {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => panicked = error.try_into_panic().ok().or(panicked),
        }
    }
    if let Some(panic) = panicked {
        std::panic::resume_unwind(panic);
    }
    outcomes.sort_by_key(|(position, _)| *position);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// What the runs in all places found out.
#[derive(Debug, Serialize)]
pub(crate) struct MatrixReport<'a> {
    /// [`FORMAT_VERSION`].
    pub(crate) format_version: u32,
    /// The scenario's name.
    pub(crate) scenario: &'a str,
    /// The verdict on all places together: a silent alarm anywhere outweighs what nobody could find out elsewhere.
    pub(crate) verdict: Verdict,
    /// Whether somebody ended it.
    pub(crate) interrupted: bool,
    /// When the first run began.
    pub(crate) started_at: Timestamp,
    /// How long all of them took, in milliseconds.
    pub(crate) duration_ms: f64,
    /// How many places passed.
    pub(crate) passed: usize,
    /// How many failed.
    pub(crate) failed: usize,
    /// In how many nobody could find out.
    pub(crate) error: usize,
    /// How many had nothing to show.
    pub(crate) skipped: usize,
    /// The places, in the order in which they were named.
    pub(crate) places: Vec<PlaceReport<'a>>,
}

/// The run in one place.
#[derive(Debug, Serialize)]
pub(crate) struct PlaceReport<'a> {
    /// The account, as far as it is known.
    pub(crate) account: Option<&'a str>,
    /// The Region.
    pub(crate) region: &'a str,
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// Why there was no run; `null` where there was one.
    pub(crate) reason: Option<String>,
    /// What the run found out; `null` where there was none.
    pub(crate) report: Option<&'a Report>,
}

impl<'a> MatrixReport<'a> {
    /// The report on these outcomes.
    pub(crate) fn of(scenario: &'a str, outcomes: &'a [Outcome], started_at: Timestamp, duration_ms: f64) -> Self {
        let count = |verdict| outcomes.iter().filter(|outcome| outcome.verdict() == verdict).count();
        let place = |outcome: &'a Outcome| PlaceReport {
            account: outcome.spot.account.as_deref(),
            region: &outcome.spot.region,
            verdict: outcome.verdict(),
            reason: outcome.ended.as_ref().err().map(ToString::to_string),
            report: outcome.ended.as_ref().ok(),
        };
        let all = [Verdict::Failed, Verdict::Error, Verdict::Passed];
        Self {
            format_version: FORMAT_VERSION,
            scenario,
            verdict: all.into_iter().find(|&verdict| count(verdict) > 0).unwrap_or(Verdict::Skipped),
            interrupted: outcomes.iter().any(Outcome::is_interrupted),
            started_at,
            duration_ms,
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            error: count(Verdict::Error),
            skipped: count(Verdict::Skipped),
            places: outcomes.iter().map(place).collect(),
        }
    }
}

/// How the process ends: as the worst of its runs. The order is the one in which somebody has to act, whatever the numbers
/// are: interrupted with something left behind, interrupted; a silent alarm; no verdict; something left behind; nothing
/// selected.
pub(crate) fn worst(exits: impl IntoIterator<Item = Exit>) -> Exit {
    let rank = |exit: &Exit| match exit {
        Exit::Passed => 0,
        Exit::NothingSelected => 1,
        Exit::LeftBehind => 2,
        Exit::InvalidScenario => 3,
        Exit::Usage => 4,
        Exit::CouldNotRun => 5,
        Exit::Failed => 6,
        Exit::Interrupted => 7,
        Exit::Internal => 8,
    };
    exits.into_iter().max_by_key(rank).unwrap_or(Exit::NothingSelected)
}

/// As [`worst`], of an interrupted run in several places: what is left behind is what somebody has to mend.
pub(crate) fn exit_of(outcomes: &[Outcome], single: impl Fn(&Outcome) -> Exit) -> Exit {
    let interrupted = outcomes.iter().any(Outcome::is_interrupted);
    if interrupted && outcomes.iter().any(|outcome| outcome.left_behind() > 0) {
        return Exit::LeftBehind;
    }
    worst(outcomes.iter().map(single))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::drill::RunError;
    use crate::outcome::Spot;

    fn cells(count: usize) -> Vec<Cell> {
        let cell = |number: usize| Cell { account: Some(format!("{number:012}")), role: None, region: None };
        (0..count).map(cell).collect()
    }

    fn outcome(cell: Cell) -> Outcome {
        let spot = Spot { target: None, account: cell.account, region: String::new() };
        Outcome::of("s", spot, Timestamp::UNIX_EPOCH, Err(RunError::NothingSelected))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_run_at_a_time_than_asked_and_the_order_is_kept() {
        let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let outcomes = run_all(cells(40), 4, |cell| {
            let (under_way, most) = (Arc::clone(&under_way), Arc::clone(&most));
            async move {
                most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                under_way.fetch_sub(1, Ordering::SeqCst);
                outcome(cell)
            }
        })
        .await;
        let accounts: Vec<_> = outcomes.iter().map(|outcome| outcome.spot.account.clone()).collect();
        assert_eq!(accounts, cells(40).into_iter().map(|cell| cell.account).collect::<Vec<_>>());
        assert!((2..=4).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_that_panics_lets_the_others_end_first() {
        let ended = Arc::new(AtomicUsize::new(0));
        let all = Arc::clone(&ended);
        let ran = tokio::spawn(run_all(cells(6), 2, move |cell| {
            let all = Arc::clone(&all);
            async move {
                assert_ne!(cell.account.as_deref(), Some("000000000001"), "this one panics");
                all.fetch_add(1, Ordering::SeqCst);
                outcome(cell)
            }
        }))
        .await;
        assert!(ran.unwrap_err().is_panic());
        assert_eq!(ended.load(Ordering::SeqCst), 5);
    }

    #[test]
    fn a_silent_alarm_outweighs_everything_but_an_interruption() {
        use Exit::{CouldNotRun, Failed, Interrupted, LeftBehind, NothingSelected, Passed};
        for (exits, wanted) in [
            (vec![Passed, Failed, CouldNotRun, LeftBehind], Failed),
            (vec![Passed, LeftBehind, CouldNotRun], CouldNotRun),
            (vec![Passed, LeftBehind, NothingSelected], LeftBehind),
            (vec![Passed, NothingSelected], NothingSelected),
            (vec![Passed, Passed], Passed),
            (vec![Failed, Interrupted], Interrupted),
        ] {
            assert_eq!(worst(exits.clone()), wanted, "{exits:?}");
        }
    }
}
