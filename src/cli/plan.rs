//! `alert-drill run --dry-run`.

use tokio_util::sync::CancellationToken;

use super::matrix::NoPlaces;
use super::run::{exit_of, place_of, prepared};
use super::{Output, RunArgs, fail, formed, print};
use crate::context::Context;
use crate::drill::DiscordWay;
use crate::exit::Exit;
use crate::plan;
use crate::scenario::Scenario;
use crate::signal;
use crate::text::Lang;

pub(super) async fn execute(
    scenario: &Scenario,
    args: RunArgs,
    discord: DiscordWay,
    lang: Lang,
    output: Output,
    context: &Context,
) -> Exit {
    let mut cells = match args.places.cells() {
        Ok(cells) => cells,
        Err(NoPlaces::Matrix(invalid)) => return super::lint::refuse(&invalid, context),
        Err(NoPlaces::Usage(why)) => return fail(Exit::Usage, &why),
    };
    if args.places.is_matrix(&cells) {
        return fail(Exit::Usage, &"--dry-run is for one place: ask for the plan of each by itself");
    }
    let Some(cell) = cells.pop() else { return fail(Exit::Usage, &"no place was asked for") };
    let place = place_of(&args, &cell);
    let stop = CancellationToken::new();
    let left =
        move || lang.choose("left at once: nothing was changed", "즉시 종료함: 아무것도 바꾸지 않았습니다").to_owned();
    let listening = match signal::interrupts(stop.clone(), || {}, left) {
        Ok(listening) => listening,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let planned = Box::pin(prepared(scenario, &args, place, cell, lang).discord(discord).stop_with(stop).plan()).await;
    drop(listening);
    let plan = match planned {
        Ok(plan) => plan,
        Err(error) => return fail(exit_of(&error), &error),
    };
    let text = match formed(&plan, output, || plan::human(&plan, lang)) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    match print(text.as_bytes()) {
        Exit::Passed if plan.is_allowed() => Exit::Passed,
        // The run would find out no more of the pipeline than this.
        Exit::Passed => Exit::CouldNotRun,
        not_written => not_written,
    }
}
