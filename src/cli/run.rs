//! `alert-drill run`.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::matrix::{self, NoPlaces};
use super::{Output, RunArgs, TargetArg, account_of_key, fail};
use crate::context::Context;
use crate::drill::{Run, RunError, RunEvent, Selection};
use crate::exit::Exit;
use crate::matrix::Cell;
use crate::outcome::Outcome;
use crate::pipeline::Notifier;
use crate::report::progress::Progress;
use crate::scenario::{Scenario, TargetKind};
use crate::signal;
use crate::target::{LocalStack, Place};
use crate::text::Lang;

pub(super) async fn execute(args: RunArgs, lang: Lang, output: Output, context: &Context) -> Exit {
    let loaded = args.scenario.as_deref().map_or_else(Scenario::built_in, Scenario::load);
    let scenario = match loaded {
        Ok(scenario) => scenario,
        Err(invalid) => return super::lint::refuse(&invalid, context),
    };
    if let Err(exit) = args.record.check() {
        return exit;
    }
    let mut cells = match args.places.cells() {
        Ok(cells) => cells,
        Err(NoPlaces::Matrix(invalid)) => return super::lint::refuse(&invalid, context),
        Err(NoPlaces::Usage(why)) => return fail(Exit::Usage, &why),
    };
    if args.places.is_matrix(&cells) {
        if args.reports.are_asked() {
            return fail(
                Exit::Usage,
                &"the files of --report-… are of a run in one place; several places have one document, --output json",
            );
        }
        return matrix::execute(scenario, args, cells, lang, output, context).await;
    }
    let reports = match args.reports.clone().prepare() {
        Ok(reports) => reports,
        Err(error) => return fail(Exit::Usage, &error),
    };
    let Some(cell) = cells.pop() else { return fail(Exit::Usage, &"no place was asked for") };
    let place = place_of(&args);
    let progress = Arc::new(Progress::new(lang));
    let shown = Arc::clone(&progress);
    let stop = CancellationToken::new();
    let on_signal = Arc::clone(&progress);
    let listening = match signal::interrupts(stop.clone(), move || on_signal.show(&RunEvent::Interrupted)) {
        Ok(listening) => listening,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let (started_at, asked) = (Timestamp::now(), matrix::asked(&place, &scenario, &cell));
    let run = prepared(&scenario, &args, place, cell, lang);
    let ran = run.on_event(move |event| shown.show(&event)).stop_with(stop).execute().await;
    drop(listening);
    progress.clear();
    let exit = match &ran {
        Ok(report) => reports.finish(report, lang, output),
        Err(error) => fail(exit_of(error), error),
    };
    args.record.record(&[Outcome::of(scenario.name.as_str(), asked, started_at, ran)], exit, lang).await
}

/// The place that the options name.
pub(super) fn place_of(args: &RunArgs) -> Place {
    match (&args.endpoint_url, args.target) {
        (Some(url), _) => Place::Endpoint(url.clone()),
        (None, None | Some(TargetArg::Lab)) => Place::Lab,
        (None, Some(TargetArg::Localstack)) => {
            Place::LocalStack(LocalStack { image: args.localstack_image.clone(), ..LocalStack::of_environment() })
        }
    }
}

/// The run that the options ask for, in one place.
pub(super) fn prepared<'a>(scenario: &'a Scenario, args: &RunArgs, place: Place, cell: Cell, lang: Lang) -> Run<'a> {
    // An emulator takes the access key for the account; a role is taken on from there.
    let account = match (&place, &cell.role, cell.account) {
        (_, None, Some(account)) => Some(account),
        (Place::Endpoint(_), ..) => account_of_key(),
        (Place::Lab | Place::LocalStack(_), ..) => None,
    };
    let run = Run::new(scenario)
        .on(place)
        .select(selection(args.all, args.drill.clone()))
        .repeat(args.repeat.into())
        .jobs(args.jobs.into())
        .keep(args.keep)
        .timeout(args.timeout)
        .notifier(args.notifier.clone().map_or(Notifier::OfScenario, Notifier::File))
        .assume(cell.role)
        .region(cell.region)
        .lang(lang);
    match account {
        Some(account) => run.account(account),
        None => run,
    }
}

/// The target that stands at a place, where that is known before anybody answers.
pub(super) fn kind_of(place: &Place) -> Option<TargetKind> {
    match place {
        Place::Lab => Some(TargetKind::Lab),
        Place::LocalStack(_) => Some(TargetKind::Localstack),
        Place::Endpoint(_) => None,
    }
}

/// The drills that were asked for.
pub(super) fn selection(all: bool, named: Vec<String>) -> Selection {
    match (all, named.is_empty()) {
        (true, _) => Selection::All,
        (false, true) => Selection::Default,
        (false, false) => Selection::Named(named),
    }
}

pub(super) fn exit_of(error: &RunError) -> Exit {
    match error {
        RunError::NoSuchDrill { .. } | RunError::NothingSelected => Exit::NothingSelected,
        RunError::Interrupted => Exit::Interrupted,
        RunError::Target(_) => Exit::CouldNotRun,
    }
}
