//! `alert-drill run`.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::matrix::{self, NoPlaces};
use super::{Output, RunArgs, TargetArg, account_of_key, fail};
use crate::context::Context;
use crate::drill::{Consent, Run, RunError, RunEvent, Selection};
use crate::exit::Exit;
use crate::matrix::Cell;
use crate::outcome::Outcome;
use crate::pipeline::{Ledger, Notifier};
use crate::report::progress::Progress;
use crate::scenario::{Scenario, TargetKind};
use crate::signal;
use crate::target::{LocalStack, Place, RealAccount};
use crate::text::Lang;

pub(super) async fn execute(args: RunArgs, lang: Lang, output: Output, context: &Context) -> Exit {
    let loaded = args.scenario.as_deref().map_or_else(Scenario::built_in, Scenario::load);
    let scenario = match loaded {
        Ok(scenario) => scenario,
        Err(invalid) => return super::lint::refuse(&invalid, context),
    };
    if let Some(wrong) = wrong(&args) {
        return fail(Exit::Usage, &wrong);
    }
    let discord = match args.discord.way() {
        Ok(way) => way,
        Err(why) => return fail(Exit::Usage, &why),
    };
    if args.dry_run {
        return super::plan::execute(scenario, args, discord, lang, output, context).await;
    }
    if let Err(exit) = args.record.check() {
        return exit;
    }
    let mut cells = match args.places.cells() {
        Ok(cells) => cells,
        Err(NoPlaces::Matrix(invalid)) => return super::lint::refuse(&invalid, context),
        Err(NoPlaces::Usage(why)) => return fail(Exit::Usage, &why),
    };
    if args.places.is_matrix(&cells) {
        if let Some(why) = matrix::for_one_place(&args) {
            return fail(Exit::Usage, &why);
        }
        if args.reports.are_asked() {
            return fail(
                Exit::Usage,
                &"the files of --report-… are of a run in one place; several places have one document, --output json",
            );
        }
        return matrix::execute(scenario, args, discord, cells, lang, output, context).await;
    }
    let reports = match args.reports.clone().prepare() {
        Ok(reports) => reports,
        Err(error) => return fail(Exit::Usage, &error),
    };
    let Some(cell) = cells.pop() else { return fail(Exit::Usage, &"no place was asked for") };
    let place = place_of(&args, &cell);
    let progress = Arc::new(Progress::new(lang));
    let shown = Arc::clone(&progress);
    let stop = CancellationToken::new();
    let on_signal = Arc::clone(&progress);
    let ledger = Arc::new(Ledger::default());
    let entered = Arc::clone(&ledger);
    let left = move || left(std::slice::from_ref(&entered), lang);
    let listening = match signal::interrupts(stop.clone(), move || on_signal.show(&RunEvent::Interrupted), left) {
        Ok(listening) => listening,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let (started_at, asked) = (Timestamp::now(), matrix::asked(&place, &scenario, &cell));
    let run = prepared(&scenario, &args, place, cell, lang).discord(discord);
    let ran = run.ledger(ledger).on_event(move |event| shown.show(&event)).stop_with(stop).execute().await;
    drop(listening);
    progress.clear();
    let outcome = Outcome::of(scenario.name.as_str(), asked, started_at, ran);
    let exit = match &outcome.ended {
        Ok(report) => reports.finish(report, lang, output),
        Err(error) => {
            reports.finish_without(&outcome.no_run(error), lang, output);
            fail(exit_of(error), error)
        }
    };
    args.record.record(&[outcome], exit, lang).await
}

/// The place that the options name.
pub(super) fn place_of(args: &RunArgs, cell: &Cell) -> Place {
    match (&args.endpoint_url, args.target) {
        (endpoint_url, Some(TargetArg::Aws)) => {
            // One of both is there: the command line is held to it.
            let id = args.account.clone().or_else(|| cell.account.clone()).unwrap_or_default();
            Place::Account(RealAccount { id, endpoint_url: endpoint_url.clone() })
        }
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
    let account = match (&place, &cell.role, args.account.clone().or(cell.account)) {
        (_, None, Some(account)) => Some(account),
        (Place::Account(_), ..) => None,
        (Place::Endpoint(_), ..) => account_of_key(),
        (Place::Lab | Place::LocalStack(_), ..) => None,
    };
    let mut run = Run::new(scenario);
    if args.adopt {
        run = run.adopt(args.names.clone().of(scenario));
    }
    let consent = Consent {
        open_to_world: args.allow_open_to_world,
        shared_group: args.allow_shared_group,
        other_region: args.places.lists_regions(),
    };
    let run = run
        .on(place)
        .consent(consent)
        .journal(args.journal.clone().folder())
        .select(selection(args.all, args.drill.clone()))
        .repeat(args.repeat.into())
        .jobs(args.jobs.into())
        .keep(args.keep)
        .timeout(args.timeout)
        .warn_after(args.warn_after)
        .expect_by(args.expect_by)
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
        Place::Account(_) => Some(TargetKind::Aws),
    }
}

/// What does not go together on the command line.
fn wrong(args: &RunArgs) -> Option<&'static str> {
    let is_aws = args.target == Some(TargetArg::Aws);
    match args {
        _ if !is_aws && args.endpoint_url.is_some() && args.target.is_some() => {
            Some("--endpoint-url and --target do not go together, but for --target aws")
        }
        _ if !is_aws && (args.allow_open_to_world || args.allow_shared_group) => {
            Some("--allow-open-to-world and --allow-shared-group are for --target aws")
        }
        _ if args.adopt && !is_aws && args.endpoint_url.is_none() => {
            Some("--adopt needs a pipeline that stands: with --target aws or --endpoint-url")
        }
        _ if !args.adopt && args.names.is_any_given() => {
            Some("--trail, --rule, --topic, --function and --group name a pipeline that stands: with --adopt")
        }
        _ if is_aws && !args.places.names_region() => Some("--target aws needs the Region that is meant: --region"),
        _ if is_aws && args.account.is_none() && !args.places.names_account() => {
            Some("--target aws needs the account that is meant: --account with its twelve digits")
        }
        _ if args.dry_run && (args.reports.are_asked() || args.record.is_file_asked()) => Some(
            "--dry-run finds out nothing of the pipeline: there is nothing for --report-…, --history and --metrics-file",
        ),
        _ if args.dry_run && args.target == Some(TargetArg::Localstack) => Some(
            "--dry-run is for the lab, for an endpoint that is one, and for --target aws: what a run does on LocalStack only a run finds out",
        ),
        _ if args.discord.is_live() && !args.adopt => {
            Some("--discord live reads the real channel of a pipeline that stands: with --adopt")
        }
        _ if args.discord.is_capture() && args.keep => {
            Some("--keep and --discord capture do not go together: a public URL would stay")
        }
        _ if is_aws && args.keep && args.allow_open_to_world => {
            Some("--keep and --allow-open-to-world do not go together")
        }
        _ => None,
    }
}

/// What is said of runs that are left at once.
pub(super) fn left(ledgers: &[Arc<Ledger>], lang: Lang) -> String {
    let mut text = lang
        .choose(
            "left at once: what the run had made may still be there",
            "즉시 종료함: 실행이 만든 것이 남아 있을 수 있습니다",
        )
        .to_owned();
    // In a lab of the run's own it ends with the process.
    let mut kept = ledgers.iter().filter(|ledger| ledger.is_kept()).peekable();
    if kept.peek().is_some() {
        for left in kept.flat_map(|ledger| ledger.left("")) {
            text.push_str(&format!("\n    {} {}", left.kind, left.id));
        }
        text.push('\n');
        text.push_str(lang.choose("`alert-drill cleanup` removes it", "`alert-drill cleanup`으로 지울 수 있습니다"));
    }
    text
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
        RunError::NoPlan { .. }
        | RunError::Target(_)
        | RunError::Journal(_)
        | RunError::Refused(_)
        | RunError::Unwatchable(_) => Exit::CouldNotRun,
    }
}
