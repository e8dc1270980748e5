//! `alert-drill run`.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Output, RunArgs, TargetArg, fail};
use crate::context::Context;
use crate::drill::{Run, RunError, RunEvent, Selection};
use crate::exit::Exit;
use crate::pipeline::Notifier;
use crate::report::progress::Progress;
use crate::scenario::Scenario;
use crate::signal;
use crate::target::{LocalStack, Place};
use crate::text::Lang;

pub(super) async fn execute(args: RunArgs, lang: Lang, output: Output, context: &Context) -> Exit {
    let loaded = args.scenario.as_deref().map_or_else(Scenario::built_in, Scenario::load);
    let scenario = match loaded {
        Ok(scenario) => scenario,
        Err(invalid) => return super::lint::refuse(&invalid, context),
    };
    let reports = match args.reports.prepare() {
        Ok(reports) => reports,
        Err(error) => return fail(Exit::Usage, &error),
    };
    let selection = selection(args.all, args.drill);
    let place = match (args.endpoint_url, args.target) {
        (Some(url), _) => Place::Endpoint(url),
        (None, None | Some(TargetArg::Lab)) => Place::Lab,
        (None, Some(TargetArg::Localstack)) => {
            Place::LocalStack(LocalStack { image: args.localstack_image, ..LocalStack::of_environment() })
        }
    };
    let progress = Arc::new(Progress::new(lang));
    let shown = Arc::clone(&progress);
    let stop = CancellationToken::new();
    let on_signal = Arc::clone(&progress);
    let listening = match signal::interrupts(stop.clone(), move || on_signal.show(&RunEvent::Interrupted)) {
        Ok(listening) => listening,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let ran = Run::new(&scenario)
        .on(place)
        .select(selection)
        .repeat(args.repeat.into())
        .jobs(args.jobs.into())
        .keep(args.keep)
        .timeout(args.timeout)
        .notifier(args.notifier.map_or(Notifier::OfScenario, Notifier::File))
        .lang(lang)
        .on_event(move |event| shown.show(&event))
        .stop_with(stop)
        .execute()
        .await;
    drop(listening);
    progress.clear();
    let report = match ran {
        Ok(report) => report,
        Err(error) => return fail(exit_of(&error), &error),
    };
    reports.finish(&report, lang, output)
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
