//! `alert-drill run`.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Output, RunArgs, TargetArg, fail, print};
use crate::context::Context;
use crate::drill::{Consent, Run, RunError, RunEvent, Selection};
use crate::exit::Exit;
use crate::pipeline::{Ledger, Notifier};
use crate::report::progress::Progress;
use crate::report::{json, terminal};
use crate::scenario::Scenario;
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
    let selection = selection(args.all, args.drill);
    let place = match (args.endpoint_url, args.target) {
        (endpoint_url, Some(TargetArg::Aws)) => {
            // The command line asks for the account there.
            Place::Account(RealAccount { id: args.account.clone().unwrap_or_default(), endpoint_url })
        }
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
    let ledger = Arc::new(Ledger::default());
    let entered = Arc::clone(&ledger);
    let left = move || left(&entered, lang);
    let listening = match signal::interrupts(stop.clone(), move || on_signal.show(&RunEvent::Interrupted), left) {
        Ok(listening) => listening,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let mut run = Run::new(&scenario);
    if args.adopt {
        run = run.adopt(args.names.of(&scenario));
    }
    if let Some(account) = args.account {
        run = run.account(account);
    }
    let ran = run
        .on(place)
        .region(args.region)
        .consent(Consent { open_to_world: args.allow_open_to_world, shared_group: args.allow_shared_group })
        .ledger(ledger)
        .select(selection)
        .repeat(args.repeat.into())
        .jobs(args.jobs.into())
        .keep(args.keep)
        .timeout(args.timeout)
        .notifier(args.notifier.map_or(Notifier::OfScenario, Notifier::File))
        .journal(args.journal.folder())
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
    let text = match output {
        Output::Human => terminal::coloured(&report, lang),
        Output::Json => json::document(&report),
    };
    match print(text.as_bytes()) {
        Exit::Passed => Exit::of_report(&report),
        not_written => not_written,
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
        _ if is_aws && args.keep && args.allow_open_to_world => {
            Some("--keep and --allow-open-to-world do not go together")
        }
        _ => None,
    }
}

/// What is said of a run that is left at once.
pub(super) fn left(ledger: &Ledger, lang: Lang) -> String {
    let mut text = lang
        .choose(
            "left at once: what the run had made may still be there",
            "즉시 종료함: 실행이 만든 것이 남아 있을 수 있습니다",
        )
        .to_owned();
    // In a lab of the run's own it ends with the process.
    if ledger.is_kept() {
        for left in ledger.left("") {
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
        RunError::Target(_) | RunError::Journal(_) | RunError::Refused(_) => Exit::CouldNotRun,
    }
}
