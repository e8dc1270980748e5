//! `alert-drill run`.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Output, RunArgs, TargetArg, fail, print};
use crate::context::Context;
use crate::drill::{Run, RunError, RunEvent, Selection};
use crate::exit::Exit;
use crate::outcome::{Outcome, Spot};
use crate::pipeline::Notifier;
use crate::report::progress::Progress;
use crate::report::{Report, json, terminal};
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
    let started_at = Timestamp::now();
    let asked = Spot { target: kind_of(&place), account: None, region: scenario.region.to_string() };
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
    let exit = match &ran {
        Ok(report) => show(report, lang, output),
        Err(error) => fail(exit_of(error), error),
    };
    args.record.record(&[Outcome::of(&scenario.name, asked, started_at, ran)], exit, lang).await
}

/// Shows a report, and says how the run ends.
fn show(report: &Report, lang: Lang, output: Output) -> Exit {
    let text = match output {
        Output::Human => terminal::coloured(report, lang),
        Output::Json => json::document(report),
    };
    match print(text.as_bytes()) {
        Exit::Passed => Exit::of_report(report),
        not_written => not_written,
    }
}

/// The target that stands at a place, where that is known before anybody answers.
fn kind_of(place: &Place) -> Option<TargetKind> {
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
