//! `alert-drill run --dry-run`.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::matrix::{NoPlaces, asked, for_one_place};
use super::run::{exit_of, place_of, prepared};
use super::{Output, RunArgs, fail, formed, print};
use crate::context::Context;
use crate::drill::{DiscordWay, RunError};
use crate::exit::Exit;
use crate::matrix::{self, Cell};
use crate::plan::{self, Plan, PlannedPlace, Plans};
use crate::scenario::Scenario;
use crate::signal;
use crate::text::Lang;

pub(super) async fn execute(
    scenario: Scenario,
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
    let stop = CancellationToken::new();
    let left =
        move || lang.choose("left at once: nothing was changed", "즉시 종료함: 아무것도 바꾸지 않았습니다").to_owned();
    let listening = match signal::interrupts(stop.clone(), || {}, left) {
        Ok(listening) => listening,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    if args.places.is_matrix(&cells) {
        if let Some(why) = for_one_place(&args) {
            return fail(Exit::Usage, &why);
        }
        let all = (scenario, args, discord, stop);
        let exit = several(all, cells, lang, output).await;
        drop(listening);
        return exit;
    }
    let Some(cell) = cells.pop() else { return fail(Exit::Usage, &"no place was asked for") };
    let planned = one(&scenario, &args, discord, stop, cell, lang).await;
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
        Exit::Passed => exit_of_plan(&plan),
        not_written => not_written,
    }
}

/// The plan of the run in one place.
async fn one(
    scenario: &Scenario,
    args: &RunArgs,
    discord: DiscordWay,
    stop: CancellationToken,
    cell: Cell,
    lang: Lang,
) -> Result<Plan, RunError> {
    let place = place_of(args, &cell);
    Box::pin(prepared(scenario, args, place, cell, lang).discord(discord).stop_with(stop).plan()).await
}

/// The plans of several places, as many side by side as runs would be.
async fn several(
    all: (Scenario, RunArgs, DiscordWay, CancellationToken),
    cells: Vec<Cell>,
    lang: Lang,
    output: Output,
) -> Exit {
    let (name, limit) = (all.0.name.to_string(), all.1.places.parallel());
    let shared = Arc::new(all);
    let planned = matrix::run_all(cells, limit, |cell| {
        let shared = Arc::clone(&shared);
        async move {
            let (scenario, args, discord, stop) = &*shared;
            let spot = asked(&place_of(args, &cell), scenario, &cell);
            let planned = match stop.is_cancelled() {
                true => Err(RunError::Interrupted),
                false => one(scenario, args, discord.clone(), stop.clone(), cell, lang).await,
            };
            let exit = planned.as_ref().map_or_else(exit_of, exit_of_plan);
            let reason = planned.as_ref().err().map(ToString::to_string);
            let plan = planned.ok();
            let account = plan.as_ref().map(|plan| plan.target.account.clone()).or(spot.account);
            (PlannedPlace { account, region: spot.region, reason, plan }, exit)
        }
    })
    .await;
    let (places, exits): (Vec<PlannedPlace>, Vec<Exit>) = planned.into_iter().unzip();
    let plans = Plans { format_version: plan::FORMAT_VERSION, scenario: name, places };
    let text = match formed(&plans, output, || plan::human_of_all(&plans, lang)) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    match print(text.as_bytes()) {
        Exit::Passed => matrix::worst(exits),
        not_written => not_written,
    }
}

/// Where EC2 would refuse a call, the run would find out no more of the pipeline than the plan does.
fn exit_of_plan(plan: &Plan) -> Exit {
    if plan.is_allowed() { Exit::Passed } else { Exit::CouldNotRun }
}
