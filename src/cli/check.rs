//! `alert-drill check`.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{CheckArgs, Output, fail};
use crate::check::Check;
use crate::context::Context;
use crate::drill::{DiscordWay, RunEvent};
use crate::exit::Exit;
use crate::outcome::{Outcome, Spot};
use crate::pipeline::Ledger;
use crate::report::progress::Progress;
use crate::scenario::Scenario;
use crate::signal;
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
    let (place, account, region) = (args.standing.place(), args.standing.account(), args.standing.region());
    let asked = Spot {
        target: super::run::kind_of(&place),
        account: Some(account.clone()),
        region: region.clone().unwrap_or_else(|| scenario.region.to_string()),
    };
    let started_at = Timestamp::now();
    let mut check = Check::new(&scenario, place).account(account).names(names).region(region).lang(lang);
    if args.invoke || args.no_invoke {
        check = check.invoke(Some(args.invoke));
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
    let outcome = Outcome::of(scenario.name.as_str(), asked, started_at, checked);
    match &outcome.ended {
        Ok(report) => reports.finish(report, lang, output),
        Err(error) => {
            reports.finish_without(&outcome.no_run(error), lang, output);
            fail(super::run::exit_of(error), error)
        }
    }
}
