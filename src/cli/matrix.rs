//! `alert-drill run` in several places.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Output, RunArgs, TargetArg, fail, formed, print, run};
use crate::context::Context;
use crate::drill::{DiscordWay, RunError};
use crate::exit::Exit;
use crate::matrix::{self, Cell, MatrixReport};
use crate::outcome::{Outcome, Spot};
use crate::pipeline::Ledger;
use crate::report::Verdict;
use crate::scenario::{ExternalId, InvalidScenario, Matrix, Region, RoleArn, Scenario};
use crate::signal;
use crate::target::{Place, Role};
use crate::text::Lang;

/// Where a run is made: in one place, or in several at once.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Places")]
pub(super) struct PlaceArgs {
    /// Take on this role; can be given several times, and the run is made in each role's account.
    #[arg(long, value_name = "ARN", conflicts_with = "matrix")]
    role_arn: Vec<RoleArn>,
    /// What the trust policies of the roles want to hear (sts:ExternalId).
    #[arg(long, value_name = "ID", env = "ALERT_DRILL_EXTERNAL_ID", hide_env_values = true, requires = "role_arn")]
    external_id: Option<String>,
    /// The Region, in place of the scenario's; can be given several times, and the run is made in each of them.
    #[arg(long, value_name = "REGION", conflicts_with = "matrix")]
    region: Vec<Region>,
    /// Run in the accounts and Regions of this file of YAML.
    #[arg(long, value_name = "FILE")]
    matrix: Option<PathBuf>,
    /// How many places at a time, where there are several.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    parallel: u16,
}

/// Why the places that were asked for are none.
pub(super) enum NoPlaces {
    /// The matrix has mistakes.
    Matrix(InvalidScenario),
    /// The command line has.
    Usage(String),
}

impl PlaceArgs {
    /// The places that were asked for; one without anything where nothing was.
    pub(super) fn cells(&self) -> Result<Vec<Cell>, NoPlaces> {
        if let Some(file) = &self.matrix {
            return Matrix::load(file).map(|matrix| Cell::of(&matrix)).map_err(NoPlaces::Matrix);
        }
        let external_id = self.external_id.as_deref().map(str::parse::<ExternalId>).transpose();
        let external_id = external_id.map_err(|refused| NoPlaces::Usage(format!("--external-id: {refused}")))?;
        let roles: Vec<Option<Role>> = match self.role_arn.as_slice() {
            [] => vec![None],
            arns => arns.iter().map(|arn| Some(Role { arn: arn.clone(), external_id: external_id.clone() })).collect(),
        };
        let regions: Vec<Option<String>> = match self.region.as_slice() {
            [] => vec![None],
            regions => regions.iter().map(|region| Some(region.to_string())).collect(),
        };
        let cell = |role: &Option<Role>, region: &Option<String>| Cell {
            account: role.as_ref().map(|role| role.arn.account().to_owned()),
            role: role.clone(),
            region: region.clone(),
        };
        let mut cells: Vec<Cell> = Vec::new();
        for role in &roles {
            for region in &regions {
                let cell = cell(role, region);
                if cells.iter().any(|other| (&other.account, &other.region) == (&cell.account, &cell.region)) {
                    let region = region.as_deref().unwrap_or("one Region");
                    let account = cell.account.as_deref().unwrap_or("the account");
                    return Err(NoPlaces::Usage(format!("{account} in {region} is asked for twice")));
                }
                cells.push(cell);
            }
        }
        Ok(cells)
    }

    /// How many places at a time.
    pub(super) fn parallel(&self) -> usize {
        self.parallel.into()
    }

    /// Whether a Region is named.
    pub(super) fn names_region(&self) -> bool {
        self.matrix.is_some() || !self.region.is_empty()
    }

    /// Whether the account is: by a role, or in a matrix.
    pub(super) fn names_account(&self) -> bool {
        self.matrix.is_some() || !self.role_arn.is_empty()
    }

    /// Whether Regions are listed, so that they are meant although the scenario has one of its own.
    pub(super) fn lists_regions(&self) -> bool {
        self.matrix.is_some() || self.region.len() > 1
    }

    /// Whether one report on several places was asked for: a matrix of one place is a matrix.
    pub(super) fn is_matrix(&self, cells: &[Cell]) -> bool {
        self.matrix.is_some() || cells.len() > 1
    }
}

/// What of the command line is for one place, where several are asked for.
pub(super) fn for_one_place(args: &RunArgs) -> Option<&'static str> {
    match args {
        _ if args.discord.is_for_one_place() => {
            Some("--discord tunnel leads to one mocked webhook, and so to a run in one place")
        }
        _ if args.endpoint_url.is_none() && args.target == Some(TargetArg::Localstack) => Some(
            "one LocalStack in a container of the run's own is one place: start it yourself, and name it with --endpoint-url",
        ),
        _ => None,
    }
}

pub(super) async fn execute(
    scenario: Scenario,
    args: RunArgs,
    discord: DiscordWay,
    cells: Vec<Cell>,
    lang: Lang,
    output: Output,
    context: &Context,
) -> Exit {
    let stop = CancellationToken::new();
    let tally = Arc::new(Tally::new(cells.len(), lang, context));
    let on_signal = Arc::clone(&tally);
    let ledgers = Arc::new(Mutex::new(Vec::new()));
    let entered = Arc::clone(&ledgers);
    let left = move || run::left(&entered.lock().unwrap_or_else(PoisonError::into_inner), lang);
    let listening = match signal::interrupts(stop.clone(), move || on_signal.interrupted(), left) {
        Ok(listening) => listening,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let (started_at, started) = (Timestamp::now(), Instant::now());
    let shared = Arc::new((scenario, args, discord, stop));
    let outcomes = matrix::run_all(cells, shared.1.places.parallel(), |cell| {
        let (shared, tally) = (Arc::clone(&shared), Arc::clone(&tally));
        let ledger = Arc::new(Ledger::default());
        ledgers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&ledger));
        async move {
            let (scenario, args, discord, stop) = &*shared;
            let outcome = Box::pin(one(scenario, args, discord, ledger, stop, cell, lang)).await;
            tally.ended(&outcome);
            outcome
        }
    })
    .await;
    drop(listening);
    tally.clear();
    let (scenario, args, ..) = &*shared;
    let report =
        MatrixReport::of(scenario.name.as_str(), &outcomes, started_at, started.elapsed().as_secs_f64() * 1000.0);
    let text = match formed(&report, output, || matrix::human(&report, lang)) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    let exit = match print(text.as_bytes()) {
        Exit::Passed => matrix::exit_of(&outcomes, |outcome| match &outcome.ended {
            Ok(report) => Exit::of_report(report),
            Err(error) => run::exit_of(error),
        }),
        not_written => not_written,
    };
    args.record.record(&outcomes, exit, lang).await
}

/// The run in one place.
async fn one(
    scenario: &Scenario,
    args: &RunArgs,
    discord: &DiscordWay,
    ledger: Arc<Ledger>,
    stop: &CancellationToken,
    cell: Cell,
    lang: Lang,
) -> Outcome {
    let (started_at, place) = (Timestamp::now(), run::place_of(args, &cell));
    let asked = asked(&place, scenario, &cell);
    let ended = match stop.is_cancelled() {
        true => Err(RunError::Interrupted),
        false => {
            let run = run::prepared(scenario, args, place, cell, lang).discord(discord.clone());
            run.ledger(ledger).stop_with(stop.clone()).execute().await
        }
    };
    Outcome::of(scenario.name.as_str(), asked, started_at, ended)
}

/// Where a run was to be made, as far as that is known before anybody has answered.
pub(super) fn asked(place: &Place, scenario: &Scenario, cell: &Cell) -> Spot {
    let region = cell.region.clone().unwrap_or_else(|| scenario.region.to_string());
    Spot { target: run::kind_of(place), account: cell.account.clone(), region }
}

/// How many places have ended, on standard error, and only on a terminal.
struct Tally {
    bar: ProgressBar,
    lang: Lang,
    all: usize,
    ended: AtomicUsize,
    wrong: AtomicUsize,
}

impl Tally {
    fn new(all: usize, lang: Lang, context: &Context) -> Self {
        let bar = if context.error_is_terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, lang, all, ended: AtomicUsize::new(0), wrong: AtomicUsize::new(0) }
    }

    fn ended(&self, outcome: &Outcome) {
        let is_wrong = outcome.verdict() > Verdict::Passed || outcome.left_behind() > 0;
        let wrong = self.wrong.fetch_add(is_wrong.into(), Ordering::Relaxed) + usize::from(is_wrong);
        let (ended, all) = (self.ended.fetch_add(1, Ordering::Relaxed) + 1, self.all);
        self.bar.set_message(self.lang.choose(
            format!("{ended} of {all} places, {wrong} not passed"),
            format!("{all}곳 중 {ended}곳 완료, {wrong}곳 실패"),
        ));
    }

    fn interrupted(&self) {
        self.bar.set_message(self.lang.choose("interrupted: cleaning up", "중단됨: 정리 중"));
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
