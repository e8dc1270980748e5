//! `alert-drill check`.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{CheckArgs, Output, account_of_key, fail};
use crate::check::Check;
use crate::context::Context;
use crate::drill::{DiscordWay, RunEvent};
use crate::exit::Exit;
use crate::pipeline::Ledger;
use crate::report::progress::Progress;
use crate::scenario::Scenario;
use crate::signal;
use crate::target::Place;
use crate::text::Lang;

pub(super) async fn execute(args: CheckArgs, lang: Lang, output: Output, context: &Context) -> Exit {
    let loaded = args.scenario.as_deref().map_or_else(Scenario::built_in, Scenario::load);
    let scenario = match loaded {
        Ok(scenario) => scenario,
        Err(invalid) => return super::lint::refuse(&invalid, context),
    };
    let reports = match args.reports.prepare() {
        Ok(reports) => reports,
        Err(error) => return fail(Exit::Usage, &error),
    };
    let discord = match args.discord.way() {
        Ok(DiscordWay::AsTargetAllows) => DiscordWay::AsTargetAllows,
        Ok(_) if !args.live => return fail(Exit::Usage, &"--discord is how drills watch the channel: with --live"),
        Ok(way) => way,
        Err(why) => return fail(Exit::Usage, &why),
    };
    let names = args.names.of(&scenario);
    let mut check =
        Check::new(&scenario, Place::Endpoint(args.endpoint_url)).names(names).region(args.region).lang(lang);
    if args.invoke || args.no_invoke {
        check = check.invoke(Some(args.invoke));
    }
    if let Some(account) = args.account.or_else(account_of_key) {
        check = check.account(account);
    }
    let progress = Arc::new(Progress::new(lang));
    // Looking needs no clean-up: Ctrl-C ends it at once.
    let mut listening = None;
    if args.live {
        let stop = CancellationToken::new();
        let (on_signal, shown) = (Arc::clone(&progress), Arc::clone(&progress));
        let ledger = Arc::new(Ledger::default());
        let entered = Arc::clone(&ledger);
        let left = move || super::run::left(std::slice::from_ref(&entered), lang);
        check = check.discord(discord).journal(args.journal.folder()).ledger(ledger);
        match signal::interrupts(stop.clone(), move || on_signal.show(&RunEvent::Interrupted), left) {
            Ok(listens) => listening = Some(listens),
            Err(error) => return fail(Exit::CouldNotRun, &error),
        }
        let selection = super::run::selection(args.all, args.drill);
        check = check.live(selection, args.timeout, move |event| shown.show(&event), stop);
    }
    let checked = check.execute().await;
    drop(listening);
    progress.clear();
    let report = match checked {
        Ok(report) => report,
        Err(error) => return fail(super::run::exit_of(&error), &error),
    };
    reports.finish(&report, lang, output)
}
